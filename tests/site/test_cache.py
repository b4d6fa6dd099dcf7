"""A bounded cache for a pure function."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentgate._cache import BoundedCache

pytestmark = pytest.mark.caches


@given(st.integers(1, 20), st.lists(st.text(max_size=8)))
def test_a_result_is_the_functions_and_bounded(size: int, texts: list[str]) -> None:
    calls: list[str] = []

    def shout(text: str) -> str:
        calls.append(text)
        return text.upper()

    cache = BoundedCache(shout, size=size, longest=4)
    for text in texts:
        assert cache[text] == text.upper()
        before = len(calls)
        assert cache[text] == text.upper()
        assert (len(calls) == before) is (len(text) <= 4)
        assert len(cache) <= size
        assert all(len(known) <= 4 for known in cache)


def test_a_full_cache_is_cleared() -> None:
    cache = BoundedCache(str, size=3)
    for number in range(4):
        cache[number]
    assert dict(cache) == {3: "3"}
    assert cache[0] == "0"
    assert dict(cache) == {3: "3", 0: "0"}


def test_none_is_not_kept() -> None:
    calls: list[int] = []

    def odd(number: int) -> int | None:
        calls.append(number)
        return number if number % 2 else None

    cache = BoundedCache(odd, size=8)
    assert [cache[number] for number in (1, 2, 1, 2)] == [1, None, 1, None]
    assert calls == [1, 2, 2]
    assert dict(cache) == {1: 1}


def test_a_false_result_is_kept() -> None:
    cache = BoundedCache(len, size=8, longest=0)
    assert cache[""] == 0
    assert dict(cache) == {"": 0}


def test_arguments_without_a_length_need_no_limit() -> None:
    cache = BoundedCache(abs, size=2)
    assert [cache[-1], cache[2]] == [1, 2]


def test_an_error_is_raised_and_not_kept() -> None:
    cache = BoundedCache(int, size=2)
    for _ in range(2):
        with pytest.raises(ValueError, match="invalid literal"):
            cache["x"]
    assert dict(cache) == {}
