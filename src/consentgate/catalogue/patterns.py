"""Patterns: names with one ``*``, and the one of them that governs a given name."""

from collections.abc import Iterable, Iterator

_HEAD = 3
"""Characters by which prefixes are sorted into bins: few prefixes share their first three characters."""


class Patterns:
    """The patterns of a policy. The matching pattern with the longest literal governs a name.

    A look-up takes one slice for each length of a prefix that shares the first characters, and for each
    length of a suffix behind it; the number of patterns does not matter.

    >>> Patterns(["_pk_*", "_pk_id.*", "*_tv"]).match("_pk_id.1.1fff")
    '_pk_id.*'
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._open: dict[str, str] = {}  # patterns that end in their *, by prefix
        self._by_prefix: dict[str, _Suffixes] = {}  # all of them
        for pattern in sorted(set(patterns)):
            prefix, _, suffix = pattern.partition("*")
            if not suffix:
                self._open[prefix] = pattern
            self._by_prefix.setdefault(prefix, _Suffixes()).add(suffix, pattern)
        closed = [prefix for prefix, suffixes in self._by_prefix.items() if suffixes.has_any]
        opens, closes = _lengths(self._open), _lengths(closed)
        self._elsewhere = opens[""], closes[""]
        self._lengths = {
            head: (opens.get(head, opens[""]), closes.get(head, closes[""])) for head in {*opens, *closes}
        }

    def match(self, name: str) -> str | None:
        """Return the pattern that governs *name*, or None."""
        opens, closes = self._lengths.get(name[:_HEAD], self._elsewhere)
        best = None
        for length in opens:
            best = self._open.get(name[:length])
            if best is not None:
                break
        for length in closes:
            suffixes = self._by_prefix.get(name[:length])
            if suffixes is not None:
                found = suffixes.match(name, length)
                if found is not None and (best is None or len(found) > len(best)):
                    best = found
        return best

    def find_rivals(self, pattern: str) -> Iterator[str]:
        """Yield the other patterns with a literal as long as *pattern*'s that some name could match too.

        Two patterns meet in a name when one's prefix begins the other's and one's suffix ends the other's.
        """
        prefix, _, suffix = pattern.partition("*")
        for length in range(len(prefix)):
            # If two literals are equally long, the shorter prefix goes with the longer suffix. Each pair is
            # found from the pattern with the longer prefix.
            suffixes = self._by_prefix.get(prefix[:length])
            wanted = len(pattern) - 1 - length
            for other_suffix, other in suffixes.of_length(wanted) if suffixes else ():
                if other_suffix.endswith(suffix):
                    yield other


def _lengths(prefixes: Iterable[str]) -> dict[str, list[int]]:
    """Return the first characters of a name -> the lengths of the prefixes it may have, the longest first.

    The key ``""`` holds the lengths for a name that begins like none of *prefixes*.
    """
    known = set(prefixes)
    by_head: dict[str, set[int]] = {"": {len(each) for each in known if len(each) < _HEAD}}
    for prefix in known:
        by_head.setdefault(prefix[:_HEAD], set()).add(len(prefix))
    for head, lengths in by_head.items():
        # One look-up serves a name of this beginning, so shorter prefixes of it count, too.
        lengths.update(length for length in range(len(head)) if head[:length] in known)
    return {head: sorted(lengths, reverse=True) for head, lengths in by_head.items()}


class _Suffixes:
    """The suffixes of the patterns that share a prefix."""

    def __init__(self) -> None:
        self._patterns: dict[str, str] = {}
        self._lengths: list[int] = []

    def add(self, suffix: str, pattern: str) -> None:
        self._patterns[suffix] = pattern
        if suffix:
            self._lengths = sorted({*self._lengths, len(suffix)}, reverse=True)

    @property
    def has_any(self) -> bool:
        """Whether any suffix is not empty."""
        return bool(self._lengths)

    def match(self, name: str, prefix: int) -> str | None:
        """Return the pattern with the longest suffix that ends *name* behind its first *prefix* characters.

        A pattern without a suffix does not count.
        """
        for length in self._lengths:
            pattern = self._patterns.get(name[-length:])
            if pattern is not None and length <= len(name) - prefix:
                return pattern
        return None

    def of_length(self, length: int) -> Iterator[tuple[str, str]]:
        """Yield the suffixes of this length, each with its pattern."""
        if length in (*self._lengths, 0):
            yield from (item for item in self._patterns.items() if len(item[0]) == length)
