"""The host of the map that the portal embeds; it sets its own cookie."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

MAP_HOST = "localhost:8001"
"""The host as the policy's file declares it; the demo takes any free port."""

MAP_COOKIE = "map_visitor"
"""The cookie that the other host sets with its map."""


@cache
def _drawing() -> bytes:
    return files("consentgate.demo").joinpath("static", "map.svg").read_bytes()


def serve_map(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Send the map with a cookie, and print a line about it."""
    print("  the other host is asked for its map, and sets its cookie", flush=True)
    fields = [
        ("Content-Type", "image/svg+xml"),
        ("Content-Length", str(len(_drawing()))),
        ("Cache-Control", "no-store"),
        ("Set-Cookie", f"{MAP_COOKIE}=1; Path=/; SameSite=None; Secure"),
    ]
    start_response("200 OK", fields)
    return [_drawing()]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Print nothing: `serve_map` prints the line that matters."""


@contextmanager
def serving_map() -> Iterator[str]:
    """Serve the map on loopback while the block runs; yield its host, which differs from 127.0.0.1."""
    with make_server("127.0.0.1", 0, serve_map, _Server, _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield f"localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
