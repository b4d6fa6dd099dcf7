"""`banner.js`: the banner in pages whose templates can't be edited, without and with a strict CSP."""

from collections.abc import Iterator
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from tests.conftest import KEY
from tests.serving import serving

from .test_chromium import POLICY, Browser, chromium
from .test_chromium import pytestmark as needs_chromium

pytestmark = needs_chromium

STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'self'; require-trusted-types-for 'script'"
)
PAGE = b"""<!doctype html><html lang="en"><title>Tickets</title>
<script src="/cookies/banner.js" defer></script>
<h1>Tickets</h1><label>Your comment <textarea></textarea></label></html>"""


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """A page that knows nothing of the gate; under /strict with a strict CSP."""
    fields = [("Content-Type", "text/html; charset=utf-8"), ("Set-Cookie", "recent=1; Path=/")]
    if environ["PATH_INFO"].startswith("/strict"):
        fields.append(("Content-Security-Policy", STRICT))
    start_response("200 OK", fields)
    return [PAGE]


class Server:
    """The gate, which counts pages, and may refuse what scripts post."""

    def __init__(self) -> None:
        self.gate = POLICY.wrap(application, secret_key=KEY)
        self.pages = 0
        self.refuses_scripts = False

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if not environ["PATH_INFO"].startswith("/cookies") and environ["PATH_INFO"] != "/favicon.ico":
            self.pages += 1
        if (
            self.refuses_scripts
            and environ.get("HTTP_SEC_FETCH_DEST") == "empty"
            and environ["REQUEST_METHOD"] == "POST"
        ):
            start_response("503 Service Unavailable", [("Content-Type", "text/plain")])
            return [b""]
        return self.gate(environ, start_response)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Browser, Server]]:
    server = Server()
    with serving(server) as port, chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield Browser(driver, port, []), server


@pytest.fixture
def server(started: tuple[Browser, Server]) -> Server:
    started[1].refuses_scripts = False
    return started[1]


@pytest.fixture
def browser(started: tuple[Browser, Server]) -> Browser:
    browser = started[0]
    browser.driver.get("about:blank")
    browser.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    return browser


def wait_for(browser: Browser, css: str) -> Any:
    """Wait until *css* selects something that is shown, and return it."""

    def shown(driver: Any) -> Any:
        return next(
            (each for each in driver.find_elements(By.CSS_SELECTOR, css) if each.is_displayed()), None
        )

    return WebDriverWait(browser.driver, 10).until(shown)


def wait_until(browser: Browser, script: str) -> None:
    WebDriverWait(browser.driver, 10).until(lambda _: browser.run(f"return {script}"))


@pytest.mark.parametrize("path", ["/page", "/strict"])
@pytest.mark.parametrize(("action", "accepted"), [("accept_all", True), ("refuse_all", False)])
def test_an_answer_sends_no_navigation_and_keeps_what_was_typed(
    browser: Browser, server: Server, path: str, action: str, accepted: bool
) -> None:
    browser.open(f"{path}?q=1")
    button = wait_for(browser, f"button[value={action}]")
    assert browser.run("return document.body.firstElementChild.className") == "consentgate consentgate-banner"
    browser.driver.find_element(By.TAG_NAME, "textarea").send_keys("half a sent")
    pages = server.pages
    button.send_keys(Keys.ENTER)
    word = wait_for(browser, "#consentgate-done")
    assert word.text.startswith("You accepted:" if accepted else "You refused all cookies")
    assert browser.focused() == word
    assert browser.driver.find_element(By.TAG_NAME, "textarea").get_property("value") == "half a sent"
    assert server.pages == pages
    assert browser.driver.current_url.endswith(f"{path}?q=1")
    assert len(browser.driver.find_elements(By.CLASS_NAME, "consentgate-banner")) == 1
    browser.open(path)
    assert ("recent" in browser.jar) is accepted
    wait_until(browser, "document.querySelector('.consentgate-banner')")
    assert browser.driver.find_elements(By.CSS_SELECTOR, ".consentgate-banner form") == []
    assert not browser.driver.find_element(By.ID, "consentgate-done").is_displayed()


@pytest.mark.parametrize("path", ["/page", "/strict"])
def test_the_word_after_an_answer_can_be_hidden(browser: Browser, server: Server, path: str) -> None:
    browser.open(path)
    wait_for(browser, "button[value=refuse_all]").click()
    wait_for(browser, ".consentgate-hide").click()
    assert browser.driver.find_elements(By.CLASS_NAME, "consentgate-banner") == []
    assert browser.driver.current_url.endswith(path)


def test_a_page_kept_by_the_back_button_learns_of_the_answer(browser: Browser, server: Server) -> None:
    browser.open("/page")
    wait_for(browser, "button[value=refuse_all]")
    browser.run("addEventListener('pageshow', event => { window.kept = event.persisted; })")
    browser.open("/page?2")
    wait_for(browser, "button[value=refuse_all]").click()
    wait_for(browser, "#consentgate-done")
    browser.driver.back()
    wait_until(browser, "window.kept")
    wait_until(browser, "!document.querySelector('.consentgate-banner form')")


def test_the_form_is_posted_when_the_script_is_refused(browser: Browser, server: Server) -> None:
    server.refuses_scripts = True
    browser.open("/page?q=1")
    old = browser.loader
    wait_for(browser, "button[value=accept_all]").click()
    browser.wait_for_another_page(old)
    assert browser.driver.current_url.endswith("/page?q=1#consentgate-done")
    wait_for(browser, "#consentgate-done")
    assert "recent" in browser.jar
