"""Lifetimes as sites declare them: texts, timedeltas, and the seconds a cookie may live."""

import re
from collections.abc import Iterable
from datetime import timedelta

from consentgate.errors import PolicyError
from consentgate.headers.set_cookie import MAX_LIFETIME

SESSION = "session"
"""The declared lifetime of a cookie that ends with the browser's session."""

MAX_DECLARED = timedelta(seconds=MAX_LIFETIME)
"""Browsers shorten every lifetime to this (RFC 6265bis 5.5, R41)."""

MAX_EXEMPT = timedelta(days=395)
"""Thirteen months, the longest life of a cookie exempt from consent (R27)."""

_DAYS = {"day": 1, "week": 7, "month": 365 / 12, "year": 365}
_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
_TEXT = re.compile(r"([1-9][0-9]{0,5}) (second|minute|hour|day|week|month|year)s?")


def duration(lifetime: timedelta | str) -> timedelta | None:
    """Return a declared lifetime as a timedelta, None for a session's.

    A month is a twelfth of a year, cut to whole days: 13 months are 395 days.

    >>> duration("14 days"), duration("13 months").days, duration("session")
    (datetime.timedelta(days=14), 395, None)

    Raises:
        PolicyError: *lifetime* is neither a timedelta nor such a text, or it is not positive.
    """
    if isinstance(lifetime, timedelta):
        if lifetime <= timedelta(0):
            raise PolicyError(f"a lifetime must be positive, not {lifetime!r}")
        return lifetime
    if lifetime == SESSION:
        return None
    match = _TEXT.fullmatch(lifetime) if isinstance(lifetime, str) else None
    if match is None:
        raise PolicyError(
            'a lifetime is a timedelta, "session", or a text such as "14 days" or "13 months", '
            f"not {lifetime!r}"
        )
    count, unit = int(match[1]), match[2]
    if unit in _SECONDS:
        return timedelta(seconds=count * _SECONDS[unit])
    return timedelta(days=int(count * _DAYS[unit]))


def measure_lifetime(lifetime: timedelta | str) -> tuple[int, str] | None:
    """Return a declared lifetime as a number and its unit, None for a session's.

    >>> measure_lifetime(timedelta(hours=36)), measure_lifetime("13 months"), measure_lifetime("session")
    ((36, 'hour'), (13, 'month'), None)
    """
    count, _, unit = lifetime_text(lifetime).partition(" ")
    return (int(count), unit.removesuffix("s")) if unit else None


def lifetime_text(lifetime: timedelta | str | None) -> str:
    """Return a declared lifetime in words; a text is returned unchanged.

    >>> lifetime_text(timedelta(days=14)), lifetime_text("13 months"), lifetime_text(timedelta(hours=36))
    ('14 days', '13 months', '36 hours')
    """
    if lifetime is None:
        return ""
    if isinstance(lifetime, str):
        return lifetime
    seconds = max(1, int(lifetime.total_seconds()))
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds % size == 0:
            return _count_units(seconds // size, unit)
    return _count_units(seconds, "second")


def _count_units(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def lifetime_limit(declared: Iterable[timedelta | str | None]) -> int | None:
    """Return the seconds a cookie declared with these lifetimes may live; None for the session.

    Where none is stated the limit is the browsers' own, 400 days. A name may be declared for several scopes:
    the longest counts.

    >>> lifetime_limit(["14 days"]), lifetime_limit(["session"]), lifetime_limit(["session", "1 hour"])
    (1209600, None, 3600)
    >>> lifetime_limit([None]) // 86400, lifetime_limit(["2 years"]) // 86400
    (400, 400)
    """
    lengths = [MAX_DECLARED if each is None else duration(each) for each in declared]
    longest = max((length for length in lengths if length is not None), default=None)
    if longest is None:
        return None
    return max(1, int(min(longest, MAX_DECLARED).total_seconds()))
