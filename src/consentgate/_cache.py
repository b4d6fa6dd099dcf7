"""A bounded cache for a pure function, without a lock."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class BoundedCache(dict[_K, _V], Generic[_K, _V]):
    """A pure function and its recent results: ``cache[argument]``.

    It holds at most *size* results and is cleared when full, so random input costs recomputation,
    not memory. Threads need no lock: a result that is lost is computed again.

    >>> length = BoundedCache(len, size=2, longest=5)
    >>> [length[text] for text in ("a", "ab", "abc", "abcdef")], list(length)
    ([1, 2, 3, 6], ['abc'])

    Args:
        function: takes the argument; should it return None, nothing is kept.
        size: results at most.
        longest: length of the longest argument that is kept; None for arguments without a length.
    """

    __slots__ = ("_function", "_longest", "_size")

    def __init__(self, function: Callable[[_K], _V], *, size: int, longest: int | None = None) -> None:
        super().__init__()
        self._function = function
        self._size = size
        self._longest = longest

    def __missing__(self, argument: _K) -> _V:
        result = self._function(argument)
        if result is not None and (self._longest is None or len(argument) <= self._longest):  # type: ignore[arg-type]
            if len(self) >= self._size:
                self.clear()
            self[argument] = result
        return result
