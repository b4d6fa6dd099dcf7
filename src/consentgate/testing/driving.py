"""Drive one request through an application as a server does, and record every call (PEP 3333)."""

import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple
from wsgiref.types import WSGIApplication, WSGIEnvironment
from wsgiref.util import setup_testing_defaults

Fields = list[tuple[str, str]]

HandOver = Literal["list", "tuple", "iterator", "edited late", "broken status", "broken field"]
"""How an application hands status and fields to start_response.

The fields come as a ``list``, as PEP 3333 demands; as a ``tuple`` or an ``iterator``, which servers accept;
or as a list that is edited after start_response has returned (``edited late``). The broken ones hold a
Set-Cookie behind a line break, which some servers write out: in the status, or in another field's value.
"""

HAND_OVERS: tuple[HandOver, ...] = (
    "list",
    "tuple",
    "iterator",
    "edited late",
    "broken status",
    "broken field",
)

SAFE_METHODS = ("GET", "HEAD")

# Native strings of PEP 3333, without ";" and, in names, "=".
_NAME = re.compile(r"[ !-:<>-~\x80-\xff]+")
_VALUE = re.compile(r"[ -:<-~\x80-\xff]*")


class Route(NamedTuple):
    """Method, path and body of a request.

    Attributes:
        method: the request's method.
        path: its path, with its query.
        body: its body.
        content_type: the body's media type.
    """

    method: str = "GET"
    path: str = "/"
    body: bytes = b""
    content_type: str = "application/x-www-form-urlencoded"

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class FileWrapper:
    """A server's `wsgi.file_wrapper`; `drive` recognises it when an application returns it."""

    def __init__(self, file: Any, block_size: int = 8192) -> None:
        self._file, self._block_size = file, block_size

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self._file.read(self._block_size), b"")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@dataclass
class Answer:
    """Everything an application gives a server in one request.

    Attributes:
        starts: status and a copy of the fields of each call of start_response.
        written: the chunks passed to write().
        chunks: the chunks yielded.
        iterable: the returned iterable.
        as_file: whether the iterable is the server's own file wrapper.
        had_close: whether the iterable has a close().
        late: the final state of each list of fields that was edited after start_response; some servers
            send the list only then.
    """

    starts: list[tuple[str, Fields]] = field(default_factory=list)
    written: list[bytes] = field(default_factory=list)
    chunks: list[bytes] = field(default_factory=list)
    iterable: object = None
    as_file: bool = False
    had_close: bool = False
    late: list[Fields] = field(default_factory=list)

    @property
    def status(self) -> str:
        """The status of the last start_response."""
        return self.starts[-1][0]

    @property
    def headers(self) -> Fields:
        """The fields of the last start_response."""
        return self.starts[-1][1]


def environ_for(route: Route | str, cookie_string: str = "", **extra: Any) -> WSGIEnvironment:
    """Return the environ of a request to *route*, over https, as a browser makes it for a page.

    A path alone is a GET with a typed address; another method is a form of the site's own.
    """
    route = Route(path=route) if isinstance(route, str) else route
    path_info, _, query = route.path.partition("?")
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": route.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path_info,
        "QUERY_STRING": query,
        "HTTP_HOST": "localhost",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "443",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(route.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.file_wrapper": FileWrapper,
        "HTTP_SEC_FETCH_SITE": "none",
        "HTTP_SEC_FETCH_MODE": "navigate",
        "HTTP_SEC_FETCH_DEST": "document",
    }
    if cookie_string:
        environ["HTTP_COOKIE"] = cookie_string
    if route.method not in SAFE_METHODS:
        environ["HTTP_SEC_FETCH_SITE"] = "same-origin"
        environ["CONTENT_TYPE"], environ["CONTENT_LENGTH"] = route.content_type, str(len(route.body))
    environ.update(extra)
    if route.method not in SAFE_METHODS:
        environ.setdefault("HTTP_ORIGIN", f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}")
    setup_testing_defaults(environ)
    return environ


def drive(app: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    """Return everything *app* gives a server for this request; its exceptions are not caught."""
    answer = Answer()
    given: list[Fields] = []

    def start_response(status: str, headers: Fields, exc_info: Any = None, /) -> Callable[[bytes], object]:
        given.append(headers if isinstance(headers, list) else list(headers))
        answer.starts.append((status, list(given[-1])))
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
    answer.late = [list(last) for last, (_, first) in zip(given, answer.starts, strict=True) if last != first]
    return answer


def drop(app: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    """Return everything *app* gives a server that closes the iterable before its first chunk."""
    answer = Answer()

    def start_response(status: str, headers: Fields, exc_info: Any = None, /) -> Callable[[bytes], object]:
        answer.starts.append((status, list(headers)))
        return answer.written.append

    iterable = app(environ, start_response)
    getattr(iterable, "close", lambda: None)()
    return answer


@dataclass
class Heard:
    """The calls between a gate and the application behind it.

    Attributes:
        environs: a copy of each environ the application got.
        starts: the fields of each start_response, as the application gave them.
        edited: the fields of each list that the gate edited in place.
        iterables: the iterables that the application returned.
    """

    environs: list[WSGIEnvironment] = field(default_factory=list)
    starts: list[Fields] = field(default_factory=list)
    edited: list[Fields] = field(default_factory=list)
    iterables: list[object] = field(default_factory=list)


class Interrupted(Exception):
    """An error that makes middleware try a request again, such as a transaction's conflict."""


@contextmanager
def listening(
    gate: Any, hand_over: HandOver = "list", *, late: str = "", fails_first: bool = False
) -> Iterator[Heard]:
    """Record the calls between *gate* and its application.

    The calls are not changed, unless an argument says so.

    Args:
        gate: the gate.
        hand_over: how the application hands over its fields.
        late: the set-cookie-string to add late, or behind a line break.
        fails_first: whether the first call raises `Interrupted` before the application is called.
    """
    heard, inner = Heard(), gate.app

    def listener(environ: WSGIEnvironment, start_response: Any) -> Iterable[bytes]:
        heard.environs.append(dict(environ))
        if fails_first and len(heard.environs) == 1:
            raise Interrupted

        def started(status: str, headers: Fields, *exc_info: Any) -> Any:
            before = list(headers)
            heard.starts.append(before)
            broken = f"\r\nSet-Cookie: {late}"
            handed = _hand_over(headers, hand_over, ("X-Broken", f"1{broken}"))
            given = list(handed) if isinstance(handed, list) else []
            status += broken if hand_over == "broken status" else ""
            write = start_response(status, handed, *exc_info)
            if isinstance(handed, list) and handed != given:
                heard.edited.append(before)
            if hand_over == "edited late":
                handed.insert(0, ("Set-Cookie", late))
            return write

        iterable: Iterable[bytes] = inner(environ, started)
        heard.iterables.append(iterable)
        return iterable

    gate.app = listener
    try:
        yield heard
    finally:
        gate.app = inner


def _hand_over(headers: Fields, hand_over: HandOver, broken: tuple[str, str]) -> Any:
    if hand_over == "broken field":
        return [*headers, broken]
    # The application may keep its list for the next response, so a copy is edited.
    kinds: dict[HandOver, Any] = {"tuple": tuple, "iterator": iter, "edited late": list}
    return kinds[hand_over](headers) if hand_over in kinds else headers


def cookies_in(cookie_string: str) -> Iterator[tuple[str, str]]:
    """Yield name and value of each pair in a Cookie field; the name is ``""`` without a ``=``."""
    for pair in cookie_string.split(";"):
        name, equals, value = pair.partition("=")
        if pair.strip(" \t"):
            yield (name.strip(" \t"), value.strip(" \t")) if equals else ("", name.strip(" \t"))


def set_cookies(headers: Iterable[tuple[str, str]]) -> list[str]:
    """Return the values of the Set-Cookie fields among *headers*."""
    return [value for name, value in headers if name.lower() == "set-cookie"]


def cookie_pairs(cookies: Mapping[str, str] | str) -> list[tuple[str, str]]:
    """Return the (name, value) pairs of the cookies that a test passes in.

    >>> cookie_pairs("sessionid=1; lang=fr"), cookie_pairs({"sessionid": "1"})
    ([('sessionid', '1'), ('lang', 'fr')], [('sessionid', '1')])

    Raises:
        TypeError: *cookies* is neither a mapping nor a Cookie string, or holds an invalid cookie.
    """
    if isinstance(cookies, Mapping):
        pairs = list(cookies.items())
    elif isinstance(cookies, str):
        pairs = list(cookies_in(cookies))
    else:
        raise TypeError(
            f"cookies must be a mapping such as {{'sessionid': '1'}} or a Cookie string such as "
            f"'sessionid=1; lang=fr', not {cookies!r}"
        )
    for name, value in pairs:
        are_texts = isinstance(name, str) and isinstance(value, str)
        if not (are_texts and _NAME.fullmatch(name) and _VALUE.fullmatch(value)):
            raise TypeError(
                f"cookies: {name!r} with the value {value!r} is not a cookie a browser sends: both must be "
                "str, the name not empty and without '=', and both without ';' and control characters"
            )
    return pairs
