"""A refusal in a real browser: a hundred cookies behind nginx, a mount, the return from another site."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from consentgate import Basis, Category, Policy, Visit
from tests.conftest import ATTESTED, KEY
from tests.serving import free_port, running, serving

from .test_chromium import Browser, chromium, pytestmark

__all__ = ["pytestmark"]

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
needs_nginx = pytest.mark.skipif(NGINX is None, reason="needs nginx: apt-get install nginx-light")

POLICY = Policy(
    [
        Category("necessary", basis=Basis.NECESSARY, cookies=["sid"]),
        Category("audience", basis=Basis.EXEMPT, attestation=ATTESTED, cookies=["_pk_id"]),
        Category("statistics", cookies=["held*", "_ga", "wiki"]),
    ]
)


def site(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """A page of the site; `/wiki/` sets a cookie of its own path, `/set` a hundred of them."""
    lines = ["sid=1; Path=/", "_pk_id=1; Path=/"]
    if environ["PATH_INFO"] == "/set":
        lines += [f"held{number:03}=1; Path=/" for number in range(100)]
    if environ.get("SCRIPT_NAME") == "/wiki":
        lines.append("wiki=1; Path=/wiki")
    start_response("200 OK", [("Content-Type", "text/html"), *(("Set-Cookie", line) for line in lines)])
    banner = Visit.from_environ(environ).banner()
    return [f"<!doctype html><title>Site</title>{banner}<a href='/cookies'>Cookies</a>".encode()]


app = POLICY.wrap(site, secret_key=KEY)


CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://127.0.0.1:{behind}; proxy_set_header Host $http_host; }}
    }}
}}
"""


@contextmanager
def behind_nginx(folder: Path) -> Iterator[int]:
    """Serve the site by two workers behind nginx with its defaults; a header of 4 KiB is too big for it."""
    port, behind = free_port(), free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, port=port, behind=behind))
    gunicorn = [sys.executable, "-m", "gunicorn", "-w", "2", "-b", f"127.0.0.1:{behind}"]
    with ExitStack() as stack:
        served = [*gunicorn, "tests.browsers.test_refusal:app"]
        stack.enter_context(running(served, behind))
        nginx = [str(NGINX), "-p", str(folder), "-c", str(configuration)]
        stack.enter_context(running(nginx, port))
        yield port


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("profile")


@needs_nginx
def test_a_hundred_cookies_are_gone_within_a_few_responses_behind_nginx(tmp_path: Path) -> None:
    with behind_nginx(tmp_path) as port, chromium(tmp_path / "profile") as driver:
        browser = Browser(driver, port, [])
        browser.open("/")
        browser.press_button("accept_all")
        browser.open("/set")
        assert len(browser.jar) == 103
        browser.open("/cookies")
        browser.press_button("refuse_all")
        for _ in range(3):
            browser.open("/")
            assert driver.title == "Site", "nginx refused a response for its size"
        assert browser.jar == {"sid", "cookies_preferences"}


def test_a_refusal_below_a_mount_removes_the_mounts_cookies(tmp_path: Path) -> None:
    """As Trac below /trac sets them: with the mount's path, which nobody declared."""

    def mounted(environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        if path.startswith("/wiki"):
            environ |= {"SCRIPT_NAME": "/wiki", "PATH_INFO": path.removeprefix("/wiki")}
        return app(environ, start_response)

    with serving(mounted) as port, chromium(tmp_path / "profile") as driver:
        browser = Browser(driver, port, [])
        browser.open("/wiki/")
        browser.press_button("accept_all")
        assert "wiki" in browser.jar
        browser.open("/wiki/cookies")
        browser.press_button("refuse_all")
        # The answer to the choice holds the cookie's path, so the browser sent the cookie with it.
        assert browser.jar == {"sid", "cookies_preferences"}


def payment(port: int) -> Any:
    """Another site, whose page posts the visitor back, as payment pages do."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])
        action = f"http://site.localhost:{port}/paid"
        form = f"<form method=post action='{action}'><button value=accept_all>Return</button></form>"
        return [f"<!doctype html><title>Payment</title>{form}".encode()]

    return app


def test_an_objection_holds_on_the_return_from_another_site(tmp_path: Path) -> None:
    """The browser holds the Lax preferences cookie back there; its absence is no answer."""
    seen: list[str] = []

    def noting(environ: dict[str, Any], start_response: Any) -> Any:
        if environ["PATH_INFO"] == "/paid":
            seen.append(environ.get("HTTP_COOKIE", ""))
        return app(environ, start_response)

    with ExitStack() as stack:
        port = stack.enter_context(serving(noting))
        other = stack.enter_context(serving(payment(port)))
        driver = stack.enter_context(chromium(tmp_path / "profile"))
        browser = Browser(driver, port, [])
        browser.open("/cookies")
        browser.press_button("refuse_all")
        driver.execute_cdp_cmd("Network.deleteCookies", {"name": "sid", "url": browser.address})
        # Lax is stated: Chromium would send a new cookie that states no SameSite for two minutes.
        driver.get(f"http://payment.example.localhost:{other}/")
        browser.follow("button[value=accept_all]")
        assert driver.title == "Site"
        assert not browser.has_banner
        assert len(seen) == 1 and "cookies_preferences" not in seen[0]
        assert browser.jar == {"sid", "cookies_preferences"}
