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

_KINDS = (SET_COOKIE, CACHE_CONTROL, DATE, EXPIRES, VARY)


def _kind(field_name: str) -> str | None:
    name = field_name.lower()
    for kind in _KINDS:
        if name == kind:
            return kind
    if is_set_cookie(name):
        return ODD_SET_COOKIE
    # RFC 9213 2.1, and the field it grew from.
    targeted = name == "surrogate-control" or name.endswith("cdn-cache-control")
    return TARGETED if targeted else None


KIND_OF = Remembered(_kind, size=512, longest=64)
"""Field name -> which of the fields above it is, None for any other."""
