"""The preferences cookie's own Set-Cookie."""

from consentgate.catalogue.catalogue import Catalogue

from .options import Options


def minted(policy: Catalogue, options: Options, value: str, *, scheme: str) -> str:
    """Return the set-cookie-string that makes the browser keep *value* (RFC 6265bis 4.1.1, R44).

    Lax, since Strict is not sent when a visitor follows a link from elsewhere and the site would ask
    again (5.6.7.1). As long for a no as for a yes (R11).
    """
    parts = [
        f"{policy.cookie_name}={value}",
        f"Max-Age={int(policy.cookie_lifetime.total_seconds())}",
        "Path=/",
        "SameSite=Lax",
    ]
    if policy.cookie_domain is not None:
        parts.append(f"Domain={policy.cookie_domain}")
    if options.is_secure(scheme):
        parts.append("Secure")
    if options.cookie_httponly:
        parts.append("HttpOnly")
    return "; ".join(parts)
