"""The kit's jar beside Debian's Chromium, fed the same fields over the same socket."""

import random
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from consentgate.testing import Jar
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
