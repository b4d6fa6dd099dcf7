"""Hello-world Flask, bare and gated in turns in one process of gunicorn, each request's CPU time kept."""

import json
import time
from collections.abc import Iterable
from typing import Any

from gunicorn.workers.sync import SyncWorker

from .hello import bare, gated

SAMPLES = "/samples"
"""Where the nanoseconds are to be had, as pairs of bare and gated."""

_pairs: list[list[int]] = []
_spent: list[int] = []


def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer with one of the two, the one that comes first in every other pair."""
    if environ["PATH_INFO"] != SAMPLES:
        is_gated = (len(_spent) + len(_pairs)) % 2
        return (gated if is_gated else bare).wsgi_app(environ, start_response)
    _spent.clear()
    body = json.dumps(_pairs).encode()
    _pairs.clear()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


class Worker(SyncWorker):  # type: ignore[misc]
    """Measures what the whole of a request takes: reading, parsing, answering, writing, kernel included."""

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Handle one request, and keep what it took."""
        before = time.thread_time_ns()
        super().handle(listener, client, addr)
        _spent.append(time.thread_time_ns() - before)
        if len(_spent) == 2:
            _pairs.append(_spent[::-1] if len(_pairs) % 2 else _spent.copy())
            _spent.clear()
