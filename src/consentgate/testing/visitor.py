"""A visitor with a browser's jar, who requests pages and chooses; the only import of WebTest."""

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
    """A visitor of an application, with a jar that stores cookies as browsers do.

    Args:
        app: the application as it is served, with its gate.
        origin: scheme and host of relative paths; `get` and `post` also take full URLs of other hosts.
        preferences_path: the path of the gate's page; unless given, the gate's option if *app* is the gate.
        cookies: the first content of the jar, a mapping or a Cookie string: such as the session of a visitor
            who has logged in.
        clock: returns the Unix seconds by which cookies expire.

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
        """The stored cookies, a `Jar`."""
        for name, value in cookie_pairs(cookies):
            self.jar.put(name, value, origin)
        self._origin = origin
        self._clock = clock
        own = getattr(getattr(app, "options", None), "preferences_path", None)
        self._path = preferences_path or own or "/cookies"
        self._gated = app
        self._app = TestApp(self._browse, lint=False)

    def __repr__(self) -> str:
        return f"<Visitor of {self._origin} with {self.jar!r}>"

    def get(self, path: str, **options: Any) -> TestResponse:
        """Request a page as if its address was typed; *options* and response are WebTest's.

        Raises:
            webtest.AppError: the status is 400 or more and no *status* or *expect_errors* was given.
        """
        options["extra_environ"] = {_TYPED: "1", **options.get("extra_environ", {})}
        return self._app.get(self._url(path), **options)

    def post(self, path: str, form: Any = "", **options: Any) -> TestResponse:
        """Post a form of the site's own pages; *options* and response are WebTest's.

        Raises:
            webtest.AppError: the status is 400 or more and no *status* or *expect_errors* was given.
        """
        return self._app.post(self._url(path), form, **options)

    def choices(self) -> dict[str, str]:
        """Return the state of each category: ``"accepted"``, ``"refused"`` or ``"unset"``."""
        as_script = {"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_SEC_FETCH_MODE": "cors"}
        answer = self._app.get(
            self._url(self._path),
            headers={"Accept": "application/json"},
            extra_environ={**as_script, "HTTP_SEC_FETCH_DEST": "empty"},
        ).json
        return {key: each["state"] for key, each in answer["categories"].items()}

    def accept(self, *category_keys: str) -> None:
        """Accept exactly these categories, as a button of the page does; all other answers stay."""
        self._choose([("action", "accept"), *(("category", key) for key in category_keys)])

    def refuse(self, *category_keys: str) -> None:
        """Refuse exactly these categories, as a button of the page does; all other answers stay."""
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
        """Call the application with the jar's cookies, and store the response's cookies in the jar."""
        _complete(environ, self._origin)
        url = request_uri(environ)
        environ.pop("HTTP_COOKIE", None)  # WebTest's own jar is not used
        cookie_string = self.jar.cookie_string(url, now=self._clock())
        if cookie_string:
            environ["HTTP_COOKIE"] = cookie_string
        answer = drive(lint.middleware(self._gated), environ)
        self.jar.store_response(answer.headers, url, now=self._clock())
        start_response(answer.status, answer.headers)
        return [*answer.written, *answer.chunks]


_TYPED = "consentgate.testing.typed"
"""Environ key that marks a request as typed."""


def _complete(environ: WSGIEnvironment, origin: str) -> None:
    """Add the fields of a browser's navigation, typed or from a page of *origin*, to *environ*.

    Host holds no default port, and a form has an Origin. Fetch Metadata is sent over https, and to loopback
    (W3C Fetch Metadata 2, "potentially trustworthy").
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
