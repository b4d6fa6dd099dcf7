"""The preferences cookie's own Set-Cookie lines: the new one, and those that end older ones."""

from collections.abc import Iterator

from consentgate.catalogue.catalogue import Catalogue
from consentgate.headers.cookie import is_host_only
from consentgate.headers.origin import list_parent_domains


def mint_cookie(policy: Catalogue, value: str, *, secure: bool, http_only: bool) -> str:
    """Return the set-cookie-string that makes the browser keep *value* (RFC 6265bis 4.1.1, R44).

    Lax, since Strict is not sent when a visitor follows a link from elsewhere and the site would ask
    again (5.6.7.1). It is kept as long as the longer-lived of its answers; the server judges each one's age.
    """
    parts = [
        f"{policy.cookie_name}={value}",
        f"Max-Age={max(map(policy.lifetime_of, (True, False)))}",
        "Path=/",
        "SameSite=Lax",
    ]
    if policy.cookie_domain is not None:
        parts.append(f"Domain={policy.cookie_domain}")
    if secure:
        parts.append("Secure")
    if http_only:
        parts.append("HttpOnly")
    return "; ".join(parts)


def end_other_scopes(policy: Catalogue, host: str | None) -> Iterator[str]:
    """Yield the set-cookie-strings that end the preferences cookie wherever else it may have been set.

    A newer choice then supersedes the ones it was made over: a host-only cookie, and one for the host or
    a parent domain, as an earlier `cookie_domain` or a sibling host set it. They go out before the new
    cookie: on public suffixes browsers take Domain=host for host-only. A ``__Host-`` name has no other
    scope, and neither has a host without a domain.
    """
    if is_host_only(policy.cookie_name):
        return
    domains = list_parent_domains(host)
    if not domains:
        return
    configured = None if policy.cookie_domain is None else policy.cookie_domain.removeprefix(".").lower()
    for domain in (None, *domains):
        if domain != configured:
            suffix = "" if domain is None else f"; Domain={domain}"
            yield f"{policy.cookie_name}=; Path=/; Max-Age=0{suffix}"
