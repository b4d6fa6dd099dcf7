"""The house: rooms whose imports go one way, modules without cycles, one door for each dependency."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import consentgate

PACKAGE = Path(consentgate.__file__).parent

ROOMS: dict[str, set[str]] = {
    "_cache": set(),
    "_keys": {"errors"},
    "_urls": set(),
    "errors": set(),
    "headers": {"errors"},
    "i18n": {"errors"},
    "catalogue": {"errors", "headers", "i18n"},
    "presets": {"errors", "catalogue", "i18n"},
    "consent": {"errors", "catalogue", "headers"},
    "rendering": {"errors", "consent", "catalogue", "i18n"},
    "events": {"errors", "consent", "catalogue", "headers"},
    "visit": {"errors", "rendering", "consent", "catalogue", "i18n"},
    "endpoint": {"errors", "visit", "events", "rendering", "consent", "catalogue", "headers", "i18n"},
    "gate": {
        "errors",
        "endpoint",
        "visit",
        "events",
        "rendering",
        "consent",
        "catalogue",
        "headers",
        "i18n",
    },
    "drift": {"errors", "events", "catalogue", "headers"},
    "policy": {"errors", "gate", "events", "rendering", "consent", "catalogue", "i18n"},
    "__init__": {"errors", "policy", "gate", "visit", "events", "consent", "catalogue", "i18n"},
    "paste": {"_keys", "errors", "policy", "gate"},
    "demo": {"policy", "gate", "visit", "events", "drift", "consent", "headers", "i18n"},
    "commands": {"_keys", "errors", "policy", "visit", "drift", "consent", "catalogue", "headers"},
    "cli": {"__init__", "_keys", "errors", "policy", "demo", "commands", "catalogue", "i18n"},
    "__main__": {"cli"},
    "testing": {
        "errors",
        "policy",
        "gate",
        "drift",
        "visit",
        "rendering",
        "consent",
        "catalogue",
        "headers",
    },
}
"""Each room, and the single modules of the root, with the rooms they may import from.

The private modules of the root lie below every room.
"""

PRIVATE = {"_cache", "_urls"}

ONLY_HERE = {("catalogue.toml", "presets")}
"""Imports that one module may do, and its room may not."""

DOORS = {
    "hypothesis": {"testing.assertions", "testing.asking", "testing.strategies"},
    "pytest": {"testing.plugin"},
    "webtest": {"testing.visitor"},
    "itsdangerous": {"consent.signing"},
    "jinja2": {"gate.options", "rendering.templating", "demo.page"},  # options: the type of its loaders
    "sqlite3": {"drift.store", "commands.drift"},  # the command: the type of its errors
    "markupsafe": {"rendering.html", "rendering.text", "visit.visit"},  # visit: the type of its banner
    "webob": {"endpoint.choices", "endpoint.routes", "endpoint.state", "i18n.negotiation"},
}

IMPURE_ROOMS = {"visit", "events", "endpoint", "policy", "paste", "demo", "cli", "__main__", "testing"}
"""These know an environ, a clock or a log; the others decide."""

IMPURE_MODULES = {
    "gate.middleware",
    "gate.start_response",
    "gate.options",  # types of PEP 3333
    "gate.fetch_metadata",
    "gate.hooks",
    "gate.host_reports",
    "gate.wiring",
    "drift.discover",
    "drift.recorder",
    "commands.explain",
}
"""So do these of rooms that decide: they act."""

IMPURE_IMPORTS = {"logging", "time", "wsgiref"}


def tree_of(module: str, package: Path = PACKAGE) -> ast.Module:
    path = package / module.replace(".", "/")
    return ast.parse((path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text())


def modules(package: Path = PACKAGE) -> set[str]:
    """Every module: `catalogue.toml`, `visit`; a room's `__init__` goes by the room's name."""
    found = set()
    for path in package.rglob("*.py"):
        parts = path.relative_to(package).with_suffix("").parts
        found.add(".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts))
    return found


def room_of(module: str) -> str:
    return module.partition(".")[0]


def imports_of(module: str, package: Path = PACKAGE) -> set[str]:
    """Every module that *module* imports, anywhere in it, lazily or for types alone; ours by their place."""
    ours = modules(package)
    found: set[str] = set()
    for node in ast.walk(tree_of(module, package)):
        if isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                home = module.split(".") if (package / module.replace(".", "/")).is_dir() else None
                parents = (home or module.split(".")[:-1])[: None if node.level == 1 else 1 - node.level]
                base = ".".join([*parents, *filter(None, [base])])
            elif base.partition(".")[0] == "consentgate":
                base = base.partition(".")[2]
            else:
                found.add(base.partition(".")[0])
                continue
            names = {f"{base}.{alias.name}".strip(".") for alias in node.names}
            found |= {name if name in ours else base or "__init__" for name in names}
        elif isinstance(node, ast.Import):
            for alias in node.names:
                top, _, rest = alias.name.partition(".")
                found.add((rest or "__init__") if top == "consentgate" else top)
    return found


def wrong_ways(package: Path = PACKAGE) -> Iterator[str]:
    """Yield each import of ours that goes where its module may not."""
    ours = modules(package)
    for module in sorted(ours):
        room = room_of(module)
        allowed = {room} | ROOMS[room] | PRIVATE | {to for who, to in ONLY_HERE if who == module}
        for imported in sorted(imports_of(module, package) & ours):
            if room_of(imported) not in allowed:
                yield f"{module} imports {imported}"


def test_every_module_is_in_a_room() -> None:
    assert {room_of(module) for module in modules()} == set(ROOMS)


def test_imports_go_the_way_the_rooms_say() -> None:
    assert list(wrong_ways()) == []


def test_rooms_and_modules_have_no_cycles() -> None:
    TopologicalSorter(ROOMS).prepare()
    ours = modules()
    graph = {module: imports_of(module) & ours - {module} for module in ours}
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize(
    "line",
    [
        "from consentgate.gate.options import Options",
        "from ..gate.options import Options",
        "from ..gate import options",
        "from consentgate import visit",
        "import consentgate.gate.options",
        "def lazily():\n    from consentgate.gate.options import Options",
    ],
)
def test_a_planted_upward_import_is_caught(line: str, tmp_path: Path) -> None:
    for module, text in {"headers.cookie": line, "gate.options": "Options = 1", "visit": ""}.items():
        path = tmp_path / f"{module.replace('.', '/')}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    for room in ("headers", "gate", "."):
        (tmp_path / room / "__init__.py").write_text("")
    assert len(list(wrong_ways(tmp_path))) == 1


def test_inside_a_room_imports_are_relative_and_across_rooms_absolute() -> None:
    wrong = []
    for module in modules():
        for node in ast.walk(tree_of(module)):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("consentgate."):
                inside = room_of(str(node.module).partition(".")[2]) == room_of(module)
                if inside and room_of(module) != "testing":
                    wrong.append((module, node.module))
            elif isinstance(node, ast.ImportFrom) and node.level > 1:
                wrong.append((module, node.module))
    assert wrong == []


def test_each_dependency_has_its_doors() -> None:
    for dependency, doors in DOORS.items():
        assert {module for module in modules() if dependency in imports_of(module)} == doors


def test_the_kit_shares_no_grammar_with_the_gate() -> None:
    """It reads by itself the fields it checks: a mistake of the gate's is not repeated there."""
    for module in ("testing.jar", "testing.law", "testing.driving"):
        ours = imports_of(module) & modules()
        assert ours <= {"catalogue.catalogue"}, module


def test_decisions_know_no_environ_clock_or_log() -> None:
    for module in modules():
        if room_of(module) in IMPURE_ROOMS or module in IMPURE_MODULES:
            continue
        assert not imports_of(module) & IMPURE_IMPORTS, module
        source = ast.unparse(tree_of(module))
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
