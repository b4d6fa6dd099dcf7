"""The gate's Content-Security-Policy in Chromium and Firefox: no consent, no request to the other host."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from consentgate.endpoint.reports import HostReport
from consentgate.headers.csp import covers, overlaps, parse_source

from .embedding import KINDS, Browser, Site, embedding_chromium, embedding_firefox, wait_until
from .test_chromium import CHROMIUM, DRIVER
from .test_firefox import FIREFOX

BROWSERS = [
    pytest.param(
        embedding_chromium,
        id="chromium",
        marks=pytest.mark.skipif(
            not (CHROMIUM and DRIVER), reason="needs a browser: apt-get install chromium chromium-driver"
        ),
    ),
    pytest.param(
        embedding_firefox,
        id="firefox",
        marks=pytest.mark.skipif(FIREFOX is None, reason="needs Firefox: apt-get install firefox-esr"),
    ),
]


@pytest.fixture(scope="module", params=BROWSERS)
def browser(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with request.param(tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture
def site(browser: Browser) -> Iterator[Site]:
    browser.clear()
    with Site().serving() as serving:
        yield serving


def visit(browser: Browser, url: str) -> Any:
    """Open a page and return what it was forbidden, once everything in it is settled."""
    browser.open(url)
    wait_until(lambda: browser.ask("window.loaded === true"))
    return browser.ask("window.violations")


EVERYTHING = set(KINDS)


def test_no_consent_no_request_and_no_cookie(browser: Browser, site: Site) -> None:
    forbidden = visit(browser, site.a)
    assert {directive.removesuffix("-elem") for directive in forbidden} >= {
        f"{kind}-src" for kind in ("script", "style", "img", "font", "media", "frame", "connect")
    }
    assert site.asked == []
    assert not browser.jar() & {"tracker", "_ga"}

    site.allowed = frozenset({"maps"})
    assert visit(browser, site.a) == []
    wait_until(lambda: set(site.asked) >= EVERYTHING)
    assert browser.jar() >= {"tracker", "_ga"}
    assert browser.ask("window.vendor") is True

    site.allowed = frozenset()
    site.asked.clear()
    assert set(visit(browser, site.a)) == set(forbidden)
    assert site.asked == []


def test_on_http_without_fetch_metadata_only_workers_get_through(browser: Browser) -> None:
    """There a request does not say what it is for: documents are known by their type, workers are not."""
    with Site(domain="test").serving() as site:
        visit(browser, site.a)
        wait_until(lambda: site.asked == ["/from-worker"])
        assert not [dest for path, dest in site.destinations if path == "/drawing.svg" and dest]

        site.allowed = frozenset({"maps"})
        visit(browser, site.a)
        wait_until(lambda: set(site.asked) >= EVERYTHING)


def test_without_the_field_everything_arrives(browser: Browser, site: Site) -> None:
    """So the test above fails where the field is missing."""
    site.field = False
    assert visit(browser, site.a) == []
    wait_until(lambda: set(site.asked) >= EVERYTHING)
    assert browser.jar() >= {"tracker", "_ga"}


def test_nothing_of_the_sites_own_breaks(browser: Browser, site: Site) -> None:
    assert visit(browser, f"{site.a}/probes") == []
    results = browser.ask("window.results")
    assert [name for name, result in results.items() if result is not True] == []
    assert len(results) == 23
    assert "/socket" in site.own


@pytest.mark.parametrize(
    "scheme",
    [
        "http",
        pytest.param(
            "https", marks=pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
        ),
    ],
)
def test_browsers_report_what_they_would_forbid(browser: Browser, scheme: str) -> None:
    browser.clear()
    with Site(enforced=False, reporting=True, scheme=scheme).serving() as site:
        visit(browser, site.a)
        kinds = ("script", "style", "img", "font", "media", "frame", "connect")
        wait_until(lambda: {HostReport(site.b, f"{kind}-src") for kind in kinds} <= site.reported())
        assert {report.host for report in site.reported()} == {site.b}
        assert set(site.asked) == EVERYTHING


ADMITTED = """new Promise(done => {{
  document.addEventListener("securitypolicyviolation", () => done(false));
  if ("{url}".startsWith("ws")) {{
    const socket = new WebSocket("{url}");
    socket.onopen = socket.onerror = () => done(true);
  }} else {{
    const image = new Image();
    image.onload = image.onerror = () => done(true);
    image.src = "{url}";
  }}
}}).catch(() => false).then(admitted => {{ window.admitted = admitted }})"""


@pytest.mark.parametrize(
    "pattern", ["{b}", "ws://{b}", "*.{b}", "*.localhost:{port}", "b.localhost", "wss://{b}"]
)
def test_a_source_covers_what_browsers_let_through(browser: Browser, site: Site, pattern: str) -> None:
    """Chromium and Firefox differ on wss where ws is declared: such a host is covered for neither."""
    source = parse_source(declared := pattern.format(b=site.b, port=site.b.partition(":")[2]))
    site.declare(declared)
    site.allowed = frozenset({"maps"})
    for host in (site.b, f"a.{site.b}", f"ws://{site.b}", f"ws://a.{site.b}", f"wss://{site.b}"):
        browser.open(f"{site.a}/own-frame")
        url = host if "://" in host else f"http://{host}/image.gif"
        browser.ask(f"void {ADMITTED.format(url=url)}")
        wait_until(lambda: isinstance(browser.ask("window.admitted"), bool))
        admitted, named = browser.ask("window.admitted"), parse_source(host)
        assert source is not None and named is not None
        assert admitted or not covers(source, named), (declared, host)
        if admitted:
            assert covers(source, named) or (declared.startswith("ws://") and host.startswith("wss://"))
            assert overlaps(source, named), (declared, host)
