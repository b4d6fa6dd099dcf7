"""The catalogue: every declared category and cookie, and which category a name belongs to."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import chain, count
from types import MappingProxyType
from typing import Any

from consentgate.errors import PolicyError
from consentgate.headers.cookie import is_host_only
from consentgate.headers.set_cookie import MAX_LIFETIME
from consentgate.i18n.messages import N_, SOURCE, Strings
from consentgate.i18n.texts import Message, check_language

from .category import Basis, Category, Cookie, check_domain, check_text
from .checks import check_cookie_name, check_date, check_lifetime, check_strings, check_url
from .hosts import DeclaredHosts
from .lifetimes import lifetime_limit
from .patterns import Patterns

COOKIE_LIFETIME = "6 months"
"""How long a choice is kept (R11): 182 days, never more than six calendar months."""

COOKIE_NAME = "cookies_preferences"


@dataclass(frozen=True, init=False, slots=True)
class Catalogue:
    """The published policy, checked when it is made. See `Policy`."""

    categories: tuple[Category, ...]
    site: str
    title: str
    controller: str
    contact: str
    privacy_url: str
    updated: date | None
    cookie_name: str
    cookie_domain: str | None
    cookie_lifetime: timedelta
    refusal_lifetime: timedelta
    language: str
    strings: Strings = field(compare=False, hash=False)
    necessary: frozenset[str] = field(compare=False, repr=False)
    """The keys of the necessary categories."""
    digests: MappingProxyType[str, str] = field(compare=False, repr=False, hash=False)
    """Category key -> digest of its declarations, for each category a visitor can choose."""
    exact: MappingProxyType[str, str] = field(compare=False, repr=False, hash=False)
    """Declared name without a ``*`` -> key of its category."""
    _by_key: dict[str, Category] = field(compare=False, repr=False, hash=False)
    category_key_by_name: dict[str, str] = field(compare=False, repr=False, hash=False)
    """Declared name or pattern -> key of its category."""
    patterns: Patterns = field(compare=False, repr=False, hash=False)
    """The declared names that are patterns."""
    _scopes: dict[str, tuple[Cookie, ...]] = field(compare=False, repr=False, hash=False)
    _hosts: DeclaredHosts = field(compare=False, repr=False, hash=False)
    _limits: dict[str, int | None] = field(compare=False, repr=False, hash=False)

    def __init__(
        self,
        categories: Iterable[Category],
        *,
        site: str = "",
        title: str = "",
        controller: str = "",
        contact: str = "",
        privacy_url: str = "",
        updated: date | str | None = None,
        cookie_name: str = COOKIE_NAME,
        cookie_domain: str | None = None,
        cookie_lifetime: timedelta | str = COOKIE_LIFETIME,
        refusal_lifetime: timedelta | str | None = None,
        language: str = SOURCE,
        strings: Strings | None = None,
    ) -> None:
        put = object.__setattr__  # the class is frozen
        put(self, "site", check_text("policy", "site", site))
        put(self, "title", check_text("policy", "title", title))
        put(self, "controller", check_text("policy", "controller", controller))
        put(self, "contact", check_text("policy", "contact", contact))
        put(self, "privacy_url", check_url(privacy_url))
        put(self, "updated", check_date(updated))
        put(self, "cookie_name", check_cookie_name(cookie_name))
        put(self, "cookie_domain", check_domain("cookie_domain", cookie_domain))
        put(self, "cookie_lifetime", check_lifetime("cookie_lifetime", cookie_lifetime))
        refused = cookie_lifetime if refusal_lifetime is None else refusal_lifetime
        put(self, "refusal_lifetime", check_lifetime("refusal_lifetime", refused))
        put(self, "language", check_language("language", language))
        put(self, "strings", check_strings(strings or {}))
        if cookie_domain is not None and is_host_only(cookie_name):
            raise PolicyError(
                f"cookie_domain {cookie_domain!r}: a cookie named {cookie_name!r} has no Domain "
                "(RFC 6265bis 4.1.3.2)"
            )
        declared = _drop_replaced_presets(_checked(categories))
        kept = cookie_lifetime if self.refusal_lifetime <= self.cookie_lifetime else refused
        put(self, "categories", self._with_own_cookie(declared, kept))
        put(self, "_by_key", {category.key: category for category in self.categories})
        necessary = [category.key for category in self.categories if category.basis is Basis.NECESSARY]
        put(self, "necessary", frozenset(necessary))
        chosen = [category for category in self.categories if category.can_be_chosen]
        put(self, "digests", MappingProxyType({each.key: each.digest() for each in chosen}))
        put(self, "_hosts", DeclaredHosts({each.key: each.hosts for each in self.categories}))
        self._index()
        self._check()

    def _check(self) -> None:
        """Check the whole catalogue; `Policy` checks that a signed choice fits a cookie."""

    def __reduce__(self) -> tuple[object, ...]:
        # Only the published values are pickled; the constructor derives the rest.
        options = {name: getattr(self, name) for name in PUBLISHED}
        return _rebuild, (type(self), self.categories, options)

    def _with_own_cookie(self, categories: list[Category], lifetime: timedelta | str) -> tuple[Category, ...]:
        """Return *categories* with the preferences cookie described, as necessary."""
        name = self.cookie_name
        for category in categories:
            for cookie in category.cookies:
                if cookie.is_pattern and Patterns([cookie.name]).match(name):
                    raise PolicyError(
                        f"category {category.key!r}: the pattern {cookie.name!r} matches the "
                        f"preferences cookie {name!r}, which is necessary by itself"
                    )
                if cookie.name == name and category.basis is not Basis.NECESSARY:
                    raise PolicyError(
                        f"category {category.key!r}: the preferences cookie {name!r} is necessary, "
                        "it cannot be declared here"
                    )
        if not any(cookie.name == name for each in categories for cookie in each.cookies):
            categories = self._append_own_cookie(categories)

        def complete(cookie: Cookie) -> Cookie:
            # The preferences cookie gets the lifetime of the option, so that page and server agree.
            stated = cookie.name != name or cookie.lifetime is not None
            return cookie if stated else replace(cookie, lifetime=lifetime)

        return tuple(each.with_cookies(map(complete, each.cookies)) for each in categories)

    def _append_own_cookie(self, categories: list[Category]) -> list[Category]:
        own = Cookie(
            self.cookie_name,
            provider=self.controller,
            function=Message(N_("Choices related to your cookie preferences")),
            purpose=Message(N_("To remember the visitor's cookie preferences")),
        )
        return add_necessary(categories, [own], "preferences")

    def _index(self) -> None:
        keys: dict[str, str] = {}
        scopes: dict[str, tuple[Cookie, ...]] = {}
        for category in self.categories:
            for cookie in category.cookies:
                if keys.setdefault(cookie.name, category.key) != category.key:
                    raise PolicyError(
                        f"cookie {cookie.name!r} is in two categories, {keys[cookie.name]!r} and "
                        f"{category.key!r}: one cookie, one purpose"
                    )
                scopes[cookie.name] = (*scopes.get(cookie.name, ()), cookie)
        patterns = Patterns(name for name in keys if "*" in name)
        for pattern in sorted(name for name in keys if "*" in name):
            for other in patterns.find_rivals(pattern):
                if keys[other] != keys[pattern]:
                    raise PolicyError(
                        f"patterns {pattern!r} in {keys[pattern]!r} and {other!r} in "
                        f"{keys[other]!r} are equally long and could match the same name"
                    )
        for name, cookies in scopes.items():
            if len({(each.domain, each.path, each.partitioned) for each in cookies}) < len(cookies):
                raise PolicyError(f"cookie {name!r} is declared twice in {keys[name]!r}")
        object.__setattr__(self, "category_key_by_name", keys)
        exact = {name: key for name, key in keys.items() if "*" not in name}
        object.__setattr__(self, "exact", MappingProxyType(exact))
        object.__setattr__(self, "_scopes", scopes)
        limits = {name: lifetime_limit(each.lifetime for each in cookies) for name, cookies in scopes.items()}
        object.__setattr__(self, "_limits", limits)
        object.__setattr__(self, "patterns", patterns)

    def declared_as(self, cookie_name: str) -> str | None:
        """Return the declared name or pattern that governs *cookie_name*, None if it is undeclared."""
        if cookie_name in self.exact:
            return cookie_name
        return self.patterns.match(cookie_name)

    def key_of(self, cookie_name: str) -> str | None:
        """Return the key of the category *cookie_name* belongs to, None if it is undeclared."""
        declared = self.declared_as(cookie_name)
        return None if declared is None else self.category_key_by_name[declared]

    def category_of(self, cookie_name: str) -> Category | None:
        """Return the category a cookie of exactly this name belongs to, None if it is undeclared.

        Exact names come before patterns, patterns with a longer literal before shorter ones; the
        order of declaration plays no part.
        """
        key = self.key_of(cookie_name)
        return None if key is None else self._by_key[key]

    def scopes_of(self, cookie_name: str) -> tuple[Cookie, ...]:
        """Return the declarations of *cookie_name*: one Cookie for each domain and path it may have."""
        declared = self.declared_as(cookie_name)
        return () if declared is None else self._scopes[declared]

    def limit_of(self, cookie_name: str) -> int | None:
        """Return the seconds a cookie may live, 400 days at most; None for a session's.

        Where a name is declared for several domains and paths, the longest counts.
        """
        declared = self.declared_as(cookie_name)
        return MAX_LIFETIME if declared is None else self._limits[declared]

    def category_of_host(self, host: str) -> str | None:
        """Return the key of the category that declares *host*, None if none does.

        Args:
            host: as browsers report it: ``"maps.example"``, ``"maps.example:8443"``, ``"wss://live.example"``.
        """
        return self._hosts.category_key(host)

    def lifetime_of(self, accepted: bool) -> int:
        """Return the seconds an answer is kept: `cookie_lifetime` for a yes, `refusal_lifetime` for a no."""
        return int((self.cookie_lifetime if accepted else self.refusal_lifetime).total_seconds())

    def category(self, key: str) -> Category:
        """Return the category with this key.

        Raises:
            PolicyError: there is none; the message lists the known keys.
        """
        try:
            return self._by_key[key]
        except (KeyError, TypeError):
            known = ", ".join(repr(category.key) for category in self.categories)
            raise PolicyError(f"unknown category {key!r}; known are {known}") from None


def add_necessary(categories: list[Category], cookies: list[Cookie], key: str) -> list[Category]:
    """Return *categories* with *cookies* in the first necessary one, or in one of their own.

    Its key is ``"necessary"``; where that is taken *key*, ``"own"``, ``"own2"`` and so on.
    """
    for at, category in enumerate(categories):
        if category.basis is Basis.NECESSARY:
            extended = category.with_cookies([*category.cookies, *cookies])
            return [*categories[:at], extended, *categories[at + 1 :]]
    taken = {category.key for category in categories}
    spare = chain(("necessary", key, "own"), map("own{}".format, count(2)))
    free = next(each for each in spare if each not in taken)
    own = Category(free, title=Message(N_("Necessary")), basis=Basis.NECESSARY, cookies=cookies)
    return [own, *categories]


PUBLISHED = (
    "site",
    "title",
    "controller",
    "contact",
    "privacy_url",
    "updated",
    "cookie_name",
    "cookie_domain",
    "cookie_lifetime",
    "refusal_lifetime",
    "language",
    "strings",
)
"""Names of the published values besides the categories, in constructors and in files."""


def _rebuild(kind: type[Catalogue], categories: tuple[Category, ...], options: dict[str, Any]) -> Catalogue:
    return kind(categories, **options)


def _checked(categories: Iterable[Category]) -> list[Category]:
    if isinstance(categories, str) or not isinstance(categories, Iterable):
        raise PolicyError(f"categories must be a list of Category, not {categories!r}")
    checked: list[Category] = []
    for category in categories:
        if not isinstance(category, Category):
            raise PolicyError(f"not a Category: {category!r}")
        if any(category.key == other.key for other in checked):
            raise PolicyError(f"category {category.key!r} is declared twice")
        checked.append(category)
    return checked


def _drop_replaced_presets(categories: list[Category]) -> list[Category]:
    """Return *categories* without the preset cookies that the site declares itself."""
    declared = {each.name for cat in categories for each in cat.cookies if not each.is_preset}
    seen: set[str] = set()  # two presets may declare the same cookie

    def is_kept(cookie: Cookie) -> bool:
        if not cookie.is_preset:
            return True
        fresh = cookie.name not in declared and cookie.name not in seen
        seen.add(cookie.name)
        return fresh

    return [each.with_cookies(filter(is_kept, each.cookies)) for each in categories]
