"""The application that every server serves: python -m tests.served PORT serves it with wsgiref's.

Processes tell each other what happened through files, named in the query.
"""

import io
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import make_server

from consentgate import Visit

from .conftest import KEY, MATRIX, make_policy
from .serving import PATIENCE, Quiet

SET_COOKIES = [("Set-Cookie", line) for line in MATRIX]
FILE = b"0123456789" * 10_000


def wait_for(path: Path) -> bool:
    """Wait until there is a file; tell whether there is."""
    end = time.monotonic() + PATIENCE
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.01)
    return path.exists()


class Endless:
    """A body without an end, which writes down each time it is closed."""

    def __init__(self, closed: Path) -> None:
        self._closed = closed

    def __iter__(self) -> Iterator[bytes]:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            yield b"x" * 65536

    def close(self) -> None:
        with self._closed.open("a") as log:
            log.write("closed\n")


def application(environ: dict[str, Any], start_response: Any) -> Any:
    """Answer by path; every answer sets the whole matrix of cookies."""
    path = environ["PATH_INFO"]
    query = {key: values[0] for key, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
    headers = [("Content-Type", "text/plain"), *SET_COOKIES]
    if path == "/error":
        start_response("200 OK", headers)
        try:
            raise RuntimeError("after start_response, before the body")
        except RuntimeError:
            start_response("500 Internal Server Error", headers, sys.exc_info())
            return [b"an error page"]
    if path == "/refuse":
        Visit.from_environ(environ).refuse_all()
    start_response("200 OK", headers)
    if path == "/stream":
        return stream(Path(query["seen"]))
    if path == "/endless":
        return Endless(Path(query["closed"]))
    if path == "/file" and "wsgi.file_wrapper" in environ:
        return environ["wsgi.file_wrapper"](io.BytesIO(FILE), 8192)
    if path == "/file":
        return [FILE]
    if path == "/broken":
        return broken()
    return [environ.get("HTTP_COOKIE", "").encode("latin-1")]


def stream(seen: Path) -> Iterator[bytes]:
    """Make the last chunk once somebody has seen the first."""
    yield b"first;"
    yield b"last" if wait_for(seen) else b"nobody saw the first"


def broken() -> Iterator[bytes]:
    """Fail in the middle of the body."""
    yield b"half"
    raise RuntimeError("in the middle of the body")


gate = make_policy().wrap(application, secret_key=KEY)


def app(environ: dict[str, Any], start_response: Any) -> Any:
    """Answer through the gate; under /bare as the application alone."""
    if environ["PATH_INFO"].startswith("/bare/"):
        return application({**environ, "PATH_INFO": environ["PATH_INFO"][5:]}, start_response)
    return gate(environ, start_response)


if __name__ == "__main__":
    make_server("127.0.0.1", int(sys.argv[1]), app, handler_class=Quiet).serve_forever()
