"""Write the missing declarations of a drift report as TOML, for people to complete."""

import json
from collections.abc import Iterable, Iterator
from itertools import chain, count

from consentgate.catalogue.catalogue import Catalogue

from .families import Known
from .report import CookieFinding, Drift, Report, group_cookies, is_declarable, is_declarable_host
from .table import declarable_lifetime, escape_unprintable

UNDECIDED = "to be decided"
"""The basis of a draft's categories. No policy accepts it, so a draft alone never allows a cookie."""

_HEAD = f"""\
# A draft by `consentgate drift`: what was seen and is in no category. `consentgate check` refuses it until
# you have decided: give each category a basis in place of {json.dumps(UNDECIDED)}, "necessary", "consent" or
# "exempt"; move what belongs elsewhere; say what each cookie is for.
"""


def to_toml(report: Report, known: Known, catalogue: Catalogue | None = None) -> str:
    """Return the declarations *report* finds missing, "" if none is.

    Args:
        report: the findings.
        known: families of cookies, written as comments.
        catalogue: the policy that the draft is pasted into; its keys are not used again.
    """
    undeclared = [cookie for cookie in group_cookies(report.cookies) if cookie.drift is Drift.UNDECLARED]
    missing = [cookie for cookie in undeclared if is_declarable(cookie.name)]
    others = [f"# {json.dumps(cookie.name)}" for cookie in undeclared if not is_declarable(cookie.name)]
    hosts = sorted(host.name for host in report.hosts if host.drift is Drift.UNDECLARED)
    hosts = list(filter(is_declarable_host, hosts))
    taken = set() if catalogue is None else {category.key for category in catalogue.categories}
    blocks = [
        *_category("set-by-server", "Set by the server", taken, _cookies(missing, known, by_server=True)),
        *_category("set-by-scripts", "Set by scripts", taken, _cookies(missing, known, by_server=False)),
        *_category("other-hosts", "Other hosts", taken, hosts=hosts),
    ]
    if others:
        blocks.append(_lines(["# No policy can declare these names; set the cookies under others:", *others]))
    return "\n".join([_HEAD, *blocks]) if blocks else ""


def _category(
    key: str, title: str, taken: set[str], cookies: Iterable[str] = (), *, hosts: Iterable[str] = ()
) -> list[str]:
    """Return the lines of an undecided category with *cookies* or *hosts*; none if both are empty."""
    cookies, hosts = list(cookies), [f"  {json.dumps(host)}," for host in hosts]
    if not cookies and not hosts:
        return []
    keys = chain([key], (f"{key}-{number}" for number in count(2)))
    free = next(each for each in keys if each not in taken)
    head = ["[[category]]", f"key = {json.dumps(free)}", f"title = {json.dumps(title)}"]
    head.append(f"basis = {json.dumps(UNDECIDED)}")
    return [_lines([*head, *(["hosts = [", *hosts, "]"] if hosts else ())]), *cookies]


def _cookies(cookies: Iterable[CookieFinding], known: Known, *, by_server: bool) -> Iterator[str]:
    for cookie in cookies:
        if cookie.by_server is by_server:
            yield from _cookie(cookie, known)


def _cookie(cookie: CookieFinding, known: Known) -> Iterator[str]:
    """Yield a declaration for each scope of *cookie*, under one comment."""
    comments = list(_comments(cookie, known))
    for path, domain in _scopes(cookie):
        yield _lines([*comments, "  [[category.cookie]]", *_declaration(cookie, path, domain)])
        comments = []


def _comments(cookie: CookieFinding, known: Known) -> Iterator[str]:
    names = f"{cookie.names} names, " if cookie.names > 1 else ""
    yield f"  # {names}times seen: {cookie.times}, days: {cookie.days}"
    if cookie.weaker:
        yield f"  # could be stricter: {', '.join(cookie.weaker)}"
    family = known.find(cookie.name)
    if family is not None:
        yield f"  # known as: {escape_unprintable(family.provider)}: {escape_unprintable(family.purpose)}"


def _scopes(cookie: CookieFinding) -> list[tuple[str, str]]:
    """Return each (Path, Domain) that a policy accepts for *cookie*; the default scope if it accepts none."""
    stated = {(path or "/", domain) for path, domain in cookie.scopes}
    accepted = [
        (path, domain)
        for path, domain in stated
        if is_declarable(cookie.name, path=path, domain=domain or None)
    ]
    return sorted(accepted) or [("/", "")]


def _declaration(cookie: CookieFinding, path: str, domain: str) -> Iterator[str]:
    """Yield the lines of a declaration; people fill in its empty texts."""
    yield f"  name = {json.dumps(cookie.name)}"
    if domain:
        yield f"  domain = {json.dumps(domain)}"
    if path != "/":
        yield f"  path = {json.dumps(path)}"
    if cookie.by_server:
        lifetime = "session" if cookie.lifetime is None else declarable_lifetime(cookie.lifetime)
        yield f"  lifetime = {json.dumps(lifetime)}"
    yield '  provider = ""'
    yield '  purpose = ""'


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
