"""Real servers on loopback, driven over sockets by a visitor with a browser's jar.

SERVERS names those to try (`make servers` tries all there are); CI tries four.
"""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from consentgate.testing import Visitor
from tests.served import FILE, wait_for
from tests.serving import PATIENCE, free_port, wait_until_answered

ROOT = Path(__file__).parents[2]
APP = "tests.served:app"

COMMANDS = {
    "wsgiref": "{python} -m tests.served {port}",
    "waitress": "{bin}waitress-serve --listen=127.0.0.1:{port} {app}",
    "gunicorn-sync": "{bin}gunicorn -b 127.0.0.1:{port} {app}",
    "gunicorn-gthread": "{bin}gunicorn -k gthread --threads 4 -b 127.0.0.1:{port} {app}",
    "gunicorn-gevent": "{bin}gunicorn -k gevent -b 127.0.0.1:{port} {app}",
    "uwsgi": "{bin}uwsgi --http-socket 127.0.0.1:{port} -w {app} --need-app --master --die-on-term",
    "cheroot": "{bin}cheroot {app} --bind 127.0.0.1:{port}",
    "granian": "{bin}granian --interface wsgi --host 127.0.0.1 --port {port} {app}",
    "bjoern": "{python} -c '"
    "import bjoern; from tests.served import app; "
    'bjoern.run(app, "127.0.0.1", {port})'
    "'",
    "mod_wsgi": "{bin}mod_wsgi-express start-server --application-type module tests.served"
    " --callable-object app --host 127.0.0.1 --port {port} --user www-data --group www-data"
    " --server-root {folder} --working-directory . --log-to-terminal",
}
SERVERS = os.environ.get("SERVERS", "wsgiref waitress gunicorn-sync gunicorn-gthread uwsgi").split()


class Server:
    """One server in a process group of its own, stopped by its own pid."""

    def __init__(self, name: str, folder: Path) -> None:
        self.port = free_port()
        command = COMMANDS[name].format(
            python=sys.executable,
            bin=f"{Path(sys.executable).parent}/",
            port=self.port,
            app=APP,
            folder=folder / "mod_wsgi",
        )
        self._log = (folder / "log").open("w+b")
        self._process = subprocess.Popen(
            command,
            shell=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        try:
            wait_until_answered(self.port, self._process, log=folder / "log")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(PATIENCE)
        self._log.close()

    def send(self, path: str) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        return connection

    def forward(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        """Answer as the server does: a WSGI application that asks it over a socket."""
        names = {"CONTENT_TYPE": "Content-Type"}
        names |= {key: key[5:].replace("_", "-").title() for key in environ if key.startswith("HTTP_")}
        headers = {name: environ[key] for key, name in names.items() if environ.get(key)}
        length = int(environ.get("CONTENT_LENGTH") or 0)
        query = environ["QUERY_STRING"]
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(
                environ["REQUEST_METHOD"],
                environ["PATH_INFO"] + (f"?{query}" if query else ""),
                environ["wsgi.input"].read(length) if length else None,
                {**headers, "Connection": "close"},
            )
            response = connection.getresponse()
            hop = ("connection", "transfer-encoding", "keep-alive")
            fields = [field for field in response.getheaders() if field[0].lower() not in hop]
            body = response.read()
        finally:
            connection.close()
        start_response(f"{response.status} {response.reason}", fields)
        return [body]


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    name = request.param
    program = {"waitress": "waitress-serve", "mod_wsgi": "mod_wsgi-express"}.get(name, name.partition("-")[0])
    folder = Path(sys.executable).parent
    if name not in ("wsgiref", "bjoern") and not shutil.which(program, path=str(folder)):
        package = {"uwsgi": "uWSGI"}.get(name, name.replace("-sync", "").replace("-gthread", ""))
        pytest.skip(f"{name} is not installed: {folder}/pip install {package}")
    running = Server(name, tmp_path_factory.mktemp(name))
    yield running
    running.stop()


@pytest.fixture
def visitor(server: Server) -> Visitor:
    return Visitor(server.forward)


def test_first_visit_choice_and_withdrawal(visitor: Visitor) -> None:
    """A, D, G."""
    visitor.get("/")
    assert set(visitor.jar) == {"sid"}
    visitor.accept_all()
    visitor.get("/")
    assert set(visitor.jar) == {"sid", "_pk_id", "theme", "cookies_preferences"}
    assert "theme=3" in visitor.get("/").text
    visitor.get("/refuse")
    assert set(visitor.jar) == {"sid", "cookies_preferences"}
    assert visitor.get("/").text.split("=")[0] in ("sid", "cookies_preferences")
    visitor.accept("statistical")
    visitor.get("/")
    assert set(visitor.jar) == {"sid", "_pk_id", "cookies_preferences"}


def test_an_error_after_start_response(server: Server, visitor: Visitor) -> None:
    """M; what a server makes of exc_info is its own business, and the same without a gate."""
    answer, alone = visitor.get("/error", status=500), Visitor(server.forward).get("/bare/error", status=500)
    assert answer.body == alone.body
    assert set(visitor.jar) == {name for name in ("sid",) if "Set-Cookie" in alone.headers}


def test_a_file_goes_out_whole(visitor: Visitor) -> None:
    assert visitor.get("/file").body == FILE
    assert set(visitor.jar) == {"sid"}


def test_the_first_chunk_arrives_before_the_last_is_made(server: Server, tmp_path: Path) -> None:
    """P5."""
    seen = tmp_path / "seen"
    received = b""
    with server.send(f"/stream?seen={seen}") as connection:
        while b"first;" not in received:
            received += connection.recv(65536) or pytest.fail(f"no first chunk: {received!r}")
        assert b"last" not in received
        seen.touch()
        while data := connection.recv(65536):
            received += data
    assert b"last" in received and b"nobody" not in received


def test_a_body_whose_reader_leaves_is_closed_once(server: Server, visitor: Visitor, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.parent.chmod(0o777)
    connection = server.send(f"/endless?closed={closed}")
    assert connection.recv(1000)
    connection.close()
    assert wait_for(closed)
    for _ in range(3):  # by then, whoever would close it again has
        assert visitor.get("/").status_int == 200
    assert closed.read_text() == "closed\n"


def test_a_body_that_fails_fails_as_without_a_gate(server: Server, visitor: Visitor) -> None:
    with suppress(http.client.IncompleteRead, ConnectionError):
        visitor.get("/broken", expect_errors=True)
    assert set(visitor.jar) <= {"sid"}
    assert visitor.get("/").status_int == 200
