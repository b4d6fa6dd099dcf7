"""What a policy allows but probably does not mean, and how to mend it."""

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
"""How long an answer is kept at least: a half year, as `lifetimes.duration` counts months."""

_SEPARATOR = re.compile(r"[ \t,;]+")

_PLACEHOLDER = re.compile(r"<[^<>]*>|\{[^{}]*\}")

# The longest beginning of a regular expression that stands for itself: an escaped character, or one that
# is neither special nor repeated by what follows.
_LITERAL = re.compile(r"\^?((?:\\[^A-Za-z0-9]|[^\\^$.*+?()\[\]{}|](?![*?{])|\.(?![*+?{]))+)")


# A provider that looks like another site: a domain, or a company whose cookies come with its own hosts.
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.IGNORECASE)
_THIRD_PARTY = re.compile(
    r"\b(?:google|youtube|doubleclick|meta|facebook|instagram|hotjar|microsoft|clarity|linkedin|tiktok|twitter"
    r"|vimeo|pinterest|snap(?:chat)?|reddit|criteo|hubspot|intercom|taboola|outbrain|dailymotion|spotify)\b",
    re.IGNORECASE,
)

_MATCHED = "names are matched as they are written, save for one '*', which stands for any characters"


def mend_of(name: object) -> str | None:
    """Return what is odd about a declared name, and how to mend it; None if nothing is.

    >>> mend_of("sid=")
    "it holds a '='; perhaps you mean 'sid'"
    >>> mend_of("_pk_id.*"), mend_of("user[1]")
    (None, None)
    """
    if not isinstance(name, str):
        return None
    odd = next((odd for is_odd, odd in _ODD if is_odd(name)), None)
    if odd is None:
        return None
    meant = [each for each in _meant(name) if each.strip("*") and each.count("*") <= 1]
    return f"{odd}; perhaps you mean {', '.join(map(repr, meant))}" if meant else odd


_ODD: list[tuple[Callable[[str], object], str]] = [
    (lambda name: "=" in name, "it holds a '='"),
    (lambda name: _SEPARATOR.search(name.strip(BLANK)), "it holds a blank, a comma or a semicolon"),
    (lambda name: name != name.strip(BLANK), "it begins or ends with a blank"),
    (lambda name: '"' in name or name != name.strip("'"), "it holds a quote"),
    (_REGULAR.search, f"it looks like a regular expression, but {_MATCHED}"),
    (_PLACEHOLDER.search, f"it looks like a placeholder, but {_MATCHED}"),
]


def hints(catalogue: Catalogue) -> Iterator[str]:
    """Yield a line for each thing in *catalogue* that may be, but is probably not meant so."""
    for category in catalogue.categories:
        for cookie in category.cookies:
            if mend := mend_of(cookie.name):
                yield f"category {category.key!r}, cookie {cookie.name!r}: {mend}"
        if hint := _hostless(catalogue, category):
            yield hint
    yield from _refusals(catalogue)
    if not is_host_only(catalogue.cookie_name):
        yield _planting(catalogue)


def _hostless(catalogue: Catalogue, category: Category) -> str | None:
    """Return that a category of consent has another site's cookies, and names no host of it."""
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


def _refusals(catalogue: Catalogue) -> Iterator[str]:
    """Yield why a refusal is kept for too short a time (CNIL, deliberation 2020-092, 38 and 39)."""
    refused, accepted = catalogue.refusal_lifetime, catalogue.cookie_lifetime
    stated = f"refusal_lifetime is {lifetime_text(refused)}"
    if refused < accepted:
        yield (
            f"{stated}, cookie_lifetime {lifetime_text(accepted)}: visitors who refuse are asked again "
            "sooner than those who accept; keep a refusal for as long"
        )
    if refused < SIX_MONTHS:
        yield f"{stated}: visitors are asked again after less than six months, which is taken for pressure"


def _planting(catalogue: Catalogue) -> str:
    """Return who can plant the preferences cookie, and what prevents it (RFC 6265bis 4.1.3.2)."""
    planted = "can set the preferences cookie, and so give consent for a visitor who has not chosen"
    if catalogue.cookie_domain is not None:
        domain = f"cookie_domain {catalogue.cookie_domain!r}"
        return f"{domain}: any host under it {planted}; leave cookie_domain out unless all of them are yours"
    name = f"__Host-{catalogue.cookie_name.removeprefix('__Secure-').removeprefix('__')}"
    return (
        f"cookie_name {catalogue.cookie_name!r}: another host of the same domain {planted}; "
        f"on https, write cookie_name = {json.dumps(name)} (visitors are then asked again)"
    )


def _meant(name: str) -> list[str]:
    """Return the names that may be meant by an odd one."""
    if _SEPARATOR.search(name) or "=" in name or '"' in name or name != name.strip("'"):
        return [each.replace('"', "").strip("'") for each in _SEPARATOR.split(name.partition("=")[0])]
    return [_pattern_for(name) if _REGULAR.search(name) else _PLACEHOLDER.sub("*", name)]


def _pattern_for(expression: str) -> str:
    """Return the name or pattern that a regular expression may stand for; "" if it begins with no literal.

    >>> [_pattern_for(each) for each in ("^_ga$", "^_ga", "_ga_[A-Z]+", "[0-9]+", "a|b")]
    ['_ga', '_ga*', '_ga_*', '', '']
    """
    literal = _LITERAL.match(expression)
    if literal is None or "|" in expression:
        return ""
    name = re.sub(r"\\(.)", r"\1", literal[1])
    return name if expression[literal.end() :] == "$" else f"{name}*"
