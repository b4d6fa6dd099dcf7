"""A drift report as a table for people, and as JSON for programs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from consentgate.catalogue.lifetimes import lifetime_text

from .families import Known
from .report import CookieFinding, Drift, HostFinding, Report, group_cookies, is_declarable

_COOKIES = (
    "VERDICT",
    "COOKIE",
    "SET BY",
    "TIMES",
    "DAYS",
    "LIFETIME",
    "COULD BE STRICTER",
    "KNOWN AS",
    "WHAT TO DO",
)
_HOSTS = ("VERDICT", "HOST", "NEEDED FOR", "TIMES", "DAYS", "WHAT TO DO")

_WORDS = {
    Drift.UNDECLARED: "undeclared",
    Drift.LONGER: "living longer than declared",
    Drift.ELSEWHERE: "with another path or domain than declared",
    Drift.NEVER_SEEN: "declared and never seen",
}

_Row = tuple[str, ...]


def to_table(report: Report, known: Known) -> str:
    """Return *report* as text: a table of cookies, one of hosts, and a summary.

    Control characters in names, which anyone can send, are escaped, since terminals act on them.
    """
    cookies = [_cookie_row(each, known) for each in group_cookies(report.cookies)]
    hosts = [_host_row(each) for each in report.hosts]
    parts = [
        _align([_COOKIES, *cookies]) if cookies else "",
        _align([_HOSTS, *hosts]) if hosts else "",
        f"{_summary(report)}\n",
    ]
    return "\n".join(filter(None, parts))


def to_json(report: Report, known: Known) -> str:
    """Return *report* as JSON, each cookie under its own name."""
    return json.dumps(
        {
            "cookies": [_cookie_object(each, known) for each in report.cookies],
            "hosts": [_host_object(each) for each in report.hosts],
        },
        indent=2,
    )


def escape_unprintable(text: str) -> str:
    r"""Return *text* on one line, with control characters escaped.

    >>> escape_unprintable("a\x1b[2J"), escape_unprintable("a b")
    ('a\\x1b[2J', 'a b')
    """
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def declarable_lifetime(seconds: int) -> str:
    """Return a lifetime as a policy would declare it: rounded up, never shorter.

    >>> declarable_lifetime(1209599), declarable_lifetime(90)
    ('14 days', '90 seconds')
    """
    for unit, grain in ((2 * 86400, 3600), (2 * 3600, 60)):
        if seconds >= unit:
            seconds = -(-seconds // grain) * grain
    return lifetime_text(timedelta(seconds=seconds))


def _cookie_row(cookie: CookieFinding, known: Known) -> _Row:
    family = known.find(cookie.name)
    name = escape_unprintable(cookie.name) or "(no name)"
    return (
        cookie.drift.value,
        name if cookie.names < 2 else f"{name} ({cookie.names} names)",
        _name_setter(cookie),
        str(cookie.times),
        str(cookie.days),
        _lifetime(cookie),
        ", ".join(cookie.weaker),
        escape_unprintable(family.provider) if family else "",
        _advise(cookie),
    )


def _name_setter(cookie: CookieFinding) -> str:
    if cookie.drift is Drift.NEVER_SEEN:
        return ""
    return "server" if cookie.by_server else "scripts"


def _lifetime(cookie: CookieFinding) -> str:
    if not cookie.by_server:
        return ""
    seen = "session" if cookie.lifetime is None else declarable_lifetime(cookie.lifetime)
    if cookie.drift is not Drift.LONGER:
        return seen
    return f"{seen}, declared {lifetime_text(cookie.declared_lifetime)}"


def _advise(cookie: CookieFinding) -> str:
    if not is_declarable(cookie.name):
        return "give it another name: no policy can declare this one"
    if cookie.drift is Drift.UNDECLARED:
        return "declare it, or stop setting it"
    if cookie.drift is Drift.LONGER:
        return "declare its lifetime, or shorten it"
    if cookie.drift is Drift.ELSEWHERE:
        scopes = (f"path {path or 'not stated'}, domain {domain or 'none'}" for path, domain in cookie.scopes)
        return f"declare where it is set: {escape_unprintable('; '.join(scopes))}"
    return "remove it, if it is gone" if cookie.drift is Drift.NEVER_SEEN else ""


def _host_row(host: HostFinding) -> _Row:
    return (
        host.drift.value,
        escape_unprintable(host.name),
        escape_unprintable(", ".join(host.directives)),
        str(host.times),
        str(host.days),
        "" if host.category else "declare it in the hosts of a category, or do without it",
    )


def _align(rows: Sequence[_Row]) -> str:
    """Return *rows* as lines of columns; a column that is empty below its heading is left out."""
    columns = [column for column in zip(*rows, strict=True) if any(column[1:])]
    widths = [max(map(len, column)) for column in columns]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in zip(*columns, strict=True)
    )
    return "".join(f"{line}\n" for line in lines)


def _summary(report: Report) -> str:
    if not (report.cookies or report.hosts):
        return "Nothing was seen."
    if report.is_clean:
        return "Everything that was seen is declared."
    hosts = sum(host.drift is Drift.UNDECLARED for host in report.hosts)
    counts = [
        *_counts("Cookies", {_WORDS[drift]: report.count(drift) for drift in _WORDS}),
        *_counts("Hosts", {"undeclared": hosts}),
    ]
    return " ".join(counts)


def _counts(subject: str, numbers: Mapping[str, int]) -> Iterator[str]:
    counted = [f"{number} {words}" for words, number in numbers.items() if number]
    if counted:
        yield f"{subject}: {', '.join(counted)}."


def _cookie_object(cookie: CookieFinding, known: Known) -> dict[str, Any]:
    family = known.find(cookie.name)
    declared = cookie.declared_lifetime
    return {
        "name": cookie.name,
        "verdict": cookie.drift.value,
        "category": cookie.category,
        "declared_as": cookie.declared_as,
        "set_by": _name_setter(cookie) or None,
        "times": cookie.times,
        "days": cookie.days,
        "lifetime": cookie.lifetime,
        "declared_lifetime": None if declared is None else lifetime_text(declared),
        "could_be_stricter": list(cookie.weaker),
        "scopes": [{"path": path or None, "domain": domain or None} for path, domain in cookie.scopes],
        "known_as": None if family is None else {"provider": family.provider, "purpose": family.purpose},
    }


def _host_object(host: HostFinding) -> dict[str, Any]:
    return {
        "name": host.name,
        "verdict": host.drift.value,
        "category": host.category,
        "directives": list(host.directives),
        "times": host.times,
        "days": host.days,
    }
