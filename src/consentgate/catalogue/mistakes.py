"""Collect every mistake of a policy file, one line each, with its place in the file."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from consentgate.errors import PolicyError

_T = TypeVar("_T")


class Mistakes:
    """The mistakes found so far, in the order they were found, and the part being read.

    >>> mistakes = Mistakes("policy.toml")
    >>> with mistakes.inside("[[category]] 'a'"):
    ...     mistakes.note("no 'key'")
    >>> mistakes.lines
    ["policy.toml: [[category]] 'a': no 'key'"]
    """

    def __init__(self, source: str) -> None:
        self._places = [source]
        self._lines: dict[str, None] = {}

    @property
    def lines(self) -> list[str]:
        """One line for each mistake, with the source, the table and the culprit."""
        return list(self._lines)

    def note(self, mistake: object) -> None:
        """Add each line of *mistake*, found in the part being read; a repeated line is added once."""
        for line in str(mistake).splitlines():
            self._lines[": ".join([*self._places, line])] = None

    @contextmanager
    def inside(self, part: str) -> Iterator[None]:
        """Read *part*, a part of the part being read, until the block ends."""
        self._places.append(part)
        try:
            yield
        finally:
            self._places.pop()

    def keep_usable(
        self, build: Callable[[list[_T]], object], parts: Iterable[_T], kept: Sequence[_T] = ()
    ) -> list[_T]:
        """Return *kept* and the *parts* that *build* accepts together; note why it refuses the others.

        A constructor raises its first mistake only. Halving its arguments finds the others in few calls:
        one if there is none, some 2 log n for each mistake among n parts.

        Args:
            build: called with a list of parts; raises PolicyError if one is mistaken, or two do not go
                together. It takes *kept*.
            parts: the arguments, or values that *build* turns into arguments.
            kept: parts known to be good.
        """
        parts = list(parts)
        together = [*kept, *parts]
        try:
            build(together)
        except PolicyError as error:
            if len(parts) == 1:
                self.note(error)
                return list(kept)
            half = len(parts) // 2
            return self.keep_usable(build, parts[half:], self.keep_usable(build, parts[:half], kept))
        return together
