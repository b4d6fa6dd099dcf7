"""Recognise response fields by name, in any spelling."""

from enum import Enum, auto

from consentgate._cache import BoundedCache

from .cookie import has_line_break, is_set_cookie

Field = tuple[str, str]
"""One (field name, field value) pair, PEP 3333."""


class FieldKind(Enum):
    """The response fields a gate looks at."""

    SET_COOKIE = auto()
    ODD_SET_COOKIE = auto()
    """A name that only some browsers read as Set-Cookie."""
    CACHE_CONTROL = auto()
    TARGETED = auto()
    """Cache-Control for one kind of cache (RFC 9213)."""
    DATE = auto()
    EXPIRES = auto()
    VARY = auto()
    OTHER = auto()


COOKIE_KINDS = (FieldKind.SET_COOKIE, FieldKind.ODD_SET_COOKIE)

_BY_NAME = {
    "cache-control": FieldKind.CACHE_CONTROL,
    "date": FieldKind.DATE,
    "expires": FieldKind.EXPIRES,
    "vary": FieldKind.VARY,
    # Fields that caches of one make obey before Cache-Control: RFC 9213 grew from the first.
    "surrogate-control": FieldKind.TARGETED,
    "x-accel-expires": FieldKind.TARGETED,
    "edge-control": FieldKind.TARGETED,
    "x-litespeed-cache-control": FieldKind.TARGETED,
}


def _find_kind(field_name: str) -> FieldKind:
    name = field_name.lower()
    if is_set_cookie(name):
        return FieldKind.SET_COOKIE if name == "set-cookie" else FieldKind.ODD_SET_COOKIE
    if name.endswith("cdn-cache-control"):
        return FieldKind.TARGETED
    return _BY_NAME.get(name, FieldKind.OTHER)


# Goal: a field's name is told apart once, not in every response. Plan: an application's few spellings are
# the keys, and a loop over fields looks here itself, without a call. Proof: benchmarks W1 and W3.
KINDS = BoundedCache(_find_kind, size=512, longest=64)
"""Field name -> its kind."""


def _is_plain(field_name: str) -> bool:
    return KINDS[field_name] not in COOKIE_KINDS and not has_line_break(field_name)


PLAIN_NAMES = BoundedCache(_is_plain, size=512, longest=64)
"""Field name -> whether it is no cookie's, and holds no line break. Goal, plan and proof as for `KINDS`."""
