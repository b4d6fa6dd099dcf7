"""Bounded memos that need no lock: they may forget at any time, and only then ask again."""

from collections.abc import Callable, Sized
from typing import Generic, TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")
_S = TypeVar("_S", bound=Sized)


class Memo(Generic[_K, _V]):
    """Remember at most about *size* of the entries last used.

    A hit in the young generation is one read; when that is full it becomes the old one and the old
    one is forgotten. Both are replaced, never emptied, so a thread that holds one keeps a whole dict.

    >>> memo = Memo(2)
    >>> for number in range(5): memo.put(number, number * number)
    >>> memo.get(4), memo.get(0)
    (16, None)
    """

    def __init__(self, size: int) -> None:
        self._half = max(1, size // 2)
        self._young: dict[_K, _V] = {}
        self._old: dict[_K, _V] = {}

    def get(self, key: _K) -> _V | None:
        """Return what was put under *key*, or None."""
        value = self._young.get(key)
        if value is None and (value := self._old.get(key)) is not None:
            self.put(key, value)
        return value

    def put(self, key: _K, value: _V) -> None:
        """Remember *value*, at the price of what has not been used for longest."""
        if len(self._young) >= self._half:
            self._young, self._old = {}, self._young
        self._young[key] = value

    def __len__(self) -> int:
        return len(self._young) + len(self._old)


def remember(item: _K, items: set[_K], *, size: int = 512) -> None:
    """Add *item* to *items*, which is emptied first if it has as many as *size*.

    For the answer yes: a set gives it faster than a dict.

    >>> known = {"a", "b"}
    >>> remember("c", known, size=2)
    >>> known
    {'c'}
    """
    if len(items) >= size:
        items.clear()
    items.add(item)


class Remembered(dict[_S, _V]):
    """A pure function of a text or tuple, and what it answered lately: ``remembered[text]``.

    A hit is one look-up. Texts may come from visitors, so there are at most *size* of them, none
    longer than *longest*: who sprays texts only empties it.

    >>> length = Remembered(len, size=2, longest=5)
    >>> [length[text] for text in ("a", "ab", "abc", "abcdef")], list(length)
    ([1, 2, 3, 6], ['abc'])
    """

    __slots__ = ("_function", "_longest", "_size", "misses")

    misses: int
    """How often it had to ask: grows with every text it did not know."""

    def __init__(self, function: Callable[[_S], _V], *, size: int, longest: int) -> None:
        super().__init__()
        self.misses = 0
        self._function = function
        self._size = size
        self._longest = longest

    def __missing__(self, text: _S) -> _V:
        self.misses += 1
        answer = self._function(text)
        if len(text) <= self._longest:
            if len(self) >= self._size:
                self.clear()
            self[text] = answer
        return answer
