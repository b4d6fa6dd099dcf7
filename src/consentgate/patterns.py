"""Names with one ``*``: which of many patterns governs a name."""

from collections.abc import Iterable, Iterator


class Patterns:
    """The patterns of a policy. Of those that match a name, the one with the longest literal governs.

    >>> Patterns(["_pk_*", "_pk_id.*", "*_tv"]).match("_pk_id.1.1fff")
    '_pk_id.*'
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        # prefix -> its (suffix, pattern) pairs, the longest suffix first.
        self._by_prefix: dict[str, list[tuple[str, str]]] = {}
        for pattern in sorted(set(patterns)):
            prefix, _, suffix = pattern.partition("*")
            self._by_prefix.setdefault(prefix, []).append((suffix, pattern))
        for pairs in self._by_prefix.values():
            pairs.sort(key=lambda pair: -len(pair[0]))
        # A lookup costs one slice for each length a prefix has, however many patterns there are.
        self._lengths = sorted({len(prefix) for prefix in self._by_prefix}, reverse=True)

    def match(self, name: str) -> str | None:
        """Return the pattern that governs *name*, or None."""
        best: str | None = None
        for length in self._lengths:
            for suffix, pattern in self._by_prefix.get(name[:length], ()):
                if best is not None and len(pattern) <= len(best):
                    break
                if len(name) >= length + len(suffix) and name.endswith(suffix):
                    best = pattern
                    break
        return best

    def rivals(self, pattern: str) -> Iterator[str]:
        """Yield the other patterns with a literal as long as *pattern*'s that some name could match too.

        Two patterns meet in a name when one's prefix begins the other's and one's suffix ends the other's.
        """
        prefix, _, suffix = pattern.partition("*")
        for length in self._lengths:
            if length > len(prefix):
                continue
            for other_suffix, other in self._by_prefix.get(prefix[:length], ()):
                if len(other) == len(pattern) and other != pattern and other_suffix.endswith(suffix):
                    yield other
