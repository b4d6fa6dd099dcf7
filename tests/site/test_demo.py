"""The demo portal: in process, and as the command a stranger runs."""

import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest
from webtest import TestApp

from consentgate.cli import main
from consentgate.demo import portal as demo
from consentgate.demo.portal import Portal, policy
from tests.conftest import KEY


@pytest.fixture
def portal() -> TestApp:
    return TestApp(policy().wrap(Portal(), secret_key=KEY))


def test_its_policy_is_complete_in_two_languages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--complete", str(Path(demo.__file__).with_name("demo.toml"))]) == 0
    assert "Mesure d’audience" in policy().render("html", language="fr")


def jar(app: TestApp) -> set[str]:
    return {cookie.name for cookie in app.cookiejar}


def test_what_the_terminal_says_to_try(portal: TestApp) -> None:
    page = portal.get("/")
    assert jar(portal) == {"csrftoken", "_pk_id.1"}
    page = (
        page.forms[0].submit("action", value="accept_all", headers={"Sec-Fetch-Site": "same-origin"}).follow()
    )
    assert jar(portal) == {"csrftoken", "_pk_id.1", "recent_datasets", "cookies_preferences"}
    assert "consentgate-banner" not in page
    portal.post("/cookies", {"action": "refuse_all"}, headers={"Sec-Fetch-Site": "same-origin"})
    assert jar(portal) == {"csrftoken", "cookies_preferences"}
    assert "recent_datasets</code>, " not in portal.get("/").text.partition("The portal reads")[2]


def test_login_language_and_api_work_whatever_is_chosen(portal: TestApp) -> None:
    for action in ("accept_all", "refuse_all"):
        portal.post("/cookies", {"action": action}, headers={"Sec-Fetch-Site": "same-origin"})
        page = portal.post("/login").follow()
        assert "You are logged in." in page
        page = portal.get("/language?to=fr").follow()
        assert "Bienvenue" in page
        assert portal.get("/language?to=xx").follow().status_int == 200
        token = portal.get("/").forms[1]["csrftoken"].value
        assert portal.post("/api/datasets", {"csrftoken": token}).json["datasets"]
        assert portal.post("/api/datasets", headers={"X-CSRFToken": token}).json["datasets"]
        portal.post("/api/datasets", status=403)
        portal.post("/api/datasets", {"csrftoken": "forged"}, status=403)
        assert "You are not logged in." in portal.post("/logout").follow()
    portal.get("/nothing", status=404)


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-W", "ignore", "-m", "consentgate", "demo", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        match = re.search(r"http://127\.0\.0\.1:\d+", first)
        assert match is not None, first
        try:
            yield process, match[0]
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            process.wait(10)


def test_the_command_serves_says_what_passed_and_stops_on_ctrl_c() -> None:
    with running() as (process, address):
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        assert "Welcome" in opener.open(f"{address}/", timeout=10).read().decode()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "cookies out: _pk_id.1, csrftoken" in out
    assert "cookie 'recent_datasets' (internal) stripped: not accepted" in out
    assert "cookie 'undeclared_widget' stripped: undeclared" in out
    assert out.endswith("stopped\n")
    assert "Traceback" not in out


def test_a_busy_port_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["demo", "--port", str(port)]) == 1
    error = capsys.readouterr().err
    assert error == f"consentgate: port {port} cannot be used: Address already in use; try --port 0\n"


def test_serving_in_process(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The same as the command, where coverage sees it: one request, then Ctrl-C."""
    served: list[Any] = []
    genuine = demo._Server.serve_forever

    def until_asked_once(server: Any, poll_interval: float = 0.5) -> None:
        def ask() -> None:
            served.append(
                urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/", timeout=10).read()
            )
            server.shutdown()

        asking = threading.Thread(target=ask)
        asking.start()
        genuine(server, 0.01)
        asking.join()
        raise KeyboardInterrupt

    monkeypatch.setattr(demo._Server, "serve_forever", until_asked_once)
    assert main(["demo", "--port", "0"]) == 0
    assert b"Welcome" in served[0]
    assert "GET / 200 OK; cookies out: _pk_id.1, csrftoken\n" in capsys.readouterr().out
