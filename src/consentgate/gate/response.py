"""Set-Cookie fields on their way out: those of categories a visit does not allow are left out."""

from collections.abc import Sequence
from typing import NamedTuple

from consentgate._cache import remember
from consentgate.consent.verdict import (
    EXEMPT,
    LONGEST_TEXT,
    NAMELESS,
    NECESSARY,
    REFUSED,
    RESERVED,
    SPARED,
    Judge,
)
from consentgate.headers.cache_control import make_private, may_be_shared, vary_on
from consentgate.headers.cookie import BLANK, cookie_name, is_storable
from consentgate.headers.names import COOKIES, KIND_OF, SET_COOKIE, SET_COOKIES, Field
from consentgate.headers.set_cookie import ENDS, earliest_now, is_deletion, shortened

from .expiry import expiring_lines
from .request import not_allowed

UNDELETABLE = (NAMELESS, RESERVED)
"""Keys of cookies whose deletion does not pass either."""

LONGEST_EXEMPT = 395 * 24 * 3600
"""Seconds an exempt cookie may live: 13 months (R27)."""


Cookies = list[tuple[str, str | None]]
"""Names of cookies ("" for one without), each with the key that a judge's `names` give it."""


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
    gated = False
    for field in response_headers[start:]:
        field_name, field_value = field
        if field_name in SET_COOKIES or KIND_OF[field_name] in COOKIES:
            text, equals, rest = field_value.partition("=")
            key = names[text] if equals and field_name in SET_COOKIES else NAMELESS
            fate = fates[key]
            if fate is REFUSED:
                # Few end in the past; the first look says that of nearly all.
                ends = ENDS[rest.partition(";")[2]]
                if ends > now or not _is_deletion(key, field_value, now, response_headers):
                    stripped.append(("" if key is NAMELESS else text.strip(BLANK), key))
                    continue
            elif not is_storable(field_value):
                stripped.append(("", NAMELESS))
                continue
            elif fate is NECESSARY:
                if len(text) <= LONGEST_TEXT:
                    remember(text, judge.necessary_texts)
            elif fate is SPARED:
                spared.append((text.strip(BLANK), key))
            else:
                gated = True
                if fate is EXEMPT:
                    field = _limited(field, response_headers, now)
        fields.append(field)
    return response_headers if fields == response_headers else fields, stripped, spared, gated


def _is_deletion(key: str | None, field_value: str, now: float, response_headers: list[Field]) -> bool:
    """Tell whether a refused cookie's field only makes browsers forget it."""
    if key in UNDELETABLE or not is_storable(field_value):
        return False
    return is_deletion(field_value, now, response_headers)


def _limited(field: Field, response_headers: Sequence[Field], now: float) -> Field:
    """Return an exempt cookie's field with the lifetime it may have; the very same if that is shorter."""
    short = shortened(field[1], LONGEST_EXEMPT, earliest_now(response_headers, now))
    return field if short is field[1] else (field[0], short)


def names_set(fields: Sequence[Field]) -> frozenset[str]:
    """Return the names of the cookies that *fields* set or delete."""
    return frozenset(cookie_name(value) or "" for name, value in fields if KIND_OF[name] is SET_COOKIE)


class Facts(NamedTuple):
    """What a response's amendments depend on, besides the policy and the fields themselves.

    Attributes:
        applies: whether the policy applies to the request.
        allowed: keys of the categories allowed, a choice made in the request included.
        varies: names of the request's fields that the response was made to depend on.
        minted: the preferences cookie to set, None if no choice was made.
        cookie_string: the request's Cookie field, of which what is not allowed is to be expired; ""
            for nothing.
        turn: where to begin expiring.
        now: Unix seconds.
    """

    applies: bool
    allowed: frozenset[str | None]
    varies: tuple[str, ...]
    minted: str | None
    cookie_string: str
    turn: int
    now: float


class Amended(NamedTuple):
    """The fields that go out, and what was done to the application's.

    Attributes:
        fields: the application's own list if nothing was changed.
        stripped: cookies whose field does not go out.
        spared: undeclared cookies that went through.
        expired: cookies the browser is told to forget.
    """

    fields: list[Field]
    stripped: Cookies
    spared: Cookies
    expired: Cookies


def amend(response_headers: list[Field], judge: Judge, facts: Facts) -> Amended:
    """Return what becomes of *response_headers*, which is not edited."""
    fields = response_headers
    stripped: Cookies = []
    spared: Cookies = []
    if facts.applies:
        fields, stripped, spared, is_gated = strip_set_cookies(
            response_headers, judge, facts.allowed, facts.now
        )
        if is_gated:
            fields = make_private(fields)
    lines = [] if facts.minted is None else [("Set-Cookie", facts.minted)]
    expired: Cookies = []
    if facts.cookie_string and not may_be_shared(response_headers, facts.now):
        keys = dict(not_allowed(facts.cookie_string, judge.sent_names, facts.allowed))
        taken = names_set(fields)
        for name, line in expiring_lines(keys, judge.catalogue, taken, facts.turn):
            lines.append(("Set-Cookie", line))
            expired.append((name, keys[name]))
    if lines:
        fields = make_private([*fields, *lines])
    if facts.varies:
        fields = vary_on(fields, facts.varies)
    return Amended(fields, stripped, spared, expired)
