"""Every mistake is collected, though a constructor raises only its first."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import PolicyError
from consentgate.catalogue.mistakes import Mistakes

BAD = -1


def build(parts: list[int]) -> list[int]:
    """Take numbers, each once; refuse the negative ones."""
    for at, part in enumerate(parts):
        if part < 0:
            raise PolicyError(f"{part} is negative")
        if part in parts[:at]:
            raise PolicyError(f"{part} is there twice")
    return parts


@given(st.lists(st.integers(min_value=-20, max_value=20), max_size=40))
@example([BAD])
@example([1, 1])
@example([1, BAD, 1, -2])
def test_every_mistake_is_noted_and_the_rest_is_kept(parts: list[int]) -> None:
    mistakes = Mistakes("file")
    keep_usable = mistakes.keep_usable(build, parts)
    assert keep_usable == list(dict.fromkeys(part for part in parts if part >= 0))
    repeated = {part for part in parts if part >= 0 and parts.count(part) > 1}
    negative = {part for part in parts if part < 0}
    assert set(mistakes.lines) == {f"file: {part} is negative" for part in negative} | {
        f"file: {part} is there twice" for part in repeated
    }
    assert len(mistakes.lines) == len(negative) + len(repeated)


def test_a_file_without_mistakes_is_built_once_and_one_mistake_is_found_in_few_calls() -> None:
    calls: list[int] = []

    def counted(parts: list[int]) -> object:
        calls.append(len(parts))
        return build(parts)

    Mistakes("file").keep_usable(counted, range(1000))
    assert len(calls) == 1
    Mistakes("file").keep_usable(counted, [*range(999), BAD])
    assert len(calls) < 1 + 25


def test_a_mistake_says_where_it_is() -> None:
    mistakes = Mistakes("file")
    with mistakes.inside("table"):
        with mistakes.inside("row"):
            mistakes.note("one\ntwo")
        mistakes.note("three")
    mistakes.note("four")
    mistakes.note("four")
    assert mistakes.lines == [
        "file: table: row: one",
        "file: table: row: two",
        "file: table: three",
        "file: four",
    ]


def test_a_place_is_left_when_something_else_goes_wrong() -> None:
    mistakes = Mistakes("file")

    def fail(parts: list[Any]) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), mistakes.inside("table"):
        mistakes.keep_usable(fail, [1])
    mistakes.note("after")
    assert mistakes.lines == ["file: after"]
