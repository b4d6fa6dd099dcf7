"""The start_response that an application behind a gate calls: its fields are judged there (R85)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol
from wsgiref.types import StartResponse, WSGIEnvironment

from consentgate._urls import quote_path
from consentgate.consent.hosts import HostPolicy
from consentgate.consent.preferences import Preferences
from consentgate.consent.signing import PreferencesSerializer
from consentgate.consent.verdict import STRICTEST, JudgedCookie
from consentgate.headers.cache_control import make_private, vary_on
from consentgate.headers.cookie import is_host_only
from consentgate.headers.csp import NO_REPORTS, reporting_to
from consentgate.headers.documents import DESTINATIONS, is_document
from consentgate.headers.names import Field
from consentgate.visit import Visit

from . import log_lines
from .expiry import JUST_ANSWERED, PASSIVE_DESTINATIONS, RequestTarget, Scope, list_scopes
from .preferences_cookie import end_other_scopes, mint_cookie
from .reporting import ReportingGate, ResponseReport
from .request import list_pairs
from .response import (
    ResponseContext,
    add_host_fields,
    judge_set_cookies,
    rewrite_response_headers,
)
from .scan import UNCHANGED, RoutineCookies, Scan, find_line_break, scan_fields

_PROXY_FIX = "werkzeug.proxy_fix.orig"


class RespondingGate(ReportingGate, Protocol):
    """The parts of a gate that its responses need."""

    serializer: PreferencesSerializer
    _expiry_turn: int
    _seen_https: bool
    _hosts: HostPolicy
    _routine: RoutineCookies

    def _wants_reports(self) -> bool: ...


class GatedStartResponse:
    """Start the response to one request, without the cookies that are not allowed.

    The visit is read when the application calls, not before: it may have made a choice since. Called
    again with exc_info, it judges anew.

    Args:
        gate: the gate.
        visit: the request's.
        environ: likewise.
        start_response: the server's.
        is_inner: whether an equal gate stands outside, which does all but the stripping.
    """

    def __init__(
        self,
        gate: RespondingGate,
        visit: Visit,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        *,
        is_inner: bool = False,
    ) -> None:
        self._gate = gate
        self._visit = visit
        self._environ = environ
        self._start_response = start_response
        self._is_inner = is_inner

    def __call__(
        self, status: str, response_headers: Iterable[Field], exc_info: Any = None, /
    ) -> Callable[[bytes], object]:
        """Start the response (PEP 3333) with a list of fields of ours."""
        fields: list[Field] = list(map(tuple, response_headers))  # type: ignore[arg-type]  # they are pairs
        scan, is_odd = scan_fields(status, fields, self._gate._routine, self._visit._permissions)
        if is_odd:
            self._check_line_breaks(status, fields)
        if self._is_inner:
            fields = fields if scan is UNCHANGED else self._strip(fields)
        else:
            fields = self._rewrite(status, fields, scan)
        if exc_info is None:
            return self._start_response(status, fields)
        try:
            return self._start_response(status, fields, exc_info)
        finally:
            exc_info = None  # its traceback holds this frame: leave no cycle (PEP 3333)

    def _check_line_breaks(self, status: str, fields: list[Field]) -> None:
        """Refuse a status or a field that some servers would write as several."""
        culprit = find_line_break(status, fields)
        if culprit is None:
            return
        if self._enforces:
            raise ValueError(f"a line break or NUL in {culprit}")
        self._gate._warn(log_lines.LINE_BREAK, culprit, about="")

    @property
    def _enforces(self) -> bool:
        return self._visit._situation.applies and not self._gate.options.report_only

    def _rewrite(self, status: str, fields: list[Field], scan: Scan) -> list[Field]:
        """Return the fields that go out, and report what was done."""
        gate, visit = self._gate, self._visit
        visit._response_started = True
        if _PROXY_FIX in self._environ and _PROXY_FIX not in visit._received:
            gate._warn(log_lines.PROXY_FIX_INSIDE)
        is_document = gate._hosts.has_hosts and self._is_document(status, fields)
        adds_lines = visit._chosen_at is not None or (visit._withheld != () and self._may_expire())
        was_asked = bool(visit._vary_fields)
        must_judge = (
            adds_lines
            or (scan is not UNCHANGED and self._must_judge(scan))
            or (was_asked and self._may_be_personal())
        )
        if scan is UNCHANGED and not (must_judge or is_document):
            return vary_on(fields, visit._vary_fields) if was_asked else fields
        try:
            if not must_judge and self._gate.options.applies is None:
                return self._finish(fields, scan, is_document=is_document)
            context = self._describe(is_document)
            rewritten = rewrite_response_headers(fields, gate._judge, context)
            gate._expiry_turn += len(rewritten.expired)
            self._report.response(rewritten, context.now)
        except Exception:
            return self._fail_closed(fields, is_document=is_document)
        return rewritten.fields

    def _must_judge(self, scan: Scan) -> bool:
        """Return whether the scan leaves something to be judged, or somebody has to hear of each cookie."""
        gate = self._gate
        return scan.must_judge or gate.options.report_only or gate._reporter.has_listeners

    def _may_be_personal(self) -> bool:
        """Return whether caches are told more than Vary, where the application asked the visit."""
        return self._gate.options.applies is not None or self._visit._situation.withheld

    @property
    def _report(self) -> ResponseReport:
        return ResponseReport(self._gate, self._visit, enforced=self._enforces)

    def _strip(self, fields: list[Field]) -> list[Field]:
        """Return the fields an inner gate lets out: it strips, and leaves lifetimes to the outer one."""
        if not self._enforces:
            return fields
        gate, now = self._gate, self._gate._now()
        judged = judge_set_cookies(fields, gate._judge, self._visit._permissions, now)
        self._report.stripped(judged, now)
        return judged.fields

    def _fail_closed(self, fields: list[Field], *, is_document: bool) -> list[Field]:
        """Return the fields that go out after an error of ours, which costs gated cookies and hosts (R97)."""
        gate, visit = self._gate, self._visit
        gate._reporter.failure("judging a response")
        if self._enforces:
            strictest = gate._judge.permissions(STRICTEST)
            fields = judge_set_cookies(fields, gate._judge, strictest, gate._now()).fields
            if is_document:
                written = gate._hosts.fields_for(strictest.allowed)
                fields = add_host_fields(fields, written, gate._hosts.vary, is_private=False)
        # The page may show the banner, or leave it out.
        return make_private(vary_on(fields, visit._vary_fields)) if visit._vary_fields else fields

    def _is_document(self, status: str, fields: list[Field]) -> bool:
        """Return whether the response is one that carries the field of declared hosts."""
        received = self._visit._received
        destination = received.get("HTTP_SEC_FETCH_DEST")
        if destination in DESTINATIONS:
            return True
        types = [value for name, value in fields if name.lower() == "content-type"]
        return is_document(status, types, destination, received.get("HTTP_ACCEPT"))

    def _write_host_fields(self) -> tuple[Field, ...]:
        """Return the Content-Security-Policy of the hosts this visit allows, which may ask for reports."""
        gate, visit = self._gate, self._visit
        reporting = NO_REPORTS
        if gate._wants_reports():
            is_https = self._environ.get("wsgi.url_scheme") == "https"
            reporting = reporting_to(f"{visit._own_path}/reports", is_https=is_https)
        return tuple(gate._hosts.fields_for(visit._permissions.allowed, reporting))

    def _finish(self, fields: list[Field], scan: Scan, *, is_document: bool) -> list[Field]:
        """Return the fields of a response in which no cookie has to be judged by itself."""
        hosts, visit = self._gate._hosts, self._visit
        written: tuple[Field, ...] = ()
        vary_fields, is_private = visit._vary_fields, scan.is_personal
        if is_document:
            written = self._write_host_fields()
            if not self._gate.options.report_only:
                vary_fields = (*vary_fields, *hosts.vary)
                is_private = is_private or hosts.field(visit._permissions.allowed).is_private
        if scan.undeclared:
            self._gate._reporter.cookies("stripped", scan.undeclared, self._gate._now(), enforced=True)
        for field in scan.left_out:
            fields.remove(field)  # from the list that `__call__` made
        return add_host_fields(fields, written, vary_fields, is_private=is_private)

    def _describe(self, is_document: bool) -> ResponseContext:
        """Return everything the response's fields depend on."""
        gate, visit, hosts = self._gate, self._visit, self._gate._hosts
        options, now = gate.options, gate._now()
        applies, tells_caches = visit._situation.applies, is_document and not options.report_only
        return ResponseContext(
            permissions=visit._permissions,
            necessary=gate.policy.necessary,
            enforced=self._enforces,
            vary_fields=visit._vary_fields,
            depends_on_applies=options.applies is not None,
            applies_vary=options.applies_vary,  # type: ignore[arg-type]  # a tuple, once checked
            no_store=visit._answers_withheld and bool(visit._vary_fields),
            own_lines=() if visit._chosen_at is None else self._write_preferences(),
            host_fields=self._write_host_fields() if is_document and applies else (),
            # A document without the field must not be kept for visitors who need it.
            host_vary=hosts.vary if tells_caches else (),
            hosts_are_private=tells_caches and applies and hosts.field(visit._permissions.allowed).is_private,
            cookie_string=visit._received.get("HTTP_COOKIE", ""),
            shortens=options.lifetimes == "shorten",
            expirable=self._list_expirable(now),
            turn=gate._expiry_turn,
            now=now,
        )

    def _write_preferences(self) -> tuple[str, ...]:
        """Return the lines that make the browser keep the choice, and end those it was made over."""
        gate, visit, policy = self._gate, self._visit, self._gate.policy
        # The scheme is read late: a proxy's word for it may be put right inside the gate.
        scheme = self._environ.get("wsgi.url_scheme", "http")
        secure = gate.options.is_secure(policy.cookie_name, scheme)
        if secure and scheme != "https":
            gate._warn(log_lines.SECURE_ON_HTTP)
        if scheme == "https" and not is_host_only(policy.cookie_name) and policy.cookie_domain is None:
            gate._warn(log_lines.PLANTABLE, policy.cookie_name)
        answers = visit._tokens.preferences.answers + visit._tokens.changed
        value = gate.serializer.dumps(Preferences(answers))
        line = mint_cookie(policy, value, secure=secure, http_only=gate.options.cookie_httponly)
        older = end_other_scopes(policy, self._host) if visit._tokens.verified else ()
        return (*older, line)

    def _list_expirable(self, now: float) -> tuple[tuple[str, tuple[Scope, ...]], ...]:
        """Return the refused cookies that the request held, each with the scopes it may be stored under."""
        gate, visit = self._gate, self._visit
        pairs: Iterable[JudgedCookie] | None = visit._withheld
        if not self._may_expire():
            return ()
        if pairs is None:
            pairs = list_pairs(visit._received.get("HTTP_COOKIE", ""), gate._judge, visit._permissions)
        refused = {
            pair.name: pair.verdict
            for pair in pairs
            if not pair.verdict.admitted and pair.verdict.category is not None
        }
        if not refused or self._is_http_beside_https():
            return ()
        self._report.persistent(refused, now)
        last = max((answer.at for answer in visit._tokens.preferences.answers), default=0)
        target = RequestTarget(
            mount=quote_path(visit._request.script_name).replace(";", "%3B"),
            host=self._host,
            widely=now < last + JUST_ANSWERED,
        )
        return tuple(
            (name, list_scopes(name, gate.policy, gate._seen_scopes.of(name), target)) for name in refused
        )

    def _may_expire(self) -> bool:
        """Return whether the request held cookies that may be expired now: on a page, or after a choice."""
        visit = self._visit
        if visit._withheld == () or not self._gate.options.expire_unaccepted:
            return False
        is_passive = visit._received.get("HTTP_SEC_FETCH_DEST") in PASSIVE_DESTINATIONS
        return (
            visit._situation.applies
            and not visit._situation.withheld
            and (visit._chosen_at is not None or not is_passive)
        )

    @property
    def _host(self) -> str | None:
        """The host the request was for."""
        received = self._visit._received
        host: str | None = received.get("HTTP_HOST", received.get("SERVER_NAME"))
        return host

    def _is_http_beside_https(self) -> bool:
        """Return whether the answers may be in a Secure cookie that this http request cannot carry."""
        gate = self._gate
        name = gate.policy.cookie_name
        if self._visit._tokens.verified or self._environ.get("wsgi.url_scheme") != "http":
            return False
        if not (gate._seen_https or gate.options.is_secure(name, "http")):
            return False
        gate._warn(log_lines.HTTP_BESIDE_HTTPS)
        return True
