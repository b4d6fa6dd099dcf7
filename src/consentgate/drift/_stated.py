"""The attributes a Set-Cookie field states, as browsers read them; `headers/set_cookie` is to hold it."""

from consentgate.headers.cookie import attributes
from consentgate.headers.set_cookie import StatedAttributes, stated_lifetime


def stated_attributes(set_cookie_string: str, now: float) -> StatedAttributes:
    """Return what a Set-Cookie states besides name and value (RFC 6265bis 5.6).

    >>> stated_attributes("a=1; Max-Age=60; Path=/x; Secure", 0)[:4]
    (60, '/x', None, True)
    """
    last = dict(attributes(set_cookie_string.partition(";")[2]))
    path = last.get("path", "")
    same_site = last.get("samesite", "").lower()
    return StatedAttributes(
        lifetime=stated_lifetime(set_cookie_string, now),
        path=path if path.startswith("/") else None,
        domain=last.get("domain", "").removeprefix(".").lower() or None,
        secure="secure" in last,
        http_only="httponly" in last,
        same_site=same_site if same_site in ("lax", "strict", "none") else "",
        partitioned="partitioned" in last,
    )
