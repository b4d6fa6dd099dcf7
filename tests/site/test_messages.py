"""Texts for users name no requirement: the list of requirements is the project's own."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .test_architecture import PACKAGE, modules, tree_of

ROOT = Path(__file__).parents[2]

REQUIREMENT = re.compile(r"\bR[0-9]+\b")

PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md")),
    *(
        path
        for path in (ROOT / "docs").rglob("*.md")
        if path.parent.name != "project" and "_build" not in path.parts
    ),
    *(path for path in (ROOT / "examples").glob("*.*") if path.is_file()),
    *PACKAGE.rglob("*.toml"),
]


def texts_of(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every text in a module, with its line, but for docstrings, which are for who reads the code."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def test_no_text_of_the_package_names_a_requirement() -> None:
    named = [
        f"{module}:{line}: {text}"
        for module in sorted(modules())
        for line, text in texts_of(tree_of(module))
        if REQUIREMENT.search(text)
    ]
    assert named == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("raise PolicyError(f'{x} must be short (R41)')", True),
        ("parser.add_argument('x', help='see R18')", True),
        ("logger.warning('%s (R99)', name)", True),
        ("x = 'once' ' (R2)'", True),
        ("def f():\n    '''Say so (R41).'''", False),
        ("x = 1  # R41", False),
        ("x = 'RFC 6265bis'", False),
    ],
)
def test_a_requirement_in_a_text_is_found(code: str, found: bool) -> None:
    assert any(REQUIREMENT.search(text) for _, text in texts_of(ast.parse(code))) is found


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_no_page_names_a_requirement(page: Path) -> None:
    assert not REQUIREMENT.findall(page.read_text())
