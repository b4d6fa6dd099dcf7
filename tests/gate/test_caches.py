"""Real shared caches in front of the gate: row N of the matrix, with and without declared hosts.

Both are told to keep responses with Set-Cookie, and requests with Cookie, which they do not by themselves:
what holds them back is what the gate says.
"""

import http.client
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from consentgate import Basis, Category, Policy
from tests.conftest import KEY, cookie
from tests.serving import PATIENCE, free_port, running, serving

FIELD = "Content-Security-Policy"

PLAIN = Policy(
    [
        Category("necessary", basis=Basis.NECESSARY, cookies=["sid"]),
        Category("third-party", cookies=["vid"]),
    ]
)
WITH_HOSTS = Policy(
    [
        Category("necessary", basis=Basis.NECESSARY, cookies=["sid"], hosts=["cdn.example"]),
        Category("third-party", hosts=["maps.example"]),
    ]
)
CACHEABLE = [
    ("Content-Type", "text/html"),
    ("Cache-Control", "public, max-age=60"),
    ("Set-Cookie", "sid=1; Path=/"),
]

VARNISH = """vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{backend}"; }}
sub vcl_recv {{ return (hash); }}
sub vcl_beresp_cookie {{ return; }}
"""

NGINX = """daemon off; master_process off; pid {folder}/pid; error_log stderr; worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off; proxy_temp_path {folder}/t1; client_body_temp_path {folder}/t2;
  fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  proxy_cache_path {folder}/cache keys_zone=pages:1m;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{backend}; proxy_set_header Host $http_host;
      proxy_cache pages; proxy_ignore_headers Set-Cookie;
    }}
  }}
}}
"""


def varnish(folder: Path, port: int, backend: int) -> list[str]:
    """The command of a Varnish that looks past cookies."""
    (folder / "cache.vcl").write_text(VARNISH.format(backend=backend))
    command = ["varnishd", "-F", "-j", "none", "-n", str(folder / "varnish"), "-a", f"127.0.0.1:{port}"]
    return [*command, "-f", str(folder / "cache.vcl"), "-s", "malloc,16m", "-T", "none"]


def nginx(folder: Path, port: int, backend: int) -> list[str]:
    """The command of an nginx that looks past cookies."""
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port, backend=backend))
    return ["nginx", "-c", str(folder / "nginx.conf"), "-e", "stderr"]


def needs(program: str) -> Any:
    package = {"varnishd": "varnish"}.get(program, program)
    return pytest.mark.skipif(
        shutil.which(program) is None, reason=f"needs {program}: apt-get install {package}"
    )


Command = Callable[[Path, int, int], list[str]]

CACHES = [
    pytest.param(varnish, id="varnish", marks=needs("varnishd")),
    pytest.param(nginx, id="nginx", marks=needs("nginx")),
]


class Site:
    """Sites by path behind one cache: the pages asked of them, and what visitors get."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.port = 0
        self._apps = {
            "/plain": PLAIN.wrap(self._page("vid"), secret_key=KEY),
            "/hosts": WITH_HOSTS.wrap(self._page(), secret_key=KEY, third_parties="block"),
            "/bare": self._page("vid"),
        }

    def _page(self, *names: str) -> Any:
        def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            self.asked.append(environ["PATH_INFO"])
            start_response("200 OK", [*CACHEABLE, *(("Set-Cookie", f"{name}=1") for name in names)])
            return [b"<!doctype html><title>page</title>"]

        return app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer by the first part of the path."""
        app = self._apps["/" + environ["PATH_INFO"].split("/")[1]]
        return app(environ, start_response)

    def get(self, path: str, cookie_string: str = "") -> http.client.HTTPMessage:
        """The fields a visitor gets through the cache."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers={"Cookie": cookie_string} if cookie_string else {})
            response = connection.getresponse()
            response.read()
            assert response.status == 200
            return response.headers
        finally:
            connection.close()


@pytest.fixture(scope="module", params=CACHES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site, folder = Site(), tmp_path_factory.mktemp("cache")
    site.port = free_port()
    command: Command = request.param
    with serving(site) as backend, running(command(folder, site.port, backend), site.port):
        yield site


def names(fields: http.client.HTTPMessage) -> list[str]:
    return [text.partition("=")[0] for text in fields.get_all("Set-Cookie", [])]


def test_n_the_cache_keeps_what_it_may(site: Site) -> None:
    """Else the tests below would show nothing."""
    for _ in range(3):
        assert names(site.get("/plain/kept")) == ["sid"]
    assert site.asked.count("/plain/kept") == 1
    yes = cookie(PLAIN, ["third-party"])
    assert names(site.get("/bare/leaks", yes)) == ["sid", "vid"]
    assert names(site.get("/bare/leaks")) == ["sid", "vid"]
    assert site.asked.count("/bare/leaks") == 1


def test_n_an_accepting_visitor_then_a_stranger(site: Site) -> None:
    fields = site.get("/plain/first", cookie(PLAIN, ["third-party"]))
    assert names(fields) == ["sid", "vid"]
    assert "private" in fields["Cache-Control"]
    assert names(site.get("/plain/first")) == ["sid"]
    assert site.asked.count("/plain/first") == 2


def test_n_a_stranger_then_an_accepting_visitor(site: Site) -> None:
    assert names(site.get("/plain/second")) == ["sid"]
    assert "vid" not in names(site.get("/plain/second"))
    fields = site.get("/plain/second", cookie(PLAIN, ["third-party"]))
    # The stranger's page, from the cache, or one of their own: in no case more than accepted.
    assert set(names(fields)) <= {"sid", "vid"}


@pytest.mark.parametrize("stranger", ["", cookie(WITH_HOSTS)], ids=["undecided", "refused"])
def test_n_with_hosts_no_visitor_gets_anothers_field(site: Site, stranger: str) -> None:
    path = f"/hosts/{'refused' if stranger else 'undecided'}"
    yes = cookie(WITH_HOSTS, ["third-party"])
    for number in range(2):
        assert site.get(f"{path}/{number}", yes)[FIELD].endswith(" cdn.example maps.example")
        assert site.get(f"{path}/{number}", stranger)[FIELD].endswith(" cdn.example")
        assert site.get(f"{path}/{number}", yes)[FIELD].endswith(" cdn.example maps.example")
        assert site.get(f"{path}/{number}", stranger)[FIELD].endswith(" cdn.example")
        # The page of who accepted is private, so it was made twice; the stranger's is kept.
        assert site.asked.count(f"{path}/{number}") == 3


def test_n_with_hosts_a_stranger_then_an_accepting_visitor(site: Site) -> None:
    yes = cookie(WITH_HOSTS, ["third-party"])
    assert site.get("/hosts/later")[FIELD].endswith(" cdn.example")
    assert site.get("/hosts/later", yes)[FIELD].endswith(" maps.example")
    assert site.get("/hosts/later")[FIELD].endswith(" cdn.example")
    assert site.asked.count("/hosts/later") == 2
