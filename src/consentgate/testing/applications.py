"""Small WSGI applications that answer in every manner PEP 3333 allows, as values with a readable repr."""

import io
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from wsgiref.types import StartResponse, WSGIEnvironment

from consentgate.visit import Visit

Manner = Literal["eager", "late", "streaming", "writing", "failing", "file_wrapper"]

MANNERS: tuple[Manner, ...] = ("eager", "late", "streaming", "writing", "failing", "file_wrapper")
"""How an application answers.

``eager``: calls start_response when it is called. ``late``: calls it at the first iteration. ``streaming``:
likewise, and yields one chunk after the other. ``writing``: uses write(). ``failing``: fails after
start_response, and calls it again with exc_info. ``file_wrapper``: returns the server's file wrapper.
"""


@dataclass(frozen=True)
class Application:
    """A WSGI application that gives every request the same response.

    Attributes:
        manner: how it answers; see `MANNERS`.
        response_headers: its fields in the last call of start_response.
        chunks: the body.
        status: its status in the last call of start_response.
        choice: the choice it makes for its visitor before it answers: category key to True or False.
    """

    manner: Manner = "eager"
    response_headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/plain"),)
    chunks: tuple[bytes, ...] = (b"body",)
    status: str = "200 OK"
    choice: Mapping[str, bool] = field(default_factory=dict)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, in this application's manner."""
        if self.choice:
            Visit.from_environ(environ)._choose(self.choice)
        if self.manner in ("late", "streaming"):
            return self._late(start_response)
        write = self._started(start_response)
        if self.manner == "writing":
            for chunk in self.chunks:
                write(chunk)
            return []
        if self.manner == "file_wrapper" and "wsgi.file_wrapper" in environ:
            return _as_file(environ, b"".join(self.chunks))
        return list(self.chunks)

    def _late(self, start_response: StartResponse) -> Iterator[bytes]:
        self._started(start_response)
        yield from self.chunks

    def _started(self, start_response: StartResponse) -> Any:
        if self.manner != "failing":
            return start_response(self.status, list(self.response_headers))
        start_response("200 OK", list(self.response_headers))
        try:
            raise RuntimeError("this application fails after it has started")
        except RuntimeError:
            return start_response(self.status, list(self.response_headers), sys.exc_info())


def _as_file(environ: WSGIEnvironment, body: bytes) -> Iterable[bytes]:
    wrapped: Iterable[bytes] = environ["wsgi.file_wrapper"](io.BytesIO(body), 8192)
    return wrapped
