"""The mechanical rules of this project's prose: names of tests, beginnings of sentences, retired words."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SENTENCE = re.compile(
    r"(?:\A\W*|\n\n|[.:;!?]\s+(?=[A-Z]))(?P<begin>(?:What|Who|Whose|Whom|Of)\b|Tell whether\b)[^\n]*"
)
"""A sentence that begins as none should: say the noun first, and "Return whether"."""

TEST_NAME = re.compile(
    r"test_(?:what|who|whose|whom|where|of)_"
    r"|_(?:told|said|spoken|believed|standing|fates?|spared|narrow(?:ed|s)?|mint(?:s|ed)?|amend(?:s|ed)?)(?:_|\Z)"
)
"""A test's name that is no plain statement, or holds a retired word."""

RETIRED = re.compile(
    r"_*(?:Amended|Course|ENDS|Facts|GATED|KIND_OF|LONG|LONGEST|Memo|NOTHING|Outcome|Place|Reader|Reading"
    r"|Remembered|SPARED|Said|Setting|Speaker|Standing|UNEVENTFUL|Words|amend|believed|catalogue_of|disbelieved"
    r"|fates|has_said_enough_of_requests|is_listened_to|is_own|is_whole|joined|kept_parts|lasts|looked_at"
    r"|looks_inside|mark|minted|narrow|narrowed|negotiated|published|remarkable|remembered|said|shortened|spared"
    r"|spoken|standing|told|yields)"
)
"""Identifiers that plain words have replaced."""


def sources(folder: str) -> Iterator[Path]:
    """Yield the Python files in *folder*."""
    yield from sorted((ROOT / folder).rglob("*.py"))


def texts_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of each docstring and attribute docstring, and of each block of comments."""
    for node in ast.walk(ast.parse(source)):
        value = node.value if isinstance(node, ast.Expr) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.lineno, re.sub(r"\n[ \t]+", "\n", value.value)
    last, block = -1, ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            if token.start[0] != last + 1:
                yield last, block
                block = ""
            last, block = token.start[0], f"{block}\n{token.string.lstrip('#: ')}".lstrip("\n")
    yield last, block


def sentences_to_mend(source: str) -> list[str]:
    """Return the line and the beginning of each sentence that should begin otherwise."""
    return [
        f"{line}: {found['begin']}" for line, text in texts_of(source) for found in SENTENCE.finditer(text)
    ]


def retired_words(source: str) -> list[str]:
    """Return the line and name of each retired identifier."""
    found = []
    for node in ast.walk(ast.parse(source)):
        for name in (getattr(node, part, None) for part in ("id", "name", "attr", "arg")):
            if isinstance(name, str) and RETIRED.fullmatch(name):
                found.append(f"{getattr(node, 'lineno', 0)}: {name}")
    return found


def names_to_mend(source: str) -> list[str]:
    """Return the line and name of each test whose name is no plain statement."""
    return [
        f"{node.lineno}: {node.name}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and TEST_NAME.search(node.name)
    ]


@pytest.mark.parametrize("folder", ["tests", "examples", "fuzz", "tools"])
def test_names_of_tests_are_plain_statements(folder: str) -> None:
    found = {str(path.relative_to(ROOT)): names_to_mend(path.read_text("utf-8")) for path in sources(folder)}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize("folder", ["src", "examples", "fuzz", "tools"])
def test_sentences_begin_with_their_subject(folder: str) -> None:
    found = {
        str(path.relative_to(ROOT)): sentences_to_mend(path.read_text("utf-8")) for path in sources(folder)
    }
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_no_retired_word_names_anything() -> None:
    found = {str(path.relative_to(ROOT)): retired_words(path.read_text("utf-8")) for path in sources("src")}
    assert {path: words for path, words in found.items() if words} == {}


@pytest.mark.parametrize(
    "source",
    [
        '"""What a site declares."""',
        'x = 1\n"""Of these, the first."""',
        'def f():\n    """Return it.\n\n    Who sent it is unknown.\n    """',
        'def f():\n    """Return it. Of several, the first."""',
        "# Whose it is.",
        "# One line,\n# another. What follows is wrong.",
        'def f():\n    """Tell whether it is."""',
    ],
)
def test_a_wrong_beginning_is_found(source: str) -> None:
    assert len(sentences_to_mend(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        '"""Whatever comes."""',
        "# Offered by the server.",
        '"""Return what is left. Official ones first."""',
        'x = "What is that?"',
        "# One line ends\n# so. Another begins.",
    ],
)
def test_other_beginnings_are_left_alone(source: str) -> None:
    assert sentences_to_mend(source) == []


@pytest.mark.parametrize(
    "name", ["what_is_it", "of_two_one_counts", "a_token_is_believed", "it_is_told_once"]
)
def test_a_name_that_is_no_statement_is_found(name: str) -> None:
    assert names_to_mend(f"def test_{name}(): pass") == [f"1: test_{name}"]
    assert names_to_mend("def test_minting_is_told_nothing_of_whatever(): pass") != []
    assert names_to_mend("def test_a_minute_is_sixty_seconds(): pass") == []


def test_a_retired_identifier_is_found() -> None:
    assert retired_words("def spoken(told): return x.is_own") == ["1: spoken", "1: told", "1: is_own"]
    assert retired_words("def answer(): return 'told'") == []
