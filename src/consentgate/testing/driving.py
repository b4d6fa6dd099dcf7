"""One request through an application, as a server makes it, with everything written down (PEP 3333)."""

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from wsgiref.types import WSGIApplication, WSGIEnvironment
from wsgiref.util import setup_testing_defaults

Fields = list[tuple[str, str]]


class FileWrapper:
    """What a server offers as `wsgi.file_wrapper`; it knows its own when it gets one back."""

    def __init__(self, file: Any, block_size: int = 8192) -> None:
        self._file, self._block_size = file, block_size

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self._file.read(self._block_size), b"")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@dataclass
class Answer:
    """What a server was given in the course of one request.

    Attributes:
        starts: status and fields of each call of start_response, as they were when it was called.
        written: what was written rather than yielded.
        chunks: what was yielded.
        iterable: what the application returned.
        as_file: whether that was the server's own file wrapper.
        had_close: whether it had a close().
    """

    starts: list[tuple[str, Fields]] = field(default_factory=list)
    written: list[bytes] = field(default_factory=list)
    chunks: list[bytes] = field(default_factory=list)
    iterable: object = None
    as_file: bool = False
    had_close: bool = False

    @property
    def status(self) -> str:
        """The status that counts: the last."""
        return self.starts[-1][0]

    @property
    def headers(self) -> Fields:
        """The fields that count: the last."""
        return self.starts[-1][1]


def environ_for(path: str, cookie_string: str = "", **extra: Any) -> WSGIEnvironment:
    """Return the environ of a GET for *path*, with its query, over https, as for a page looked at."""
    path_info, _, query = path.partition("?")
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path_info,
        "QUERY_STRING": query,
        "HTTP_HOST": "localhost",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "443",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.file_wrapper": FileWrapper,
        "HTTP_SEC_FETCH_DEST": "document",
    }
    if cookie_string:
        environ["HTTP_COOKIE"] = cookie_string
    environ.update(extra)
    setup_testing_defaults(environ)
    return environ


def drive(app: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    """Return what *app* gives a server for this request; what it raises is raised."""
    answer = Answer()

    def start_response(status: str, headers: Fields, exc_info: Any = None, /) -> Callable[[bytes], object]:
        answer.starts.append((status, list(headers)))
        return answer.written.append

    iterable: Iterable[bytes] = app(environ, start_response)
    close = getattr(iterable, "close", None)
    answer.iterable = iterable
    answer.as_file, answer.had_close = isinstance(iterable, FileWrapper), close is not None
    try:
        answer.chunks.extend(iterable)
    finally:
        if close is not None:
            close()
    return answer


@dataclass
class Heard:
    """What passed between a gate and the application behind it.

    Attributes:
        environs: a copy of each environ the application was given.
        starts: the fields of each start_response, as the application gave them.
        edited: those among them whose very list was changed while the gate had it.
        iterables: what the application returned.
    """

    environs: list[WSGIEnvironment] = field(default_factory=list)
    starts: list[Fields] = field(default_factory=list)
    edited: list[Fields] = field(default_factory=list)
    iterables: list[object] = field(default_factory=list)


@contextmanager
def listening(gate: Any) -> Iterator[Heard]:
    """Write down what passes between *gate* and its application, and change nothing of it."""
    heard, inner = Heard(), gate.app

    def listener(environ: WSGIEnvironment, start_response: Any) -> Iterable[bytes]:
        heard.environs.append(dict(environ))

        def started(status: str, headers: Fields, *exc_info: Any) -> Any:
            before = list(headers)
            heard.starts.append(before)
            write = start_response(status, headers, *exc_info)
            if headers != before:
                heard.edited.append(before)
            return write

        iterable: Iterable[bytes] = inner(environ, started)
        heard.iterables.append(iterable)
        return iterable

    gate.app = listener
    try:
        yield heard
    finally:
        gate.app = inner


def cookies_in(cookie_string: str) -> Iterator[tuple[str, str]]:
    """Yield name and value of each pair in a Cookie field, ``""`` for the name of one without."""
    for pair in cookie_string.split(";"):
        name, equals, value = pair.partition("=")
        if pair.strip(" \t"):
            yield (name.strip(" \t"), value.strip(" \t")) if equals else ("", name.strip(" \t"))


def set_cookies(headers: Iterable[tuple[str, str]]) -> list[str]:
    """Return the values of the Set-Cookie fields among *headers*."""
    return [value for name, value in headers if name.lower() == "set-cookie"]
