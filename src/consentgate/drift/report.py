"""Compare the cookies and hosts that were seen with a policy: one finding each."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple, TypeVar

from consentgate.catalogue.catalogue import COOKIE_NAME, Catalogue
from consentgate.catalogue.category import Category, Cookie
from consentgate.catalogue.lifetimes import duration
from consentgate.errors import PolicyError

from .facts import Fact, Traits, add_up, count_days, longest_lifetime
from .families import FAMILIES
from .grouping import group_names

_Finding = TypeVar("_Finding", "CookieFinding", "HostFinding")

TOLERANCE = 60
"""Seconds by which a stated lifetime may exceed the declared one: an Expires is measured by two clocks."""


class Drift(StrEnum):
    """The difference between a cookie as it was seen and as it is declared; the first that applies."""

    UNDECLARED = "undeclared"
    LONGER = "lives longer"
    ELSEWHERE = "other scope"
    NEVER_SEEN = "never seen"
    DECLARED = "declared"


@dataclass(frozen=True, slots=True)
class CookieFinding:
    """One cookie that was seen, or one declaration of which none was.

    Attributes:
        name: its name; the declared name or pattern if it was never seen, or if several names were merged.
        drift: how it differs from the policy.
        category: the key of its category, None if it is undeclared.
        declared_as: the declared name or pattern that governs it; None if undeclared, or not known.
        by_server: whether the server sets it; if it was only sent, scripts set it.
        times: how often it was set or sent.
        days: on how many days at least.
        lifetime: the longest lifetime stated, in seconds; None if none was.
        declared_lifetime: the one declared, None if it is not stated.
        weaker: attributes that could be stricter, in words.
        scopes: each (Path, Domain) it was set with.
        names: how many names were seen.
    """

    name: str
    drift: Drift
    category: str | None = None
    declared_as: str | None = None
    by_server: bool = False
    times: int = 0
    days: int = 0
    lifetime: int | None = None
    declared_lifetime: timedelta | str | None = None
    weaker: tuple[str, ...] = ()
    scopes: tuple[tuple[str, str], ...] = ()
    names: int = 1


@dataclass(frozen=True, slots=True)
class HostFinding:
    """One host that browsers reported.

    Attributes:
        name: the host.
        drift: how it differs from the policy.
        category: the key of the category that declares it, None if it is undeclared.
        directives: the directives it was needed for.
        times: how often it was reported.
        days: on how many days at least.
    """

    name: str
    drift: Drift
    category: str | None = None
    directives: tuple[str, ...] = ()
    times: int = 0
    days: int = 0


class Report(NamedTuple):
    """All findings, undeclared ones first."""

    cookies: tuple[CookieFinding, ...]
    hosts: tuple[HostFinding, ...]

    def count(self, drift: Drift) -> int:
        """Return the number of cookies with this *drift*."""
        return sum(cookie.drift is drift for cookie in self.cookies)

    @property
    def is_clean(self) -> bool:
        """Whether every finding is `Drift.DECLARED`."""
        drifts = {cookie.drift for cookie in self.cookies} | {host.drift for host in self.hosts}
        return drifts <= {Drift.DECLARED}


def make_report(
    facts: Iterable[Fact], catalogue: Catalogue | None = None, *, min_times: int = 1, min_days: int = 1
) -> Report:
    """Return the findings of comparing *facts* with a policy.

    Args:
        facts: the facts of one store or several.
        catalogue: the policy; without one, the categories recorded with the facts.
        min_times: leave out undeclared cookies and hosts seen less often, since anyone can invent one.
        min_days: leave out those seen on fewer days.
    """
    cookies: dict[str, list[Fact]] = {}
    hosts: dict[str, list[Fact]] = {}
    own = COOKIE_NAME if catalogue is None else catalogue.cookie_name
    for fact in add_up(facts):
        name = fact.subject.name
        if fact.subject.kind == "host":
            hosts.setdefault(name, []).append(fact)
        elif name != own:  # the gate's, not the application's
            cookies.setdefault(name, []).append(fact)
    https = Traits.SECURE | Traits.OVER_HTTPS
    over_https = any(fact.traits & https for each in cookies.values() for fact in each)
    found = [_cookie(name, each, catalogue, over_https) for name, each in cookies.items()]
    found_hosts = [_host(name, each, catalogue) for name, each in hosts.items()]

    def is_enough(finding: CookieFinding | HostFinding) -> bool:
        is_real = finding.times >= min_times and finding.days >= min_days
        return is_real or finding.drift is not Drift.UNDECLARED

    return Report(
        _in_order([*filter(is_enough, found), *_list_never_seen(found, catalogue)]),
        _in_order(filter(is_enough, found_hosts)),
    )


def is_declarable(name: str, *, path: str = "/", domain: str | None = None) -> bool:
    """Return whether a policy accepts *name*: browsers store it, and it has at most one star."""
    try:
        Cookie(name, path=path, domain=domain)
    except PolicyError:
        return False
    return True


def is_declarable_host(host: str) -> bool:
    """Return whether a policy accepts *host*."""
    try:
        Category("hosts", hosts=[host])
    except PolicyError:
        return False
    return True


def group_cookies(cookies: Iterable[CookieFinding]) -> tuple[CookieFinding, ...]:
    """Return *cookies* with the findings of one declaration, or of one family of names, merged."""
    cookies = list(cookies)
    kinds: dict[tuple[Drift, str | None], dict[str, CookieFinding]] = {}
    declared: dict[tuple[Drift, str], list[CookieFinding]] = {}
    for cookie in cookies:
        if cookie.declared_as is not None:
            declared.setdefault((cookie.drift, cookie.declared_as), []).append(cookie)
        else:
            kinds.setdefault((cookie.drift, cookie.category), {})[cookie.name] = cookie
    found = [_merge(name, several) for (_, name), several in declared.items()]
    families = [family.pattern for family in FAMILIES]
    declarations = {name for _, name in declared}
    for kind, by_name in kinds.items():
        others = [cookie.name for cookie in cookies if (cookie.drift, cookie.category) != kind]
        groups = group_names(by_name, declared=declarations, seen_declared=others, families=families)
        found += [_merge(name, [by_name[each] for each in names]) for name, names in groups.items()]
    return _in_order(found)


def _merge(name: str, cookies: list[CookieFinding]) -> CookieFinding:
    if len(cookies) == 1 and cookies[0].declared_as is None and "*" not in name:
        return cookies[0]
    return replace(
        cookies[0],
        name=name,
        by_server=any(cookie.by_server for cookie in cookies),
        times=sum(cookie.times for cookie in cookies),
        days=max(cookie.days for cookie in cookies),
        lifetime=longest_lifetime(cookie.lifetime for cookie in cookies),
        weaker=tuple(dict.fromkeys(each for cookie in cookies for each in cookie.weaker)),
        scopes=tuple(sorted({scope for cookie in cookies for scope in cookie.scopes})),
        names=sum(cookie.names for cookie in cookies),
    )


def _in_order(findings: Iterable[_Finding]) -> tuple[_Finding, ...]:
    order = list(Drift)
    return tuple(sorted(findings, key=lambda each: (order.index(each.drift), -each.times, each.name)))


def _cookie(name: str, facts: list[Fact], catalogue: Catalogue | None, over_https: bool) -> CookieFinding:
    set_facts = [fact for fact in facts if fact.subject.kind == "set"]
    scopes = frozenset[tuple[str, str]]().union(*(fact.scopes for fact in set_facts))
    declared = () if catalogue is None else catalogue.scopes_of(name)
    lifetime = longest_lifetime(fact.lifetime for fact in set_facts)
    category = _recorded_category(facts) if catalogue is None else catalogue.key_of(name)
    drift = Drift.UNDECLARED if category is None else Drift.DECLARED
    if declared and set_facts:
        drift = _drift(declared, lifetime, scopes)
    return CookieFinding(
        name,
        drift,
        category=category,
        declared_as=declared[0].name if declared else None,
        by_server=bool(set_facts),
        times=sum(fact.times for fact in facts),
        days=count_days(facts),
        lifetime=lifetime,
        declared_lifetime=declared[0].lifetime if declared else None,
        weaker=tuple(_weaker(set_facts, over_https)),
        scopes=tuple(sorted(scopes)),
    )


def _recorded_category(facts: list[Fact]) -> str | None:
    """Return the category that was recorded when the cookie was last seen, None if it had none."""
    last = max(facts, key=lambda fact: (fact.last, fact.subject.category))
    return last.subject.category or None


def _drift(declared: Sequence[Cookie], lifetime: int | None, scopes: Iterable[tuple[str, str]]) -> Drift:
    """Return how a cookie set by the server differs from its declarations."""
    if lifetime is not None and not any(_may_live(cookie, lifetime) for cookie in declared):
        return Drift.LONGER
    if not all(any(_is_at(cookie, *scope) for cookie in declared) for scope in scopes):
        return Drift.ELSEWHERE
    return Drift.DECLARED


def _may_live(cookie: Cookie, lifetime: int) -> bool:
    if cookie.lifetime is None:
        return True  # not stated, so not contradicted
    declared = duration(cookie.lifetime)
    return declared is not None and lifetime <= declared.total_seconds() + TOLERANCE


def _is_at(cookie: Cookie, path: str, domain: str) -> bool:
    """Return whether *cookie* is declared with this Path, if one is stated, and this Domain."""
    declared = (cookie.domain or "").removeprefix(".").lower()
    return path in ("", cookie.path) and domain == declared


def _weaker(facts: Iterable[Fact], over_https: bool) -> Iterator[str]:
    """Yield the missing attributes of a cookie set by the server; Secure only if the site uses https."""
    traits = Traits(0)
    for fact in facts:
        traits |= fact.traits
    if traits & Traits.CROSS_SITE_WITHOUT_SECURE:
        yield "SameSite=None without Secure"
    elif traits & Traits.WITHOUT_SECURE and over_https:
        yield "no Secure"
    if traits & Traits.WITHOUT_HTTP_ONLY:
        yield "no HttpOnly"
    if traits & Traits.WITHOUT_SAME_SITE:
        yield "no SameSite"


def _list_never_seen(found: Iterable[CookieFinding], catalogue: Catalogue | None) -> Iterator[CookieFinding]:
    """Yield a finding for each declaration that governs none of the cookies *found*."""
    if catalogue is None:
        return
    seen = {finding.declared_as for finding in found} | {catalogue.cookie_name}
    for category in catalogue.categories:
        for name in dict.fromkeys(cookie.name for cookie in category.cookies if cookie.name not in seen):
            yield CookieFinding(name, Drift.NEVER_SEEN, category=category.key, declared_as=name, names=0)


def _host(name: str, facts: list[Fact], catalogue: Catalogue | None) -> HostFinding:
    category = _recorded_category(facts) if catalogue is None else catalogue.category_of_host(name)
    return HostFinding(
        name,
        Drift.UNDECLARED if category is None else Drift.DECLARED,
        category=category,
        directives=tuple(sorted({fact.subject.verdict for fact in facts})),
        times=sum(fact.times for fact in facts),
        days=count_days(facts),
    )
