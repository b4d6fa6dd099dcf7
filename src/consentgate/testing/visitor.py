"""A visitor with a browser's jar, who looks at pages and chooses. The only door to WebTest."""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from wsgiref.util import request_uri

from webtest import TestApp, TestResponse, lint

from .driving import SAFE_METHODS, cookie_pairs, drive
from .jar import Jar


class Visitor:
    """Somebody who looks at an application's pages, with a jar that keeps what a browser would keep.

    Args:
        app: the application as visitors meet it, gate and all.
        origin: scheme and host it is visited under; `get` and `post` take other hosts' full URLs too.
        preferences_path: where the gate's page is; the gate's own word when *app* is the gate.
        cookies: what the jar holds from the beginning, a mapping or a Cookie string: such as the session of
            somebody who has logged in.
        clock: gives Unix seconds, by which cookies end.

    >>> from consentgate import Category, Policy
    >>> from consentgate.testing import Application
    >>> policy = Policy([Category("statistical", cookies=["_ga"])])
    >>> app = Application(response_headers=(("Set-Cookie", "_ga=1"),))
    >>> visitor = Visitor(policy.wrap(app, secret_key="a key of 16 bytes"))
    >>> visitor.get("/").text, "_ga" in visitor.jar
    ('body', False)
    >>> visitor.accept("statistical")
    >>> visitor.get("/").status_int, visitor.jar["_ga"]
    (200, '1')
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        origin: str = "https://localhost",
        preferences_path: str | None = None,
        cookies: Mapping[str, str] | str = "",
        clock: Callable[[], float] = lambda: time.time(),
    ) -> None:
        self.jar: Jar = Jar()
        """The cookies the browser keeps; `Jar` says how to look into it."""
        for name, value in cookie_pairs(cookies):
            self.jar.put(name, value, origin)
        self._origin = origin
        self._clock = clock
        own = getattr(getattr(app, "options", None), "preferences_path", None)
        self._path = preferences_path or own or "/cookies"
        self._gated = app
        self._app = TestApp(self._browse, lint=False)

    def get(self, path: str, **options: Any) -> TestResponse:
        """Look at a page, its address typed; *options* are WebTest's. The response is WebTest's too.

        Raises:
            webtest.AppError: the status is 400 or more and no *status* or *expect_errors* was given.
        """
        options["extra_environ"] = {_TYPED: "1", **options.get("extra_environ", {})}
        return self._app.get(self._url(path), **options)

    def post(self, path: str, form: Any = "", **options: Any) -> TestResponse:
        """Post a form of the site's own pages; *options* are WebTest's. The response is WebTest's too.

        Raises:
            webtest.AppError: the status is 400 or more and no *status* or *expect_errors* was given.
        """
        return self._app.post(self._url(path), form, **options)

    def choices(self) -> dict[str, str]:
        """Return what the site says this visitor has chosen: category key to accepted, refused or unset."""
        as_script = {"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_SEC_FETCH_MODE": "cors"}
        answer = self._app.get(
            self._url(self._path),
            headers={"Accept": "application/json"},
            extra_environ={**as_script, "HTTP_SEC_FETCH_DEST": "empty"},
        ).json
        return {key: each["state"] for key, each in answer["categories"].items()}

    def accept(self, *category_keys: str) -> None:
        """Say yes to exactly these, as a button of the page does; other answers, and their absence, stand."""
        self._choose([("action", "accept"), *(("category", key) for key in category_keys)])

    def refuse(self, *category_keys: str) -> None:
        """Say no to exactly these, as a button of the page does: so one withdraws, and objects."""
        self._choose([("action", "refuse"), *(("category", key) for key in category_keys)])

    def save(self, *category_keys: str) -> None:
        """Accept exactly these on the site's page, and refuse all others."""
        self._choose([("action", "save"), *(("category", key) for key in category_keys)])

    def accept_all(self) -> None:
        """Press the button that accepts everything that needs consent."""
        self._choose([("action", "accept_all")])

    def refuse_all(self) -> None:
        """Press the button that refuses everything but what is necessary."""
        self._choose([("action", "refuse_all")])

    def _choose(self, form: list[tuple[str, str]]) -> None:
        self.post(self._path, form, status=303)

    def _url(self, path: str) -> str:
        return path if "://" in path else self._origin + path

    def _browse(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Ask the application with the jar's cookies, and keep what it sets before anybody looks."""
        _complete(environ, self._origin)
        url = request_uri(environ)
        environ.pop("HTTP_COOKIE", None)  # WebTest's own jar has no say
        cookie_string = self.jar.cookie_string(url, now=self._clock())
        if cookie_string:
            environ["HTTP_COOKIE"] = cookie_string
        answer = drive(lint.middleware(self._gated), environ)
        self.jar.store_response(answer.headers, url, now=self._clock())
        start_response(answer.status, answer.headers)
        return [*answer.written, *answer.chunks]


_TYPED = "consentgate.testing.typed"
"""Key in the environ of a request whose address was typed."""


def _complete(environ: WSGIEnvironment, origin: str) -> None:
    """Make *environ* that of a browser's navigation, from a page of this origin unless it was typed.

    Host names no default port; a form says its Origin; and Fetch Metadata goes where browsers send it: over
    https, and to this very machine (W3C Fetch Metadata 2, "potentially trustworthy").
    """
    scheme, host = environ["wsgi.url_scheme"], environ["HTTP_HOST"]
    environ["HTTP_HOST"] = host = host.removesuffix({"https": ":443", "http": ":80"}[scheme])
    is_typed = environ.pop(_TYPED, "") != ""
    if environ["REQUEST_METHOD"] not in SAFE_METHODS:
        environ.setdefault("HTTP_ORIGIN", origin)
    if scheme == "https" or _LOCAL.fullmatch(host):
        site = "none" if is_typed else _relation(origin, f"{scheme}://{host}")
        environ.setdefault("HTTP_SEC_FETCH_SITE", site)
        environ.setdefault("HTTP_SEC_FETCH_MODE", "navigate")
        environ.setdefault("HTTP_SEC_FETCH_DEST", "document")


_LOCAL = re.compile(r"(?:(?:[^:]+\.)?localhost|127(?:\.[0-9]+){3}|\[::1\])(?::[0-9]+)?")


def _relation(origin: str, target: str) -> str:
    """Return the Sec-Fetch-Site of a request from one origin to another.

    Without a list of public suffixes, a site is a scheme and the last two labels of a host.
    """
    if origin == target:
        return "same-origin"
    return "same-site" if _site(origin) == _site(target) else "cross-site"


def _site(origin: str) -> tuple[str, list[str]]:
    scheme, _, host = origin.partition("://")
    return scheme, re.sub(r":[0-9]+$", "", host).split(".")[-2:]
