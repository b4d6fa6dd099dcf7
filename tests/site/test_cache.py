"""A memo that is bounded and forgets what was not used."""

from hypothesis import given
from hypothesis import strategies as st

from consentgate._cache import Memo, Remembered


@given(st.integers(1, 20), st.lists(st.integers(0, 50)))
def test_it_never_holds_more_than_its_size_and_one(size: int, keys: list[int]) -> None:
    memo: Memo[int, int] = Memo(size)
    for key in keys:
        memo.put(key, -key)
        assert memo.get(key) == -key
        assert len(memo) <= max(2, size)


def test_what_is_used_is_remembered() -> None:
    memo: Memo[str, int] = Memo(4)
    memo.put("often", 1)
    for number in range(100):
        memo.put(str(number), number)
        assert memo.get("often") == 1
    assert memo.get("0") is None


@given(st.integers(1, 20), st.lists(st.text(max_size=8)))
def test_what_is_remembered_is_what_was_answered_and_bounded(size: int, texts: list[str]) -> None:
    calls: list[str] = []

    def shout(text: str) -> str:
        calls.append(text)
        return text.upper()

    remembered = Remembered(shout, size=size, longest=4)
    for text in texts:
        assert remembered[text] == text.upper()
        before = len(calls)
        assert remembered[text] == text.upper()
        assert (len(calls) == before) is (len(text) <= 4)
        assert len(remembered) <= size
        assert all(len(known) <= 4 for known in remembered)
