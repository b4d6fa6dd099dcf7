"""How long a cookie lives: lifetimes as sites declare them, and as a Set-Cookie field states them."""

import re
from collections.abc import Iterable
from datetime import timedelta

from .errors import PolicyError
from .fields import DATE, KIND_OF, Field
from .grammar import attributes, cookie_date
from .memo import Remembered

SESSION = "session"
"""The declared lifetime of a cookie that ends with the browser's session."""

_DAYS = {"day": 1, "week": 7, "month": 365 / 12, "year": 365}
_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
_TEXT = re.compile(r"([1-9][0-9]{0,5}) (second|minute|hour|day|week|month|year)s?")
_MAX_AGE = re.compile(r"-?[0-9]+")

_MARGIN = 24 * 3600
"""Seconds an Expires must lie in the past to count: clocks differ (R40)."""


def duration(lifetime: timedelta | str) -> timedelta | None:
    """Return a declared lifetime as a timedelta, None for a session's.

    A month is a twelfth of a year, cut to whole days: 13 months are 395 days.

    >>> duration("14 days"), duration("13 months").days, duration("session")
    (datetime.timedelta(days=14), 395, None)

    Raises:
        PolicyError: *lifetime* is none of these, or not positive.
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


def measured(lifetime: timedelta | str) -> tuple[int, str] | None:
    """Return a declared lifetime as a number and its unit, None for a session's.

    >>> measured(timedelta(hours=36)), measured("13 months"), measured("session")
    ((36, 'hour'), (13, 'month'), None)
    """
    count, _, unit = lifetime_text(lifetime).partition(" ")
    return (int(count), unit.removesuffix("s")) if unit else None


def lifetime_text(lifetime: timedelta | str | None) -> str:
    """Return a declared lifetime in words, a text as it was written.

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
            return _counted(seconds // size, unit)
    return _counted(seconds, "second")


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


NEVER = float("inf")
ALWAYS = float("-inf")


def _ends(unparsed: str) -> float:
    """Return the moment a cookie with these attributes ends, in Unix seconds.

    ALWAYS if its Max-Age deletes; NEVER if that does not, and where there is neither it nor an Expires that
    all browsers read alike. The last Max-Age decides, even an invalid one; without any, the last Expires.
    """
    last = dict(attributes(unparsed))
    if "max-age" in last:  # at most 1,024 digits, so int() takes them all
        deletes = _MAX_AGE.fullmatch(last["max-age"]) is not None and int(last["max-age"]) <= 0
        return ALWAYS if deletes else NEVER
    expires = cookie_date(last.get("expires", ""))
    return NEVER if expires is None else expires


ENDS = Remembered(_ends, size=512, longest=256)
"""What follows a Set-Cookie's first ``;`` -> when the cookie ends. An application's share attributes."""


def is_deletion(set_cookie_string: str, now: float, response_headers: Iterable[Field] = ()) -> bool:
    """Tell whether every browser would store nothing and remove the cookie of this name.

    As strict as the strictest of them: an Expires counts when it lies a day or more before *now* (Unix
    seconds), and before the Date in *response_headers*, against which browsers measure it.

    >>> is_deletion("_ga=; Max-Age=0", 0), is_deletion("_ga=; Max-Age=0; Max-Age=x", 0)
    (True, False)
    """
    ends = ENDS[set_cookie_string.partition(";")[2]]
    if ends > now - _MARGIN:
        return False
    return ends == ALWAYS or ends <= earliest_now(response_headers, now) - _MARGIN


def earliest_now(response_headers: Iterable[Field], now: float) -> float:
    """Return the moment browsers may measure Expires against: *now*, or the first Date if earlier.

    A Date nobody can read makes it the beginning of time, so that no Expires lies before it.
    """
    for field_name, field_value in response_headers:
        if KIND_OF[field_name] is DATE:
            date = cookie_date(field_value.strip(" \t"))
            return ALWAYS if date is None else min(now, date)
    return now


def shortened(set_cookie_string: str, limit: int, now: float) -> str:
    """Return a Set-Cookie that lives *limit* seconds at most, the same object if it already does (R27, R46).

    Only Max-Age and Expires are touched. When what they state can't be read with certainty the
    cookie ends with the session: shortening never makes anything live longer.

    >>> shortened("_pk_id=1; Path=/; Max-Age=63072000; Secure", 34128000, now=0)
    '_pk_id=1; Path=/; Secure; Max-Age=34128000'
    """
    last = dict(attributes(set_cookie_string.partition(";")[2]))
    stated: float | None = 0
    if "max-age" in last:
        stated = int(last["max-age"]) if _MAX_AGE.fullmatch(last["max-age"]) else None
    elif "expires" in last:
        expires = cookie_date(last["expires"])
        stated = None if expires is None else expires - now
    if stated is not None and stated <= limit:
        return set_cookie_string
    kept = [
        part
        for at, part in enumerate(set_cookie_string.split(";"))
        if at == 0 or part.partition("=")[0].strip(" \t").lower() not in ("max-age", "expires")
    ]
    if stated is not None:
        kept.append(f" Max-Age={limit}")
    return ";".join(kept)
