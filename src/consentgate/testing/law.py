"""The rule itself, said a second time and slowly: which category a name is in, and what answers allow.

The gate's own look-up is fast and its judgement remembered; this one reads the policy from front to
back each time, so that an assertion never asks the gate whether the gate was right.
"""

from collections.abc import Mapping

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


def allowed(policy: Catalogue, *answers: Mapping[str, bool]) -> set[str]:
    """Return the keys of the categories allowed to who gave these *answers*, by category key.

    Several are of several genuine cookies, of which nobody knows who planted which: any no
    stands, and a yes only if it is in them all.
    """
    keys = set()
    for category in policy.categories:
        said = [each.get(category.key) for each in answers]
        basis = category.basis.name
        if (
            basis == "NECESSARY"
            or (basis == "CONSENT" and said and all(said))
            or (basis == "EXEMPT" and False not in said)
        ):
            keys.add(category.key)
    return keys


def can_be_refused(policy: Catalogue, key: str | None) -> bool:
    """Tell whether *key* is that of a category which needs the visitor's leave, or yields to a no."""
    return any(each.key == key and each.basis.name != "NECESSARY" for each in policy.categories)
