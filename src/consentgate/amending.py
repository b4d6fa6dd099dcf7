"""The response, step by step: what a gate makes of an application's fields. Pure."""

from typing import NamedTuple

from .caching import make_private, may_be_shared, vary_on
from .expiring import expiring_lines
from .fields import Field
from .narrowing import not_allowed
from .stripping import Cookies, names_set, strip_set_cookies
from .verdict import Judge


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
