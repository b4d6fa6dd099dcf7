"""The rule itself, said a second time and slowly: which category a name is in, and what answers allow.

The gate's own look-up is fast and its judgement remembered; this one reads the policy from front to
back each time, so that an assertion never asks the gate whether the gate was right.
"""

from collections.abc import Mapping
from typing import Any

from consentgate.catalogue.catalogue import Catalogue


def key_of(policy: Catalogue, cookie_name: str) -> str | None:
    """Return the key of the category a cookie of this name is declared in, None if in none.

    The exact name, or else the pattern with the longest literal.
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
    """Return the keys of the categories allowed to somebody who gave these *answers*, by category key.

    Several are of several genuine cookies, and nobody knows who planted which: any no stands, and a yes
    only if it is in them all. With *withheld*, no answers say nothing: they may have been held back.
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

    It sends one with whatever its own site asks for, and when a whole tab is led here by GET. Without Fetch
    Metadata, an Origin that is another host's tells.
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

    An exempt category needs no yes, and none is recorded; a no to all is one to the exempt ones, too.
    """
    if action == "refuse_all":
        return dict.fromkeys(policy.digests, False)
    consent = {category.key for category in policy.categories if category.basis.name == "CONSENT"}
    return {key: True for key in policy.digests if key in consent}


def can_be_refused(policy: Catalogue, key: str | None) -> bool:
    """Return whether *key* is that of a category which needs the visitor's leave, or yields to a no."""
    return any(each.key == key and each.basis.name != "NECESSARY" for each in policy.categories)


def is_exempt(policy: Catalogue, key: str | None) -> bool:
    """Return whether *key* is that of a category which is on until the visitor objects."""
    return any(each.key == key and each.basis.name == "EXEMPT" for each in policy.categories)
