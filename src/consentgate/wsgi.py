"""ConsentGate: a policy enforced around any WSGI application (PEP 3333)."""

# Without this the annotations of gated_start_response are worked out anew for every request.
from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from .amending import Amended, Cookies, Facts, amend
from .caching import vary_on
from .catalogue import Catalogue
from .category import is_secure_only
from .errors import PolicyError
from .fields import Field
from .grammar import without_pairs
from .minting import minted
from .narrowing import Narrowed, narrow
from .options import Applies, Language, Options, Templates, Undeclared
from .origin import checked_origins
from .reading import Reader, Reading
from .reporting import Action, Observer, Reporter
from .signing import PreferencesSerializer, SecretKey
from .stripping import all_necessary, strip_set_cookies
from .texts import checked_language
from .verdict import RESERVED, Judge, Standing
from .visit import ENVIRON_KEY, Setting, Visit

if TYPE_CHECKING:
    from .rendering import Renderer


class ConsentGate:
    """A WSGI application that is another one, less the cookies its visitors have not allowed.

    Everything an application yields, writes or raises goes through untouched; only its Set-Cookie
    fields, what caches are told about them, and the Cookie field it reads are changed.

    Args:
        app: the WSGI application to gate.
        policy: what is published, and so enforced.
        secret_key: signs the preferences cookie; at least 16 bytes. A framework's own may be reused.
        secret_key_fallbacks: earlier keys, which only verify; keep them for `cookie_lifetime`.
        cookie_secure: whether the preferences cookie is Secure; None follows `wsgi.url_scheme`.
        cookie_httponly: whether it is hidden from scripts.
        preferences_path: where the visitor's page is, with everything under it; None for no page.
        trusted_origins: other origins (``https://host``) whose pages may post choices.
        language: of page and banner: a code such as ``"fr"``; or a callable that is given the environ and
            returns one, or None. Else the visitor's Accept-Language decides among those we and the
            policy's `strings` speak; else the policy's own.
        templates: a folder, or a Jinja2 loader, whose templates take the place of ours of the same name.
        undeclared: ``"block"`` strips and hides cookies that no category declares; ``"report"`` lets
            them pass both ways and only reports them.
        filter_requests: whether the application reads only the cookies that are allowed.
        expire_unaccepted: whether declared cookies that are not allowed are removed from the browser.
        report_only: change nothing, report everything (R98).
        applies: given the environ, tells whether the policy applies to the request; one that raises
            is taken for a yes.
        observer: given each `Event`; one that raises is logged.

    Raises:
        PolicyError: an option cannot be as it is; the key is checked first.
    """

    def __init__(
        self,
        app: WSGIApplication,
        policy: Catalogue,
        *,
        secret_key: SecretKey,
        secret_key_fallbacks: Iterable[SecretKey] | None = (),
        cookie_secure: bool | None = None,
        cookie_httponly: bool = True,
        preferences_path: str | None = "/cookies",
        trusted_origins: Iterable[str] = (),
        language: Language = None,
        templates: Templates = None,
        undeclared: Undeclared = "block",
        filter_requests: bool = True,
        expire_unaccepted: bool = True,
        report_only: bool = False,
        applies: Applies | None = None,
        observer: Observer | None = None,
    ) -> None:
        if not isinstance(policy, Catalogue):
            raise PolicyError(f"policy must be a Policy, not {policy!r}")
        self.serializer = PreferencesSerializer(
            policy, secret_key=secret_key, secret_key_fallbacks=secret_key_fallbacks
        )
        if not callable(app):
            raise PolicyError(f"app must be a WSGI application, not {app!r}")
        if isinstance(templates, (str, os.PathLike)) and not os.path.isdir(templates):
            raise PolicyError(f"templates: there is no such folder: {os.fspath(templates)!r}")
        self.app = app
        self.policy = policy
        self.options = Options(
            cookie_name=policy.cookie_name,
            cookie_secure=cookie_secure,
            cookie_httponly=cookie_httponly,
            preferences_path=preferences_path,
            trusted_origins=checked_origins(trusted_origins),
            language=language,
            templates=templates,
            undeclared=undeclared,
            filter_requests=filter_requests,
            expire_unaccepted=expire_unaccepted,
            report_only=report_only,
            applies=applies,
            observer=observer,
        )
        self._reporter = Reporter(observer, policy.cookie_name)
        self._judge = Judge(policy, admit_undeclared=undeclared == "report")
        self._reader = Reader(self._judge, self.serializer)
        self._setting = Setting(
            judge=self._judge,
            clock=lambda: time.time(),  # looked up late: clocks are replaced in tests
            preferences_path=preferences_path,
            renderer=lambda: self._renderer,
            asked_late=self._warn_asked_late,
            gate=(self.options, self.serializer),
        )
        self._ask_language = language if callable(language) else None
        self._language = None if callable(language) else language
        self._own_path = preferences_path or "\0"  # no PATH_INFO begins so
        self._turn = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the application does, minus the cookies that are not allowed."""
        if ENVIRON_KEY in environ and self._is_inside_its_equal(environ[ENVIRON_KEY]):
            return self.app(environ, start_response)
        # Read now, before the application has the environ in its hands: some rewrite it.
        path_info = environ.get("PATH_INFO", "")
        own = path_info.startswith(self._own_path) and self._owns(path_info)
        applies = own or self.options.applies is None or self._ask_whether_applies(environ)
        cookie_string = environ.get("HTTP_COOKIE", "")
        reading = self._read(cookie_string) if cookie_string else self._reader.nothing
        place = (
            environ.get("SCRIPT_NAME", ""),
            path_info,
            environ.get("QUERY_STRING", ""),
            environ.get("HTTP_ACCEPT_LANGUAGE", ""),
            self._language if self._ask_language is None else self._asked_language(environ),
        )
        visit = environ[ENVIRON_KEY] = Visit(self._setting, reading.standing, applies, place)
        expires = False
        if cookie_string and applies:
            expires = self._narrow(environ, cookie_string, reading)

        def gated_start_response(
            status: str, response_headers: list[Field], exc_info: Any = None, /
        ) -> Callable[[bytes], object]:
            # Judged now, not above: the application may have made a choice since (R85).
            visit.has_started = True
            if expires or visit.chosen_at is not None or not all_necessary(response_headers, self._judge):
                fields = self._amended(visit, environ, cookie_string, expires, response_headers)
            elif (visit.was_asked or visit.was_negotiated) and not self.options.report_only:
                fields = vary_on(response_headers, *visit.varies)
            else:
                fields = response_headers
            if exc_info is None:
                return start_response(status, fields)
            try:
                return start_response(status, fields, exc_info)
            finally:
                exc_info = None  # its traceback holds this frame: leave no cycle (PEP 3333)

        app = self._endpoint if own else self.app
        return app(environ, gated_start_response)

    @cached_property
    def _endpoint(self) -> WSGIApplication:
        # WebOb and Jinja2 are loaded with the first page asked for, not with the package.
        from .endpoint import Endpoint

        return Endpoint(self.policy, self._own_path, self.options.trusted_origins, self._renderer)

    @cached_property
    def _renderer(self) -> Renderer:
        from .rendering import Renderer

        return Renderer(self.policy, self.options.templates)

    def _asked_language(self, environ: WSGIEnvironment) -> str | None:
        """Return what the site's callable says, None if it says nothing, or nothing that is a language."""
        try:
            language = None if self._ask_language is None else self._ask_language(environ)
            return None if language is None else checked_language("language", language)
        except Exception:
            self._reporter.failure("language")
            return None

    def _is_inside_its_equal(self, visit: object) -> bool:
        """Tell whether a gate equal to this one is at work around it: then one of them is enough (R96)."""
        return isinstance(visit, Visit) and visit.is_underway_behind(self._setting.gate)

    def _owns(self, path_info: str) -> bool:
        return path_info[len(self._own_path) :][:1] in ("", "/")

    def _ask_whether_applies(self, environ: WSGIEnvironment) -> bool:
        try:
            return self.options.applies is None or bool(self.options.applies(environ))
        except Exception:
            self._reporter.failure("applies")
            return True

    def _read(self, cookie_string: str) -> Reading:
        try:
            return self._reader.read(cookie_string, time.time())
        except Exception:
            self._reporter.failure("reading the preferences cookie")
            return self._reader.disbelieving

    def _narrow(self, environ: WSGIEnvironment, cookie_string: str, reading: Reading) -> bool:
        """Hide what is not allowed from the application; tell whether the response may expire it."""
        options, standing = self.options, reading.standing
        expires = options.expire_unaccepted and _is_page(environ)
        if options.filter_requests:
            narrowed = narrow(cookie_string, self._judge.names, standing.allowed, reading.believed)
        elif reading.disbelieved:
            name = self.policy.cookie_name
            kept = without_pairs(cookie_string, name, reading.believed)
            narrowed = Narrowed(kept, [(name, RESERVED)], [])
        else:
            return expires
        if narrowed.withheld and not options.report_only:
            if narrowed.cookie_string:
                environ["HTTP_COOKIE"] = narrowed.cookie_string
            else:
                del environ["HTTP_COOKIE"]
        if narrowed.withheld or narrowed.spared:
            self._report_withheld(standing, narrowed)
        # What is not allowed has just been withheld: none of it, nothing to expire.
        return expires and bool(narrowed.withheld or not options.filter_requests)

    def _amended(
        self,
        visit: Visit,
        environ: WSGIEnvironment,
        cookie_string: str,
        expires: bool,
        response_headers: list[Field],
    ) -> list[Field]:
        """Return the fields that go out in place of *response_headers*, and report what was done."""
        options, standing = self.options, visit.standing
        try:
            if visit.chosen_at is not None:
                expires = options.expire_unaccepted
            facts = Facts(
                applies=visit.applies,
                allowed=standing.allowed,
                varies=visit.varies,
                minted=None if visit.chosen_at is None else self._minted(environ, standing),
                cookie_string=cookie_string if expires and visit.applies else "",
                turn=self._turn,
                now=time.time(),
            )
            amended = amend(response_headers, self._judge, facts)
            self._turn += len(amended.expired)
            self._report_amended(visit, amended)
        except Exception:
            # An error of ours costs gated cookies, never the page (R97).
            self._reporter.failure("judging a response")
            if options.report_only:
                return response_headers
            only = self._judge.necessary
            return strip_set_cookies(response_headers, self._judge, only, time.time()).fields
        if not options.report_only:
            return amended.fields
        if facts.minted is None:
            return response_headers
        return [*response_headers, ("Set-Cookie", facts.minted)]

    def _minted(self, environ: WSGIEnvironment, standing: Standing) -> str:
        # The scheme is read late: a proxy's word for it may be put right inside the gate.
        scheme = environ.get("wsgi.url_scheme", "http")
        if scheme != "https" and is_secure_only(self.policy.cookie_name):
            self._reporter.once(
                "scheme",
                "a Secure preferences cookie is set on an http request, which browsers refuse; behind a "
                "proxy, put what reads X-Forwarded-Proto (such as ProxyFix with x_proto=1) outside the gate",
            )
        value = self.serializer.dumps(standing.preferences)
        return minted(self.policy, self.options, value, scheme=scheme)

    def _report_amended(self, visit: Visit, amended: Amended) -> None:
        preferences = visit.standing.preferences
        if visit.chosen_at is not None and not visit.told:
            self._reporter.choice(preferences, visit.chosen_at)
        enforced = not self.options.report_only
        done: tuple[tuple[Action, Cookies, bool], ...] = (
            ("stripped", amended.stripped, enforced),
            ("stripped", amended.spared, False),
            ("expired", amended.expired, enforced),
        )
        for number, (action, cookies, is_enforced) in enumerate(done):
            if visit.told:
                # start_response was called again with exc_info: nothing is told twice (R86).
                told = [cookie for earlier in visit.told[number :: len(done)] for cookie in earlier]
                cookies = [cookie for cookie in cookies if cookie not in told]
            self._reporter.cookies(action, cookies, preferences, enforced=is_enforced)
        visit.told += amended.stripped, amended.spared, amended.expired

    def _report_withheld(self, standing: Standing, narrowed: Narrowed) -> None:
        enforced = not self.options.report_only
        report = self._reporter.cookies
        report("withheld", narrowed.withheld, standing.preferences, enforced=enforced)
        report("withheld", narrowed.spared, standing.preferences, enforced=False)

    def _warn_asked_late(self) -> None:
        self._reporter.once(
            "asked late",
            "the application asked its visit for the first time after the response had started: "
            "too late to say `Vary: Cookie`; ask before start_response",
        )


def _is_page(environ: WSGIEnvironment) -> bool:
    """Tell whether a page is being looked at: not a picture, a script's call, or a form's post."""
    return environ.get("REQUEST_METHOD") == "GET" and environ.get("HTTP_SEC_FETCH_DEST") in (
        None,
        "document",
    )
