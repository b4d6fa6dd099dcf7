"""Response fields, told apart by their names: one look-up each, however they are spelled."""

from itertools import product

from consentgate._cache import Remembered, remember

from .cookie import is_set_cookie

Field = tuple[str, str]
"""One (field name, field value) pair, PEP 3333."""

SET_COOKIE = "set-cookie"
ODD_SET_COOKIE = "set-cookie in a spelling that only some browsers read as such"
COOKIES = (SET_COOKIE, ODD_SET_COOKIE)
CACHE_CONTROL = "cache-control"
DATE = "date"
EXPIRES = "expires"
TARGETED = "cache-control for one kind of cache"
VARY = "vary"

_LONGEST = 64

_KINDS = (CACHE_CONTROL, DATE, EXPIRES, VARY)

NO_COOKIES: set[str] = set()
"""Field names, as they are spelled, that nobody reads as Set-Cookie: those `KIND_OF` was asked for lately.

For the one question every field of every response is asked; a set answers it faster than a dict.
"""

SET_COOKIES = frozenset(map("".join, product(*zip("set-cookie", "SET-COOKIE", strict=True))))
"""The 512 spellings of Set-Cookie: one look-up, where lower() makes a text first."""

NOT_FOR_CACHES: set[str] = set()
"""Likewise, names of fields that do not speak to caches."""


def _kind(field_name: str) -> str | None:
    kind = _kind_of(field_name.lower())
    if len(field_name) <= _LONGEST:
        if kind not in COOKIES:
            remember(field_name, NO_COOKIES)
        if kind not in (CACHE_CONTROL, TARGETED):
            remember(field_name, NOT_FOR_CACHES)
    return kind


def _kind_of(name: str) -> str | None:
    if is_set_cookie(name):
        return SET_COOKIE if name == SET_COOKIE else ODD_SET_COOKIE
    if name in _KINDS:
        return _KINDS[_KINDS.index(name)]
    # RFC 9213 2.1, and the field it grew from.
    targeted = name == "surrogate-control" or name.endswith("cdn-cache-control")
    return TARGETED if targeted else None


KIND_OF = Remembered(_kind, size=512, longest=_LONGEST)
"""Field name -> which of the fields above it is, None for any other."""
