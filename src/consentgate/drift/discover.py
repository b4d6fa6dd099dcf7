"""discover: record the cookies of any WSGI application, without a policy and without changing anything."""

import logging
import os
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from consentgate.errors import PolicyError
from consentgate.headers.cookie import BLANK, cookie_name, has_line_break, is_set_cookie
from consentgate.headers.names import Field
from consentgate.headers.set_cookie import response_date, stated_attributes

from .recorder import DriftRecorder

_logger = logging.getLogger("consentgate")


def discover(app: WSGIApplication, path: str | os.PathLike[str]) -> WSGIApplication:
    """Return *app* with every cookie that it sets, or that browsers send, noted in a drift store.

    There is no policy and no key, and nothing is changed: the application gets its environ, the server
    gets its header list and its iterable. ``consentgate drift PATH`` reports, ``--toml`` drafts a policy.

    Args:
        app: any WSGI application, with the middleware around it, since that may set cookies, too.
        path: the drift store; see `DriftRecorder`.

    Raises:
        PolicyError: *app* cannot be called, or *path* is in no folder.
    """
    if not callable(app):
        raise PolicyError(f"app must be a WSGI application, not {app!r}")
    return Discovery(app, DriftRecorder(path))


def note_set_cookies(recorder: DriftRecorder, response_headers: Sequence[Field], over_https: bool) -> None:
    """Count each cookie that *response_headers* set."""
    now = time.time()
    date = response_date(response_headers, now)
    for field_name, field_value in response_headers:
        name = cookie_name(field_value) if is_set_cookie(field_name) else None
        if name is not None:
            stated = stated_attributes(field_value, now, date)
            recorder.note("set", name, "passed", "", stated, over_https)


class Discovery:
    """Middleware that records the cookies of an application.

    Attributes:
        app: the application itself.
        recorder: counts the cookies.
    """

    def __init__(self, app: WSGIApplication, recorder: DriftRecorder) -> None:
        self.app = app
        self.recorder = recorder
        self._warned: set[str] = set()

    def __repr__(self) -> str:
        return f"<{self.app!r} recorded by {self.recorder!r}>"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Return the application's own response."""
        self._attempt(self._note_request, environ)
        over_https = environ.get("wsgi.url_scheme") == "https"

        def start_noted(status: str, response_headers: Any, *exc_info: Any) -> Callable[[bytes], object]:
            self._attempt(self._note_response, status, response_headers, over_https)
            return start_response(status, response_headers, *exc_info)

        return self.app(environ, start_noted)

    def _attempt(self, note: Callable[..., None], *arguments: object) -> None:
        try:
            note(*arguments)
        except Exception:
            self._warn_once("noting failed; the response is unaffected", exc_info=True)

    def _note_request(self, environ: WSGIEnvironment) -> None:
        for pair in environ.get("HTTP_COOKIE", "").split(";"):
            name, equals, _ = pair.partition("=")
            if equals:
                self.recorder.note("sent", name.strip(BLANK), "passed", "")

    def _note_response(self, status: str, response_headers: object, over_https: bool) -> None:
        if not isinstance(response_headers, (list, tuple)):
            return  # PEP 3333 asks for a list; reading an iterator would exhaust it
        self._warn_of_line_breaks(status, "the status")
        for name, value in response_headers:
            self._warn_of_line_breaks(value, f"the field {name}")
        note_set_cookies(self.recorder, response_headers, over_https)
        self.recorder.flush_if_due()

    def _warn_of_line_breaks(self, text: str, where: str) -> None:
        if has_line_break(text):
            self._warn_once(
                "%s holds a line break, and browsers may read another field behind it: an enforcing gate "
                "refuses such a response",
                where,
            )

    def _warn_once(self, message: str, *arguments: object, exc_info: bool = False) -> None:
        if message not in self._warned:
            self._warned.add(message)
            _logger.warning(message, *arguments, exc_info=exc_info)
