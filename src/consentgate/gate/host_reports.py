"""Decide which responses ask for reports of other hosts, and pass reports on to observers."""

import random
import time
from collections.abc import Iterable

from consentgate.catalogue.catalogue import Catalogue
from consentgate.endpoint.reports import Sampler
from consentgate.events import Reporter

MAX_KNOWN_HOSTS = 1024
"""Reported hosts that are known not to be new; visitors can invent any number."""


class HostReports:
    """Ask browsers for reports while somebody wants them, and pass on what they say.

    Args:
        policy: says which category declares a host.
        reporter: knows who wants to hear of hosts.
    """

    def __init__(self, policy: Catalogue, reporter: Reporter) -> None:
        self._policy = policy
        self._reporter = reporter
        self._sampler = Sampler(started=time.monotonic())
        self._known: set[tuple[str, str]] = set()

    def are_wanted(self) -> bool:
        """Return whether this response asks for reports."""
        return self._reporter.wants_hosts and self._sampler.asks(time.monotonic(), random.random())

    def learn(self, reports: Iterable[tuple[str, str]]) -> None:
        """Tell observers of reported hosts, each with its directive; ask on while new ones come."""
        for report in reports:
            host, directive = report
            self._reporter.host(host, directive, self._policy.category_of_host(host))
            if report not in self._known:
                if len(self._known) >= MAX_KNOWN_HOSTS:
                    self._known = set()
                self._known.add(report)
                self._sampler = self._sampler.learned(time.monotonic())
