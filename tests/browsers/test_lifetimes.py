"""Shortened lifetimes in Debian's Chromium: what its jar then keeps, hundreds of spellings long."""

import random
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from consentgate import Category, Cookie, Policy
from consentgate.headers.set_cookie import (
    MAX_LIFETIME,
    http_date,
    response_date,
    shorten_lifetime,
    stated_attributes,
)
from tests.browsers.test_chromium import chromium, pytestmark
from tests.conftest import KEY, cookie
from tests.headers.test_lifetimes import DAY, OTHER_AVS, lifetime_avs
from tests.serving import serving

__all__ = ["pytestmark"]

LIMITS = (None, 60, DAY, 395 * DAY, 10_000 * DAY)
SLACK = 3
"""Seconds that may pass between a response and what is read of it."""


class Line(NamedTuple):
    """A Set-Cookie field, how long its cookie was declared to live, and the response's other fields."""

    text: str
    limit: int | None
    headers: list[tuple[str, str]]


def make_lines(now: float) -> list[Line]:
    """Some 400 lines, made alike in every run."""
    choose = random.Random(19)
    avs = lifetime_avs(now)
    some = [av for av in OTHER_AVS if av not in ("Secure", "Partitioned")]
    clocks = [[], [], [], [("Date", http_date(now - 10 * DAY))], [("Date", http_date(now + DAY))]]
    lines = []
    for number in range(400):
        stated = [*choose.choices(avs, k=choose.randrange(1, 4)), *choose.choices(some, k=1)]
        choose.shuffle(stated)
        lines.append(Line(";".join(["t=1", *stated]), LIMITS[number % len(LIMITS)], choose.choice(clocks)))
    return lines


LINES = make_lines(time.time())


def shortened(line: Line) -> str:
    """Return a line's field as the gate would send it now."""
    now = time.time()
    return shorten_lifetime(line.text, line.limit, now, response_date(line.headers, now))


def is_certain(line: Line) -> bool:
    """Return whether every browser reads the same lifetime."""
    now = time.time()
    return stated_attributes(line.text, now, response_date(line.headers, now)).lifetime is not None


def policy_of(limit: int | None) -> Policy:
    """A policy that declares the cookie to live so long."""
    lifetime = "session" if limit is None else timedelta(seconds=limit)
    return Policy([Category("a", cookies=[Cookie("t", lifetime=lifetime)])])


def application(environ: dict[str, Any], start_response: Any) -> Any:
    """Set a line's cookie as the application states it, shortened, or behind the gate."""
    _, kind, *number = environ["PATH_INFO"].split("/")
    if kind == "gate":
        policy = policy_of(LINES[int(number[0])].limit)
        environ["PATH_INFO"] = f"/own/{number[0]}"
        environ["HTTP_COOKIE"] = cookie(policy, ["a"])
        return policy.wrap(application, secret_key=KEY, lifetimes="shorten")(environ, start_response)
    headers = [("Content-Type", "text/plain"), ("Cache-Control", "no-store")]
    if kind in ("own", "short"):
        line = LINES[int(number[0])]
        headers += [*line.headers, ("Set-Cookie", shortened(line) if kind == "short" else line.text)]
    start_response("200 OK", headers)
    return [b""]


FETCH = "const [path, done] = arguments; fetch(path).then(() => done());"


def lifetime_kept(driver: Any, path: str) -> float | None:
    """Return the seconds Chromium keeps the cookie set there: inf for the session, None for none at all."""
    driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    asked = time.time()
    driver.execute_async_script(FETCH, path)
    cookies = driver.execute_cdp_cmd("Network.getAllCookies", {})["cookies"]
    if not cookies:
        return None
    (cookie,) = cookies
    return float("inf") if cookie["session"] else cookie["expires"] - asked


def fault_of(line: Line, own: float | None, short: float | None) -> str | None:
    """Return what is wrong with the lifetime that is kept of a shortened line."""
    if own is None:
        return None if short is None else "stored, and was not"
    if short is None:
        # Where browsers differ, and one may read a deletion, it becomes one.
        return "lost" if is_certain(line) else None
    if short == float("inf"):
        return "the session's" if own != short and line.limit is not None and is_certain(line) else None
    limit = 0 if line.limit is None else min(line.limit, MAX_LIFETIME)
    if short > limit + SLACK or short > own + SLACK:
        return "too long"
    return "cut" if own < limit - SLACK and line.headers == [] and abs(short - own) > SLACK else None


def test_chromium_keeps_nothing_longer_than_declared(tmp_path: Path) -> None:
    faults, kept, chain = [], [], []
    with ExitStack() as stack:
        port = stack.enter_context(serving(application))
        driver = stack.enter_context(chromium(tmp_path))
        driver.get(f"http://site.localhost:{port}/")
        for number, line in enumerate(LINES):
            own = lifetime_kept(driver, f"/own/{number}")
            short = lifetime_kept(driver, f"/short/{number}")
            kept.append((own, short))
            if fault := fault_of(line, own, short):
                faults.append((fault, line, own, short))
            if number % 4 == 0:
                gated = lifetime_kept(driver, f"/gate/{number}")
                chain.append((short, gated))
                if fault := fault_of(line, own, gated):
                    faults.append((f"behind the gate {fault}", line, own, gated))
    assert faults == []
    for short, gated in chain:
        assert (short is None) is (gated is None)
        assert short is None or gated is None or short == gated or abs(short - gated) <= SLACK
    persistent = [(own, short) for own, short in kept if own not in (None, float("inf"))]
    assert len(persistent) > 100
    assert len([own for own, short in persistent if short is not None and short < own - SLACK]) > 30
