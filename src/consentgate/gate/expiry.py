"""Set-Cookie lines that remove refused cookies from the browser (R8, R10, R37 to R39)."""

from collections.abc import Container, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

from consentgate._cache import BoundedCache
from consentgate.catalogue.catalogue import Catalogue
from consentgate.headers.cookie import BLANK, is_host_only, is_http_only, is_secure_only
from consentgate.headers.origin import list_parent_domains
from consentgate.headers.set_cookie import stated_attributes

LARGEST_ADDITION = 3 * 1024
"""Octets of Set-Cookie lines of ours on one response, with field name and line end.

nginx refuses by default a response whose fields exceed 4 KiB.
"""

PASSIVE_DESTINATIONS = ("image", "style", "script", "font", "audio", "video", "track")
"""Values of Sec-Fetch-Dest whose responses expire nothing: many of them come at once, and may be cached."""


class Scope(NamedTuple):
    """Where a cookie is stored: Domain (None for host-only), Path, and whether it is partitioned."""

    domain: str | None
    path: str
    partitioned: bool = False


def _parse_scope(unparsed: str) -> Scope:
    stated = stated_attributes(f"=;{unparsed}", 0)
    return Scope(stated.domain, stated.path or "", stated.partitioned)


_SCOPES = BoundedCache(_parse_scope, size=512, longest=256)


def scope_of(set_cookie_string: str) -> Scope:
    """Return the scope a Set-Cookie states, its path ``""`` if it states none.

    >>> scope_of("a=1; Path=/wiki; Domain=.Example.org")
    Scope(domain='example.org', path='/wiki', partitioned=False)
    """
    return _SCOPES[set_cookie_string.partition(";")[2]]


def declared_scopes(catalogue: Catalogue, name: str) -> list[Scope]:
    """Return the scopes that *name* is declared with; none if it is undeclared."""
    return [Scope(each.domain, each.path, each.partitioned) for each in catalogue.scopes_of(name)]


class SeenScopes:
    """Scopes under which the application was seen to set each cookie, at most four a name.

    A bonus: it knows only the responses of this process, and forgets all when it is full.
    """

    SIZE = 256
    MOST = 4
    LONGEST_SCOPE = 512

    def __init__(self) -> None:
        self._scopes: dict[str, tuple[Scope, ...]] = {}

    def add(self, name: str, scope: Scope) -> bool:
        """Remember that *name* was set with this scope; return whether that is new."""
        known = self._scopes.get(name, ())
        if scope in known or len(known) >= self.MOST or len(name) + len(scope.path) > self.LONGEST_SCOPE:
            return False
        if len(self._scopes) >= self.SIZE:
            self._scopes = {}
        self._scopes[name] = (*known, scope)
        return True

    def of(self, name: str) -> tuple[Scope, ...]:
        """Return the scopes that *name* was seen with."""
        return self._scopes.get(name, ())


def default_path(path: str) -> str:
    """Return the Path of a cookie that states none (RFC 6265bis 5.1.4).

    >>> default_path("/wiki/start"), default_path("/wiki"), default_path("")
    ('/wiki', '/', '/')
    """
    return path[: path.rfind("/")] or "/" if path.startswith("/") else "/"


class RequestTarget(NamedTuple):
    """Where a request was for, and when.

    Attributes:
        mount: SCRIPT_NAME, as it stands in a Path.
        host: the Host field, None if there is none.
        widely: whether the host's parent domains are tried, too: within a minute of the answer.
    """

    mount: str = ""
    host: str | None = None
    widely: bool = False


JUST_ANSWERED = 60
"""Seconds after a choice in which refused cookies are also looked for in wider scopes."""


def list_scopes(
    name: str, catalogue: Catalogue, seen: Iterable[Scope], target: RequestTarget
) -> tuple[Scope, ...]:
    """Return the scopes under which a cookie of this name may be stored, the likeliest first.

    Each declared one; for a declaration without Domain, the host and its parent domains, since scripts
    set cookies there; the mount's path; and the scopes *seen*.
    """
    scopes: list[Scope] = []
    for cookie in catalogue.scopes_of(name):
        domains: list[str | None] = [cookie.domain]
        if cookie.domain is None and target.widely:
            domains += list_parent_domains(target.host)
        scopes += [Scope(domain, cookie.path, cookie.partitioned) for domain in domains]
    if target.mount not in ("", "/"):
        scopes += [scope._replace(path=target.mount) for scope in scopes]
    scopes += seen
    if is_host_only(name):
        scopes = [Scope(None, "/", scope.partitioned) for scope in scopes]
    return tuple(dict.fromkeys(scopes))


def write_expiry(name: str, scope: Scope) -> str:
    """Return the set-cookie-string that removes *name*, stored under *scope*, from the browser.

    With the attributes that its prefix demands: browsers ignore a deletion that breaks a prefix's
    rules, or that is not marked as its cookie's partition is (R38).
    """
    parts = [f"{name}=", f"Path={scope.path}", "Max-Age=0"]
    if scope.domain is not None:
        parts.append(f"Domain={scope.domain}")
    if scope.partitioned:
        parts += ["SameSite=None", "Partitioned"]
    if is_secure_only(name) or scope.partitioned:
        parts.append("Secure")
    if is_http_only(name):
        parts.append("HttpOnly")
    return "; ".join(parts)


def size_of(set_cookie_string: str) -> int:
    """Return the octets a Set-Cookie field takes on the wire, its line end included."""
    return len("Set-Cookie: \r\n") + len(set_cookie_string)


def write_expiries(
    scopes_by_name: Iterable[tuple[str, Sequence[Scope]]], taken: Container[str], room: int, turn: int
) -> Iterator[tuple[str, str]]:
    """Yield (name, set-cookie-string) for the cookies to remove, as many lines as there is room for.

    Args:
        scopes_by_name: each cookie's name, as the browser sent it, with its scopes.
        taken: names the application sets in the same response: those are left to it (R39).
        room: octets.
        turn: the number of the line to begin with; move it on, and every line has its turn.
    """
    ranked = [
        (rank, name, write_expiry(name, scope))
        for name, scopes in scopes_by_name
        if name not in taken and _can_be_written(name)
        for rank, scope in enumerate(scopes)
    ]
    # The likeliest scope of every cookie comes before the second likeliest of any.
    ranked.sort(key=itemgetter(0))
    # A line that never fits must not keep others from their turn.
    lines = [(name, line) for _, name, line in ranked if size_of(line) <= LARGEST_ADDITION]
    start = turn % len(lines) if lines else 0
    for name, line in [*lines[start:], *lines[:start]]:
        room -= size_of(line)
        if room < 0:
            return
        yield name, line


def _can_be_written(name: str) -> bool:
    """Return whether *name*, which the visitor sent, may stand in a field of ours."""
    return name.isascii() and name.isprintable() and name == name.strip(BLANK)
