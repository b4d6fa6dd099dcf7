"""A second, simple implementation of the rule: the category of a name, and the categories that answers allow.

The gate uses indexes and caches; this module reads the whole policy each time, so that the assertions do
not depend on the gate's code.
"""

from collections.abc import Mapping
from typing import Any

from consentgate.catalogue.catalogue import Catalogue


def key_of(policy: Catalogue, cookie_name: str) -> str | None:
    """Return the key of the category a cookie of this name is declared in, None if in none.

    An exact name comes first, then the pattern with the longest literal.
    """
    best: tuple[int, str] | None = None
    for category in policy.categories:
        for cookie in category.cookies:
            prefix, star, suffix = cookie.name.partition("*")
            if not star and cookie.name == cookie_name:
                return category.key
            fits = len(cookie_name) >= len(prefix) + len(suffix)
            if star and fits and cookie_name.startswith(prefix) and cookie_name.endswith(suffix):
                best = max(best or (0, ""), (len(cookie.name), category.key))
    return None if best is None else best[1]


def allowed(policy: Catalogue, *answers: Mapping[str, bool], withheld: bool = False) -> set[str]:
    """Return the keys of the categories that these *answers*, by category key, allow.

    Several answers come from several genuine cookies, any of which may be planted: one no is enough to
    refuse, and a yes must be in all of them. With *withheld*, the browser may have held answers
    back, so exempt categories are not allowed without answers.
    """
    keys = set()
    for category in policy.categories:
        given = [each.get(category.key) for each in answers]
        basis = category.basis.name
        if (
            basis == "NECESSARY"
            or (basis == "CONSENT" and given and all(given))
            or (basis == "EXEMPT" and False not in given and (answers or not withheld))
        ):
            keys.add(category.key)
    return keys


def are_answers_withheld(environ: Mapping[str, Any]) -> bool:
    """Return whether a browser may have held a Lax cookie back from the request with this environ.

    Browsers send Lax cookies with same-site requests and with top-level navigations by GET. Without Fetch
    Metadata, an Origin of another host shows a cross-site request.
    """
    site, mode, dest, storage = (
        environ.get(f"HTTP_SEC_FETCH_{name}") for name in ("SITE", "MODE", "DEST", "STORAGE_ACCESS")
    )
    if (mode, dest) == ("navigate", "document") and environ.get("REQUEST_METHOD") in ("GET", "HEAD"):
        return False
    if storage is not None or site == "cross-site":
        return True
    if {site, mode, dest} != {None} or "HTTP_ORIGIN" not in environ:
        return False
    scheme, _, host = str(environ["HTTP_ORIGIN"]).lower().partition("://")
    port = {"http": ":80", "https": ":443"}.get(scheme, "")
    return host.removesuffix(port) != str(environ.get("HTTP_HOST")).lower().removesuffix(port)


def answers_of(policy: Catalogue, action: str) -> dict[str, bool]:
    """Return the answers that ``accept_all`` or ``refuse_all`` records, by category key.

    ``accept_all`` records no yes for exempt categories, which need none; ``refuse_all`` records a no for all.
    """
    if action == "refuse_all":
        return dict.fromkeys(policy.digests, False)
    consent = {category.key for category in policy.categories if category.basis.name == "CONSENT"}
    return {key: True for key in policy.digests if key in consent}


def can_be_refused(policy: Catalogue, key: str | None) -> bool:
    """Return whether *key* belongs to a category that a visitor can refuse: any but a necessary one."""
    return any(each.key == key and each.basis.name != "NECESSARY" for each in policy.categories)


def is_exempt(policy: Catalogue, key: str | None) -> bool:
    """Return whether *key* belongs to an exempt category."""
    return any(each.key == key and each.basis.name == "EXEMPT" for each in policy.categories)
