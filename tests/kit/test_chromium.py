"""The kit's jar and its visitor beside Debian's Chromium, over the same socket."""

import json
import random
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from consentgate.testing import Jar, Visitor
from consentgate.testing.strategies import _COOKIE_AVS, _SLOPPY_AVS
from tests.browsers.test_chromium import chromium, pytestmark
from tests.serving import OPENSSL, serving, serving_tls

__all__ = ["pytestmark"]

NAMES = [
    "a",
    " a",
    "a ",
    "A",
    "a b",
    "_ga",
    "sid\xa0",
    "a[0]",
    "a,b",
    '"a"',
    "$x",
    "path",
    "caf\xe9",
    "",
    "\ta",
]
VALUES = ["", "1", " 2 ", '"3;4"', "x=y", "=", "\xff", "a,b", "%20", "5\t6", "7" * 4090]
AVS = [av for av in (*_COOKIE_AVS, *_SLOPPY_AVS) if "ecure" not in av] + [
    "Domain=site.localhost",
    "Domain=.localhost",
    "Domain=other.localhost",
    "Path=/set",
    "Path=relative",
    "Path=/elsewhere",
    "Path=\ta\tb",
    "SameSite=None",
    "Max-Age=" + "0" * 1025,
    "Expires=Mon, 01-Jan-90 00:00:00 GMT",
    "Expires=31 Feb 2001 00:00:00",
]


def lines() -> list[str]:
    """A few hundred fields, the same in every run."""
    choose = random.Random(2026)
    made = []
    for _ in range(300):
        pair = choose.choice(NAMES) + choose.choice(["=", "=", "=", ""]) + choose.choice(VALUES)
        made.append(";".join([pair, *choose.choices(AVS, k=choose.randrange(4))]))
    return made


LINES = lines()


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Set the cookie whose number is asked for, or say which were sent."""
    path = environ["PATH_INFO"]
    headers = [("Content-Type", "text/plain; charset=iso-8859-1"), ("Cache-Control", "no-store")]
    if path.startswith("/set/") and path[5:]:
        headers.append(("Set-Cookie", LINES[int(path[5:])]))
    start_response("200 OK", headers)
    return [environ.get("HTTP_COOKIE", "").encode("latin-1")]


SET_AND_ASK = """
const [number, done] = arguments;
fetch(`/set/${number}`).then(() => fetch("/set/")).then(answer => answer.arrayBuffer())
    .then(body => done(Array.from(new Uint8Array(body))));
"""


def test_the_jar_sends_back_the_cookies_that_chromium_sends_back(tmp_path: Path) -> None:
    differ = []
    with ExitStack() as stack:
        port = stack.enter_context(serving(application))
        driver = stack.enter_context(chromium(tmp_path))
        address = f"http://site.localhost:{port}"
        driver.get(address)
        for number, line in enumerate(LINES):
            driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
            sent = bytes(driver.execute_async_script(SET_AND_ASK, number)).decode("latin-1")
            jar = Jar()
            jar.store_response([("Set-Cookie", line)], f"{address}/set/{number}")
            # wsgiref strips more than blanks off a request's fields.
            if jar.cookie_string(f"{address}/set/").strip() != sent:
                differ.append((line[:200], sent[:80], jar))
    assert differ == []
    assert len(LINES) == 300


def test_the_lines_are_worth_it() -> None:
    jars = []
    for line in LINES:
        jars.append(Jar())
        jars[-1].store(line, "http://site.localhost/set/1")
    assert 60 < sum(map(bool, jars)) < 240


# A visitor's requests

SAID = (
    "REQUEST_METHOD",
    "HTTP_HOST",
    "HTTP_ORIGIN",
    *(f"HTTP_SEC_FETCH_{n}" for n in ("SITE", "MODE", "DEST")),
)
PAGE = """<!doctype html><title>page</title><form method=post action=/posted><button>post</button></form>
<a href=/linked>link</a>"""


def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """A page with a form and a link, below the fields of its own request."""
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")])
    message = json.dumps({key: environ.get(key) for key in SAID})
    return [f"{PAGE}<pre id=message>{message}</pre>".encode()]


def asked_by_chromium(driver: Any, address: str) -> list[dict[str, Any]]:
    """Return what Chromium says of itself with a typed address, a form and a link."""

    def message(path: str) -> dict[str, Any]:
        def read(driver: Any) -> Any:
            is_there = urlsplit(driver.current_url).path == path
            return is_there and driver.find_element(By.ID, "message").text

        # Between two pages there is neither: asked again until the second has come.
        waiting = WebDriverWait(driver, 20, ignored_exceptions=[WebDriverException])
        found: dict[str, Any] = json.loads(waiting.until(read))
        return found

    driver.get(f"{address}/")
    typed = message("/")
    driver.find_element(By.TAG_NAME, "button").click()
    posted = message("/posted")
    driver.find_element(By.TAG_NAME, "a").click()
    return [typed, posted, message("/linked")]


def asked_by_the_visitor(address: str) -> list[dict[str, Any]]:
    """Return what the kit's visitor says of itself, doing the same."""
    visitor = Visitor(echo, origin=address)
    pages = [visitor.get("/")]
    pages.append(pages[-1].forms[0].submit())
    pages.append(pages[-1].click("link"))
    return [json.loads(page.html.find(id="message").text) for page in pages]


def check_that_both_ask_alike(profile: Path, address: str, *flags: str) -> None:
    with chromium(profile, *flags) as driver:
        chromium_says = asked_by_chromium(driver, address)
    assert asked_by_the_visitor(address) == chromium_says
    assert [each["REQUEST_METHOD"] for each in chromium_says] == ["GET", "POST", "GET"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_the_visitor_asks_this_machine_as_chromium_does(host: str, tmp_path: Path) -> None:
    with serving(echo) as port:
        check_that_both_ask_alike(tmp_path, f"http://{host}:{port}")


def test_the_visitor_asks_over_plain_http_as_chromium_does(tmp_path: Path) -> None:
    """Without a port, and without Fetch Metadata."""
    with serving(echo) as port:
        rule = f"--host-resolver-rules=MAP shop.test:80 127.0.0.1:{port}"
        check_that_both_ask_alike(tmp_path, "http://shop.test", rule)


@pytest.mark.skipif(not OPENSSL, reason="needs openssl, which makes a certificate")
def test_the_visitor_asks_over_https_as_chromium_does(tmp_path: Path) -> None:
    with serving_tls(echo) as port:
        rule = f"--host-resolver-rules=MAP shop.test:443 127.0.0.1:{port}"
        check_that_both_ask_alike(
            tmp_path / "profile", "https://shop.test", rule, "--ignore-certificate-errors"
        )


PARTITIONED = "t=1; Path=/; Secure; SameSite=None; Partitioned"


@pytest.mark.skipif(not OPENSSL, reason="needs openssl, which makes a certificate")
def test_chromium_and_the_jar_tell_partitioned_cookies_apart(tmp_path: Path) -> None:
    """R38."""
    stories = [
        [PARTITIONED, "t=; Path=/; Max-Age=0"],
        [PARTITIONED, "t=; Path=/; Max-Age=0; Secure; Partitioned"],
        ["t=1; Path=/; Secure", "t=; Path=/; Max-Age=0; Secure; Partitioned"],
        ["t=1; Path=/; Secure", PARTITIONED.replace("1", "2")],
    ]

    def setting(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        fields = [("Content-Type", "text/plain"), ("Cache-Control", "no-store")]
        story, _, line = environ["PATH_INFO"].strip("/").partition("/")
        start_response("200 OK", fields + ([("Set-Cookie", stories[int(story)][int(line)])] if line else []))
        return [environ.get("HTTP_COOKIE", "").encode()]

    with ExitStack() as stack:
        port = stack.enter_context(serving_tls(setting))
        rule = f"--host-resolver-rules=MAP shop.test:443 127.0.0.1:{port}"
        driver = stack.enter_context(chromium(tmp_path / "profile", rule, "--ignore-certificate-errors"))
        for number, story in enumerate(stories):
            driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
            jar = Jar()
            for line in range(len(story)):
                driver.get(f"https://shop.test/{number}/{line}")
                jar.store(story[line], "https://shop.test/")
            driver.get(f"https://shop.test/{number}")
            assert driver.find_element(By.TAG_NAME, "body").text == jar.cookie_string("https://shop.test/")
