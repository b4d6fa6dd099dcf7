"""Servers for as long as a block lasts: in a thread, on loopback, or in a process of their own."""

import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

OPENSSL = shutil.which("openssl")
PATIENCE = 30.0
"""Seconds anything waits for somebody else."""


class Quiet(WSGIRequestHandler):
    """Says nothing of each request, nor of connections that are closed unused, or where nothing comes."""

    timeout = PATIENCE

    def handle(self) -> None:
        """Answer one request, if there is one."""
        with suppress(OSError):
            super().handle()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


class Threading(ThreadingMixIn, WSGIServer):
    """A server for clients that open several connections at once."""

    daemon_threads = True


@contextmanager
def serving(app: Any, server_class: type[WSGIServer] = Threading) -> Iterator[int]:
    """Serve *app* on a free port of this machine."""
    with make_server("127.0.0.1", 0, app, server_class, Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join(PATIENCE)


@contextmanager
def serving_tls(app: Any) -> Iterator[int]:
    """Serve *app* over https, with a certificate made for the occasion; needs OPENSSL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        context.load_cert_chain(make_certificate(Path(folder)))

    class Secure(Threading):
        def get_request(self) -> Any:
            # The handshake is the handler's, in its own thread: whoever says nothing holds up nobody else.
            connection, address = super().get_request()
            return context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    with serving(app, Secure) as port:
        yield port


def make_certificate(folder: Path) -> Path:
    """Make a certificate that nobody vouches for, with its key, in one file."""
    pem = folder / "localhost.pem"
    wanted = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command = [str(OPENSSL), "req", *wanted, "-keyout", str(pem), "-out", str(pem)]
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)
    return pem


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def is_answered(port: int) -> bool:
    """Return whether somebody listens there."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def wait_until_answered(
    port: int,
    process: subprocess.Popen[bytes] | None = None,
    *,
    log: Path | None = None,
    timeout: float = PATIENCE,
) -> None:
    """Wait until *port* is answered; fail once *process*, which is to answer, has ended, or time is up."""
    end = time.monotonic() + timeout
    while not is_answered(port):
        status = process.poll() if process else None
        if status is not None or time.monotonic() > end:
            reason = f"not in {timeout:g} seconds" if status is None else f"the process ended with {status}"
            said = log.read_text(errors="replace")[-2000:] if log else ""
            raise AssertionError(f"nothing answers on port {port}: {reason}\n{said}".rstrip())
        time.sleep(0.05)


@contextmanager
def running(command: list[str], port: int, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server, once it answers, until the block ends; it is stopped by its own pid."""
    with tempfile.NamedTemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, **options)
        try:
            wait_until_answered(port, process, log=Path(log.name))
            yield process
        finally:
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask *process* to end, and end it if it does not."""
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(PATIENCE)
