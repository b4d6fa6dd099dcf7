"""Set-Cookie lines that make the browser forget what a visitor does not allow (R8, R10, R37 to R39)."""

from collections.abc import Container, Iterable, Sequence

from consentgate.catalogue.catalogue import Catalogue
from consentgate.catalogue.category import Cookie
from consentgate.headers.cookie import is_http_only, is_secure_only

MOST_LINES = 8
MOST_OCTETS = 1024
"""What expiring may add to one response: proxies refuse responses with long heads."""

_EPOCH = "Thu, 01 Jan 1970 00:00:00 GMT"


def expired_line(name: str, cookie: Cookie) -> str:
    """Return the set-cookie-string that removes *name*, declared as *cookie*, from the browser.

    Both Max-Age and Expires, under the Domain and Path it was set with, and whatever its prefix
    demands: a deletion that breaks a prefix's rules is ignored (R38).
    """
    parts = [f"{name}=", f"Path={cookie.path}", "Max-Age=0", f"Expires={_EPOCH}"]
    if cookie.domain is not None:
        parts.append(f"Domain={cookie.domain}")
    if is_secure_only(name):
        parts.append("Secure")
    if is_http_only(name):
        parts.append("HttpOnly")
    return "; ".join(parts)


def expiring_lines(
    seen: Iterable[str], catalogue: Catalogue, taken: Container[str], start: int
) -> list[tuple[str, str]]:
    """Return (name, set-cookie-string) for cookies *seen* in a request, as many as fit one response.

    Args:
        seen: names of declared cookies that are not allowed.
        catalogue: says with which domains and paths they are set.
        taken: names the response sets itself: one field a name (R39).
        start: where among all of them to begin; move it on, and everything has its turn.
    """
    scopes = [
        (name, cookie)
        for name in dict.fromkeys(seen)
        if name not in taken and _can_be_written(name)
        for cookie in catalogue.scopes_of(name)
    ]
    lines: dict[str, str] = {}
    octets = 0
    for name, cookie in _rotated(scopes, start):
        line = expired_line(name, cookie)
        size = len("Set-Cookie: \r\n") + len(line)
        if name not in lines and len(lines) < MOST_LINES and octets + size <= MOST_OCTETS:
            lines[name] = line
            octets += size
    return list(lines.items())


def _rotated(scopes: Sequence[tuple[str, Cookie]], start: int) -> Sequence[tuple[str, Cookie]]:
    start = start % len(scopes) if scopes else 0
    return [*scopes[start:], *scopes[:start]]


def _can_be_written(name: str) -> bool:
    """Tell whether *name*, which the visitor sent, may stand in a field of ours."""
    return name.isascii() and name.isprintable()
