"""Attributes a Set-Cookie field states: how long its cookie lives, where, and whether it deletes one."""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import Enum, auto
from typing import NamedTuple

from consentgate._cache import BoundedCache

from .cookie import (
    BLANK,
    LARGEST_ATTRIBUTE,
    attributes,
    cookie_date,
    is_host_only,
    is_http_only,
    is_secure_only,
    is_storable,
    loose_cookie_date,
)
from .names import KINDS, Field, FieldKind

_MAX_AGE = re.compile(r"-?[0-9]+")

_DATE = FieldKind.DATE

_MARGIN = 24 * 3600
"""Seconds an Expires must lie in the past for every browser to agree: their clocks differ (R40)."""

NEVER = float("inf")
ALWAYS = float("-inf")

CERTAIN_DELETION = "; Max-Age=0"
"""Appended to a field, this makes every browser delete the cookie: the last Max-Age counts."""


class StatedAttributes(NamedTuple):
    """Attributes a Set-Cookie field states, as browsers read them (RFC 6265bis 5.6).

    Attributes:
        lifetime: seconds from now, zero or less for a deletion; None for a session cookie, and where
            browsers do not all read the same.
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


def stated_attributes(set_cookie_string: str, now: float, date: float | None = None) -> StatedAttributes:
    """Return the attributes that *set_cookie_string* states.

    Args:
        set_cookie_string: the field's value.
        now: Unix seconds.
        date: the response's Date, see `response_date`, against which browsers measure Expires.

    >>> stated_attributes("a=1; Path=/wiki; Max-Age=60; Secure", now=0)[:4]
    (60, '/wiki', None, True)
    """
    last = dict(attributes(set_cookie_string.partition(";")[2]))
    path = last.get("path", "")
    same_site = last.get("samesite", "").lower()
    seconds = _stated_seconds(last, now if date is None else min(now, date))
    return StatedAttributes(
        lifetime=None if seconds is None else math.floor(seconds),
        path=path if path.startswith("/") else None,
        domain=last.get("domain", "").removeprefix(".").lower() or None,
        secure="secure" in last,
        http_only="httponly" in last,
        same_site=same_site if same_site in ("lax", "strict", "none") else "",
        partitioned="partitioned" in last,
    )


def _find_refusal(name_and_attributes: tuple[str, str]) -> str:
    name, unparsed = name_and_attributes
    stated = stated_attributes(f"=;{unparsed}", 0)
    if is_secure_only(name) and not stated.secure:
        return f"the prefix of {name!r} asks for Secure"
    if is_host_only(name) and (stated.domain is not None or stated.path != "/"):
        return f"the prefix of {name!r} asks for Path=/ and no Domain"
    if is_http_only(name) and not stated.http_only:
        return f"the prefix of {name!r} asks for HttpOnly"
    if stated.same_site == "none" and not stated.secure:
        return "SameSite=None asks for Secure"
    return ""


_REFUSALS = BoundedCache(_find_refusal, size=256)


def find_refusal(set_cookie_string: str, name: str) -> str:
    """Return why browsers refuse to store the cookie called *name*, in words; ``""`` if they store it.

    Attributes of more than 1,024 characters together are not looked at.

    >>> find_refusal("__Host-sid=1; Path=/", "__Host-sid")
    "the prefix of '__Host-sid' asks for Secure"
    """
    if not is_storable(set_cookie_string):
        return "it holds a control character, or name and value exceed 4,096 octets"
    unparsed = set_cookie_string.partition(";")[2]
    return _REFUSALS[name, unparsed] if len(unparsed) <= LARGEST_ATTRIBUTE else ""


class Deletion(Enum):
    """Whether a Set-Cookie field deletes the cookie of its name."""

    NO = auto()
    CERTAIN = auto()
    """Every browser stores nothing and removes the cookie."""
    BY_CLOCK = auto()
    """Its Expires has passed by the server's clock or the response's Date; browsers may differ."""


class Ending(NamedTuple):
    """When a cookie ends, in Unix seconds: ALWAYS for a Max-Age that deletes, NEVER for one that does not.

    Attributes:
        certain: the moment every browser reads, NEVER where they differ.
        loose: the moment RFC 6265bis 5.1.1 reads, NEVER where it fails.
    """

    certain: float
    loose: float


def _parse_ending(unparsed: str) -> Ending:
    """Return when a cookie with these attributes ends.

    The last Max-Age decides, even an invalid one, which browsers ignore or store; without one, the last
    Expires.
    """
    last = dict(attributes(unparsed))
    max_age = last.get("max-age")
    if max_age is not None and _MAX_AGE.fullmatch(max_age):  # at most 1,024 digits, so int() takes them all
        ending = ALWAYS if int(max_age) <= 0 else NEVER
        return Ending(ending, ending)
    expires = last.get("expires", "")
    loose = loose_cookie_date(expires)
    certain = cookie_date(expires) if max_age is None else None
    return Ending(NEVER if certain is None else certain, NEVER if loose is None else loose)


# Goal: one look-up where parsing takes ten, since an application's cookies share few attributes. Plan:
# the text behind the first ";" is the key. Proof: benchmarks W2 and W6.
ENDINGS = BoundedCache(_parse_ending, size=512, longest=256)
"""Text behind a Set-Cookie's first ``;`` -> when its cookie ends. A loop over fields looks here itself."""

NO_DELETION = Ending(NEVER, NEVER)
"""The ending of a cookie that is not deleted at any moment."""


def classify_deletion(set_cookie_string: str, now: float, date: float | None = None) -> Deletion:
    """Return whether *set_cookie_string* deletes a cookie.

    As strict as the strictest browser: an Expires is certain when all browsers read it alike, and it lies
    a day or more before both the server's clock and the response's Date.

    Args:
        set_cookie_string: the field's value.
        now: Unix seconds.
        date: the response's Date, see `response_date`, against which browsers measure Expires.

    >>> classify_deletion("_ga=; Max-Age=0", 0), classify_deletion("_ga=; Max-Age=0; Max-Age=x", 0)
    (<Deletion.CERTAIN: 2>, <Deletion.NO: 1>)
    """
    ending = ENDINGS[set_cookie_string.partition(";")[2]]
    date = now if date is None else date
    if ending.certain <= min(now, date) - _MARGIN:
        return Deletion.CERTAIN
    return Deletion.BY_CLOCK if ending.loose <= max(now, date) else Deletion.NO


def response_date(response_headers: Iterable[Field], now: float) -> float:
    """Return the moment browsers measure Expires against: the first Date, or *now* where there is none.

    A Date nobody can read is the beginning of time, so that no Expires lies before it.
    """
    for field_name, field_value in response_headers:
        if KINDS[field_name] is _DATE:
            date = cookie_date(field_value.strip(BLANK))
            return ALWAYS if date is None else date
    return now


# How long a cookie lives, and making it live no longer than declared.

MAX_LIFETIME = 400 * 24 * 3600
"""Seconds beyond which browsers keep no cookie (RFC 6265bis 5.5)."""

_LIFETIME_ATTRIBUTES = ("max-age", "expires")

# A Max-Age that one browser takes for zero or less and another does not read.
_MAY_DELETE = re.compile(r"\+?0+|-.*", re.DOTALL)


def _parse_lifetime(unparsed: str) -> tuple[float, bool]:
    """Return the stated Max-Age or Expires, and whether it is the former; NEVER where it is unreadable.

    ALWAYS for a session cookie.
    """
    last = dict(attributes(unparsed))
    if not last.keys() & set(_LIFETIME_ATTRIBUTES):
        return ALWAYS, True
    seconds = _stated_seconds(last, 0)
    return NEVER if seconds is None else seconds, "max-age" in last


# Goal, plan and proof as for ENDINGS.
_LIFETIMES = BoundedCache(_parse_lifetime, size=512, longest=256)


def exceeds(set_cookie_string: str, limit: int | None, now: float, date: float) -> bool:
    """Return whether a Set-Cookie states more than *limit* seconds, None for the session's.

    A lifetime that browsers do not all read alike exceeds any limit. The arguments are those of
    `shorten_lifetime`, which changes exactly these fields.

    >>> exceeds("a=1; Max-Age=60", 59, 0, 0), exceeds("a=1; Max-Age=60", 60, 0, 0), exceeds("a=1", None, 0, 0)
    (True, False, False)
    """
    stated, is_relative = _LIFETIMES[set_cookie_string.partition(";")[2]]
    seconds = stated if is_relative else stated - min(now, date)
    return seconds > (0 if limit is None else min(limit, MAX_LIFETIME))


def may_exceed(set_cookie_string: str, limit: int | None) -> bool:
    """Return whether a Set-Cookie states more than *limit* seconds at some moment, as every Expires does.

    >>> may_exceed("a=1; Max-Age=60", 60), may_exceed("a=1; Expires=Fri, 31 Dec 2038 23:59:59 GMT", 60)
    (False, True)
    """
    _, is_relative = _LIFETIMES[set_cookie_string.partition(";")[2]]
    return not is_relative or exceeds(set_cookie_string, limit, 0, 0)


def shorten_lifetime(set_cookie_string: str, limit: int | None, now: float, date: float | None = None) -> str:
    """Return a Set-Cookie whose cookie lives no longer than declared; the same object if it did not anyway.

    Max-Age and Expires are edited where they stand, and every other byte is kept (R27, R46). A lifetime that
    browsers do not all read alike is taken away, so that the cookie ends with the session; where one of them
    may read a deletion, it becomes one. Nothing is ever made to live longer.

    Args:
        set_cookie_string: the field's value, without control characters.
        limit: seconds the cookie may live, 400 days at most; None for the session.
        now: Unix seconds.
        date: the response's Date, see `response_date`, against which browsers measure Expires.

    >>> shorten_lifetime("_pk_id=1; Path=/; Max-Age=63072000; Secure", 34128000, 0)
    '_pk_id=1; Path=/; Max-Age=34128000; Secure'
    >>> shorten_lifetime("theme=1; Expires=Thu, 31 Dec 2026 23:59:59 GMT", None, 0)
    'theme=1'
    """
    date = now if date is None else date
    if not exceeds(set_cookie_string, limit, now, date):
        return set_cookie_string
    last = dict(attributes(set_cookie_string.partition(";")[2]))
    earliest = min(now, date)
    if limit is None or _stated_seconds(last, earliest) is None:
        return _end_with_session(set_cookie_string, last, max(now, date))
    return _edit_lifetime(set_cookie_string, min(limit, MAX_LIFETIME), earliest)


def _stated_seconds(last: Mapping[str, str], earliest: float) -> float | None:
    """Return the seconds these attributes state, the last of each name; None if there is no certain number.

    A Max-Age decides, even an invalid one; without any, Expires.
    """
    if "max-age" in last:
        return int(last["max-age"]) if _MAX_AGE.fullmatch(last["max-age"]) else None
    expires = cookie_date(last.get("expires", ""))
    return None if expires is None or earliest == ALWAYS else expires - earliest


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
    expires = loose_cookie_date(last.get("expires", ""))
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
