"""The contenders: nothing, the floor, the gate, other tools, and code by hand."""

import hashlib
import hmac
import json
import re
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, ClassVar

from .workloads import PREFERENCES

if TYPE_CHECKING:
    from consentgate import Policy

Declared = dict[str, list[str]]
App = Callable[..., Any]
SECRET = "0123456789abcdef0123456789abcdef"


class Contender:
    """Something in front of an application.

    Attributes:
        gates: whether it claims to strip cookies; then what comes out of it is checked.
    """

    gates = True

    def __init__(self, declared: Declared) -> None:
        self.declared = declared

    def wrap(self, app: App) -> App:
        """Return *app* behind it."""
        return app

    def base(self, app: App) -> App:
        """Return what its cost is counted from."""
        return app

    def token(self, accepted: list[str], at: int) -> str:
        """Return the preferences cookie of a visitor who accepted these at this Unix second."""
        return json.dumps([accepted, at])

    def ask(self, environ: dict[str, Any]) -> bool:
        """Ask for statistics' consent, as its applications do."""
        return True


class Noop(Contender):
    """A start_response passed on: what any middleware costs."""

    gates = False

    def wrap(self, app: App) -> App:
        """Return *app* behind a function."""

        def middleware(environ: Any, start_response: Any) -> Any:
            def started(status: str, headers: Any, exc_info: Any = None) -> Any:
                return start_response(status, headers, exc_info)

            return app(environ, started)

        return middleware


class Floor(Contender):
    """The least a correct gate can do: a token found and remembered, names looked up, one list rebuilt.

    No page, no visit, no reports, no deletions, no odd spellings, no caching, no second token, no clock
    of answers: what is above it is what the promises cost.
    """

    def __init__(self, declared: Declared) -> None:
        super().__init__(declared)
        self._keys = {name: key for key, names in declared.items() for name in names if "*" not in name}
        self._patterns = _trie(
            {name: key for key, names in declared.items() for name in names if "*" in name}
        )
        self._state = hmac.new(SECRET.encode(), digestmod=hashlib.sha256)
        self._known: dict[str, Any] = {}
        self._verdicts: dict[frozenset[str], _Verdicts] = {}
        self._nobody = frozenset(["necessary"]), self._of(frozenset(["necessary"]))

    def _of(self, allowed: frozenset[str]) -> "_Verdicts":
        if allowed not in self._verdicts:
            self._verdicts[allowed] = _Verdicts(allowed, self._keys, self._patterns)
        return self._verdicts[allowed]

    def _signature(self, payload: str) -> str:
        state = self._state.copy()
        state.update(payload.encode())
        return urlsafe_b64encode(state.digest()).decode()

    def token(self, accepted: list[str], at: int) -> str:
        """Return keys, second and signature, with dots between."""
        payload = ".".join([*accepted, str(at)])
        return f"{payload}.{self._signature(payload)}"

    def ask(self, environ: dict[str, Any]) -> bool:
        """Look into what is in the environ."""
        return "statistical" in environ["floor.allowed"]

    def _verified(self, token: str) -> Any:
        payload, _, signature = token.rpartition(".")
        if len(token) > 1024 or not hmac.compare_digest(self._signature(payload), signature):
            return self._nobody
        *accepted, _ = payload.split(".")
        allowed = frozenset(["necessary", *accepted])
        if len(self._known) > 2048:
            self._known.clear()
        found = self._known[token] = allowed, self._of(allowed)
        return found

    def wrap(self, app: App) -> App:
        """Return *app* behind the floor."""
        needle, known, verified, nobody = f"; {PREFERENCES}=", self._known, self._verified, self._nobody

        def middleware(environ: Any, start_response: Any) -> Any:
            allowed, verdicts = nobody
            cookie_string = environ.get("HTTP_COOKIE")
            if cookie_string:
                token = cookie_string.partition(needle)[2].partition(";")[0]
                if token:
                    allowed, verdicts = known.get(token) or verified(token)
            environ["floor.allowed"] = allowed

            def started(status: str, headers: Any, exc_info: Any = None) -> Any:
                for name, value in headers:
                    if name == "Set-Cookie" and not verdicts[value.partition("=")[0]]:
                        headers = [
                            field
                            for field in headers
                            if field[0] != "Set-Cookie" or verdicts[field[1].partition("=")[0]]
                        ]
                        break
                return start_response(status, headers, exc_info)

            return app(environ, started)

        return middleware


class _Verdicts(dict[str, bool]):
    """Name -> whether it passes, for one set of categories."""

    def __init__(
        self, allowed: frozenset[str], keys: dict[str, str], patterns: Callable[[str], str | None]
    ) -> None:
        super().__init__()
        self._allowed, self._keys, self._patterns = allowed, keys, patterns

    def __missing__(self, name: str) -> bool:
        if len(self) > 2048:
            self.clear()
        written = name.strip(" ")
        key = self._keys.get(written) or self._patterns(written)
        self[name] = key in self._allowed
        return self[name]


def _trie(keys: dict[str, str]) -> Callable[[str], str | None]:
    """Return a look-up of patterns that end in their *: the longest prefix, one slice for each length."""
    prefixes = {pattern.rstrip("*"): key for pattern, key in keys.items()}
    lengths = sorted({len(prefix) for prefix in prefixes}, reverse=True)

    def match(name: str) -> str | None:
        for length in lengths:
            key = prefixes.get(name[:length])
            if key is not None:
                return key
        return None

    return match


def policy_of(declared: Declared) -> "Policy":
    """Return the policy of a site that declares these names."""
    from consentgate import Basis, Category, Policy

    return Policy(
        [
            Category(key, basis=Basis.NECESSARY if key == "necessary" else Basis.CONSENT, cookies=names)
            for key, names in declared.items()
        ]
    )


class Gate(Contender):
    """consentgate, with the options given."""

    options: ClassVar[dict[str, Any]] = {}

    def __init__(self, declared: Declared) -> None:
        super().__init__(declared)
        self._policy = policy_of(declared)
        self.gate = self._policy.wrap(lambda environ, start_response: [], secret_key=SECRET)

    def wrap(self, app: App) -> App:
        """Return *app* behind the gate."""
        return self._policy.wrap(app, secret_key=SECRET, **self.options)

    def token(self, accepted: list[str], at: int) -> str:
        """Return what the gate would set."""
        return self.gate.serializer.dumps(self._policy.choose(accepted, at=datetime.fromtimestamp(at, UTC)))

    def ask(self, environ: dict[str, Any]) -> bool:
        """Ask the visit."""
        return bool(environ["consentgate.visit"].allows("statistical"))


class Plain(Gate):
    """consentgate, doing no more than the floor: requests are not filtered, nothing is expired."""

    options: ClassVar[dict[str, Any]] = {"filter_requests": False, "expire_unaccepted": False}


class Default(Gate):
    """consentgate as it comes."""


class _ByHand(Contender):
    """Code written by hand in an afternoon: a framework's request and response, itsdangerous, fnmatch."""

    def __init__(self, declared: Declared) -> None:
        from itsdangerous import URLSafeTimedSerializer

        super().__init__(declared)
        self._serializer = URLSafeTimedSerializer(SECRET, salt="preferences")

    def token(self, accepted: list[str], at: int) -> str:
        """Return what URLSafeTimedSerializer writes."""
        return self._serializer.dumps({"accepted": accepted, "at": at})  # type: ignore[return-value]

    def ask(self, environ: dict[str, Any]) -> bool:
        """Look into what is in the environ."""
        return "statistical" in environ["by_hand.allowed"]

    def _allowed(self, token: str | None) -> set[str]:
        from itsdangerous import BadSignature

        try:
            data = self._serializer.loads(token or "", max_age=182 * 24 * 3600)
        except BadSignature:
            return {"necessary"}
        return {"necessary", *data["accepted"]}

    def _passes(self, set_cookie_string: str, allowed: set[str]) -> bool:
        name = set_cookie_string.partition("=")[0].strip()
        for key, names in self.declared.items():
            if any(fnmatchcase(name, each) for each in names):
                return key in allowed
        return False


class ByHandWebOb(_ByHand):
    """By hand with WebOb and itsdangerous."""

    def wrap(self, app: App) -> App:
        """Return *app* behind a WebOb middleware."""
        from webob import Request

        def middleware(environ: Any, start_response: Any) -> Any:
            request = Request(environ)
            allowed = environ["by_hand.allowed"] = self._allowed(request.cookies.get(PREFERENCES))
            response = request.get_response(app)
            lines = response.headers.getall("Set-Cookie")
            if lines:
                del response.headers["Set-Cookie"]
            for line in lines:
                if self._passes(line, allowed):
                    response.headers.add("Set-Cookie", line)
            return response(environ, start_response)

        return middleware


class ByHandWerkzeug(_ByHand):
    """By hand with Werkzeug and itsdangerous."""

    def wrap(self, app: App) -> App:
        """Return *app* behind a Werkzeug middleware."""
        from werkzeug.datastructures import Headers
        from werkzeug.wrappers import Request

        def middleware(environ: Any, start_response: Any) -> Any:
            allowed = environ["by_hand.allowed"] = self._allowed(Request(environ).cookies.get(PREFERENCES))

            def started(status: str, headers: Any, exc_info: Any = None) -> Any:
                kept = Headers(headers)
                lines = kept.getlist("Set-Cookie")
                kept.remove("Set-Cookie")
                for line in lines:
                    if self._passes(line, allowed):
                        kept.add("Set-Cookie", line)
                return start_response(status, kept.to_wsgi_list(), exc_info)

            return app(environ, started)

        return middleware


class DjangoCookieConsent(Contender):
    """django-cookie-consent over Django; it does not strip what the application sets."""

    gates = False
    _is_set_up = False

    def __init__(self, declared: Declared) -> None:
        super().__init__(declared)
        self._set_up(declared)

    @classmethod
    def _set_up(cls, declared: Declared) -> None:
        import django
        from django.conf import settings

        if not settings.configured:
            settings.configure(
                ALLOWED_HOSTS=["*"],
                DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
                INSTALLED_APPS=["cookie_consent"],
                ROOT_URLCONF="benchmarks.django_urls",
                SECRET_KEY=SECRET,
                USE_TZ=True,
            )
            django.setup()
            from django.core.management import call_command

            call_command("migrate", verbosity=0)
        from cookie_consent.models import Cookie, CookieGroup

        Cookie.objects.all().delete()
        CookieGroup.objects.all().delete()
        for key, names in declared.items():
            group = CookieGroup.objects.create(varname=key, name=key, is_required=key == "necessary")
            Cookie.objects.bulk_create([Cookie(cookiegroup=group, name=name) for name in names])

    def _handler(self, *middleware: str) -> App:
        from django.core.handlers.wsgi import WSGIHandler
        from django.test.utils import override_settings

        with override_settings(MIDDLEWARE=list(middleware)):
            handler: App = WSGIHandler()
        return handler

    def base(self, app: App) -> App:
        """Return Django without it."""
        return self._handler()

    def wrap(self, app: App) -> App:
        """Return Django with its middleware."""
        return self._handler("cookie_consent.middleware.CleanCookiesMiddleware")


class FlaskConsent(Contender):
    """Flask-Consent over Flask; it blocks nothing, but tells views what was accepted."""

    gates = False

    def _flask(self) -> Any:
        from flask import Flask, Response, request

        app = Flask("benchmarks", static_folder=None)
        app.secret_key = SECRET

        @app.get("/shop/item/42")
        def page() -> Response:
            return Response(b"ok", headers=request.environ["bench.fields"])

        return app

    def base(self, app: App) -> App:
        """Return Flask without it."""
        flask: App = self._flask()
        return flask

    def wrap(self, app: App) -> App:
        """Return Flask with it."""
        from flask_consent import Consent

        flask = self._flask()
        flask.config.update(
            CONSENT_FULL_TEMPLATE="x", CONSENT_BANNER_TEMPLATE="x", CONSENT_CONTACT_MAIL="a@b"
        )
        consent = Consent(flask)
        if "necessary" in self.declared:
            consent.add_standard_categories()

        @flask.before_request
        def look() -> None:
            from flask_consent import request_consent

            bool(request_consent)

        wrapped: App = flask
        return wrapped

    def token(self, accepted: list[str], at: int) -> str:
        """Return nothing it understands: its own cookie has another name."""
        return "1"


class ProxyFix(Contender):
    """Werkzeug's ProxyFix: a middleware everybody runs."""

    gates = False

    def wrap(self, app: App) -> App:
        """Return *app* behind ProxyFix."""
        from werkzeug.middleware.proxy_fix import ProxyFix as Fix

        return Fix(app, x_proto=1, x_host=1)


class WhiteNoiseMiss(Contender):
    """WhiteNoise, for a path that is no file."""

    gates = False

    def wrap(self, app: App) -> App:
        """Return *app* behind WhiteNoise."""
        from whitenoise import WhiteNoise

        wrapped: App = WhiteNoise(app)
        return wrapped


class Beaker(Contender):
    """Beaker's session middleware, its session not used."""

    gates = False

    def wrap(self, app: App) -> App:
        """Return *app* behind Beaker."""
        from beaker.middleware import SessionMiddleware

        wrapped: App = SessionMiddleware(app, {"session.type": "cookie", "session.validate_key": SECRET})
        return wrapped


CONTENDERS: dict[str, type[Contender]] = {
    "noop": Noop,
    "floor": Floor,
    "plain": Plain,
    "default": Default,
    "by hand, WebOb": ByHandWebOb,
    "by hand, Werkzeug": ByHandWerkzeug,
    "django-cookie-consent": DjangoCookieConsent,
    "Flask-Consent": FlaskConsent,
    "ProxyFix": ProxyFix,
    "WhiteNoise, a miss": WhiteNoiseMiss,
    "Beaker": Beaker,
}


def forged(token: str, kind: str) -> str:
    """Return *token* with a wrong signature, another each time."""
    number = f"{time.perf_counter_ns():016x}"
    if kind == "forged 4K":
        return f"1.{number}.{'QUJD' * 1008}.{'A' * 43}"
    return re.sub(r".{16}$", number, token)
