"""Hints about declarations that are valid but probably not meant, and how to mend them."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta

from consentgate.headers.cookie import BLANK, is_host_only

from .catalogue import Catalogue
from .category import Basis, Category
from .lifetimes import lifetime_text

_REGULAR = re.compile(
    r"""
    \\ | \| | \?              # an escape, an alternative, "perhaps"
    | ^\^ | \$$               # anchors
    | ^\.\*                   # anything; a later ".*" may be a literal dot, as in _pk_id.*
    | \[\^ | \[[^\]]-[^\]]    # a class of characters: [^a], [0-9]
    | [\])][*+{] | \.\+ | \+$ # a repetition
    | \{[0-9,]+\}             # a number of repetitions
    """,
    re.VERBOSE,
)

SIX_MONTHS = timedelta(days=182)
"""The shortest time an answer should be kept: half a year, as `lifetimes.duration` counts months."""

_SEPARATOR = re.compile(r"[ \t,;]+")

_PLACEHOLDER = re.compile(r"<[^<>]*>|\{[^{}]*\}")

# The literal beginning of a regular expression: escaped characters, and characters that are neither special
# nor repeated.
_LITERAL = re.compile(r"\^?((?:\\[^A-Za-z0-9]|[^\\^$.*+?()\[\]{}|](?![*?{])|\.(?![*+?{]))+)")


# A provider that looks like another site: a domain, or a company that serves its cookies from its own hosts.
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.IGNORECASE)
_THIRD_PARTY = re.compile(
    r"\b(?:google|youtube|doubleclick|meta|facebook|instagram|hotjar|microsoft|clarity|linkedin|tiktok|twitter"
    r"|vimeo|pinterest|snap(?:chat)?|reddit|criteo|hubspot|intercom|taboola|outbrain|dailymotion|spotify)\b",
    re.IGNORECASE,
)

_MATCHED = "names are matched as they are written, save for one '*', which stands for any characters"


def suggest_name(name: object) -> str | None:
    """Return the reason why a declared name looks wrong, with a better one; None if it looks right.

    >>> suggest_name("sid=")
    "it holds a '='; perhaps you mean 'sid'"
    >>> suggest_name("_pk_id.*"), suggest_name("user[1]")
    (None, None)
    """
    if not isinstance(name, str):
        return None
    odd = next((odd for is_odd, odd in _ODD if is_odd(name)), None)
    if odd is None:
        return None
    meant = [each for each in _guess_names(name) if each.strip("*") and each.count("*") <= 1]
    return f"{odd}; perhaps you mean {', '.join(map(repr, meant))}" if meant else odd


_ODD: list[tuple[Callable[[str], object], str]] = [
    (lambda name: "=" in name, "it holds a '='"),
    (lambda name: _SEPARATOR.search(name.strip(BLANK)), "it holds a blank, a comma or a semicolon"),
    (lambda name: name != name.strip(BLANK), "it begins or ends with a blank"),
    (lambda name: '"' in name or name != name.strip("'"), "it holds a quote"),
    (_REGULAR.search, f"it looks like a regular expression, but {_MATCHED}"),
    (_PLACEHOLDER.search, f"it looks like a placeholder, but {_MATCHED}"),
]


def list_hints(catalogue: Catalogue) -> Iterator[str]:
    """Yield a line for each declaration of *catalogue* that is valid, but probably not meant."""
    for category in catalogue.categories:
        for cookie in category.cookies:
            if mend := suggest_name(cookie.name):
                yield f"category {category.key!r}, cookie {cookie.name!r}: {mend}"
        if hint := _find_missing_hosts(catalogue, category):
            yield hint
    yield from _list_short_refusals(catalogue)
    if not is_host_only(catalogue.cookie_name):
        yield _describe_planting(catalogue)


def _find_missing_hosts(catalogue: Catalogue, category: Category) -> str | None:
    """Return a hint if a category of consent has cookies of another site, but no hosts."""
    if category.basis is not Basis.CONSENT or category.hosts:
        return None
    own = f"{catalogue.site}\n{catalogue.controller}".lower()
    for cookie in category.cookies:
        named = _DOMAIN.search(cookie.provider) or _THIRD_PARTY.search(cookie.provider)
        if named and named[0].lower() not in own:
            return (
                f"category {category.key!r}, cookie {cookie.name!r}: the provider {cookie.provider!r} looks "
                "like another site, and the category has no hosts: if pages embed something from there, "
                "write hosts = [...], so that browsers ask these hosts for nothing before consent"
            )
    return None


def _list_short_refusals(catalogue: Catalogue) -> Iterator[str]:
    """Yield a hint if a refusal is kept too briefly (CNIL, deliberation 2020-092, 38 and 39)."""
    refused, accepted = catalogue.refusal_lifetime, catalogue.cookie_lifetime
    stated = f"refusal_lifetime is {lifetime_text(refused)}"
    if refused < accepted:
        yield (
            f"{stated}, cookie_lifetime {lifetime_text(accepted)}: visitors who refuse are asked again "
            "sooner than those who accept; keep a refusal for as long"
        )
    if refused < SIX_MONTHS:
        yield f"{stated}: visitors are asked again after less than six months, which is taken for pressure"


def _describe_planting(catalogue: Catalogue) -> str:
    """Return a hint about the hosts that can plant the preferences cookie (RFC 6265bis 4.1.3.2)."""
    planted = "can set the preferences cookie, and so give consent for a visitor who has not chosen"
    if catalogue.cookie_domain is not None:
        domain = f"cookie_domain {catalogue.cookie_domain!r}"
        return f"{domain}: any host under it {planted}; leave cookie_domain out unless all of them are yours"
    name = f"__Host-{catalogue.cookie_name.removeprefix('__Secure-').removeprefix('__')}"
    return (
        f"cookie_name {catalogue.cookie_name!r}: another host of the same domain {planted}; "
        f"on https, write cookie_name = {json.dumps(name)} (visitors are then asked again)"
    )


def _guess_names(name: str) -> list[str]:
    """Return the names that the site may mean by *name*."""
    if _SEPARATOR.search(name) or "=" in name or '"' in name or name != name.strip("'"):
        return [each.replace('"', "").strip("'") for each in _SEPARATOR.split(name.partition("=")[0])]
    return [_guess_pattern(name) if _REGULAR.search(name) else _PLACEHOLDER.sub("*", name)]


def _guess_pattern(expression: str) -> str:
    """Return the name or pattern that a regular expression may stand for; "" if it begins with no literal.

    >>> [_guess_pattern(each) for each in ("^_ga$", "^_ga", "_ga_[A-Z]+", "[0-9]+", "a|b")]
    ['_ga', '_ga*', '_ga_*', '', '']
    """
    literal = _LITERAL.match(expression)
    if literal is None or "|" in expression:
        return ""
    name = re.sub(r"\\(.)", r"\1", literal[1])
    return name if expression[literal.end() :] == "$" else f"{name}*"
