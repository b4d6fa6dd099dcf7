"""Every example, driven through one journey, in process and over real servers, with a cookie jar."""

import importlib
import re
import socket
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any, Protocol
from wsgiref.simple_server import WSGIServer
from wsgiref.validate import validator

import pytest
from paste.deploy import loadapp
from waitress.server import create_server
from webtest import TestApp
from werkzeug.middleware.proxy_fix import ProxyFix

from consentgate import ConsentGate
from tests.serving import PATIENCE, free_port, running, serving

EXAMPLES = Path(__file__).parents[2] / "examples"


class Visitor(Protocol):
    """Someone with a cookie jar who looks at pages and posts forms."""

    def get(self, path: str) -> str: ...

    def post(self, path: str, **form: str) -> str: ...

    @property
    def jar(self) -> set[str]: ...


class InProcess:
    def __init__(self, app: Any) -> None:
        self._app = TestApp(app, extra_environ={"HTTP_SEC_FETCH_SITE": "same-origin"})

    def get(self, path: str) -> str:
        return str(self._app.get(path).maybe_follow().text)

    def post(self, path: str, **form: str) -> str:
        return str(self._app.post(path, form).maybe_follow().text)

    @property
    def jar(self) -> set[str]:
        return {cookie.name for cookie in self._app.cookiejar}


class OverHTTP:
    def __init__(self, address: str) -> None:
        self._address, self._jar = address, CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))

    def _open(self, path: str, data: bytes | None = None) -> str:
        headers = {"Sec-Fetch-Site": "same-origin"}
        request = urllib.request.Request(f"{self._address}{path}", data=data, headers=headers)
        with self._opener.open(request, timeout=PATIENCE) as response:
            return str(response.read().decode())

    def get(self, path: str) -> str:
        return self._open(path)

    def post(self, path: str, **form: str) -> str:
        return self._open(path, urllib.parse.urlencode(form).encode())

    @property
    def jar(self) -> set[str]:
        return {cookie.name for cookie in self._jar}


@contextmanager
def in_process(app: Any) -> Iterator[Visitor]:
    yield InProcess(app)


@contextmanager
def under_wsgiref(app: Any) -> Iterator[Visitor]:
    with serving(app, WSGIServer) as port:
        yield OverHTTP(f"http://127.0.0.1:{port}")


@contextmanager
def under_waitress(app: Any) -> Iterator[Visitor]:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    channels: dict[int, Any] = {}
    server = create_server(_without_input_terminated(app), sockets=[listening], threads=2, map=channels)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()

    def close() -> None:
        for channel in list(channels.values()):
            channel.close()

    try:
        yield OverHTTP(f"http://127.0.0.1:{listening.getsockname()[1]}")
    finally:
        # `close` runs in the server's thread, whose loop then ends; an earlier pull may have had it run
        # already, and the pipe closed, before this one writes.
        with suppress(OSError):
            server.trigger.pull_trigger(close)
        thread.join(PATIENCE)
        server.task_dispatcher.shutdown()
    assert not thread.is_alive()


def _without_input_terminated(app: Any) -> Any:
    """Without it Werkzeug reads to the end of input, which wsgiref.validate forbids."""

    def wrapped(environ: dict[str, Any], start_response: Any) -> Any:
        del environ["wsgi.input_terminated"]
        return app(environ, start_response)

    return wrapped


SERVERS = [in_process, under_wsgiref, under_waitress]


def example(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An example's module; one that has been loaded is not loaded again: Django is set up once."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    return importlib.import_module(name)


def gate_of(module: Any) -> ConsentGate:
    gate = getattr(module.app, "wsgi_app", module.app)
    assert isinstance(gate, ConsentGate)
    return gate


def policed(gate: ConsentGate, app: Callable[..., Any] | None = None) -> Any:
    """The gate's policy around *app*, or its own, both sides policed."""
    app = validator(app or gate.app)
    return validator(gate.policy.wrap(app, secret_key="the key of this test only"))


def log(visitor: Visitor, action: str) -> str:
    """Log in or out with the form on the front page."""
    page = visitor.get("/")
    assert f'action="/{action}"' in page
    form = page.partition(f'action="/{action}"')[2]
    (field,) = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', form)
    return visitor.post(f"/{action}", **dict([field]))


def journey(visitor: Visitor, banner: str = 'value="refuse_all"') -> None:
    """First visit, accept, refuse; logging in and out works throughout."""
    assert banner in visitor.get("/")
    first = visitor.jar
    assert "_pk_id.1" not in first
    assert "widget" not in first

    assert "Hello Ann" in log(visitor, "login")
    assert "language fr" in visitor.get("/language?to=fr")
    assert "Hello stranger" in log(visitor, "logout")

    page = visitor.post("/cookies", action="save", category="statistical", next="/")
    assert "Hello stranger" in page
    assert banner not in page
    assert {"_pk_id.1", "cookies_preferences"} <= visitor.jar
    assert "Hello Ann" in log(visitor, "login")

    visitor.post("/cookies", action="refuse_all")
    assert "_pk_id.1" not in visitor.jar
    page = visitor.get("/")
    assert "Hello Ann" in page
    assert "language fr" in page
    assert "_pk_id.1" not in visitor.jar
    assert "Hello stranger" in log(visitor, "logout")
    assert "widget" not in visitor.jar


@pytest.mark.parametrize("served", SERVERS)
@pytest.mark.parametrize("name", ["flask_app", "pyramid_app", "bottle_app", "django_app"])
def test_the_journey(name: str, served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(policed(gate_of(example(name, monkeypatch)))) as visitor:
        journey(visitor)


LAYOUTS = {
    "flask_layout": "/cookies",
    "pyramid_layout": "/privacy",
    "bottle_layout": "/privacy",
    "django_layout": "/privacy",
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_cookies_page_in_a_sites_own_layout(name: str) -> None:
    """In a process of its own: Django is set up once, and the other example has done so in this one."""
    with visiting(name) as visitor:
        home = visitor.get("/")
        assert "consentgate-banner" in home
        assert visitor.jar == set()
        address = LAYOUTS[name]
        page = visitor.get(address)
        assert home.partition("<header")[2].partition("</header>")[0] in page
        assert "Cookies on Riverton Theatre</h1>" in page
        assert "consentgate-banner" not in page
        (action,) = set(re.findall(r'<form method="post" action="([^"]*)"', page))
        back = re.findall(r'name="next" value="([^"]*)"', page)
        assert set(back) == ({address} if address != "/cookies" else set())
        fields = {"next": back[0]} if back else {}
        message = visitor.post(action, action="accept_all", **fields)
        assert 'role="status"' in message
        assert home.partition("<header")[2].partition("</header>")[0] in message
        visitor.get("/")
        assert visitor.jar == {"_pk_id.1", "cookies_preferences"}


@pytest.mark.parametrize("served", SERVERS)
def test_the_journey_through_an_ini_file(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    with served(validator(loadapp(f"config:{EXAMPLES / 'pyramid.ini'}"))) as visitor:
        journey(visitor)


@pytest.mark.parametrize("outside", [True, False])
def test_proxy_fix_on_either_side(outside: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = gate_of(example("flask_app", monkeypatch))
    app = policed(gate) if outside else policed(gate, ProxyFix(gate.app, x_proto=1, x_host=1))
    app = ProxyFix(app, x_proto=1, x_host=1) if outside else app
    journey(InProcess(app))
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "www.example.org"}
    posted = {"action": "accept_all"}

    def post(**headers: str) -> Any:
        return TestApp(app).post("/cookies", posted, headers={**forwarded, **headers}, status="*")

    # Browsers that say where a request comes from are believed on either side.
    assert post(**{"Sec-Fetch-Site": "same-origin"}).status_int == 303
    # Without, the Host must be the visitor's: outside, ProxyFix has put it right before the gate looks.
    fallback = post(Origin="https://www.example.org")
    assert fallback.status_int == (303 if outside else 403)
    if outside:
        assert "; Secure" in fallback.headers["Set-Cookie"]


def test_a_choice_in_the_application_is_secure_with_proxy_fix_inside_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from consentgate import Visit

    def choosing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        Visit.from_environ(environ).refuse_all()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return []

    gate = gate_of(example("flask_app", monkeypatch))
    app = policed(gate, ProxyFix(choosing, x_proto=1))
    assert "; Secure" in TestApp(app).get("/", headers={"X-Forwarded-Proto": "https"}).headers["Set-Cookie"]


def test_two_applications_on_one_host(monkeypatch: pytest.MonkeyPatch) -> None:
    two = example("two_apps", monkeypatch)
    visitor = InProcess(two.app)
    visitor.get("/shop/")
    visitor.get("/blog/")
    assert visitor.jar == set()
    visitor.post("/shop/cookies", action="accept_all")
    visitor.get("/shop/")
    visitor.get("/blog/")
    assert visitor.jar == {"shop_preferences", "shop_visits"}
    visitor.post("/blog/cookies", action="accept_all")
    visitor.post("/shop/cookies", action="refuse_all")
    visitor.get("/blog/")
    visitor.get("/shop/")
    assert visitor.jar == {"shop_preferences", "blog_preferences", "blog_visits"}


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        (
            "minimal",
            "200 OK ['sessionid=a1; Path=/']\n200 OK ['sessionid=a1; Path=/', '_pk_id.1=b2; Path=/']\n",
        ),
        ("two_apps", "/shop/ ['shop_visits']\n/blog/ []\n"),
    ],
)
def test_an_example_prints_its_outcome(name: str, printed: str) -> None:
    command = [sys.executable, str(EXAMPLES / f"{name}.py")]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE)
    assert done.stdout == printed


@contextmanager
def visiting(name: str) -> Iterator[OverHTTP]:
    """A visitor of an example that runs as its docstring says."""
    port = free_port()
    with running([sys.executable, "-W", "ignore", str(EXAMPLES / f"{name}.py"), str(port)], port):
        yield OverHTTP(f"http://127.0.0.1:{port}")


@pytest.mark.parametrize("name", ["flask_app", "pyramid_app", "bottle_app", "django_app"])
def test_an_example_runs_as_its_docstring_says(name: str) -> None:
    with visiting(name) as visitor:
        assert "consentgate-banner" in visitor.get("/")
        assert "_pk_id.1" not in visitor.jar


@pytest.mark.parametrize("name", ["embeds_flask", "embeds_django"])
def test_the_embeds_of_an_example_wait_for_a_yes(name: str) -> None:
    with visiting(name) as visitor:
        page = visitor.get("/")
        assert page.count('consentgate-place"') == 2
        assert "<iframe" not in page
        visitor.post("/cookies", action="accept", category="maps")
        page = visitor.get("/")
        assert page.count("<iframe") == 1
        assert "openstreetmap.org/export" in page
        visitor.post("/cookies", action="accept_all")
        page = visitor.get("/")
        assert page.count("<iframe") == 2
        assert 'consentgate-place"' not in page
