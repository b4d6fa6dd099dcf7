"""The lifetime a Set-Cookie field states: when its cookie ends, and whether it deletes one."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from consentgate._cache import Remembered

from .cookie import attributes, cookie_date
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
