"""Set-Cookie fields on their way out: those of categories a visit does not allow are left out."""

from collections.abc import Sequence
from dataclasses import dataclass

from .grammar import LARGEST_PAIR, cookie_name, is_set_cookie
from .lifetime import earliest_now, is_deletion, shortened
from .verdict import NAMELESS, RESERVED, Judge, Names

Field = tuple[str, str]
"""One (field name, field value) pair, PEP 3333."""

LONGEST_EXEMPT = 395 * 24 * 3600
"""Seconds an exempt cookie may live: 13 months (R27)."""


class _Spellings(dict[str, bool]):
    """A bounded memo: field name -> whether a browser could take it for Set-Cookie."""

    SIZE = 512

    def __missing__(self, field_name: str) -> bool:
        if len(self) >= self.SIZE:
            self.clear()
        answer = self[field_name] = is_set_cookie(field_name)
        return answer


SETS_COOKIE = _Spellings()


@dataclass(frozen=True, slots=True)
class Stripped:
    """What became of a response's fields.

    Attributes:
        fields: what goes on; the very list that came in, if nothing was changed.
        stripped: for each field left out, its cookie's name ("" if it has none) and category key.
        spared: likewise for each undeclared cookie that went through.
        gated: whether a cookie of a category that may be refused went through.
    """

    fields: list[Field]
    stripped: list[tuple[str, str | None]]
    spared: list[tuple[str, str | None]]
    gated: bool


def all_necessary(response_headers: Sequence[Field], judge: Judge) -> bool:
    """Tell whether every cookie in *response_headers* is necessary: then there is nothing to judge.

    The way most responses go, so it costs one pass and builds nothing.
    """
    names, necessary = judge.names, judge.necessary
    for field_name, field_value in response_headers:
        if SETS_COOKIE[field_name] and _key_of(field_name, field_value, names) not in necessary:
            return False
    return True


def strip_set_cookies(
    response_headers: list[Field], judge: Judge, allowed: frozenset[str | None], now: float
) -> Stripped:
    """Return *response_headers* without the cookies *allowed* does not hold.

    Real deletions pass; the preferences cookie never does, it is the gate's alone. Exempt cookies
    that would live longer than 13 months are shortened (R27); nothing else is re-written.

    Args:
        response_headers: the application's list, which is not edited.
        judge: the policy.
        allowed: keys of the categories allowed; with None among them, undeclared cookies pass.
        now: Unix seconds.
    """
    fields: list[Field] = []
    stripped: list[tuple[str, str | None]] = []
    spared: list[tuple[str, str | None]] = []
    gated = changed = False
    earliest = earliest_now(response_headers, now)
    for field in response_headers:
        field_name, field_value = field
        if not SETS_COOKIE[field_name]:
            fields.append(field)
            continue
        key = _key_of(field_name, field_value, judge.names)
        if key in allowed:
            if key is None:
                spared.append((cookie_name(field_value) or "", key))
            elif key not in judge.necessary:
                gated = True
            if key in judge.exempt:
                short = shortened(field_value, LONGEST_EXEMPT, earliest)
                if short is not field_value:
                    field, changed = (field_name, short), True
            fields.append(field)
        elif key not in (NAMELESS, RESERVED) and is_deletion(field_value, earliest):
            fields.append(field)
        else:
            stripped.append((cookie_name(field_value) or "", key))
    if not (stripped or changed):
        fields = response_headers
    return Stripped(fields, stripped, spared, gated)


def names_set(fields: Sequence[Field]) -> frozenset[str]:
    """Return the names of the cookies that *fields* set or delete."""
    return frozenset(cookie_name(value) or "" for name, value in fields if SETS_COOKIE[name])


def _key_of(field_name: str, field_value: str, names: Names) -> str | None:
    """Return the key of the category a Set-Cookie field belongs to, as `Names` gives it."""
    text, equals, _ = field_value.partition("=")
    if not equals or len(field_name) != len("Set-Cookie"):
        # Nameless; or a field name that some browsers trim and others don't.
        return NAMELESS
    if field_value.isprintable() and len(field_value) <= LARGEST_PAIR:
        return names[text]
    # The same, with the checks that only such fields need.
    return NAMELESS if cookie_name(field_value) is None else names[text]
