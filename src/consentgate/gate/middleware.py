"""ConsentGate: a policy enforced around any WSGI application (PEP 3333)."""

# Annotations name what is made further down, or for type checkers only.
from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cached_property
from operator import length_hint
from types import MethodType
from typing import TYPE_CHECKING, Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from consentgate._cache import Remembered
from consentgate.catalogue.catalogue import Catalogue
from consentgate.consent.signing import PreferencesSerializer, SecretKey
from consentgate.consent.tokens import Reader, Reading
from consentgate.consent.verdict import RESERVED, Judge, Standing
from consentgate.errors import PolicyError
from consentgate.events import Action, Observer, Reporter, Told
from consentgate.headers.cache_control import make_private, vary_on
from consentgate.headers.cookie import LARGEST_PAIR, is_secure_only, without_pairs
from consentgate.headers.names import NO_COOKIES, SET_COOKIES, Field
from consentgate.headers.origin import checked_origins
from consentgate.i18n.texts import checked_language
from consentgate.visit import ENVIRON_KEY, UNEVENTFUL, Place, Setting, Visit

from .options import Applies, Language, Options, Templates, Undeclared
from .preferences_cookie import minted
from .request import LONG, joined, kept_parts, narrow, only, spared, withheld
from .response import Amended, Cookies, Facts, amend, strip_set_cookies

if TYPE_CHECKING:
    from consentgate.rendering.html import Renderer


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

    __slots__ = ("__dict__", "__weakref__", "_at_hand")

    _at_hand: tuple[Setting, str, Standing, Callable[[str, float, bool], Reading], bool]
    """What every request needs of the rest, in one step."""

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
        self._wire(self.options)

    def _wire(self, options: Options) -> None:
        self._reporter = Reporter(options.observer, self.policy.cookie_name)
        self._judge = Judge(self.policy, admit_undeclared=options.undeclared == "report")
        self._reader = Reader(self._judge, self.serializer, kept_parts)
        self._setting = Setting(
            judge=self._judge,
            clock=lambda: time.time(),  # looked up late: clocks are replaced in tests
            preferences_path=options.preferences_path,
            language=None if callable(options.language) else options.language,
            renderer=lambda: self._renderer,
            asked_late=self._warn_asked_late,
            gate=(options, self.serializer),
        )
        self._ask_language = options.language if callable(options.language) else None
        self._settings = Remembered(self._setting_of, size=64, longest=2)
        self._own_path = options.preferences_path or "\0"  # no PATH_INFO begins so
        asks = options.applies is not None or self._ask_language is not None
        self._enforces = not options.report_only
        self._filters, self._expires = options.filter_requests, options.expire_unaccepted
        self._turn = 0
        self._at_hand = (
            self._setting,
            # What a path has to hold to be looked at again; where a callable is to be asked, any does.
            "" if asks else self._own_path,
            self._judge.undecided,
            self._reader.read,
            self._filters or self._expires,
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the application does, minus the cookies that are not allowed."""
        app = self.app
        setting, remarkable, standing, read, looks_inside = self._at_hand
        if ENVIRON_KEY in environ and self._is_inside_its_equal(environ[ENVIRON_KEY]):
            return app(environ, start_response)
        # Read now, before the application has the environ in its hands: some rewrite it.
        asked_for = environ.get("HTTP_ACCEPT_LANGUAGE")
        try:
            place = environ["SCRIPT_NAME"], environ["PATH_INFO"], environ["QUERY_STRING"], asked_for
        except KeyError:
            place = _place_with_gaps(environ)
        if remarkable in place[1]:
            app, setting = self._looked_at(environ, place[1])
        # Not by an __init__: a class without one makes its objects in half the time.
        visit = environ[ENVIRON_KEY] = Visit()
        visit.setting = setting
        visit.place = place
        visit.course = UNEVENTFUL
        visit.told = None
        cookie_string = environ.get("HTTP_COOKIE", "")
        expirable = ""
        if cookie_string:
            try:
                reading = read(cookie_string, time.time(), setting.applies)
            except Exception:
                self._reporter.failure("reading the preferences cookie")
                reading = self._reader.disbelieving
            standing = reading.standing
            if not reading.is_whole and (looks_inside or reading.disbelieved) and setting.applies:
                expirable = self._narrow(environ, cookie_string, reading)
        visit.standing = standing
        response = self, visit, environ, start_response, cookie_string, expirable
        # Of all that can be called and remembers something, a bound method is made the fastest.
        return app(environ, MethodType(_start, response))

    def _looked_at(self, environ: WSGIEnvironment, path_info: str) -> tuple[WSGIApplication, Setting]:
        """Return who answers a request that is for our page, or that the site is to be asked about."""
        is_ours = path_info.startswith(self._own_path) and path_info[len(self._own_path) :][:1] in ("", "/")
        setting = self._settings[is_ours or self._ask_whether_applies(environ), self._asked_language(environ)]
        return self._endpoint if is_ours else self.app, setting

    def _setting_of(self, asked: tuple[bool, str | None]) -> Setting:
        applies, language = asked
        return replace(self._setting, applies=applies, language=language or self._setting.language)

    @cached_property
    def _endpoint(self) -> WSGIApplication:
        # WebOb and Jinja2 are loaded with the first page asked for, not with the package.
        from consentgate.endpoint.routes import Endpoint

        return Endpoint(self.policy, self._own_path, self.options.trusted_origins, self._renderer)

    @cached_property
    def _renderer(self) -> Renderer:
        from consentgate.rendering.html import Renderer

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

    def _ask_whether_applies(self, environ: WSGIEnvironment) -> bool:
        try:
            applies = self.options.applies
            return applies is None or bool(applies(environ))
        except Exception:
            self._reporter.failure("applies")
            return True

    def _narrow(self, environ: WSGIEnvironment, cookie_string: str, reading: Reading) -> str:
        """Hide what is not allowed from the application; return of the Cookie field what may be expired."""
        narrowed = cookie_string
        if self._filters or reading.disbelieved:
            # What comes again was reported when it came first, unless somebody wants to hear it each time.
            if reading.parts is not None and not self._reporter.is_listened_to:
                narrowed = joined(cookie_string, reading.parts)
            else:
                narrowed = self._narrowed(cookie_string, reading)
        if narrowed is not cookie_string and self._enforces:
            if narrowed:
                environ["HTTP_COOKIE"] = narrowed
            else:
                del environ["HTTP_COOKIE"]
        # What is not allowed is withheld: none of it, nothing to expire.
        if self._expires and (narrowed is not cookie_string or not self._filters) and _is_page(environ):
            return cookie_string
        return ""

    def _narrowed(self, cookie_string: str, reading: Reading) -> str:
        """Return what the application may read; report the rest, names when they are new."""
        names, reporter, standing = self._judge.sent_names, self._reporter, reading.standing
        misses, narrowed = names.misses, cookie_string
        if reading.visible is not None:
            narrowed = reading.visible
        elif reading.disbelieved:
            narrowed = without_pairs(cookie_string, self.policy.cookie_name, reading.believed)
        if self._filters:
            if len(narrowed) > LONG and standing.few is not None and reporter.has_said_enough_of_requests:
                narrowed = only(narrowed, standing.few)
            else:
                narrowed = narrow(narrowed, names, standing.readable)
        if narrowed is not cookie_string or None in standing.readable:
            # Names are reported when they are new, and all of them only if somebody listens.
            is_new = names.misses != misses and not reporter.has_said_enough_of_requests
            if is_new or reporter.is_listened_to:
                self._report_request(cookie_string, reading)
        return narrowed

    def _admitted(self, visit: Visit, response_headers: list[Field], at: int) -> list[Field]:
        """Return the fields that go out when nothing is to be added, and report what does not."""
        try:
            if not visit.setting.applies:
                return response_headers
            allowed = visit.standing.allowed
            fields, stripped, spared, is_gated = strip_set_cookies(
                response_headers, self._judge, allowed, time.time(), at
            )
            if stripped:
                self._report(visit, "stripped", stripped, self._enforces)
            if spared:
                self._report(visit, "stripped", spared, False)
            if not self._enforces:
                return response_headers
            return make_private(fields) if is_gated else fields
        except Exception:
            return self._failed(response_headers)

    def _amended(self, response: _Response, response_headers: list[Field]) -> list[Field]:
        """Return the fields that go out in place of *response_headers*, and report what was done."""
        _, visit, environ, _, cookie_string, expirable = response
        standing, chosen_at = visit.standing, visit.course.chosen_at
        try:
            if chosen_at is not None:
                expirable = cookie_string if self._expires else ""
            facts = Facts(
                applies=visit.setting.applies,
                allowed=standing.allowed,
                varies=visit.course.varies,
                minted=None if chosen_at is None else self._minted(environ, standing),
                cookie_string=expirable if visit.setting.applies else "",
                turn=self._turn,
                now=time.time(),
            )
            amended = amend(response_headers, self._judge, facts)
            self._turn += len(amended.expired)
            self._report_amended(visit, amended)
        except Exception:
            return self._failed(response_headers)
        if self._enforces:
            return amended.fields
        if facts.minted is None:
            return response_headers
        return [*response_headers, ("Set-Cookie", facts.minted)]

    def _failed(self, response_headers: list[Field]) -> list[Field]:
        """Return what goes out after an error of ours: it costs gated cookies, never the page (R97)."""
        self._reporter.failure("judging a response")
        if not self._enforces:
            return response_headers
        only = self._judge.necessary
        return strip_set_cookies(response_headers, self._judge, only, time.time())[0]

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
        chosen_at, told = visit.course.chosen_at, visit.told or ()
        choice: Told = (("chosen", True, self.policy.cookie_name, None),)
        if chosen_at is not None and choice[0] not in told:
            visit.told = told + choice
            self._reporter.choice(visit.standing.preferences, chosen_at)
        self._report(visit, "stripped", amended.stripped, self._enforces)
        self._report(visit, "stripped", amended.spared, False)
        self._report(visit, "expired", amended.expired, self._enforces)

    def _report(self, visit: Visit, action: Action, cookies: Cookies, enforced: bool) -> None:
        """Report what a response brings, once: start_response may be called again with exc_info (R86)."""
        visit.told = self._reporter.cookies(action, cookies, visit.standing, enforced, visit.told or ())

    def _report_request(self, cookie_string: str, reading: Reading) -> None:
        enforced = self._enforces
        report, standing, names = self._reporter.cookies, reading.standing, self._judge.sent_names
        if reading.disbelieved:
            report("withheld", [(self.policy.cookie_name, RESERVED)], standing, enforced)
        if self._filters:
            report("withheld", withheld(cookie_string, names, standing.readable), standing, enforced)
            if None in standing.readable:
                report("withheld", spared(cookie_string, names), standing, False)

    def _warn_asked_late(self) -> None:
        self._reporter.once(
            "asked late",
            "the application asked its visit for the first time after the response had started: "
            "too late to say `Vary: Cookie`; ask before start_response",
        )


_Response = tuple[ConsentGate, Visit, WSGIEnvironment, StartResponse, str, str]
"""One response on its way: its gate, visit and environ, the server's start_response, the request's Cookie
field, and the same if what is not allowed of it may be expired, else ""."""


def _start(
    response: _Response, status: str, response_headers: list[Field], exc_info: Any = None, /
) -> Callable[[bytes], object]:
    """Start a response (PEP 3333), judged now: the application may have made a choice since (R85)."""
    gate, visit, _, start_response, _, expirable = response
    if visit.told is None:
        visit.told = ()
    course = visit.course
    if expirable or (course is not UNEVENTFUL and course.chosen_at is not None):
        fields = gate._amended(response, response_headers)
    else:
        fields = response_headers
        # Most set nothing but necessary cookies, which is all that is looked for here; the last two
        # conditions are the first look of `is_storable`, without its call.
        rest = iter(response_headers)
        for name, value in rest:
            if name in NO_COOKIES:
                continue
            text, equals, _ = value.partition("=")
            if (
                text in gate._judge.necessary_texts
                and equals
                and name in SET_COOKIES
                and value.isprintable()
                and len(value) <= LARGEST_PAIR
            ):
                continue
            # What is left of an iterator says where in the list it is: this field, from the end.
            fields = gate._admitted(visit, response_headers, ~length_hint(rest))
            break
        if course is not UNEVENTFUL and gate._enforces:
            fields = vary_on(fields, course.varies)
    if exc_info is None:
        return start_response(status, fields)
    try:
        return start_response(status, fields, exc_info)
    finally:
        exc_info = None  # its traceback holds this frame: leave no cycle (PEP 3333)


def _place_with_gaps(environ: WSGIEnvironment) -> Place:
    """Return where a request is for when something in it is absent, which PEP 3333 allows for ""."""
    script_name, path_info = environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", "")
    return script_name, path_info, environ.get("QUERY_STRING", ""), environ.get("HTTP_ACCEPT_LANGUAGE")


def _is_page(environ: WSGIEnvironment) -> bool:
    """Tell whether a page is being looked at: not a picture, a script's call, or a form's post."""
    return environ.get("REQUEST_METHOD") == "GET" and environ.get("HTTP_SEC_FETCH_DEST") in (
        None,
        "document",
    )
