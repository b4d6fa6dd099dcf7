"""Response fields, told apart by their names: one look-up each, however they are spelled."""

from .grammar import is_set_cookie
from .memo import Remembered

Field = tuple[str, str]
"""One (field name, field value) pair, PEP 3333."""

SET_COOKIE = "set-cookie"
ODD_SET_COOKIE = "set-cookie in a spelling that only some browsers read as such"
CACHE_CONTROL = "cache-control"
DATE = "date"
EXPIRES = "expires"
TARGETED = "cache-control for one kind of cache"
VARY = "vary"

_KINDS = (CACHE_CONTROL, DATE, EXPIRES, VARY)
_LONGEST = 64


_MOST = 512

NO_COOKIES: set[str] = set()
"""Field names, as they are spelled, that nobody reads as Set-Cookie: those `KIND_OF` was asked for lately.

For the one question every field of every response is asked; a set answers it faster than a dict.
"""


def _kind(field_name: str) -> str | None:
    name = field_name.lower()
    if is_set_cookie(name):
        return SET_COOKIE if name == SET_COOKIE else ODD_SET_COOKIE
    if len(field_name) <= _LONGEST:
        if len(NO_COOKIES) >= _MOST:
            NO_COOKIES.clear()
        NO_COOKIES.add(field_name)
    if name in _KINDS:
        return _KINDS[_KINDS.index(name)]
    # RFC 9213 2.1, and the field it grew from.
    targeted = name == "surrogate-control" or name.endswith("cdn-cache-control")
    return TARGETED if targeted else None


KIND_OF = Remembered(_kind, size=_MOST, longest=_LONGEST)
"""Field name -> which of the fields above it is, None for any other."""
