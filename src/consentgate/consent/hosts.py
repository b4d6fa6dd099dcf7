"""The Content-Security-Policy field that a visit gets: the hosts of the categories it allows."""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from consentgate.catalogue.catalogue import Catalogue
from consentgate.headers.csp import CSP_BASE, NO_REPORTS, Reporting, check_base, csp_value
from consentgate.headers.names import Field

from .opt_out import signal_fields


class HostsField(NamedTuple):
    """The field for one set of allowed categories.

    Attributes:
        value: the directive with its sources, without the directives for reports.
        is_private: whether it lists a host that needs consent, so that shared caches must not keep it.
    """

    value: str
    is_private: bool


class HostPolicy:
    """The Content-Security-Policy fields of one policy, made once for each set of allowed categories.

    Attributes:
        has_hosts: whether any category declares hosts; where none does, no field is sent.
        field_name: ``Content-Security-Policy``, or its ``-Report-Only``.
        vary: the request fields the value depends on; none if only necessary categories have hosts.

    Raises:
        PolicyError: *base* holds a malformed source, or lets through a host that needs consent.

    >>> from consentgate.catalogue.category import Category
    >>> hosts = HostPolicy(Catalogue([Category("maps", hosts=["maps.example"])]), "'self'")
    >>> hosts.fields_for(frozenset())
    [('Content-Security-Policy', "default-src 'self'")]
    >>> hosts.fields_for(frozenset(["maps"])), hosts.vary
    ([('Content-Security-Policy', "default-src 'self' maps.example")], ('Cookie',))
    """

    def __init__(
        self,
        catalogue: Catalogue,
        base: str = CSP_BASE,
        *,
        enforced: bool = True,
        signals: Iterable[str] = (),
    ) -> None:
        """Prepare the field.

        Args:
            catalogue: the categories with their hosts.
            base: the option `csp_base`, what the site itself needs.
            enforced: False to report only.
            signals: the opt-out signals that are honoured.
        """
        self._always = [
            host for each in catalogue.categories if not _asks(catalogue, each.key) for host in each.hosts
        ]
        self._gated = {
            each.key: each.hosts for each in catalogue.categories if each.hosts and _asks(catalogue, each.key)
        }
        self._base = check_base("csp_base", base, (host for hosts in self._gated.values() for host in hosts))
        self.has_hosts: bool = bool(self._always or self._gated)
        self.field_name = f"Content-Security-Policy{'' if enforced else '-Report-Only'}"
        self.vary: tuple[str, ...] = (
            ("Cookie", *signal_fields(catalogue, tuple(signals))) if self._gated else ()
        )
        # There are few sets of allowed categories in practice; the bound holds whatever visitors choose.
        self._fields = lru_cache(maxsize=256)(self._make_field)

    def _make_field(self, allowed: frozenset[str | None]) -> HostsField:
        gated = [host for key, hosts in self._gated.items() if key in allowed for host in hosts]
        return HostsField(csp_value(self._base, [*self._always, *gated]), bool(gated))

    def field(self, allowed: frozenset[str | None]) -> HostsField:
        """Return the field for a visit that allows the categories with these keys."""
        return self._fields(allowed)

    def fields_for(self, allowed: frozenset[str | None], reporting: Reporting = NO_REPORTS) -> list[Field]:
        """Return the fields to add to a document for such a visit, none where no hosts are declared."""
        if not self.has_hosts:
            return []
        return [(self.field_name, self.field(allowed).value + reporting.directives), *reporting.fields]


def _asks(catalogue: Catalogue, key: str) -> bool:
    return key not in catalogue.necessary
