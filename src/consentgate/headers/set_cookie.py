"""The lifetime a Set-Cookie field states: when its cookie ends, and whether it deletes one."""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from consentgate._cache import Remembered

from .cookie import BLANK, LARGEST_ATTRIBUTE, attributes, cookie_date
from .names import DATE, KIND_OF, Field

_MAX_AGE = re.compile(r"-?[0-9]+")


_MARGIN = 24 * 3600
"""Seconds an Expires must lie in the past to count: clocks differ (R40)."""


NEVER = float("inf")


ALWAYS = float("-inf")


class StatedAttributes(NamedTuple):
    """What a Set-Cookie field states besides name and value, as browsers read it (RFC 6265bis 5.6).

    Attributes:
        lifetime: seconds from now, None for a session cookie.
        path: its Path, None if it states none.
        domain: its Domain without a leading dot, in lower case; None if it states none.
        secure: whether it has Secure.
        http_only: whether it has HttpOnly.
        same_site: ``"lax"``, ``"strict"``, ``"none"``, or ``""`` if it states none of these.
        partitioned: whether it has Partitioned.
    """

    lifetime: int | None = None
    path: str | None = None
    domain: str | None = None
    secure: bool = False
    http_only: bool = False
    same_site: str = ""
    partitioned: bool = False


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


# How long a cookie lives, and making it live no longer than declared.

MAX_LIFETIME = 400 * 24 * 3600
"""Seconds beyond which browsers keep no cookie (RFC 6265bis 5.5)."""

_LIFETIME_ATTRIBUTES = ("max-age", "expires")

# A Max-Age that one browser takes for zero or less and another does not read (FACTS.md, deletions 2).
_MAY_DELETE = re.compile(r"\+?0+|-.*", re.DOTALL)


def stated_lifetime(set_cookie_string: str, now: float, response_headers: Iterable[Field] = ()) -> int | None:
    """Return the seconds from *now* that a Set-Cookie states for its cookie; zero or less for a deletion.

    None for a session cookie, and where browsers do not all read the same. See `shorten_lifetime` for the
    arguments.

    >>> stated_lifetime("a=1; Max-Age=60; Expires=Fri, 31 Dec 2038 23:59:59 GMT", 0)
    60
    """
    last = dict(attributes(set_cookie_string.partition(";")[2]))
    seconds = _stated_seconds(last, earliest_now(response_headers, now))
    return None if seconds is None else math.floor(seconds)


def shorten_lifetime(
    set_cookie_string: str, limit: int | None, now: float, response_headers: Iterable[Field] = ()
) -> str:
    """Return a Set-Cookie whose cookie lives no longer than declared; the same object if it does not anyway.

    Max-Age and Expires are edited where they stand, and every other byte is kept (R27, R46). A lifetime that
    browsers do not all read alike is taken away, so that the cookie ends with the session; where one of them
    may read a deletion, it becomes one. Nothing is ever made to live longer.

    Args:
        set_cookie_string: the field's value, without control characters.
        limit: seconds the cookie may live, 400 days at most; None for the session.
        now: Unix seconds.
        response_headers: where the Date is that browsers measure Expires against.

    >>> shorten_lifetime("_pk_id=1; Path=/; Max-Age=63072000; Secure", 34128000, 0)
    '_pk_id=1; Path=/; Max-Age=34128000; Secure'
    >>> shorten_lifetime("theme=1; Expires=Thu, 31 Dec 2026 23:59:59 GMT", None, 0)
    'theme=1'
    """
    last = dict(attributes(set_cookie_string.partition(";")[2]))
    if not last.keys() & set(_LIFETIME_ATTRIBUTES):
        return set_cookie_string
    earliest = earliest_now(response_headers, now)
    seconds = _stated_seconds(last, earliest)
    if seconds is not None and seconds <= 0:
        return set_cookie_string
    if seconds is None or limit is None:
        return _end_with_session(set_cookie_string, last, _latest_now(response_headers, now))
    limit = min(limit, MAX_LIFETIME)
    return set_cookie_string if seconds <= limit else _edit_lifetime(set_cookie_string, limit, earliest)


shortened = shorten_lifetime  # its name in 0.1.0; goes with its last caller


def _stated_seconds(last: Mapping[str, str], earliest: float) -> float | None:
    """Return the seconds these attributes state, the last of each name; None if there is no certain number.

    A Max-Age decides, even an invalid one; without any, Expires (cookies/FACTS.md, deletions 1 and 3).
    """
    if "max-age" in last:
        return int(last["max-age"]) if _MAX_AGE.fullmatch(last["max-age"]) else None
    expires = cookie_date(last.get("expires", ""))
    return None if expires is None or earliest == ALWAYS else expires - earliest


def _latest_now(response_headers: Iterable[Field], now: float) -> float:
    """Return the latest moment a browser may measure Expires against: *now*, or the first Date if later."""
    dates = [value for name, value in response_headers if KIND_OF[name] is DATE]
    date = _sloppy_date(dates[0]) if dates else None
    return now if date is None else max(now, date)


def _end_with_session(set_cookie_string: str, last: Mapping[str, str], latest: float) -> str:
    if _may_delete(last, latest):
        # A session cookie would live where the field itself stored nothing.
        return f"{set_cookie_string}; Max-Age=0"
    pair, *avs = set_cookie_string.split(";")
    return ";".join([pair, *(av for av in avs if _name_of(av) not in _LIFETIME_ATTRIBUTES)])


def _may_delete(last: Mapping[str, str], latest: float) -> bool:
    """Return whether some browser may read a deletion where another reads none."""
    max_age = last.get("max-age", "")
    if _MAX_AGE.fullmatch(max_age):
        return False
    expires = _sloppy_date(last.get("expires", ""))
    return _MAY_DELETE.fullmatch(max_age) is not None or (expires is not None and expires <= latest)


def _edit_lifetime(set_cookie_string: str, limit: int, earliest: float) -> str:
    pair, *avs = set_cookie_string.split(";")
    return ";".join([pair, *(_edited(av, limit, earliest) for av in avs)])


def _edited(cookie_av: str, limit: int, earliest: float) -> str:
    """Return an attribute, with *limit* in the place of a longer lifetime; the blanks around it stay."""
    name, _, text = cookie_av.partition("=")
    value = text.strip(BLANK)
    seconds = _stated_seconds({_name_of(cookie_av): value}, earliest)
    if seconds is None or seconds <= limit or len(value) > LARGEST_ATTRIBUTE:
        return cookie_av
    new = str(limit) if _name_of(cookie_av) == "max-age" else http_date(earliest + limit)
    before = text[: len(text) - len(text.lstrip(BLANK))]
    return f"{name}={before}{new}{text[len(before) + len(value) :]}"


def _name_of(cookie_av: str) -> str:
    return cookie_av.partition("=")[0].strip(BLANK).lower()


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def http_date(moment: float) -> str:
    """Return Unix seconds, cut to whole ones, as an IMF-fixdate (RFC 9110 5.6.7).

    >>> http_date(784111777.9)
    'Sun, 06 Nov 1994 08:49:37 GMT'
    """
    # strftime would write the process's language.
    date = datetime.fromtimestamp(math.floor(moment), UTC)
    return f"{_DAYS[date.weekday()]}, {date:%d} {_MONTHS[date.month - 1]} {date:%Y %H:%M:%S} GMT"


# RFC 6265bis 5.1.1: what separates the tokens of a cookie-date.
_DATE_TOKENS = re.compile(r"[^\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?![0-9])")
_DAY = re.compile(r"([0-9]{1,2})(?![0-9])")
_YEAR = re.compile(r"([0-9]{1,4})(?![0-9])")


def _sloppy_date(text: str) -> float | None:
    """Return a cookie-date as the most tolerant browser reads it, in Unix seconds (RFC 6265bis 5.1.1)."""
    clock = day = month = year = None
    for token in _DATE_TOKENS.findall(text):
        if clock is None and (clock := _CLOCK.match(token)):
            continue
        if day is None and (day := _DAY.match(token)):
            continue
        if month is None and token[:3].title() in _MONTHS:
            month = _MONTHS.index(token[:3].title()) + 1
        elif year is None:
            year = _YEAR.match(token)
    if clock is None or day is None or month is None or year is None:
        return None
    full_year = int(year[1]) + (0 if int(year[1]) >= 100 else 1900 if int(year[1]) >= 70 else 2000)
    hour, minute, second = map(int, clock.groups())
    try:
        return datetime(full_year, month, int(day[1]), hour, minute, second, tzinfo=UTC).timestamp()
    except ValueError:
        return None
