"""Counted facts about cookies and hosts that were seen, as a drift store keeps them."""

from collections.abc import Iterable
from enum import IntFlag
from typing import Literal, NamedTuple

from consentgate.headers.set_cookie import StatedAttributes

Kind = Literal["set", "sent", "host"]
"""Set by the server, sent by a browser, or a host that a browser reported."""


class Traits(IntFlag):
    """How a cookie was set, at least once."""

    SECURE = 1
    WITHOUT_SECURE = 2
    WITHOUT_HTTP_ONLY = 4
    WITHOUT_SAME_SITE = 8
    CROSS_SITE_WITHOUT_SECURE = 16
    """SameSite=None without Secure: browsers do not store it."""
    PARTITIONED = 32
    OVER_HTTPS = 64


class Subject(NamedTuple):
    """A cookie or host that was seen, with its verdict.

    Attributes:
        kind: ``"set"``, ``"sent"`` or ``"host"``.
        name: the cookie's name, or the host.
        verdict: ``"passed"``, ``"stripped"`` or ``"withheld"``; for a host, the directive it was needed for.
        category: the key of the category that declared it then, ``""`` if none did.
    """

    kind: Kind
    name: str
    verdict: str
    category: str


class Fact(NamedTuple):
    """How often, when and how a subject was seen.

    Attributes:
        subject: what was seen.
        times: how often.
        days: on how many days at least (UTC).
        first: the first of them, in days since 1970.
        last: the last of them.
        lifetime: the longest lifetime stated, in seconds; None if it always ended with the session.
        traits: how it was set.
        scopes: the (Path, Domain) it was set with, ``""`` for none; at most a few of them.
    """

    subject: Subject
    times: int
    days: int
    first: int
    last: int
    lifetime: int | None = None
    traits: Traits = Traits(0)
    scopes: frozenset[tuple[str, str]] = frozenset()


def traits_of(stated: StatedAttributes) -> Traits:
    """Return how a cookie with these attributes is set.

    >>> traits_of(StatedAttributes(secure=True, http_only=True, same_site="lax")).name
    'SECURE'
    """
    traits = Traits.SECURE if stated.secure else Traits.WITHOUT_SECURE
    if not stated.http_only:
        traits |= Traits.WITHOUT_HTTP_ONLY
    if not stated.same_site:
        traits |= Traits.WITHOUT_SAME_SITE
    if stated.same_site == "none" and not stated.secure:
        traits |= Traits.CROSS_SITE_WITHOUT_SECURE
    if stated.partitioned:
        traits |= Traits.PARTITIONED
    return traits


def longest_lifetime(lifetimes: Iterable[int | None]) -> int | None:
    """Return the longest of *lifetimes* in seconds, None if each is that of the session.

    >>> longest_lifetime([None, 60, 3600]), longest_lifetime([None])
    (3600, None)
    """
    return max((lifetime for lifetime in lifetimes if lifetime is not None), default=None)


def count_days(facts: Iterable[Fact]) -> int:
    """Return the least number of days on which *facts* were seen: several stores may count the same days."""
    facts = list(facts)
    ends = {day for fact in facts for day in (fact.first, fact.last)}
    return max(len(ends), *(fact.days for fact in facts))


def add_up(facts: Iterable[Fact]) -> list[Fact]:
    """Return one fact for each subject, the sum of its facts from all stores."""
    by_subject: dict[Subject, list[Fact]] = {}
    for fact in facts:
        by_subject.setdefault(fact.subject, []).append(fact)
    return [several[0] if len(several) == 1 else _sum(several) for several in by_subject.values()]


def _sum(facts: list[Fact]) -> Fact:
    traits = Traits(0)
    for fact in facts:
        traits |= fact.traits
    return Fact(
        facts[0].subject,
        times=sum(fact.times for fact in facts),
        days=count_days(facts),
        first=min(fact.first for fact in facts),
        last=max(fact.last for fact in facts),
        lifetime=longest_lifetime(fact.lifetime for fact in facts),
        traits=traits,
        scopes=frozenset().union(*(fact.scopes for fact in facts)),
    )
