"""Visitors in a real browser: Debian's Chromium, with its own cookie jar."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from consentgate import Basis, Category, Cookie, Event, Policy, PreferencesSerializer, Visit
from tests.conftest import ATTESTED, KEY
from tests.serving import serving

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
AXE = Path(sys.prefix) / "node_modules" / "axe-core" / "axe.min.js"

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="needs a browser: apt-get install chromium chromium-driver"
)
needs_axe = pytest.mark.skipif(
    not AXE.exists(), reason=f"needs axe-core: npm install --prefix {sys.prefix} axe-core@4"
)

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

POLICY = Policy(
    [
        Category("necessary", title="Necessary", basis=Basis.NECESSARY, cookies=["sid"]),
        Category(
            "statistical",
            title="Statistical",
            description="They count page views.",
            basis=Basis.EXEMPT,
            attestation=ATTESTED,
            cookies=[Cookie("_pk_id.*", purpose="To count page views", lifetime="13 months")],
        ),
        Category(
            "internal",
            title="Internal",
            cookies=[Cookie("theme", path="/shop"), Cookie("recent", purpose="To remember")],
        ),
        Category("third-party", title="Third-party", cookies=[Cookie("vid", domain="site.localhost")]),
    ],
    site="the shop",
    controller="Example Ltd",
)
SET_COOKIES = [
    "sid=1; Path=/; HttpOnly",
    "_pk_id.1=2; Path=/; HttpOnly; Max-Age=3600",
    "theme=3; Path=/shop; HttpOnly",
    "recent=4; Path=/; Max-Age=3600",
    "vid=5; Path=/; Domain=site.localhost; SameSite=Lax",
    "zzz=6",
]
ALL = {"sid", "_pk_id.1", "theme", "recent", "vid", "cookies_preferences"}


def page(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """A page at /shop/ that sets everything, with the banner at its top; browsers ask for an icon too."""
    if environ["PATH_INFO"] != "/shop/":
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"nothing here"]
    banner = Visit.from_environ(environ).banner()
    body = f"""<!doctype html><html lang="en"><title>Shop</title>{banner}
<main><h1>Shop</h1><a href="/cookies">Cookies policy</a></main>"""
    fields = [("Content-Type", "text/html; charset=utf-8"), *(("Set-Cookie", text) for text in SET_COOKIES)]
    start_response("200 OK", fields)
    return [body.encode()]


class Browser:
    """A visitor at the keyboard of a headless Chromium."""

    def __init__(self, driver: webdriver.Chrome, port: int, events: list[Event]) -> None:
        # A name, since cookies of an address have no Domain; browsers take it for this machine.
        self.driver, self.address, self.events = driver, f"http://site.localhost:{port}", events
        self.keys = 0
        """How many keys were pressed since the last page was opened."""

    def open(self, path: str) -> None:
        self.driver.get(f"{self.address}{path}")
        self.keys = 0

    @property
    def loader(self) -> str:
        """The mark of the page that is loaded: another one each time, also at the same address."""
        tree = self.driver.execute_cdp_cmd("Page.getFrameTree", {})
        return str(tree["frameTree"]["frame"]["loaderId"])

    def wait_for_another_page(self, loader: str) -> None:
        """Wait until a page with another loader is there, whole; on its way, nothing of it can be asked."""

        def is_there(_: object) -> bool:
            return self.loader != loader and self.run("return document.readyState") == "complete"

        WebDriverWait(self.driver, 10, ignored_exceptions=(WebDriverException,)).until(is_there)

    def follow(self, css: str) -> None:
        """Reach a link or a button by keyboard, press Enter, and wait for the page that answers."""
        loader = self.loader
        self.tab_to(css)
        self.press(Keys.ENTER)
        self.wait_for_another_page(loader)

    @property
    def jar(self) -> set[str]:
        """Every cookie the browser holds, whatever its path, HttpOnly ones too."""
        cookies = self.driver.execute_cdp_cmd("Network.getAllCookies", {})["cookies"]
        return {cookie["name"] for cookie in cookies}

    def press(self, *keys: str) -> None:
        self.keys += len(keys)
        ActionChains(self.driver).send_keys(*keys).perform()

    def focused(self) -> Any:
        return self.driver.switch_to.active_element

    def tab_to(self, css: str) -> Any:
        """Press Tab until something that *css* selects has the focus; return it."""
        for _ in range(40):
            if self.run("return document.activeElement.matches(arguments[0])", css):
                return self.focused()
            self.press(Keys.TAB)
        raise AssertionError(f"{css} is not reached by keyboard")

    def go(self, move: Callable[[], object]) -> None:
        """Go back, or load again, and wait for the page."""
        loader = self.loader
        move()
        self.wait_for_another_page(loader)

    def press_button(self, action: str) -> None:
        """Choose by keyboard, and wait for the page that answers."""
        self.follow(f"button[value={action}]")

    @property
    def has_banner(self) -> bool:
        return bool(self.driver.find_elements(By.CSS_SELECTOR, ".consentgate-banner form"))

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)  # type: ignore[no-untyped-call]

    def style(self, css: str, *names: str) -> list[str]:
        element = self.driver.find_element(By.CSS_SELECTOR, css)
        return [element.value_of_css_property(name) for name in names]

    def scheme(self, name: str) -> None:
        """Light or dark."""
        features = [{"name": "prefers-color-scheme", "value": name}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def medium(self, name: str) -> None:
        """Screen or print."""
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": name})

    def speak(self, language: str) -> None:
        """Ask for pages in this language."""
        headers = {"headers": {"Accept-Language": language}}
        self.driver.execute_cdp_cmd("Network.setExtraHTTPHeaders", headers)

    def width(self, pixels: int) -> None:
        """The width a page is laid out in, in CSS pixels."""
        metrics = {"width": pixels, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


@contextmanager
def chromium(profile: Path, *flags: str, javascript: bool = True) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in [*FLAGS, *flags, f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    if not javascript:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=str(DRIVER)))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture(scope="module", params=[True, False], ids=["with JavaScript", "without JavaScript"])
def started(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    events: list[Event] = []
    gate = POLICY.wrap(validator(page), secret_key=KEY, observer=events.append)
    with ExitStack() as stack:
        port = stack.enter_context(serving(validator(gate)))
        driver = stack.enter_context(chromium(tmp_path_factory.mktemp("profile"), javascript=request.param))
        yield Browser(driver, port, events)


@pytest.fixture
def browser(started: Browser) -> Browser:
    """A browser with an empty jar, as wide as a desk's, in the light."""
    started.open("/nothing")
    started.driver.delete_all_cookies()
    started.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    started.scheme("light")
    started.width(1000)
    started.driver.execute_cdp_cmd("Network.enable", {})
    started.speak("en")
    started.events.clear()
    return started


def shown(browser: Browser, css: str) -> str:
    """The text of the one element that *css* selects, which is there to be seen."""
    (element,) = browser.driver.find_elements(By.CSS_SELECTOR, css)
    assert element.is_displayed()
    return str(element.text)


def chosen(browser: Browser) -> dict[str, str]:
    """The answers chosen on the page, by category."""
    radios = browser.driver.find_elements(By.CSS_SELECTOR, "input[type=radio]:checked")
    return {
        str(each.get_attribute("name")).removeprefix("choice."): str(each.get_attribute("value"))
        for each in radios
    }


def test_accepting_takes_three_keys_and_withdrawing_nine(browser: Browser) -> None:
    """R5, R7, R8: the jar is what the policy says, after each step."""
    browser.open("/shop/")
    assert shown(browser, ".consentgate-banner h2") == "Cookies on the shop"
    assert browser.jar == {"sid", "_pk_id.1"}
    browser.follow("button[value=accept_all]")
    assert browser.keys <= 3
    assert browser.driver.current_url == f"{browser.address}/shop/#consentgate-done"
    assert shown(browser, "#consentgate-done").startswith("You accepted: Internal, Third-party.")
    assert not browser.has_banner
    assert browser.jar == ALL

    browser.open("/shop/")
    browser.follow("main a[href='/cookies']")
    browser.follow("button[value=refuse_all]")
    assert browser.keys <= 9
    reported = shown(browser, "[role=status]")
    assert reported.startswith("Saved. You refused all cookies that are not necessary, Statistical included.")
    # `theme` lives under /shop, so the browser shows it, and lets go of it, on the next page there.
    assert browser.jar == {"sid", "theme", "cookies_preferences"}
    browser.open("/shop/")
    assert browser.jar == {"sid", "cookies_preferences"}
    assert not browser.has_banner


def test_refusing_takes_two_keys_and_the_word_after_it_can_be_hidden(browser: Browser) -> None:
    browser.open("/shop/?page=2&q=%C3%A9")
    browser.follow("button[value=refuse_all]")
    assert browser.keys <= 2
    assert browser.driver.current_url == f"{browser.address}/shop/?page=2&q=%C3%A9#consentgate-done"
    assert shown(browser, "#consentgate-done").startswith("You refused all cookies that are not necessary")
    assert browser.jar == {"sid", "cookies_preferences"}
    browser.tab_to(".consentgate-hide")
    browser.press(Keys.ENTER)
    hidden = "!document.getElementById('consentgate-done').checkVisibility()"
    WebDriverWait(browser.driver, 10).until(lambda _: browser.run(f"return {hidden}"))


def test_choosing_one_by_one_and_back(browser: Browser) -> None:
    browser.open("/shop/?page=2")
    browser.follow(".consentgate-banner a")
    assert chosen(browser) == {"statistical": "unset"}
    browser.tab_to("input[name='choice.internal']")
    browser.press(Keys.ARROW_RIGHT)
    browser.follow("button[value=answer]")
    assert chosen(browser) == {"statistical": "unset", "internal": "yes"}
    assert (
        shown(browser, "[role=status] strong")
        == "Saved. You accepted: Internal. Not answered yet: Third-party."
    )
    browser.follow("[role=status] a")
    assert browser.driver.current_url == f"{browser.address}/shop/?page=2"
    assert browser.jar == {"sid", "_pk_id.1", "theme", "recent", "cookies_preferences"}
    # Only the category without an answer is asked about, and answered.
    assert "May it also use cookies for: Third-party?" in shown(browser, ".consentgate-banner form")
    browser.keys = 0
    browser.follow("button[value=refuse]")
    assert browser.keys <= 3
    assert browser.jar == {"sid", "_pk_id.1", "theme", "recent", "cookies_preferences"}
    browser.open("/cookies")
    assert chosen(browser) == {"statistical": "unset", "internal": "yes", "third-party": "no"}


def test_a_changed_category_is_asked_and_answered_alone(browser: Browser) -> None:
    """P7: the answers to other categories, the no among them, keep their day."""
    earlier = Policy(
        [
            category if category.key != "internal" else Category("internal", cookies=["theme"])
            for category in POLICY.categories
        ]
    )
    long_ago = datetime.now(UTC) - timedelta(days=40)
    preferences = earlier.choose(["statistical", "internal"], at=long_ago)
    token = PreferencesSerializer(earlier, secret_key=KEY).dumps(preferences)
    cookie = {"name": "cookies_preferences", "value": token, "url": browser.address, "httpOnly": True}
    browser.driver.execute_cdp_cmd("Network.setCookie", cookie)
    browser.open("/shop/")
    assert shown(browser, ".consentgate-banner h2") == "A change to the cookies on the shop"
    asked = shown(browser, ".consentgate-banner form")
    assert "this has changed: Internal. Your other answers stand." in asked
    browser.follow("button[value=accept]")
    assert browser.keys <= 3
    assert "You accepted: Internal. You refused: Third-party." in shown(browser, "#consentgate-done")
    assert browser.jar == {"sid", "_pk_id.1", "theme", "recent", "cookies_preferences"}
    browser.open("/cookies")
    assert chosen(browser) == {"statistical": "unset", "internal": "yes", "third-party": "no"}
    days = browser.driver.find_elements(By.CSS_SELECTOR, ".consentgate-state time")
    reported = [str(day.get_attribute("datetime")) for day in days]
    assert reported == [f"{datetime.now(UTC):%Y-%m-%d}", f"{long_ago:%Y-%m-%d}"]


def test_objecting_and_taking_it_back(browser: Browser) -> None:
    browser.open("/cookies")
    browser.tab_to("input[name='choice.statistical']:checked")
    browser.press(Keys.ARROW_LEFT)
    browser.follow("button[value=answer]")
    assert chosen(browser) == {"statistical": "no"}
    assert shown(browser, "#consentgate-state-statistical").startswith("Off. You objected on")
    browser.open("/shop/")
    assert browser.jar == {"sid", "cookies_preferences"}
    browser.open("/cookies")
    browser.tab_to("input[name='choice.statistical']:checked")
    browser.press(Keys.ARROW_RIGHT)
    browser.follow("button[value=answer]")
    assert chosen(browser) == {"statistical": "unset"}
    browser.open("/shop/")
    assert "_pk_id.1" in browser.jar


@pytest.mark.parametrize("key", ["statistical", "internal", "third-party"])
def test_enter_on_an_answer_saves_what_is_chosen_and_nothing_else(browser: Browser, key: str) -> None:
    """P7: the form's first button is the one that Enter presses."""
    browser.open("/cookies")
    browser.tab_to(f"input[name='choice.{key}']")
    loader = browser.loader
    browser.press(Keys.ENTER)
    browser.wait_for_another_page(loader)
    assert chosen(browser) == {"statistical": "unset"}
    browser.open("/shop/")
    assert browser.has_banner
    assert browser.jar <= {"sid", "_pk_id.1", "cookies_preferences"}


def test_the_page_in_another_language_and_back(browser: Browser) -> None:
    browser.open("/cookies?next=/shop/")
    browser.follow("a[hreflang=fr]")
    assert shown(browser, "h1") == "Cookies du site the shop"
    browser.follow("button[value=refuse_all]")
    assert shown(browser, "[role=status] strong").startswith("Enregistré. Vous avez refusé")
    browser.follow("[role=status] a")
    assert browser.driver.current_url == f"{browser.address}/shop/"


def test_the_back_button_and_a_second_tab(browser: Browser) -> None:
    browser.open("/shop/")
    browser.open("/cookies")
    browser.press_button("accept_all")
    browser.go(browser.driver.back)
    browser.go(browser.driver.back)
    browser.go(browser.driver.refresh)
    assert browser.driver.current_url == f"{browser.address}/shop/"
    assert not browser.has_banner
    first = browser.driver.current_window_handle
    browser.driver.switch_to.new_window("tab")
    browser.open("/cookies")
    browser.press_button("refuse_all")
    browser.driver.close()
    browser.driver.switch_to.window(first)
    browser.open("/shop/")
    assert browser.jar == {"sid", "cookies_preferences"}


def test_another_sites_form_is_refused(browser: Browser) -> None:
    """K, R65: posted from another site of this machine."""

    def evil(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])
        form = f'<form method="post" action="{browser.address}/cookies">'
        button = '<button name="action" value="accept_all">Win</button>'
        return [f"<!doctype html><title>Evil</title>{form}{button}</form>".encode()]

    with serving(validator(evil)) as port:
        browser.driver.get(f"http://evil.localhost:{port}/")
        browser.press_button("accept_all")
        assert "did not come from a page of this site" in browser.driver.page_source
    assert browser.jar == set()
    assert browser.events == []


def test_the_page_is_not_framed(browser: Browser) -> None:
    """R68."""

    def framing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])
        frame = f'<iframe src="{browser.address}/cookies"></iframe>'
        return [f"<!doctype html><title>Frame</title>{frame}".encode()]

    with serving(validator(framing)) as port:
        browser.driver.get(f"http://127.0.0.1:{port}/")
        browser.driver.switch_to.frame(0)
        assert browser.driver.find_elements(By.TAG_NAME, "form") == []
        browser.driver.switch_to.default_content()


def test_the_page_asks_nothing_of_other_hosts_and_runs_no_script(browser: Browser) -> None:
    """R72."""
    browser.open("/cookies")
    assert browser.driver.find_elements(By.TAG_NAME, "script") == []
    (link,) = browser.driver.find_elements(By.CSS_SELECTOR, "link[rel=stylesheet]")
    assert str(link.get_attribute("href")).startswith(f"{browser.address}/cookies/style-")
    assert browser.style("body", "margin-top") == ["0px"]
