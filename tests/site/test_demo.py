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
from consentgate.demo import serving as demo
from consentgate.demo.maps import MAP_COOKIE, serving_map
from consentgate.demo.portal import policy
from consentgate.demo.words import OUTCOMES, TEXTS
from tests.conftest import KEY, environ_for, request
from tests.serving import PATIENCE


@pytest.fixture
def portal() -> TestApp:
    return TestApp(demo.gate(KEY), extra_environ={"HTTP_SEC_FETCH_SITE": "same-origin"})


def test_its_policy_is_complete_in_two_languages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--complete", str(Path(demo.__file__).with_name("demo.toml"))]) == 0
    assert "Mesure d’audience" in policy().render("html", language="fr")


def jar(app: TestApp) -> set[str]:
    return {cookie.name for cookie in app.cookiejar}


def panel(page: Any) -> dict[str, str]:
    """The outcome that the page tells of each cookie."""
    rows = re.findall(r"<code>([^<]*)</code></th><td>[^<]*</td><td class=\"\w+\">([^<]*)</td>", page.text)
    return dict(rows)


def readable(page: Any) -> list[str]:
    """The cookies that the page says the portal may read."""
    (line,) = re.findall(r"<p>The portal may read: (.*?)</p>", page.text, re.DOTALL)
    return re.findall(r"<code>([^<]*)</code>", line)


def test_each_step_that_the_terminal_proposes(portal: TestApp) -> None:
    page = portal.get("/")
    assert jar(portal) == {"csrftoken", "_pk_id.1"}
    assert panel(page) == {
        "csrftoken": "let through: the portal needs it",
        "_pk_id.1": "let through: exempt, and you have not objected",
        "recent_datasets": "held back: you have not answered yet",
        "undeclared_widget": "held back: nobody declared it",
    }
    page = page.forms[0].submit("action", value="accept_all").follow()
    assert jar(portal) == {"csrftoken", "_pk_id.1", "recent_datasets", "cookies_preferences"}
    assert "You accepted: Preferences, Third-party." in page
    assert panel(page)["recent_datasets"] == "let through: you accepted"
    portal.get("/datasets/trees")
    assert "You looked at: <a" in portal.get("/")
    portal.post("/cookies", {"action": "refuse_all"})
    assert jar(portal) == {"csrftoken", "cookies_preferences"}
    page = portal.get("/")
    assert readable(page) == ["cookies_preferences", "csrftoken"]
    assert panel(page)["_pk_id.1"] == panel(page)["recent_datasets"] == "held back: you said no"


def csp(page: Any) -> str:
    return str(page.headers["Content-Security-Policy"])


def test_the_map_of_the_other_host_waits_for_a_yes(portal: TestApp) -> None:
    page = portal.get("/")
    assert "<iframe" not in page
    assert demo.MAP_HOST not in csp(page)
    assert (
        'The map comes from another host, <code>localhost:8001</code>: <span class="held">held back' in page
    )
    place = next(form for form in page.forms.values() if form.fields.get("category"))
    response = place.submit("action", value="accept")
    assert response.headers["Location"].endswith("/#consentgate-place-third-party")
    page = response.follow()
    assert '<iframe class="map" src="http://localhost:8001/map.svg"' in page
    assert csp(page).endswith(f" {demo.MAP_HOST}")
    assert '<span class="went">let through: you accepted' in page
    portal.post("/cookies", {"action": "refuse_all"})
    page = portal.get("/")
    assert "<iframe" not in page
    assert demo.MAP_HOST not in csp(page)
    assert '<span class="held">held back: you said no' in page


def test_the_other_host_sends_its_map_and_its_cookie(capsys: pytest.CaptureFixture[str]) -> None:
    with serving_map() as host:
        assert host.startswith("localhost:")
        answer = urllib.request.urlopen(
            f"http://{host.replace('localhost', '127.0.0.1')}/map.svg", timeout=PATIENCE
        )
        assert answer.headers["Content-Type"] == "image/svg+xml"
        assert answer.headers["Set-Cookie"].startswith(f"{MAP_COOKIE}=1;")
        assert answer.read().startswith(b"<svg")
    assert "the other host is asked for its map" in capsys.readouterr().out


def test_login_language_search_and_api_work_whatever_is_chosen(portal: TestApp) -> None:
    for action in ("accept_all", "refuse_all"):
        portal.post("/cookies", {"action": action})
        assert "You are logged in." in portal.post("/login").follow()
        page = portal.get("/language?to=fr").follow()
        assert "Bienvenue" in page
        assert 'lang="fr"' in portal.get("/cookies")
        assert "Welcome" in portal.get("/language?to=xx").follow()
        found = portal.get("/?q=BUS")
        assert "Bus stops" in found
        assert "Air quality" not in found
        assert "No data set goes by these words." in portal.get('/?q="><b>')
        token = portal.get("/").forms["api"]["csrftoken"].value
        assert "trees" in portal.post("/api/datasets", {"csrftoken": token}).json["datasets"]
        assert portal.post("/api/datasets", headers={"X-CSRFToken": token}).json["datasets"]
        portal.post("/api/datasets", status=403)
        portal.post("/api/datasets", {"csrftoken": "forged"}, status=403)
        assert "You are not logged in." in portal.post("/logout").follow()
    portal.get("/nothing", status=404)
    portal.get("/datasets/nothing", status=404)
    assert portal.get("/demo.css").content_type == "text/css"


def test_the_portal_is_entire_in_both_languages() -> None:
    assert TEXTS["en"].keys() == TEXTS["fr"].keys()
    assert OUTCOMES["en"].keys() == OUTCOMES["fr"].keys()
    same = {key for key in TEXTS["en"] if TEXTS["en"][key] == TEXTS["fr"][key]}
    assert same == {"cookie", "cookies"}


def test_the_browsers_language_is_the_portals_until_another_is_chosen(portal: TestApp) -> None:
    page = portal.get("/", headers={"Accept-Language": "fr"})
    assert "Bienvenue" in page
    assert "Tout refuser" in page
    portal.get("/language?to=en")
    assert "Welcome" in portal.get("/", headers={"Accept-Language": "fr"})


@pytest.mark.parametrize("length", ["-1", "99999999999", "4097", "x"])
def test_a_length_that_is_no_small_number_is_not_waited_for(length: str) -> None:
    given = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": length}
    statuses: list[str] = []
    environ = environ_for("POST", "/api/datasets", **given)
    demo.gate(KEY)(environ, lambda status, *_: statuses.append(status))  # type: ignore[arg-type,func-returns-value]
    assert statuses == ["400 Bad Request"]


def test_a_visitors_bytes_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    request(demo._logging(demo.gate(KEY)), path="/\x1b[2J\xff" + "x" * 500)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("GET /%1B%5B2J%FFxxx")
    assert line.isprintable()
    assert len(line) < 200


def hear_ctrl_c() -> None:
    """Hear SIGINT, which shells let their background jobs ignore."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-W", "ignore", "-m", "consentgate", "demo", "--port", "0", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=hear_ctrl_c
    ) as process:
        assert process.stdout is not None
        giving_up = threading.Timer(PATIENCE, process.kill)
        giving_up.start()
        try:
            first = process.stdout.readline()
            giving_up.cancel()
            match = re.search(r"http://127\.0\.0\.1:\d+", first)
            assert match is not None, first
            yield process, match[0]
        finally:
            giving_up.cancel()
            process.kill()


def test_the_command_serves_says_what_passed_and_stops_on_ctrl_c() -> None:
    with running() as (process, address):
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        assert "Welcome" in opener.open(f"{address}/", timeout=PATIENCE).read().decode()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert "cookies out: _pk_id.1, csrftoken" in out
    assert "cookie 'recent_datasets' (internal) stripped: not accepted" in out
    assert "cookie 'undeclared_widget' stripped: undeclared" in out
    _, _, drift = out.partition("stopped\n")
    (undeclared,) = [line for line in drift.splitlines() if "undeclared_widget" in line]
    assert undeclared.startswith("undeclared ")
    assert "Traceback" not in out


def test_a_busy_port_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["demo", "--port", str(port)]) == 1
    error = capsys.readouterr().err
    assert error == f"consentgate: port {port} cannot be used: Address already in use; try --port 0\n"


def test_without_a_port_another_is_taken_where_the_usual_one_is_not_free(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(server: Any, poll_interval: float = 0.5) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo._Server, "serve_forever", stop)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(demo, "PORT", port)
        assert main(["demo"]) == 0
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first == f"Port {port} is taken: the demo takes another."
    assert re.fullmatch(r"The demo portal is at http://127\.0\.0\.1:\d+/", second)
    assert str(port) not in second
    monkeypatch.setattr(demo, "PORT", 0)
    assert main(["demo"]) == 0
    assert capsys.readouterr().out.startswith("The demo portal is at")


def test_serving_in_process(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The same as the command, where coverage sees it: one request, then Ctrl-C."""
    served: list[Any] = []
    genuine = demo._Server.serve_forever

    def until_asked_once(server: Any, poll_interval: float = 0.5) -> None:
        def ask() -> None:
            try:
                address = f"http://127.0.0.1:{server.server_port}/"
                served.append(urllib.request.urlopen(address, timeout=PATIENCE).read())
            finally:
                server.shutdown()

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        genuine(server, 0.01)
        asking.join(PATIENCE)
        raise KeyboardInterrupt

    monkeypatch.setattr(demo._Server, "serve_forever", until_asked_once)
    assert main(["demo", "--port", "0"]) == 0
    assert b"Welcome" in served[0]
    out = capsys.readouterr().out
    assert "GET / 200 OK; cookies out: _pk_id.1, csrftoken\n" in out
    assert "undeclared  undeclared_widget" in out.partition("stopped")[2]
