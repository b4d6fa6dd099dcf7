"""Other hosts behind the real gate, in both browsers: before consent, after it, and after withdrawal."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By

from consentgate import Event
from consentgate.demo.maps import serving_map
from consentgate.demo.serving import gate
from tests.conftest import KEY
from tests.serving import serving

from .embedding import (
    KINDS,
    Browser,
    Chromium,
    EmbeddingFirefox,
    embedding_chromium,
    embedding_firefox,
    wait_until,
)
from .gated import NONCE_POLICY, GatedSite
from .test_firefox import ENTER, TAB
from .test_hosts import BROWSERS

EVERYTHING = set(KINDS)


@pytest.fixture(scope="module", params=BROWSERS)
def browser(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with request.param(tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture
def site(browser: Browser) -> Iterator[GatedSite]:
    browser.clear()
    with GatedSite().serving() as serving:
        assert isinstance(serving, GatedSite)
        yield serving


def is_so(browser: Browser, expression: str) -> Callable[[], bool]:
    """A question to the page; no answer while it is being replaced."""

    def ask() -> bool:
        try:
            return bool(browser.ask(expression))
        except (WebDriverException, AssertionError, KeyError):
            return False

    return ask


def visit(browser: Browser, site: GatedSite, path: str = "/") -> list[str]:
    """Open the page and return what it was forbidden, once everything in it is settled."""
    browser.open(site.a + path)
    wait_until(is_so(browser, "window.loaded === true"))
    forbidden: list[str] = browser.ask("window.violations")
    return forbidden


def press(browser: Browser, css: str, then: str) -> None:
    """Press a button, and wait until *then* is true on the page that answers."""
    browser.ask(
        f"window.before = true, setTimeout(() => document.querySelector({json.dumps(css)}).click()), 1"
    )
    wait_until(is_so(browser, f"!window.before && window.loaded === true && ({then})"))


def go(browser: Browser, site: GatedSite, path: str) -> None:
    browser.open(site.a + path)
    wait_until(is_so(browser, "document.title === 'done'"))


def test_the_placeholders_button_lets_everything_arrive_and_returns_to_its_place(
    browser: Browser, site: GatedSite
) -> None:
    assert visit(browser, site) != []
    assert site.asked == []
    assert not browser.jar() & {"tracker", "_ga"}
    assert "b.localhost" in browser.ask("document.querySelector('.consentgate-place').textContent")

    press(browser, ".consentgate-place button[value=accept]", "location.hash === '#consentgate-place-maps'")
    wait_until(lambda: set(site.asked) >= EVERYTHING)
    assert browser.ask("window.violations") == []
    assert browser.jar() >= {"tracker", "_ga", "cookies_preferences"}
    assert browser.ask("document.querySelector('.consentgate-place') === null") is True
    wait_until(
        is_so(
            browser,
            "Math.abs(document.getElementById('consentgate-place-maps')"
            ".getBoundingClientRect().top) < innerHeight && scrollY > 1000",
        )
    )

    # Withdrawn on the page of preferences: nothing is asked of B, and its script's cookie is gone.
    browser.open(f"{site.a}/cookies")
    browser.ask("setTimeout(() => document.querySelector('button[value=refuse_all]').click()), 1")
    wait_until(lambda: "_ga" not in browser.jar())
    site.asked.clear()
    assert visit(browser, site) != []
    assert site.asked == []
    assert browser.ask("document.querySelector('.consentgate-place button') !== null") is True


def test_without_the_gates_field_all_would_arrive(browser: Browser) -> None:
    """So the tests here fail where it is missing."""
    browser.clear()
    with GatedSite(third_parties="report").serving() as site:
        assert isinstance(site, GatedSite)
        assert visit(browser, site) != []  # reported, and let through
        wait_until(lambda: set(site.asked) >= EVERYTHING)
        assert "tracker" in browser.jar()
        assert browser.ask("window.vendor") is True  # its `_ga` was set, and expired by the gate


def test_a_page_that_is_not_modified_has_the_policy_of_today(browser: Browser, site: GatedSite) -> None:
    site.headers, site.has_placeholder = [("ETag", '"1"'), ("Cache-Control", "no-cache")], False
    for _ in range(2):
        assert visit(browser, site) != []
    assert site.asked == []
    go(browser, site, "/accept")
    assert visit(browser, site) == []
    wait_until(lambda: set(site.asked) >= EVERYTHING)
    go(browser, site, "/withdraw")
    site.asked.clear()
    assert visit(browser, site) != []
    assert site.asked == []


def test_a_cached_page_does_not_outlive_the_answer(browser: Browser, site: GatedSite) -> None:
    site.headers, site.has_placeholder = [("Cache-Control", "max-age=600")], False
    assert visit(browser, site) != []
    assert site.asked == []
    go(browser, site, "/accept")
    assert visit(browser, site) == []
    wait_until(lambda: set(site.asked) >= EVERYTHING)
    go(browser, site, "/withdraw")
    site.asked.clear()
    assert visit(browser, site) != []
    assert site.asked == []


def test_the_back_button_after_a_withdrawal_asks_nothing_where_pages_are_not_stored(
    browser: Browser, site: GatedSite
) -> None:
    go(browser, site, "/accept")
    assert visit(browser, site) == []
    wait_until(lambda: set(site.asked) >= EVERYTHING)
    go(browser, site, "/withdraw")
    site.asked.clear()
    browser.ask("setTimeout(() => history.back()), 1")
    wait_until(is_so(browser, "location.pathname === '/' && window.loaded === true"))
    assert browser.ask("window.violations") != []
    assert site.asked == []


def test_the_sites_own_policy_with_nonces_stays_in_force(browser: Browser, site: GatedSite) -> None:
    site.nonce = "abc"
    site.headers = [("Content-Security-Policy", NONCE_POLICY), ("Cache-Control", "no-store")]
    visit(browser, site)
    assert site.asked == []
    assert not browser.jar() & {"tracker", "_ga"}
    press(browser, ".consentgate-place button[value=accept]", "location.hash === '#consentgate-place-maps'")
    wait_until(lambda: set(site.asked) >= EVERYTHING)
    assert browser.ask("window.violations") == []
    # An injected script is still stopped by the site's own policy.
    injected = (
        "document.body.append(Object.assign(document.createElement('script'), {text: 'window.bad = 1'}))"
    )
    browser.ask(f"{injected}, 1")
    wait_until(is_so(browser, "window.violations.length > 0"))
    assert browser.ask("window.bad === undefined") is True


def test_nothing_of_the_sites_own_breaks_behind_the_gate(browser: Browser, site: GatedSite) -> None:
    assert visit(browser, site, "/probes") == []
    results = browser.ask("window.results")
    assert [name for name, result in results.items() if result is not True] == []
    assert len(results) == 23


def test_an_observer_hears_of_the_host_and_of_no_address(browser: Browser) -> None:
    class Hosts(list[Event]):
        wants_hosts = True

        def __call__(self, event: Event) -> None:
            self.append(event)

    browser.clear()
    hosts = Hosts()
    with GatedSite(observer=hosts).serving() as site:
        assert isinstance(site, GatedSite)
        visit(browser, site)
        kinds = {f"{kind}-src" for kind in ("script", "style", "img", "font", "media", "frame", "connect")}
        wait_until(lambda: {event.directive for event in list(hosts)} >= kinds)
        assert {(event.name, event.category) for event in list(hosts)} == {(site.b, "maps")}
        assert "http" not in repr(list(hosts))


def test_the_demos_map_is_asked_for_only_after_a_yes(
    browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    browser.clear()
    with serving_map() as host, serving(gate(KEY, host)) as port:
        browser.open(f"http://127.0.0.1:{port}/")
        wait_until(is_so(browser, "document.readyState === 'complete'"))
        # An embed that somebody forgot is held back by the field alone.
        forgotten = (
            f"Object.assign(new Image(), {{onerror: () => window.held = true, src: '//{host}/map.svg'}})"
        )
        browser.ask(f"{forgotten} && 1")
        wait_until(is_so(browser, "window.held"))
        assert "asked for its map" not in capsys.readouterr().out
        browser.ask("setTimeout(() => document.querySelector('.consentgate-place button').click()), 1")
        printed: list[str] = []

        def is_asked() -> bool:
            printed.append(capsys.readouterr().out)
            return "asked for its map" in "".join(printed)

        wait_until(is_asked)
        assert browser.ask("location.hash") == "#consentgate-place-third-party"


# A browser of its own, without scripts.

HTML_ALONE = {"/image.gif", "/frame.html", "/style.css", "/from-drawing"}
"""Paths that a page asks of B without any script."""


@pytest.fixture(params=BROWSERS)
def scriptless(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Browser]:
    if request.param is embedding_chromium:
        starting = embedding_chromium(tmp_path, javascript=False)
    else:
        starting = embedding_firefox(tmp_path, javascript__enabled=False)
    with starting as started:
        yield started


def test_without_scripts_the_button_works_all_the_same(scriptless: Browser) -> None:
    with GatedSite().serving() as site:
        assert isinstance(site, GatedSite)
        scriptless.open(f"{site.a}/")
        wait_until(lambda: "/drawing.svg" in site.own)
        assert site.asked == []
        site.own.clear()
        if isinstance(scriptless, Chromium):
            scriptless._driver.find_element(By.CSS_SELECTOR, ".consentgate-place button").click()
        else:
            assert isinstance(scriptless, EmbeddingFirefox)
            scriptless.press(TAB)
            scriptless.press(ENTER)
        wait_until(lambda: set(site.asked) >= HTML_ALONE)
        wait_until(lambda: scriptless.jar() >= {"tracker", "cookies_preferences"})
        assert "_ga" not in scriptless.jar()
