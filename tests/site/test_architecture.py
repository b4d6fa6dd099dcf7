"""The house: imports go down, never up and never sideways; each dependency has one door."""

import ast
from pathlib import Path

import consentgate

PACKAGE = Path(consentgate.__file__).parent

FLOORS = [
    {"errors", "grammar", "late", "preferences", "memo", "messages"},
    {"fields", "patterns", "origin", "texts"},
    {"lifetime"},
    {"category"},
    {"catalogue", "presets", "options", "languages"},
    {"verdict", "signing", "declaration", "expiring", "caching", "minting", "rendering"},
    {"stripping", "narrowing", "reporting", "visit"},
    {"amending", "endpoint", "reading"},
    {"wsgi"},
    {"policy"},
    {"__init__", "paste", "demo"},
    {"cli", "testing.applications", "testing.driving", "testing.jar", "testing.law", "testing.token"},
    {"__main__", "testing.strategies", "testing.visiting", "testing.visitor"},
    {"testing.plugin", "testing.trial"},
    {"testing.assertions"},
    {"testing.__init__"},
]

DOORS = {
    "hypothesis": {"testing.assertions", "testing.strategies", "testing.trial"},
    "pytest": {"testing.plugin"},
    "webtest": {"testing.visitor"},
    "itsdangerous": {"signing"},
    "jinja2": {"options", "rendering"},  # options: the type of its loaders
    "markupsafe": {"rendering", "visit"},  # visit: the type of its banner
    "webob": {"endpoint", "languages"},  # languages: its reader of Accept-Language
}

# Below this floor nothing knows environ, a clock or a log: it decides, and others act.
PURE = [module for floor in FLOORS[:6] for module in floor] + [
    "stripping",
    "narrowing",
    "reading",
    "amending",
]
IMPURE_IMPORTS = {"logging", "time", "wsgiref"}


def tree_of(module: str) -> ast.Module:
    return ast.parse((PACKAGE / f"{module.replace('.', '/')}.py").read_text())


def imports_of(module: str) -> set[str]:
    """Every module *module* imports, anywhere in it; ours without their package."""
    found: set[str] = set()
    folder = module.rpartition(".")[0]
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.ImportFrom) and node.level:
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found |= {f"{folder}.{name}" if folder else str(name) for name in names}
        elif isinstance(node, ast.ImportFrom):
            package, _, rest = str(node.module).partition(".")
            found.add(rest if package == "consentgate" and rest else package)
        elif isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
    return found


def modules() -> set[str]:
    paths = (path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.rglob("*.py"))
    return {".".join(path.parts) for path in paths}


def test_every_module_stands_on_one_floor() -> None:
    placed = [module for floor in FLOORS for module in floor]
    assert sorted(placed) == sorted(modules())


def test_imports_go_down() -> None:
    floor_of = {module: number for number, floor in enumerate(FLOORS) for module in floor}
    # `from . import __version__` asks the package itself, which is made before its commands are.
    upward = [
        f"{module} imports {imported}"
        for module in floor_of
        for imported in imports_of(module)
        if imported in floor_of and floor_of[imported] >= floor_of[module]
    ]
    assert upward == []


def test_each_dependency_has_one_door() -> None:
    for dependency, doors in DOORS.items():
        assert {module for module in modules() if dependency in imports_of(module)} == doors


def test_the_kit_shares_no_grammar_with_the_gate() -> None:
    """What it checks it reads by itself: a mistake of the gate's is not repeated there."""
    for module in ("testing.jar", "testing.law", "testing.driving"):
        assert imports_of(module) & {name for floor in FLOORS[:9] for name in floor} <= {"catalogue"}, module


def test_what_decides_knows_no_environ_clock_or_log() -> None:
    for module in PURE:
        assert not imports_of(module) & IMPURE_IMPORTS, module
        source = (PACKAGE / f"{module}.py").read_text()
        assert "environ[" not in source and "environ.get" not in source, module


def test_every_module_says_in_a_line_what_it_is_for() -> None:
    for module in modules():
        docstring = ast.get_docstring(tree_of(module))
        assert docstring is not None, module
        assert docstring.splitlines()[0].endswith("."), module


def test_functions_are_short() -> None:
    """Signatures aside, no function is longer than forty lines."""
    long = []
    for module in modules():
        for node in ast.walk(tree_of(module)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = [
                    part for part in node.body if not isinstance(getattr(part, "value", None), ast.Constant)
                ]
                if body and (body[-1].end_lineno or 0) - body[0].lineno >= 40:
                    long.append(f"{module}.{node.name}")
    assert long == []
