"""Events and warnings about the cookies of one response."""

from datetime import timedelta
from typing import Protocol

from consentgate._urls import quote_path
from consentgate.catalogue.catalogue import Catalogue
from consentgate.catalogue.lifetimes import lifetime_text
from consentgate.consent.verdict import JudgedCookie, Reason, Verdict
from consentgate.events import Reporter
from consentgate.headers.set_cookie import find_refusal
from consentgate.visit import Visit, VisitGate

from . import log_lines
from .expiry import JUST_ANSWERED, SeenScopes, declared_scopes, default_path, scope_of
from .options import GateOptions
from .response import JudgedFields, RewrittenHeaders


class ReportingGate(VisitGate, Protocol):
    """The parts of a gate that its reports need."""

    options: GateOptions
    policy: Catalogue
    _reporter: Reporter
    _seen_scopes: SeenScopes


class ResponseReport:
    """Tell observers and the log about one response.

    Args:
        gate: the gate.
        visit: the request's.
        enforced: whether its cookies are stripped and expired, or that is only reported.
    """

    def __init__(self, gate: ReportingGate, visit: Visit, *, enforced: bool) -> None:
        self._gate = gate
        self._visit = visit
        self._enforced = enforced

    def response(self, rewritten: RewrittenHeaders, now: float) -> None:
        """Report everything that was done to a response."""
        self.choice()
        if self._visit._situation.applies:
            self.stripped(rewritten.judged, now)
            self.passed(rewritten.judged, now)
            self.expired(rewritten.expired, now)

    def choice(self) -> None:
        """Report the choice made in the request, once however often the response is started."""
        visit = self._visit
        if visit._chosen_at is not None and "chosen" not in visit._reported:
            visit._reported.add("chosen")
            self._gate._reporter.choice(visit._tokens.preferences, visit._chosen_at)

    def stripped(self, judged: JudgedFields, now: float) -> None:
        """Report the cookies that were left out, and undeclared ones that went through."""
        report, reported = self._gate._reporter.cookies, self._visit._reported
        if judged.stripped:
            report("stripped", judged.stripped, now, enforced=self._enforced, reported=reported)
        if judged.undeclared:
            report("stripped", judged.undeclared, now, enforced=False, reported=reported)
        for cookie in judged.stripped:
            if cookie.verdict.reason is Reason.UNSTORABLE:
                self._warn_of_refusal(cookie)

    def passed(self, judged: JudgedFields, now: float) -> None:
        """Report the cookies that went through; warn of those that do not fit their declaration."""
        reporter = self._gate._reporter
        if reporter.wants_cookies:
            reporter.passed(judged.passed, "response", now)
        for cookie in judged.passed:
            if cookie.verdict.category in self._gate.policy.necessary:
                self._warn_of_refusal(cookie)
            else:
                self._learn_scope(cookie)
        for cookie in judged.lasting:
            self._warn_of_lifetime(cookie, is_shortened=cookie in judged.cut)
        for cookie in judged.prolonged:
            self._gate._warn(log_lines.PROLONGED, cookie.name)

    def expired(self, names: list[str], now: float) -> None:
        """Report the cookies that the browser is told to forget."""
        if not names:
            return
        judge, visit = self._gate._judge, self._visit
        cookies = {name: JudgedCookie(name, judge.explain(name, visit._permissions)) for name in names}
        self._gate._reporter.cookies(
            "expired", cookies.values(), now, enforced=self._enforced, reported=visit._reported
        )

    def persistent(self, refused: dict[str, Verdict], now: float) -> None:
        """Warn of each refused cookie that is still sent a minute after the answer."""
        preferences = self._visit._tokens.preferences
        for name, verdict in refused.items():
            is_refused = verdict.reason is Reason.REFUSED and verdict.category is not None
            answer = preferences.answer(str(verdict.category)) if is_refused else None
            if answer is not None and now > answer.at + JUST_ANSWERED:
                self._gate._warn(log_lines.STILL_SENT, name)

    def _learn_scope(self, cookie: JudgedCookie) -> None:
        """Note under which Domain and Path a cookie is stored; warn if that is declared otherwise."""
        gate = self._gate
        scope = scope_of(str(cookie.set_cookie_string))
        if scope.path == "":
            request = self._visit._request
            scope = scope._replace(path=default_path(quote_path(request.script_name + request.path_info)))
        is_new = gate._seen_scopes.add(cookie.name, scope)
        if is_new and scope not in declared_scopes(gate.policy, cookie.name):
            gate._warn(log_lines.OTHER_SCOPE, cookie.name, scope.path, scope.domain or "none")

    def _warn_of_lifetime(self, cookie: JudgedCookie, *, is_shortened: bool) -> None:
        """Warn of a cookie that states more than it may live, and say how long that is."""
        gate = self._gate
        limit = gate.policy.limit_of(cookie.name)
        allowed = "session" if limit is None else lifetime_text(timedelta(seconds=limit))
        did = "it passed"
        if is_shortened and self._enforced:
            did = "it was shortened"
            if gate.options.lifetimes == "report":
                did = "it was shortened to the 13 months that an exempt cookie may live"
        gate._warn(log_lines.TOO_LONG, cookie.name, allowed, did)

    def _warn_of_refusal(self, cookie: JudgedCookie) -> None:
        """Warn of a necessary cookie that browsers refuse to store."""
        refusal = find_refusal(str(cookie.set_cookie_string), cookie.name)
        if refusal and cookie.verdict.category in self._gate.policy.necessary:
            self._gate._warn(log_lines.REFUSED_BY_BROWSERS, cookie.name, refusal)
