"""Parse browsers' reports of blocked requests, and decide how often to ask for them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from consentgate.errors import PolicyError
from consentgate.headers.csp import check_source
from consentgate.headers.documents import media_type_of

LARGEST_BODY = 64 * 1024
"""Bytes of a body; a larger one is not read."""

MAX_REPORTS = 100
"""Reports read of one body; the rest are ignored."""

SINGLE, SEVERAL = "application/csp-report", "application/reports+json"
"""The media types of ``report-uri``, one object, and of ``report-to``, a list (CSP 3 section 5)."""

DIRECTIVES = frozenset(
    f"{kind}-src"
    for kind in (
        "default",
        "script",
        "style",
        "img",
        "font",
        "connect",
        "media",
        "object",
        "frame",
        "child",
        "worker",
        "manifest",
        "prefetch",
    )
)
"""The fetch directives (CSP 3 section 6.1)."""

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}

# A URL in a report: without userinfo (CSP 3 section 5.4); only scheme and authority are read.
_AUTHORITY = r"(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?"
_URL = re.compile(rf"(?P<scheme>https?|wss?)://(?P<authority>{_AUTHORITY})(?=[/?#]|\Z)")

_PART = re.compile(r"-(?:elem|attr)$")


class HostReport(NamedTuple):
    """A request that a browser blocked, or would have blocked without report-only.

    Attributes:
        host: as a category declares it: ``"maps.example"``, ``"maps.example:8443"``, ``"wss://live.example"``.
        directive: the kind of request, such as ``"img-src"``.
    """

    host: str
    directive: str


def parse_reports(media_type: str, body: bytes, own_host: str) -> list[HostReport]:
    """Return the other hosts in a body of reports, each host and directive once.

    Reports about another site's pages are ignored. Reports that name this host are ignored, too: browsers
    name the address of this host that redirects to a blocked one. Only the host of an address is kept.
    Anyone can send invented reports, so a report is a hint and never a declaration.

    Args:
        media_type: the request's Content-Type.
        body: the request's body, any bytes; a body of more than 64 KiB is ignored.
        own_host: the request's Host, whose pages may report.

    >>> report = b'{"csp-report": {"document-uri": "https://shop.example/", "effective-directive": "img-src",'
    >>> report += b' "blocked-uri": "https://pixel.example/?secret"}}'
    >>> parse_reports("application/csp-report", report, "shop.example")
    [HostReport(host='pixel.example', directive='img-src')]
    """
    found = (_read(violation, own_host.lower()) for violation in _violations(media_type, body))
    return list(dict.fromkeys(report for report in found if report is not None))


def _violations(media_type: str, body: bytes) -> Iterator[Mapping[str, object]]:
    """Yield each violation in a body as one flat object; anything else in it is skipped."""
    kind = media_type_of(media_type)
    if kind not in (SINGLE, SEVERAL) or len(body) > LARGEST_BODY:
        return
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return
    reports = document[:MAX_REPORTS] if kind == SEVERAL and isinstance(document, list) else [document]
    for report in reports:
        if not isinstance(report, dict):
            continue
        is_violation = kind == SINGLE or report.get("type") == "csp-violation"
        violation = report.get("csp-report" if kind == SINGLE else "body")
        if is_violation and isinstance(violation, dict):
            yield violation


def _read(violation: Mapping[str, object], own_host: str) -> HostReport | None:
    page = _URL.match(_text(violation, "document-uri", "documentURL"))
    blocked = _URL.match(_text(violation, "blocked-uri", "blockedURL"))
    if page is None or blocked is None or not _is_same_host(page["authority"], page, own_host):
        return None
    host, directive = _host_of(blocked), _directive_of(violation)
    if host is None or directive is None or _is_same_host(blocked["authority"], blocked, own_host):
        return None
    return HostReport(host, directive)


def _text(violation: Mapping[str, object], *names: str) -> str:
    """Return the first of these members that is a text; the two formats name them differently."""
    texts = (violation.get(name) for name in names)
    return next((text.lower() for text in texts if isinstance(text, str)), "")


def _is_same_host(authority: str, url: re.Match[str], own_host: str) -> bool:
    """Return whether a URL names the host the report was sent to; a missing port is the scheme's default."""
    port = f":{_DEFAULT_PORTS[url['scheme']]}"
    return authority.removesuffix(port) == own_host.removesuffix(port)


def _host_of(blocked: re.Match[str]) -> str | None:
    """Return the host of a blocked URL as a category would declare it; None if no category can."""
    scheme = blocked["scheme"]
    host = blocked["authority"].removesuffix(f":{_DEFAULT_PORTS[scheme]}")
    try:
        return check_source("", f"{scheme}://{host}" if scheme in ("ws", "wss") else host)
    except PolicyError:
        return None


def _directive_of(violation: Mapping[str, object]) -> str | None:
    stated = _text(violation, "effective-directive", "effectiveDirective", "violated-directive")
    directive = _PART.sub("", stated.partition(" ")[0])
    return directive if directive in DIRECTIVES else None


FIRST_HOUR = 3600
"""Seconds after the start in which every response may ask for reports."""

QUIET = 600
"""Seconds without a new host after which half as many responses ask."""

FEWEST, MOST_LATER = 1 / 1024, 1 / 20
"""The smallest share of responses that ask, and the largest after the first hour."""


@dataclass(frozen=True, slots=True)
class Sampler:
    """The share of responses that asks browsers for reports: all at first, fewer while no new host comes.

    After the first hour the share stays between 1 in 1,024 and 1 in 20, so that a flood of invented hosts
    neither makes every browser report nor stops reports. Times are seconds of a monotonic clock.

    Attributes:
        started: when sampling began.
        heard: when a new host last came, None if none has.

    >>> sampler = Sampler(started=0)
    >>> sampler.share(0), sampler.share(1200), sampler.share(7200), sampler.learned(7200).share(7200)
    (1.0, 0.25, 0.0009765625, 0.05)
    """

    started: float
    heard: float | None = None

    def share(self, now: float) -> float:
        """Return the share of responses that ask: more than 0, at most 1."""
        since = self.started if self.heard is None else self.heard
        halvings = max(0, int((now - since) // QUIET))
        most = 1.0 if now - self.started <= FIRST_HOUR else MOST_LATER
        return max(most * 0.5**halvings, FEWEST)

    def asks(self, now: float, draw: float) -> bool:
        """Return whether this response asks; *draw* is a random number in [0, 1)."""
        return draw < self.share(now)

    def learned(self, now: float) -> "Sampler":
        """Return the sampler to use from *now* on, when a new host has come."""
        return Sampler(self.started, now)
