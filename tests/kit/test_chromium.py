"""The kit's jar and its visitor beside Debian's Chromium, over the same socket."""

import json
import random
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from consentgate.testing import Jar, Visitor
from consentgate.testing.strategies import _COOKIE_AVS, _SLOPPY_AVS
from tests.browsers.test_chromium import chromium, pytestmark, serving

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


def test_what_chromium_sends_back_the_jar_sends_back(tmp_path: Path) -> None:
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
    """A page with a form and a link, below what was said of its own request."""
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")])
    said = json.dumps({key: environ.get(key) for key in SAID})
    return [f"{PAGE}<pre id=said>{said}</pre>".encode()]


def asked_by_chromium(driver: Any, address: str) -> list[dict[str, Any]]:
    """Return what Chromium says of itself with a typed address, a form and a link."""

    def said(path: str) -> dict[str, Any]:
        WebDriverWait(driver, 20).until(lambda driver: urlsplit(driver.current_url).path == path)
        found: dict[str, Any] = json.loads(driver.find_element(By.ID, "said").text)
        return found

    driver.get(f"{address}/")
    typed = said("/")
    driver.find_element(By.TAG_NAME, "button").click()
    posted = said("/posted")
    driver.find_element(By.TAG_NAME, "a").click()
    return [typed, posted, said("/linked")]


def asked_by_the_visitor(address: str) -> list[dict[str, Any]]:
    """Return what the kit's visitor says of itself, doing the same."""
    visitor = Visitor(echo, origin=address)
    pages = [visitor.get("/")]
    pages.append(pages[-1].forms[0].submit())
    pages.append(pages[-1].click("link"))
    return [json.loads(page.html.find(id="said").text) for page in pages]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "shop.test"])
def test_the_visitor_asks_as_chromium_does(host: str, tmp_path: Path) -> None:
    """With a port, and without; where browsers send Fetch Metadata over http, and where they do not."""
    with ExitStack() as stack:
        port = stack.enter_context(serving(echo))
        rule = (
            f"--host-resolver-rules=MAP shop.test:80 127.0.0.1:{port}" if "shop" in host else "--mute-audio"
        )
        driver = stack.enter_context(chromium(tmp_path, rule))
        address = f"http://{host}" if "shop" in host else f"http://{host}:{port}"
        chromium_says = asked_by_chromium(driver, address)
    assert asked_by_the_visitor(address) == chromium_says
    assert [each["REQUEST_METHOD"] for each in chromium_says] == ["GET", "POST", "GET"]
