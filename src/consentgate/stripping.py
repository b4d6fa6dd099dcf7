"""Set-Cookie fields on their way out: those of categories a visit does not allow are left out."""

from collections.abc import Sequence

from .fields import KIND_OF, NO_COOKIES, ODD_SET_COOKIE, SET_COOKIE, Field
from .grammar import BLANK, LARGEST_PAIR, cookie_name
from .lifetime import earliest_now, is_deletion, shortened
from .verdict import EXEMPT, NAMELESS, NECESSARY, REFUSED, RESERVED, SPARED, Judge

UNDELETABLE = (NAMELESS, RESERVED)
"""Keys of cookies whose deletion does not pass either."""

LONGEST_EXEMPT = 395 * 24 * 3600
"""Seconds an exempt cookie may live: 13 months (R27)."""


Cookies = list[tuple[str, str | None]]
"""Names of cookies ("" for one without), each with the key that a judge's `names` give it."""


def first_to_judge(response_headers: list[Field], judge: Judge) -> int:
    """Return where the first field stands that sets a cookie not plainly necessary; -1 if there is none.

    The way most responses go, so it costs one pass and builds nothing.
    """
    for field in response_headers:
        if field[0] in NO_COOKIES:
            continue
        field_name, field_value = field
        kind = KIND_OF[field_name]
        if kind is SET_COOKIE:
            text, equals, _ = field_value.partition("=")
            if (
                equals
                and judge.names[text] in judge.necessary
                and (
                    # The first two, in C, settle nearly every one.
                    (field_value.isprintable() and len(field_value) <= LARGEST_PAIR)
                    or cookie_name(field_value) is not None
                )
            ):
                continue
        elif kind is not ODD_SET_COOKIE:
            continue
        return response_headers.index(field)
    return -1


def strip_set_cookies(
    response_headers: list[Field],
    judge: Judge,
    allowed: frozenset[str | None],
    now: float,
    start: int = 0,
) -> tuple[list[Field], Cookies, Cookies, bool]:
    """Return *response_headers* without the cookies *allowed* does not hold; and what became of them.

    Real deletions pass; the preferences cookie never does, it is the gate's alone. Exempt cookies
    that would live longer than 13 months are shortened (R27); nothing else is re-written.

    Args:
        response_headers: the application's list, which is not edited.
        judge: the policy.
        allowed: keys of the categories allowed; with None among them, undeclared cookies pass.
        now: Unix seconds.
        start: where to begin: no field before it sets a cookie that is not necessary.

    Returns:
        What goes on, the very list that came in if nothing was changed; the cookies left out; the
        undeclared ones that went through; whether one of a category that may be refused went through.
    """
    names, fates = judge.names, judge.fates[allowed]
    fields = response_headers[:start]
    stripped: Cookies = []
    spared: Cookies = []
    gated = changed = False
    for field in response_headers[start:]:
        if field[0] in NO_COOKIES:
            fields.append(field)
            continue
        field_name, field_value = field
        kind = KIND_OF[field_name]
        if kind is not SET_COOKIE and kind is not ODD_SET_COOKIE:
            fields.append(field)
            continue
        text, equals, _ = field_value.partition("=")
        key = names[text] if equals and kind is SET_COOKIE else NAMELESS
        fate = fates[key]
        if fate is not REFUSED and (
            (field_value.isprintable() and len(field_value) <= LARGEST_PAIR)
            or cookie_name(field_value) is not None
        ):
            if fate is EXEMPT:
                limited = _limited(field, response_headers, now)
                changed = changed or limited is not field
                field = limited
            if fate is SPARED:
                spared.append((text.strip(BLANK), key))
            elif fate is not NECESSARY:
                gated = True
            fields.append(field)
        elif key not in UNDELETABLE and is_deletion(field_value, now, response_headers):
            fields.append(field)
        elif key is NAMELESS or fate is not REFUSED:
            stripped.append(("", NAMELESS))
        else:
            stripped.append((text.strip(BLANK), key))
    if not (stripped or changed):
        fields = response_headers
    return fields, stripped, spared, gated


def _limited(field: Field, response_headers: Sequence[Field], now: float) -> Field:
    """Return an exempt cookie's field with the lifetime it may have; the very same if that is shorter."""
    short = shortened(field[1], LONGEST_EXEMPT, earliest_now(response_headers, now))
    return field if short is field[1] else (field[0], short)


def names_set(fields: Sequence[Field]) -> frozenset[str]:
    """Return the names of the cookies that *fields* set or delete."""
    return frozenset(cookie_name(value) or "" for name, value in fields if KIND_OF[name] is SET_COOKIE)
