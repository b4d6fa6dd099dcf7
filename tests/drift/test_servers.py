"""Real servers with several processes and threads: every count arrives, but what a SIGKILL took."""

import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from consentgate.drift.store import read_facts
from tests.serving import PATIENCE, free_port, wait_until_answered

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
APPS = ("discovered", "gated")

COMMANDS = {
    "gunicorn-sync": ("gunicorn", "--preload -w 3 -b 127.0.0.1:{port} {app}", signal.SIGTERM),
    "gunicorn-gthread": (
        "gunicorn",
        "--preload -w 2 -k gthread --threads 4 -b 127.0.0.1:{port} {app}",
        signal.SIGTERM,
    ),
    "gunicorn-max-requests": (
        "gunicorn",
        "--preload -w 2 --max-requests 40 -b 127.0.0.1:{port} {app}",
        signal.SIGTERM,
    ),
    "gunicorn-gevent": ("gunicorn", "-w 2 -k gevent -b 127.0.0.1:{port} {app}", signal.SIGTERM),
    "uwsgi": (
        "uwsgi",
        "--http-socket 127.0.0.1:{port} -w {app} --need-app --master --die-on-term -p 2 --enable-threads "
        "--stats 127.0.0.1:{stats}",
        signal.SIGTERM,
    ),
    # SIGTERM ends waitress without a word to Python: Ctrl-C does not.
    "waitress": ("waitress-serve", "--listen=127.0.0.1:{port} {app}", signal.SIGINT),
}
VISITORS, REQUESTS = 6, 50


@pytest.fixture(params=APPS)
def app(request: pytest.FixtureRequest) -> str:
    return f"tests.drift.served:{request.param}"


@pytest.fixture(params=COMMANDS)
def served(request: pytest.FixtureRequest, app: str, store: str, tmp_path: Path) -> Iterator["Served"]:
    program, options, _ = COMMANDS[request.param]
    if not shutil.which(program, path=str(BIN)):
        pytest.skip(f"{program} is not installed")
    if "gevent" in request.param:
        pytest.importorskip("gevent", reason="gevent is not installed")
    running = Served(store, tmp_path, program, options, app)
    yield running
    running.kill()


class Served:
    """One server in a process group of its own, stopped by its own pid."""

    def __init__(self, store: str, folder: Path, program: str, options: str, app: str) -> None:
        self.port, self._stats = free_port(), free_port()
        self.store = store
        self._log = (folder / "log").open("w+b")
        self.process = subprocess.Popen(
            [f"{BIN}/{program}", *options.format(port=self.port, stats=self._stats, app=app).split()],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), "DRIFT_STORE": store},
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        try:
            wait_until_answered(self.port, self.process, log=folder / "log")
        except BaseException:
            self.kill()
            raise

    def get(self) -> int:
        """Make a request; return the process that answered."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", "/", headers={"Cookie": "_ga=1"})
            return int(connection.getresponse().read())
        finally:
            connection.close()

    def wait_until_idle(self) -> None:
        """Wait until no worker of uWSGI is answering a request or closing one."""
        end = time.monotonic() + PATIENCE
        while any(status != "idle" for status in self._ask_statuses()):
            assert time.monotonic() < end, self.log()
            time.sleep(0.05)

    def _ask_statuses(self) -> list[str]:
        with socket.create_connection(("127.0.0.1", self._stats), PATIENCE) as connection:
            stats = json.loads(b"".join(iter(lambda: connection.recv(65536), b"")))
        return [worker["status"] for worker in stats["workers"]]

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        self._log.close()

    def log(self) -> str:
        return Path(self._log.name).read_text()[-3000:]

    def times(self) -> dict[str, int]:
        return {fact.subject.name: fact.times for fact in read_facts(self.store)}


def visit(served: Served) -> set[int]:
    """Make REQUESTS requests from each of VISITORS threads; return the processes that answered."""
    answered: list[int] = []
    failed: list[Exception] = []

    def ask() -> None:
        try:
            answered.extend(served.get() for _ in range(REQUESTS))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(VISITORS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * PATIENCE)
        assert not thread.is_alive()
    assert not failed
    return set(answered)


def test_every_count_arrives(served: Served, request: pytest.FixtureRequest) -> None:
    visit(served)
    program, _, stop = COMMANDS[request.node.callspec.params["served"]]
    if program == "uwsgi":  # it runs nothing at exit in a worker that is still closing a request
        served.wait_until_idle()
    served.process.send_signal(stop)
    served.process.wait(PATIENCE)
    expected = {"sid": VISITORS * REQUESTS, "_ga": VISITORS * REQUESTS}
    assert served.times() == expected, served.log()


def are_written(served: Served, names: set[str]) -> bool:
    """Return whether the store, if there is one yet, holds facts of these names."""
    with suppress(OSError, sqlite3.Error):
        return served.times().keys() == names
    return False


def test_sigkill_takes_counts_and_no_facts(served: Served) -> None:
    names = {"sid", "_ga"}
    end = time.monotonic() + PATIENCE
    while not are_written(served, names):  # what is new is written by the first request a second later
        assert time.monotonic() < end, served.log()
        served.get()
        time.sleep(0.1)
    for _ in range(10):
        served.get()
    served.kill()
    assert served.times().keys() == names
