"""A visitor with a browser's jar, who looks at pages and chooses. The only door to WebTest."""

import time
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from wsgiref.util import request_uri

from webtest import TestApp, TestResponse, lint

from .driving import drive
from .jar import Jar


class Visitor:
    """Somebody who looks at an application's pages, with a jar that keeps what a browser would keep.

    Args:
        app: the application as visitors meet it, gate and all.
        origin: scheme and host it is visited under; `get` and `post` take other hosts' full URLs too.
        preferences_path: where the gate's page is; the gate's own word when *app* is the gate.
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
        clock: Callable[[], float] = lambda: time.time(),
    ) -> None:
        self.jar = Jar()
        """What the browser keeps; `Jar` says how to look into it."""
        self._origin = origin
        self._clock = clock
        own = getattr(getattr(app, "options", None), "preferences_path", None)
        self._path = preferences_path or own or "/cookies"
        self._gated = app
        extra = {"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_SEC_FETCH_DEST": "document"}
        self._app = TestApp(self._browse, extra_environ=extra, lint=False)

    def get(self, path: str, **options: Any) -> TestResponse:
        """Look at a page; *options* are WebTest's. The response is WebTest's too.

        Raises:
            webtest.AppError: the status is 400 or more and no *status* or *expect_errors* was given.
        """
        return self._app.get(self._url(path), **options)

    def post(self, path: str, form: Any = "", **options: Any) -> TestResponse:
        """Post a form to a page; *options* are WebTest's. The response is WebTest's too.

        Raises:
            webtest.AppError: the status is 400 or more and no *status* or *expect_errors* was given.
        """
        return self._app.post(self._url(path), form, **options)

    def choices(self) -> dict[str, str]:
        """Return what the site says this visitor has chosen: category key to accepted, refused or unset."""
        answer = self.get(self._path, headers={"Accept": "application/json"}).json
        return {key: each["state"] for key, each in answer["categories"].items()}

    def accept(self, *category_keys: str) -> None:
        """Tick these on the site's page, leave the other boxes as they are, and save.

        As on any such page, a box that is not ticked is a no.
        """
        self.save(*dict.fromkeys([*self._ticked(), *category_keys]))

    def refuse(self, *category_keys: str) -> None:
        """Untick these on the site's page, leave the other boxes as they are, and save: so one withdraws."""
        self.save(*(key for key in self._ticked() if key not in category_keys))

    def save(self, *category_keys: str) -> None:
        """Save exactly these on the site's page, as ticked."""
        self._choose([("action", "save"), *(("category", key) for key in category_keys)])

    def accept_all(self) -> None:
        """Press the button that accepts everything."""
        self._choose([("action", "accept_all")])

    def refuse_all(self) -> None:
        """Press the button that refuses everything but what is necessary."""
        self._choose([("action", "refuse_all")])

    def _ticked(self) -> list[str]:
        answer = self.get(self._path, headers={"Accept": "application/json"}).json
        # What is on until refused shows a ticked box.
        return [key for key, each in answer["categories"].items() if each["allowed"]]

    def _choose(self, form: list[tuple[str, str]]) -> None:
        self.post(self._path, form, status=303)

    def _url(self, path: str) -> str:
        return path if "://" in path else self._origin + path

    def _browse(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Ask the application with the jar's cookies, and keep what it sets before anybody looks."""
        url = request_uri(environ)
        environ.pop("HTTP_COOKIE", None)  # WebTest's own jar has no say
        cookie_string = self.jar.cookie_string(url, now=self._clock())
        if cookie_string:
            environ["HTTP_COOKIE"] = cookie_string
        answer = drive(lint.middleware(self._gated), environ)
        self.jar.store_response(answer.headers, url, now=self._clock())
        start_response(answer.status, answer.headers)
        return [*answer.written, *answer.chunks]
