"""Whether a choice comes from the site's own pages, or was forged by another's (R65, R66)."""

import re
from collections.abc import Iterable

from consentgate.errors import PolicyError

_DEFAULT_PORTS = {"http": "80", "https": "443"}

# scheme://host[:port], RFC 6454 6.2; an IPv6 address stands in brackets.
_ORIGIN = re.compile(r"(https?)://([^\s/?#@:\[\]]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?", re.IGNORECASE)
_HOST = re.compile(r"([^\s/?#@:\[\]]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")


def is_own(sec_fetch_site: str | None, origin: str | None, host: str | None, trusted: frozenset[str]) -> bool:
    """Tell whether a request that changes something was made by this site's own pages.

    `Sec-Fetch-Site` decides where the browser sends it: ``same-origin`` and ``none`` are the site's own.
    Where it does not, Origin's host and port must be those of Host; its scheme is not compared, since a
    proxy may hide it. An origin in *trusted* is as good as the site's own, whatever the browser calls
    it. ``null``, or neither field, is nobody's.

    >>> is_own("same-origin", None, "a.example", frozenset())
    True
    >>> is_own(None, "https://a.example", "a.example:443", frozenset())
    True
    >>> is_own("cross-site", "https://a.example", "a.example", frozenset())
    False
    """
    if sec_fetch_site in ("same-origin", "none"):
        return True
    match = _ORIGIN.fullmatch(origin or "")
    if match is None:
        return False
    scheme, name, port = match[1].lower(), match[2].lower(), match[3]
    port = port or _DEFAULT_PORTS[scheme]
    if f"{scheme}://{name}:{port}" in trusted:
        return True
    if sec_fetch_site is not None:
        return False
    own = _HOST.fullmatch(host or "")
    return own is not None and (own[1].lower(), own[2] or _DEFAULT_PORTS[scheme]) == (name, port)


def checked_origins(origins: Iterable[str]) -> frozenset[str]:
    """Return *origins* in the form `is_own` compares.

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
        scheme, name, port = match[1].lower(), match[2].lower(), match[3]
        checked.add(f"{scheme}://{name}:{port or _DEFAULT_PORTS[scheme]}")
    return frozenset(checked)
