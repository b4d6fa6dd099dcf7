"""``consentgate demo``: a data portal behind its policy, to try in a browser."""

import json
import secrets
import sys
from collections.abc import Iterable
from importlib.resources import as_file, files
from socketserver import ThreadingMixIn
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from consentgate.events import Event
from consentgate.gate.response import names_set
from consentgate.headers.names import Field
from consentgate.policy import Policy
from consentgate.rendering.html import Renderer
from consentgate.visit import Visit

TRY = """\
  The portal sets four cookies on its page; one of them, undeclared_widget, is in no category.
  1. Open the page: only necessary cookies and the exempt page counter pass.
  2. Accept in the banner, or choose at {address}/cookies: recent_datasets passes too.
  3. Refuse: the counter and recent_datasets are expired, and the portal no longer reads them.
  4. Log in, switch the language, call the API: these work whatever you choose.
  Stop with Ctrl-C."""


def policy() -> Policy:
    """Return the portal's policy."""
    with as_file(files("consentgate.demo").joinpath("demo.toml")) as path:
        return Policy.from_toml(path)


def serve(*, port: int, secret_key: str) -> int:
    """Serve the portal on loopback until Ctrl-C, and return the exit status."""
    app = _logging(policy().wrap(Portal(), secret_key=secret_key, observer=_log_event))
    try:
        server = make_server("127.0.0.1", port, app, _Server, _Handler)
    except OSError as error:
        reason = error.strerror or error
        print(f"consentgate: port {port} cannot be used: {reason}; try --port 0", file=sys.stderr)
        return 1
    with server:
        address = f"http://127.0.0.1:{server.server_port}"
        print(f"The demo portal is at {address}/\n{TRY.format(address=address)}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("\nstopped", flush=True)
    return 0


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True  # a browser keeps connections open: they must not hold Ctrl-C back
    allow_reuse_address = True


class _Handler(WSGIRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Keep quiet: `_logging` says what matters here."""


def _log_event(event: Event) -> None:
    print(f"  {event}", flush=True)


def _logging(app: WSGIApplication) -> WSGIApplication:
    """Return *app*, printing each request and the cookies that went out with its response."""

    def logging(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, response_headers: list[Field], exc_info: object = None, /) -> object:
            passed = ", ".join(sorted(names_set(response_headers))) or "none"
            print(
                f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {status}; cookies out: {passed}",
                flush=True,
            )
            return start_response(status, response_headers)

        return app(environ, start)  # type: ignore[arg-type]  # the demo never starts a response twice

    return logging


class Portal:
    """A data portal: login, languages, an API with a CSRF token, page views counted. Pure WSGI."""

    def __init__(self) -> None:
        self._sessions: set[str] = set()
        self._renderer = Renderer(policy())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        cookies = _cookies(environ)
        route = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if route == ("GET", "/"):
            return self._page(environ, cookies, start_response)
        if route == ("GET", "/language"):
            language = parse_qs(environ.get("QUERY_STRING", "")).get("to", ["en"])[0]
            known = language if language in ("en", "fr") else "en"
            return _back(start_response, f"django_language={known}; Path=/; SameSite=Lax")
        if route == ("POST", "/login"):
            session = secrets.token_urlsafe(16)
            self._sessions.add(session)
            return _back(start_response, f"sessionid={session}; Path=/; HttpOnly; SameSite=Lax")
        if route == ("POST", "/logout"):
            self._sessions.discard(cookies.get("sessionid", ""))
            return _back(start_response, "sessionid=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
        if route == ("POST", "/api/datasets"):
            return self._api(environ, cookies, start_response)
        return _answer(start_response, "404 Not Found", "text/plain", b"There is no such page.\n")

    def _page(
        self, environ: WSGIEnvironment, cookies: dict[str, str], start_response: StartResponse
    ) -> Iterable[bytes]:
        csrf_token = cookies.get("csrftoken") or secrets.token_urlsafe(16)
        page = self._renderer.demo(
            visit=Visit.from_environ(environ),
            user=cookies.get("sessionid") in self._sessions,
            language=cookies.get("django_language", "en"),
            names=sorted(cookies),
            csrf_token=csrf_token,
        )
        return _answer(
            start_response,
            "200 OK",
            "text/html; charset=utf-8",
            page.encode(),
            f"csrftoken={csrf_token}; Path=/; SameSite=Lax",
            f"_pk_id.1={secrets.token_hex(8)}; Path=/; Max-Age=33868800; SameSite=Lax",
            "recent_datasets=trees; Path=/; Max-Age=2592000; SameSite=Lax",
            "undeclared_widget=1; Path=/",
        )

    def _api(
        self, environ: WSGIEnvironment, cookies: dict[str, str], start_response: StartResponse
    ) -> Iterable[bytes]:
        length = min(int(environ.get("CONTENT_LENGTH") or 0), 4096)
        form = parse_qs(environ["wsgi.input"].read(length).decode("latin-1"))
        sent = environ.get("HTTP_X_CSRFTOKEN") or form.get("csrftoken", [""])[0]
        if not sent or sent != cookies.get("csrftoken"):
            return _answer(start_response, "403 Forbidden", "text/plain", b"CSRF token missing.\n")
        body = json.dumps({"datasets": ["trees", "bus stops", "air quality"]}).encode()
        return _answer(start_response, "200 OK", "application/json", body)


def _cookies(environ: WSGIEnvironment) -> dict[str, str]:
    pairs = (pair.strip().partition("=") for pair in environ.get("HTTP_COOKIE", "").split(";"))
    return {name: value for name, equals, value in pairs if equals}


def _answer(
    start_response: StartResponse, status: str, media_type: str, body: bytes, *set_cookies: str
) -> Iterable[bytes]:
    cookies = [("Set-Cookie", text) for text in set_cookies]
    length = ("Content-Length", str(len(body)))
    start_response(status, [("Content-Type", media_type), length, *cookies])
    return [body]


def _back(start_response: StartResponse, set_cookie: str) -> Iterable[bytes]:
    cookies = [("Set-Cookie", set_cookie), ("Location", "/")]
    start_response("303 See Other", [("Content-Type", "text/plain"), *cookies])
    return [b""]
