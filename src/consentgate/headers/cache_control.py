"""Cache-Control and Vary for responses that depend on the visitor (RFC 9111, RFC 9213; R77 to R81)."""

import re
from collections.abc import Sequence
from itertools import chain

from consentgate._cache import BoundedCache

from .cookie import cookie_date
from .names import KINDS, Field, FieldKind

# In a name of this module: to look a member up in its class costs as much as to look up a name.
_CACHE_CONTROL, _TARGETED, _VARY = FieldKind.CACHE_CONTROL, FieldKind.TARGETED, FieldKind.VARY

# cache-directive, RFC 9111 5.2: commas inside a quoted-string do not separate.
_DIRECTIVE = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+')


def directives(field_value: str) -> list[str]:
    """Return the directives of a Cache-Control field.

    >>> directives('private="Set-Cookie, X", max-age=60')
    ['private="Set-Cookie, X"', 'max-age=60']
    """
    found = (match.group().strip(" \t") for match in _DIRECTIVE.finditer(field_value))
    return [directive for directive in found if directive]


def make_private(fields: list[Field]) -> list[Field]:
    """Return *fields* with no leave for shared caches to keep the response; the same list if there was none.

    `private` is added unless it stands without a field name, or `no-store` does. The quoted forms
    do not count: caches read them differently (RFC 9111 5.2.2.7, R78). Fields addressed to one kind of
    cache go, since such a cache would not look at Cache-Control at all (RFC 9213 2.2, R79).
    """
    stated: list[str] = []
    is_targeted = False
    for name, value in fields:
        kind = KINDS[name]
        if kind is _CACHE_CONTROL:
            stated.append(value)
        elif kind is _TARGETED:
            is_targeted = True
    if is_targeted:
        fields = [field for field in fields if KINDS[field[0]] is not _TARGETED]
    if not stated:
        return [*fields, ("Cache-Control", "private")]
    if any(map(_KEEPS_OUT.__getitem__, stated)):
        return fields
    kept = [
        directive
        for directive in chain.from_iterable(map(directives, stated))
        if _name(directive) not in ("public", "s-maxage", "private")
    ]
    written = ", ".join([*kept, "private"])
    if not _keeps_out(written):
        # An unclosed quote swallows everything after it.
        written = ", ".join(["private", *kept])
    return _replaced(fields, _CACHE_CONTROL, ("Cache-Control", written))


def forbid_storing(fields: list[Field]) -> list[Field]:
    """Return *fields* with `no-store` as the only word to caches (RFC 9111 5.2.2.5)."""
    kept = [field for field in fields if KINDS[field[0]] not in (_CACHE_CONTROL, _TARGETED)]
    return [*kept, ("Cache-Control", "no-store")]


def vary_on(fields: list[Field], names: tuple[str, ...]) -> list[Field]:
    """Return *fields* saying that the response depends on these fields of the request.

    The same list, if they say so already.

    RFC 9110 12.5.5 (R80).
    """
    values = [value for name, value in fields if KINDS[name] is _VARY]
    if not values:
        return [*fields, ("Vary", ", ".join(names))]
    known = _VARIES_ON[values[0]].union(*(_VARIES_ON[value] for value in values[1:]))
    missing = [name for name in names if name.lower() not in known]
    if not missing or "*" in known:
        return fields
    stated = ", ".join([*filter(None, map(str.strip, values)), *missing])
    return _replaced(fields, _VARY, ("Vary", stated))


def _varies_on(field_value: str) -> frozenset[str]:
    """Return what a Vary field names, in lower case."""
    return frozenset(name.strip(" \t").lower() for name in field_value.split(","))


_VARIES_ON = BoundedCache(_varies_on, size=256, longest=256)


def may_be_shared(fields: Sequence[Field], now: float) -> bool:
    """Return whether *fields* give shared caches leave to keep the response.

    That is `public`, `s-maxage`, a field addressed to them, or a positive lifetime without `private`
    or `no-store`.
    """
    if any(KINDS[name] is _TARGETED for name, _ in fields):
        return True
    stated = [value for name, value in fields if KINDS[name] is _CACHE_CONTROL]
    if any(map(_KEEPS_OUT.__getitem__, stated)):
        return False
    ages: list[str] = []
    for directive in chain.from_iterable(map(directives, stated)):
        if _name(directive) in ("public", "s-maxage"):
            return True
        if _name(directive) == "max-age":
            ages.append(directive.partition("=")[2].strip(' \t"'))
    if ages:
        return any(age.strip("0") for age in ages)
    expires = [cookie_date(value.strip(" \t")) for name, value in fields if KINDS[name] is FieldKind.EXPIRES]
    return any(date is not None and date > now for date in expires)


def _keeps_out(field_value: str) -> bool:
    """Return whether a Cache-Control field keeps shared caches out."""
    stated = [directive.lower() for directive in directives(field_value)]
    return "private" in stated or "no-store" in stated


_KEEPS_OUT = BoundedCache(_keeps_out, size=256, longest=256)


def _name(directive: str) -> str:
    return directive.partition("=")[0].strip(" \t").lower()


def _replaced(fields: list[Field], kind: FieldKind, stated: Field) -> list[Field]:
    """Return *fields* with one field of this kind, *stated*, where the first of them stands."""
    at = [KINDS[name] for name, _ in fields].index(kind)
    return [*fields[:at], stated, *(field for field in fields[at:] if KINDS[field[0]] is not kind)]
