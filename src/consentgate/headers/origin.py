"""Where a request comes from: forged choices, and requests without the visitor's Lax cookies."""

import re
from collections.abc import Iterable

from consentgate.errors import PolicyError

_DEFAULT_PORTS = {"http": "80", "https": "443"}

# scheme://host[:port], RFC 6454 6.2; an IPv6 address stands in brackets.
_HOST_AND_PORT = r"([^\s/?#@:\[\]]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?"
_ORIGIN = re.compile(rf"(https?)://{_HOST_AND_PORT}", re.IGNORECASE)
_HOST = re.compile(_HOST_AND_PORT)
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")


def is_same_origin(
    sec_fetch_site: str | None, origin: str | None, host: str | None, trusted: frozenset[str], scheme: str
) -> bool:
    """Return whether a request that changes something was made by this site's own pages (R65, R66).

    `Sec-Fetch-Site` decides where the browser sends it: ``same-origin`` and ``none`` are the site's own.
    Where it is absent, Origin's host and port must be those of Host. Its scheme is not compared, since a
    proxy may hide it; but on https an http origin is another site's. An origin in *trusted* is as good as
    the site's own. ``null``, or neither field, is nobody's.

    >>> is_same_origin("same-origin", None, "a.example", frozenset(), "https")
    True
    >>> is_same_origin(None, "https://a.example", "a.example:443", frozenset(), "http")
    True
    >>> is_same_origin(None, "http://a.example", "a.example", frozenset(), "https")
    False
    """
    if sec_fetch_site in ("same-origin", "none"):
        return True
    match = _ORIGIN.fullmatch(origin or "")
    if match is None:
        return False
    if _normalize(match) in trusted:
        return True
    if sec_fetch_site is not None or (scheme == "https" and match[1].lower() == "http"):
        return False
    return _is_host(match, host)


def is_origin_of(origin: str, host: str | None) -> bool:
    """Return whether an Origin field's host and port are those of the Host field, whatever its scheme.

    >>> is_origin_of("https://a.example", "a.example:443"), is_origin_of("null", "a.example")
    (True, False)
    """
    match = _ORIGIN.fullmatch(origin)
    return match is not None and _is_host(match, host)


def are_answers_withheld(
    method: str,
    sec_fetch_site: str | None,
    sec_fetch_mode: str | None,
    sec_fetch_dest: str | None,
    sec_fetch_storage_access: str | None,
    origin: str | None,
    host: str | None,
) -> bool:
    """Return whether the browser may have held the Lax preferences cookie back from this request.

    It does so on cross-site requests that are no plain navigation of the whole tab: posts, frames and
    subresources (RFC 6265bis 5.6.7.1); and inside a frame on another site even for the frame's own
    requests, which `Sec-Fetch-Storage-Access` tells. Browsers send no Fetch Metadata on plain http:
    there, an Origin of another host tells.

    >>> are_answers_withheld("POST", "cross-site", "navigate", "document", None, None, "a.example")
    True
    >>> are_answers_withheld("GET", "cross-site", "navigate", "document", None, None, "a.example")
    False
    """
    if sec_fetch_mode == "navigate" and sec_fetch_dest == "document" and method in ("GET", "HEAD"):
        return False
    if sec_fetch_site == "cross-site" or sec_fetch_storage_access is not None:
        return True
    if sec_fetch_site is not None or sec_fetch_mode is not None or sec_fetch_dest is not None:
        return False
    return origin is not None and not is_origin_of(origin, host)


def list_parent_domains(host: str | None) -> list[str]:
    """Return the host's name and each of its parent domains of two labels or more, lower case.

    The list is empty for addresses, single labels and anything that is no host name: browsers keep no Domain
    for them.

    >>> list_parent_domains("WWW.shop.example.org:8080")
    ['www.shop.example.org', 'shop.example.org', 'example.org']
    >>> list_parent_domains("localhost"), list_parent_domains("[::1]:80"), list_parent_domains("127.0.0.1")
    ([], [], [])
    """
    match = _HOST.fullmatch(host or "")
    name = match[1].rstrip(".").lower() if match else ""
    labels = name.split(".")
    if len(name) > 253 or labels[-1].isdigit() or not all(map(_LABEL.fullmatch, labels)):
        return []
    return [".".join(labels[at:]) for at in range(len(labels) - 1)]


def check_origins(origins: Iterable[str]) -> frozenset[str]:
    """Return *origins* in the form `is_same_origin` compares.

    Raises:
        PolicyError: one is no origin: ``https://host`` or ``https://host:port``.
    """
    if isinstance(origins, str) or not isinstance(origins, Iterable):
        raise PolicyError(f"trusted_origins must be a list of origins, not {origins!r}")
    checked = set()
    for origin in origins:
        match = _ORIGIN.fullmatch(origin) if isinstance(origin, str) else None
        if match is None:
            raise PolicyError(f"trusted_origins: not an origin such as https://example.org: {origin!r}")
        checked.add(_normalize(match))
    return frozenset(checked)


def _normalize(origin: re.Match[str]) -> str:
    scheme = origin[1].lower()
    return f"{scheme}://{origin[2].lower()}:{origin[3] or _DEFAULT_PORTS[scheme]}"


def _is_host(origin: re.Match[str], host: str | None) -> bool:
    """Return whether Origin's host and port are those of the Host field; default ports by Origin's scheme."""
    own = _HOST.fullmatch(host or "")
    if own is None:
        return False
    default = _DEFAULT_PORTS[origin[1].lower()]
    return (own[1].lower(), own[2] or default) == (origin[2].lower(), origin[3] or default)
