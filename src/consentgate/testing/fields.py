"""Read a response's fields as browsers and caches do, without the gate's parsers."""

import re
import time
from collections.abc import Iterable, Mapping

from .driving import Fields
from .jar import fields_received, name_kept

_TARGETED = {"surrogate-control", "x-accel-expires", "edge-control", "x-litespeed-cache-control"}

_DATE = r"[A-Za-z]{3,9}, \d\d[ -][A-Za-z]{3}[ -]\d{4} \d\d:\d\d:\d\d GMT"

# A deletion that every browser reads as one: one lifetime, in one of the two usual forms.
_PLAIN_DELETION = re.compile(
    rf"[^=;\s\x00-\x1f\x7f]+=[^;\x00-\x1f\x7f]*(?:; (?:Path|Domain|Secure|HttpOnly|SameSite)(?:=[^;\s]*)?)*"
    rf"; (?:Max-Age=(?:0|-[0-9]{{1,9}})|Expires={_DATE})"
    rf"(?:; (?:Path|Domain|Secure|HttpOnly|SameSite)(?:=[^;\s]*)?)*"
)


def names_kept(
    fields: Iterable[tuple[str, str]], headers: Fields | None = None, *, behind: float = 0.0
) -> list[str]:
    """Return the names under which some browser could store cookies for these fields of a response.

    The browser's clock is *behind* the server's by this many seconds.
    """
    fields = list(fields)
    everything = fields if headers is None else headers
    names = (
        name_kept(value, now=time.time() - behind, response_headers=everything)
        for name, value in fields_received(fields)
        if name.lower() == "set-cookie"
    )
    return [name for name in names if name is not None]


def name_of(set_cookie_string: str) -> str:
    """Return the text before the first ``=``, without blanks."""
    return set_cookie_string.partition("=")[0].strip(" \t")


def value_of(set_cookie_string: str) -> str:
    """Return the text between the first ``=`` and the first ``;`` after it, without blanks."""
    return set_cookie_string.partition("=")[2].partition(";")[0].strip(" \t")


def is_plain_deletion(set_cookie_string: str, headers: Fields) -> bool:
    """Return whether every browser removes the cookie of this Set-Cookie."""
    return _PLAIN_DELETION.fullmatch(set_cookie_string) is not None and not names_kept(
        [("Set-Cookie", set_cookie_string)], headers
    )


def is_targeted(field_name: str) -> bool:
    """Return whether a field of this name replaces Cache-Control for one kind of cache."""
    return field_name.lower() in _TARGETED or field_name.lower().endswith("cdn-cache-control")


def may_be_shared(headers: Fields) -> bool:
    """Return whether a shared cache may keep a response that has these fields (RFC 9111, RFC 9213)."""
    if any(is_targeted(name) for name, _ in headers):
        return True
    return not directives(headers, "cache-control") & {"private", "no-store"}


def directives(headers: Fields, field_name: str) -> set[str]:
    """Return the members of a comma-separated field, in lower case."""
    values = [value for name, value in headers if name.lower() == field_name]
    return {member.strip(" \t").lower() for value in values for member in value.split(",")}


def in_words(answers: Mapping[str, bool] | None) -> str:
    """Return *answers* in words, for messages."""
    if answers is None:
        return "no valid answer"
    return ", ".join(f"{'yes' if yes else 'no'} to {key!r}" for key, yes in answers.items()) or "nothing"


def why(key: str | None) -> str:
    """Return the reason, in words, why a cookie of the category with this key does not pass."""
    if key is None:
        return "which no category declares"
    return f"of the category {key!r}, which the visitor has not allowed"
