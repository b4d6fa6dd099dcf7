"""Declared hosts: the category of each, and whether two categories cover the same host."""

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import NamedTuple

from consentgate.errors import PolicyError
from consentgate.headers.csp import HostSource, check_source, covers, overlaps, parse_source

LARGEST_TOTAL = 2048
"""Characters that all hosts of a policy may have together in the Content-Security-Policy field."""


def check_hosts(owner: str, hosts: object) -> tuple[str, ...]:
    """Return *hosts* as the Content-Security-Policy field writes them.

    Raises:
        PolicyError: a host is malformed or declared twice; the message names owner and host.
    """
    if isinstance(hosts, str) or not isinstance(hosts, Iterable):
        raise PolicyError(f"{owner}: hosts must be a list of hosts, not {hosts!r}")
    checked: dict[str, None] = {}
    for host in hosts:
        source = check_source(owner, host)
        if source in checked:
            raise PolicyError(f"{owner}: host {source!r} is declared twice")
        checked[source] = None
    return tuple(checked)


class _Declared(NamedTuple):
    source: HostSource
    host: str
    key: str


class DeclaredHosts:
    """Every declared host with the key of its category.

    >>> hosts = DeclaredHosts({"maps": ["maps.example", "*.tiles.example"]})
    >>> hosts.category_key("a.tiles.example"), hosts.category_key("tiles.example")
    ('maps', None)

    Raises:
        PolicyError: two categories cover one host, or there are too many hosts.
    """

    def __init__(self, hosts_by_key: Mapping[str, Iterable[str]]) -> None:
        self._declared = [
            _Declared(source, host, key)
            for key, hosts in hosts_by_key.items()
            for host in hosts
            if (source := parse_source(host))
        ]
        self._check_total()
        self._check_overlaps()

    def _check_total(self) -> None:
        total = len(" ".join(each.host for each in self._declared))
        if total > LARGEST_TOTAL:
            raise PolicyError(
                f"{len(self._declared)} hosts make a Content-Security-Policy field of {total} characters, "
                f"{LARGEST_TOTAL} are allowed: use wildcards such as '*.tiles.example'"
            )

    def _check_overlaps(self) -> None:
        for a, b in combinations(self._declared, 2):
            if a.key != b.key and overlaps(a.source, b.source):
                raise PolicyError(
                    f"host {a.host!r} in {a.key!r} and host {b.host!r} in {b.key!r} cover the same host: "
                    "accepting one category would let the other's through"
                )

    def category_key(self, host: str) -> str | None:
        """Return the key of the category that covers *host*, a host source without wildcard, or None."""
        named = parse_source(host.lower())
        if named is None or named.has_wildcard:
            return None
        return next((each.key for each in self._declared if covers(each.source, named)), None)
