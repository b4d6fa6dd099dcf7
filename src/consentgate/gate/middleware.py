"""ConsentGate: a policy enforced around any WSGI application (PEP 3333)."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from consentgate.catalogue.catalogue import Catalogue
from consentgate.consent.hosts import HostPolicy
from consentgate.consent.opt_out import denied_keys, signal_fields, signals_of
from consentgate.consent.signing import PreferencesSerializer
from consentgate.consent.tokens import UNREADABLE, TokenReader
from consentgate.consent.verdict import STRICTEST, Judge
from consentgate.errors import PolicyError
from consentgate.events import Reporter
from consentgate.visit import ENVIRON_KEY, Visit

from . import log_lines
from .expiry import SeenScopes
from .fetch_metadata import withholds_answers
from .hooks import SiteHooks
from .host_reports import HostReports
from .options import GateOptions, takes_policy_and_options
from .request import (
    NO_COOKIES,
    PARSED_COOKIE_KEYS,
    Answers,
    FilteredCookies,
    RepeatedFields,
    filter_cookie_string,
    list_pairs,
)
from .scan import RoutineCookies
from .start_response import GatedStartResponse
from .wiring import check_application, is_flask_object

if TYPE_CHECKING:
    from consentgate.rendering.html import Renderer

GPC_PATH = "/.well-known/gpc.json"


class ConsentGate:
    """A WSGI application that is another one, less the cookies its visitors have not allowed.

    Everything an application yields, writes or raises goes through untouched. The gate changes only its
    Set-Cookie fields, the fields for caches, and the Cookie field it reads.

    Args:
        app: the WSGI application to gate.
        policy: the `Policy` that is published, and so enforced.
        options: see `GateOptions`.

    Raises:
        PolicyError: an option cannot be as it is; the key is checked first.
    """

    @takes_policy_and_options(GateOptions)
    def __init__(self, app: WSGIApplication, policy: Catalogue, **options: Any) -> None:
        if not isinstance(policy, Catalogue):
            raise PolicyError(f"policy must be a Policy, not {policy!r}")
        self.options: GateOptions = GateOptions(**options)
        self.options.check_cookie(policy.cookie_name)
        check_application(app)
        self.app = app
        self.policy = policy
        self.serializer: PreferencesSerializer = PreferencesSerializer(
            policy,
            secret_key=self.options.secret_key,
            secret_key_fallbacks=self.options.secret_key_fallbacks,
        )
        self._judge = Judge(policy, admit_undeclared=self.options.undeclared == "report")
        self._preferences_path = self.options.preferences_path
        self._signal_fields = signal_fields(policy, self.options.honoured)
        self._hosts = HostPolicy(
            policy,
            self.options.csp_base,
            enforced=self.options.third_parties == "block" and not self.options.report_only,
            signals=self.options.honoured,
        )
        self._reader = TokenReader(self.serializer)
        self._repeated_fields = RepeatedFields()
        self._seen_scopes = SeenScopes()
        self._expiry_turn = 0
        self._seen_https = False
        self._reporter = Reporter(
            self.options.observers,
            policy.cookie_name,
            [category.key for category in policy.categories],
            report_only=self.options.report_only,
        )
        self._routine = RoutineCookies(self._judge, all_are_reported=self._reporter.wants_cookies)
        self._hooks = SiteHooks(policy, self._reporter)
        self._host_reports = HostReports(policy, self._reporter)
        if is_flask_object(app):
            self._warn(log_lines.FLASK_OBJECT)

    def __repr__(self) -> str:
        return f"<ConsentGate around {self.app!r}, {len(self.policy.categories)} categories>"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the application does, minus the cookies that are not allowed."""
        outer = environ.get(ENVIRON_KEY)
        if outer is not None and self._is_inside(outer):
            return self.app(environ, GatedStartResponse(self, outer, environ, start_response, is_inner=True))
        app = self._route(environ)
        answers = self._read_cookies(environ) if environ.get("HTTP_COOKIE") else NO_COOKIES
        hook = None if app is not self.app else self.options.applies
        applies = hook is None or self._hooks.applies(hook, environ)
        visit = self._begin_visit(environ, answers, applies=applies)
        gated_start_response = GatedStartResponse(self, visit, environ, start_response)
        if answers is not NO_COOKIES:
            self._filter_request(environ, visit, answers)
        environ[ENVIRON_KEY] = visit
        visit._in_call = True
        try:
            return app(environ, gated_start_response)
        finally:
            visit._in_call = False

    def _is_inside(self, outer: object) -> bool:
        """Return whether a gate equal to this one is calling its application with this visit (R96).

        Then this one strips, and leaves the rest to the outer one.
        """
        if not (isinstance(outer, Visit) and outer._in_call):
            return False
        gate = outer._gate
        return gate is self or (
            isinstance(gate, ConsentGate)
            and gate.options == self.options
            and gate.serializer == self.serializer
        )

    def _route(self, environ: WSGIEnvironment) -> WSGIApplication:
        """Return the preferences page for its path and everything under it, else the application."""
        own, path = self._preferences_path, environ.get("PATH_INFO", "")
        if own is not None and path.startswith(own) and path[len(own) :][:1] in ("", "/"):
            return self._endpoint
        is_gpc = self.options.gpc_json and environ.get("SCRIPT_NAME", "") + path == GPC_PATH
        return self._gpc_resource if is_gpc else self.app

    def _begin_visit(self, environ: WSGIEnvironment, answers: Answers, *, applies: bool) -> Visit:
        """Return the request's visit: its visitor's answers, and what they allow."""
        signals: tuple[str, ...] = ()
        if self._signal_fields:
            signals = signals_of(environ.get("HTTP_SEC_GPC"), environ.get("HTTP_DNT"), self.options.honoured)
        tokens, situation = answers.tokens, answers.situation
        withheld = not tokens.verified and withholds_answers(environ)
        if signals or withheld or not applies:
            denied = denied_keys(self.policy, signals)
            situation = situation._replace(applies=applies, denied=denied, withheld=withheld)
        language = self.options.language
        if callable(language):
            language = self._hooks.choose_language(language, environ)
        return Visit(self, environ.copy(), tokens, situation, signals, language)

    def _read_cookies(self, environ: WSGIEnvironment) -> Answers:
        """Return the answers that the Cookie field proves."""
        cookie_string, now = environ["HTTP_COOKIE"], self._now()
        known = self._repeated_fields.find(cookie_string, now)
        if known is not None:
            return known
        try:
            tokens = self._reader.read(cookie_string, now)
        except Exception:
            self._reporter.failure("reading the preferences cookie")
            tokens = UNREADABLE
        for invalid in tokens.invalid:
            if invalid in log_lines.INVALID_TOKENS:
                self._warn(log_lines.INVALID_TOKENS[invalid])
        if tokens.verified and environ.get("wsgi.url_scheme") == "https":
            self._seen_https = True
        return Answers(tokens, tokens.situation)

    def _filter_request(self, environ: WSGIEnvironment, visit: Visit, answers: Answers) -> None:
        """Take from the Cookie field the pairs that the visit does not allow, and report them."""
        cookie_string = environ["HTTP_COOKIE"]
        if not visit._situation.applies:
            return
        visit._withheld = None
        try:
            filtered = self._filter(cookie_string, visit, answers)
            if filtered is not answers.filtered or self._reporter.has_listeners:
                self._report_filtered(cookie_string, filtered, visit)
        except Exception:
            self._reporter.failure("filtering the Cookie field")
            strictest = self._judge.permissions(STRICTEST)
            filtered = filter_cookie_string(cookie_string, self._judge, strictest, ())
        if filtered.withheld and not self.options.report_only:
            environ["HTTP_COOKIE"] = filtered.apply(cookie_string)
            if not environ["HTTP_COOKIE"]:
                del environ["HTTP_COOKIE"]
            for key in PARSED_COOKIE_KEYS:
                if key in environ:
                    del environ[key]

    def _report_filtered(self, cookie_string: str, filtered: FilteredCookies, visit: Visit) -> None:
        reporter, enforced, now = self._reporter, not self.options.report_only, self._now()
        if reporter.wants_cookies:
            pairs = list_pairs(cookie_string, self._judge, visit._permissions)
            reporter.passed([pair for pair in pairs if pair.verdict.admitted], "request", now)
        reporter.cookies("withheld", filtered.withheld, now, enforced=enforced)
        if filtered.undeclared:
            reporter.cookies("withheld", filtered.undeclared, now, enforced=False)

    def _filter(self, cookie_string: str, visit: Visit, answers: Answers) -> FilteredCookies:
        is_plain = visit._situation is answers.situation
        filtered = answers.filtered if is_plain else None
        if filtered is None:
            permissions = visit._permissions if self.options.filter_requests else None
            verified = frozenset(answers.tokens.verified)  # one look-up a pair, however many there are
            filtered = filter_cookie_string(cookie_string, self._judge, permissions, verified)
            if is_plain:
                self._repeated_fields.add(cookie_string, answers, filtered)
        if self.options.filter_requests:
            visit._withheld = filtered.withheld
        return filtered

    @cached_property
    def _endpoint(self) -> WSGIApplication:
        # WebOb and Jinja2 are loaded with the first page asked for, not with the package.
        from consentgate.endpoint.routes import Endpoint

        return Endpoint(
            self.policy,
            str(self._preferences_path),
            self.options.own_origins,
            self._renderer,
            page_csp=self.options.page_csp,
        )

    @cached_property
    def _gpc_resource(self) -> WSGIApplication:
        from consentgate.endpoint.routes import GpcResource

        return GpcResource(self.policy.updated)

    def _wants_reports(self) -> bool:
        return self._preferences_path is not None and self._host_reports.are_wanted()

    def _learn_hosts(self, reports: Iterable[tuple[str, str]]) -> None:
        self._host_reports.learn(reports)

    @cached_property
    def _renderer(self) -> Renderer:
        from consentgate.rendering.html import Renderer

        return Renderer(self.policy, self.options.templates)

    def _now(self) -> float:
        return time.time()  # looked up late: clocks are replaced in tests

    def _warn(self, message: str, *arguments: str, about: str | None = None) -> None:
        self._reporter.warn(message, *arguments, about=about)
