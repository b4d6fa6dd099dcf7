"""``consentgate demo``: serve the portal behind its gate on loopback, and print each request."""

import errno
import os
import sys
from collections.abc import Iterable
from socketserver import ThreadingMixIn
from tempfile import TemporaryDirectory
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from consentgate._urls import quote_path
from consentgate.drift.families import FAMILIES, Known
from consentgate.drift.recorder import DriftRecorder
from consentgate.drift.report import make_report
from consentgate.drift.store import read_facts
from consentgate.drift.table import to_table
from consentgate.events import Event
from consentgate.gate.response import names_set
from consentgate.headers.names import Field

from .maps import MAP_HOST, serving_map
from .portal import Portal, language_of, policy

PORT = 8000
"""The demo's port, unless it is in use."""

LONGEST_LINE = 128
"""Characters of a request's method and path that are printed."""

TRY = """\
  The portal tries to set four cookies; one of them, undeclared_widget, is in no category.
  1. Open the page: only necessary cookies and the exempt page counter pass.
  2. Accept in the banner, or choose at {address}/cookies: recent_datasets passes too.
  3. Refuse: the counter and recent_datasets are expired, and the portal no longer reads them.
  4. Log in, switch the language, search, call the API: these work whatever you choose.
  5. The map comes from another host, {map_host}: the browser asks it for nothing until you accept.
  6. A picture comes from a third host, which no category declares: it is blocked whatever you choose.
  Stop with Ctrl-C: what was seen is then compared with the policy, as `consentgate drift` does."""


def gate(secret_key: str, map_host: str = MAP_HOST, recorder: DriftRecorder | None = None) -> WSGIApplication:
    """Return the portal behind its gate, which prints each event; its map is at *map_host*."""
    return policy(map_host).wrap(
        Portal(map_host),
        secret_key=secret_key,
        language=language_of,
        third_parties="block",
        observer=[_log_event] if recorder is None else [_log_event, recorder],
    )


def serve(*, port: int | None, secret_key: str) -> int:
    """Serve the portal on loopback until Ctrl-C, and return the exit status.

    Args:
        port: 0 for any free one; None for the usual one, or any free one if that is taken.
        secret_key: signs choices.
    """
    with serving_map() as map_host, TemporaryDirectory() as folder:
        recorder = DriftRecorder(os.path.join(folder, "drift.sqlite"))
        status = _serve_portal(_logging(gate(secret_key, map_host, recorder)), port, map_host)
        _print_drift(recorder, map_host)
        return status


def _serve_portal(app: WSGIApplication, port: int | None, map_host: str) -> int:
    try:
        server = _server(app, port)
    except OSError as error:
        reason = error.strerror or error
        print(f"consentgate: port {port} cannot be used: {reason}; try --port 0", file=sys.stderr)
        return 1
    with server:
        address = f"http://127.0.0.1:{server.server_port}"
        print(
            f"The demo portal is at {address}/\n{TRY.format(address=address, map_host=map_host)}", flush=True
        )
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("\nstopped", flush=True)
    return 0


def _print_drift(recorder: DriftRecorder, map_host: str) -> None:
    """Print the cookies and hosts that were seen beside those that the policy declares."""
    recorder.flush(patience=2)
    if os.path.exists(recorder.path):
        print(to_table(make_report(read_facts(recorder.path), policy(map_host)), Known(FAMILIES)), end="")


def _server(app: WSGIApplication, port: int | None) -> WSGIServer:
    try:
        return make_server("127.0.0.1", PORT if port is None else port, app, _Server, _Handler)
    except OSError as error:
        if port is not None or error.errno != errno.EADDRINUSE:
            raise
    print(f"Port {PORT} is taken: the demo takes another.", flush=True)
    return make_server("127.0.0.1", 0, app, _Server, _Handler)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True  # a browser keeps connections open: they must not hold Ctrl-C back


class _Handler(WSGIRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Print nothing: `_logging` prints each request."""


def _log_event(event: Event) -> None:
    print(f"  {event}", flush=True)


def _logging(app: WSGIApplication) -> WSGIApplication:
    """Return *app* as middleware that prints each request and the cookies of its response."""

    def logging(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, response_headers: list[Field], exc_info: object = None, /) -> object:
            passed = ", ".join(sorted(names_set(response_headers))) or "none"
            # Terminals act on control characters, so a visitor's bytes are encoded.
            asked = (quote_path(environ[name])[:LONGEST_LINE] for name in ("REQUEST_METHOD", "PATH_INFO"))
            print(f"{' '.join(asked)} {status}; cookies out: {passed}", flush=True)
            return start_response(status, response_headers)

        return app(environ, start)  # type: ignore[arg-type]  # the demo never starts a response twice

    return logging
