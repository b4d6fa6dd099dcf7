"""Group cookie names into patterns; a star replaces only a part in which several names differ."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from consentgate.catalogue.patterns import Patterns

from .machine_words import find_machine_made, is_unpronounceable

FEWEST_LITERALS = 3
"""Characters a pattern has besides its star."""

_FEWEST_WORDS = 4
"""Names that must differ in one word of letters before a star replaces it."""

_LAST_WORD = re.compile(r"(.*[^A-Za-z0-9])([A-Za-z0-9]{5,})")

_COMPARED = 50
"""Members of a group that a lone name is compared with."""

Groups = dict[str, list[str]]
"""A pattern or an exact name -> the names it stands for, in order."""


class _Frame(NamedTuple):
    """A pattern as the prefix and the suffix of its star."""

    prefix: str
    suffix: str

    @property
    def pattern(self) -> str:
        return f"{self.prefix}*{self.suffix}"

    def matches(self, name: str) -> bool:
        """Return whether the pattern matches *name*; its star may stand for nothing."""
        has_room = len(name) >= len(self.prefix) + len(self.suffix)
        return has_room and name.startswith(self.prefix) and name.endswith(self.suffix)

    def conflicts_with(self, other: "_Frame") -> bool:
        """Return whether both patterns are equally long and could match the same name."""
        return (
            len(self.pattern) == len(other.pattern)
            and (self.prefix.startswith(other.prefix) or other.prefix.startswith(self.prefix))
            and (self.suffix.endswith(other.suffix) or other.suffix.endswith(self.suffix))
        )

    def extract(self, name: str) -> str:
        """Return the part of *name*, which the pattern matches, that the star stands for."""
        return name[len(self.prefix) : len(name) - len(self.suffix)]


def group_names(
    names: Collection[str],
    *,
    declared: Collection[str] = (),
    seen_declared: Iterable[str] = (),
    families: Collection[str] = (),
) -> Groups:
    """Return the undeclared *names* grouped under few declarations.

    No pattern matches a declared name, begins with its star, has fewer than three characters besides
    it, or is as long as another that could match the same name. A lone name stays as it is, unless it
    belongs to one of *families*.

    Args:
        names: of cookies, in any order.
        declared: names and patterns of a policy.
        seen_declared: names that its patterns match.
        families: names known, and patterns known to be families of names.

    >>> group_names(["_ga_5C2V8LB6VY", "_ga_LNTR8VPWXX", "_ga", "theme"])
    {'_ga': ['_ga'], '_ga_*': ['_ga_5C2V8LB6VY', '_ga_LNTR8VPWXX'], 'theme': ['theme']}
    """
    by_themselves = set(names).intersection(families)
    left = sorted(set(names) - by_themselves)
    allowed = _Allowed(declared, seen_declared)
    groups: Groups = {}
    for find in (_group_by_families(families), _group_by_machine_words, _group_by_last_words):
        for frame, members in sorted(find(left).items()):
            if allowed.add(frame):
                groups[frame.pattern] = members
        grouped = {name for members in groups.values() for name in members}
        left = [name for name in left if name not in grouped]
    return _add_rest(groups, left) | {name: [name] for name in by_themselves}


class _Allowed:
    """Check that a new pattern conflicts with no declared name and no other pattern."""

    def __init__(self, declared: Iterable[str], seen: Iterable[str]) -> None:
        declared = set(declared)
        self._frames = [_Frame(*name.split("*")) for name in sorted(declared) if "*" in name]
        self._names = {name for name in declared.union(seen) if "*" not in name}

    def add(self, frame: _Frame) -> bool:
        """Add *frame* to the patterns if it conflicts with nothing; return whether it does not."""
        literal = frame.prefix + frame.suffix
        if not frame.prefix or len(literal) < FEWEST_LITERALS or sum(map(str.isalnum, literal)) < 2:
            return False
        if any(frame.matches(name) for name in self._names) or any(map(frame.conflicts_with, self._frames)):
            return False
        self._frames.append(frame)
        return True


def _group_by_families(families: Iterable[str]) -> Callable[[Iterable[str]], dict[_Frame, list[str]]]:
    known = Patterns(family for family in families if "*" in family)

    def find(names: Iterable[str]) -> dict[_Frame, list[str]]:
        found: dict[_Frame, list[str]] = defaultdict(list)
        for name in names:
            family = known.match(name)
            if family is not None and "*" not in name:
                found[_Frame(*family.split("*"))].append(name)
        return found

    return find


def _group_by_machine_words(names: Iterable[str]) -> dict[_Frame, list[str]]:
    """Return the names that differ only in their machine-made part, two or more together."""
    found: dict[_Frame, list[str]] = defaultdict(list)
    for name in names:
        part = find_machine_made(name)
        if part is not None and "*" not in name:
            found[_Frame(name[: part[0]], name[part[1] :])].append(name)
    return {frame: members for frame, members in found.items() if len(members) > 1}


def _group_by_last_words(names: Iterable[str]) -> dict[_Frame, list[str]]:
    """Return the names that differ only in a last word of one length and case, most of them ids."""
    found: dict[tuple[str, int, str], list[str]] = defaultdict(list)
    for name in names:
        match = _LAST_WORD.fullmatch(name)
        if match is not None and "*" not in name:
            found[match[1], len(match[2]), _case(match[2])].append(name)
    return {
        _Frame(prefix, ""): members
        for (prefix, _, _), members in found.items()
        if len(members) >= _FEWEST_WORDS
        and 2 * sum(_is_odd(name[len(prefix) :]) for name in members) >= len(members)
    }


def _case(word: str) -> str:
    return "upper" if word.isupper() else "lower" if word.islower() else "mixed"


def _is_odd(word: str) -> bool:
    return is_unpronounceable(word) or any(map(str.isdigit, word))


def _add_rest(groups: Groups, left: Iterable[str]) -> Groups:
    """Return *groups* with the names *left* added: to a group of similar names, or alone."""
    frames = sorted((_Frame(*pattern.split("*")) for pattern in groups), key=lambda each: -len(each.pattern))
    looks = [
        (frame, _Look([frame.extract(name) for name in groups[frame.pattern][:_COMPARED]]))
        for frame in frames
    ]
    found: Groups = {pattern: list(members) for pattern, members in groups.items()}
    for name in left:
        fitting = (
            frame.pattern for frame, look in looks if frame.matches(name) and look.fits(frame.extract(name))
        )
        found.setdefault(next(fitting, name), []).append(name)
    return {pattern: sorted(found[pattern]) for pattern in sorted(found)}


class _Look:
    """The lengths and characters of the parts in which a group's names differ."""

    def __init__(self, words: Collection[str]) -> None:
        self._lengths = {len(word) for word in words}
        self._characters = frozenset().union(*map(_characters, words))

    def fits(self, word: str) -> bool:
        """Return whether *word* has a known length and known characters, and looks like an id."""
        return (
            min(self._lengths) <= len(word) <= max(self._lengths)
            and _characters(word) <= self._characters
            and _is_odd(word)
        )


def _characters(word: str) -> frozenset[str]:
    """Return the kinds of characters in *word*: digits, small letters, capitals, and each other one."""
    return frozenset(
        "0" if each.isdigit() else "A" if each.isupper() else "a" if each.islower() else each for each in word
    )
