"""JavaScript banners beside the gate: the scripts of docs/howto/javascript-banner.md, with both from npm."""

import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from consentgate import Basis, Category, Event, Policy
from tests.conftest import KEY
from tests.serving import serving

from .test_chromium import Browser, chromium
from .test_chromium import pytestmark as needs_chromium

MODULES = Path(sys.prefix) / "node_modules"
FILES = {
    "/klaro.js": MODULES / "klaro" / "dist" / "klaro.js",
    "/vanilla.js": MODULES / "vanilla-cookieconsent" / "dist" / "cookieconsent.umd.js",
}

pytestmark = [
    needs_chromium,
    pytest.mark.skipif(
        not all(path.exists() for path in FILES.values()),
        reason=f"needs Klaro and vanilla-cookieconsent: npm install --prefix {sys.prefix} klaro@0.7 "
        "vanilla-cookieconsent@3",
    ),
]

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "javascript-banner.md"
SHARED, KLARO, VANILLA = (
    textwrap.dedent(text) for text in re.findall(r" *```js\n(.*?)```", PAGE.read_text(), re.DOTALL)
)

POLICY = Policy(
    [
        Category("necessary", basis=Basis.NECESSARY, cookies=["klaro", "cc_cookie"]),
        Category("statistical", cookies=["_pk_id.*"]),
        Category("marketing", cookies=["_fbp"]),
    ]
)

SETTINGS = {
    "klaro": """var klaroConfig = {acceptAll: true, services: [
        {name: "statistical", title: "Statistical", purposes: ["statistical"]},
        {name: "marketing", title: "Marketing", purposes: ["marketing"]}]};""",
    "vanilla": """var config = {hideFromBots: false,
        categories: {necessary: {enabled: true, readOnly: true}, statistical: {}, marketing: {}},
        language: {default: "en", translations: {en: {
            consentModal: {title: "Cookies", acceptAllBtn: "Accept", acceptNecessaryBtn: "Refuse"},
            preferencesModal: {sections: []}}}}};""",
}

PAGES = {
    "/klaro": f"""<!doctype html><title>Klaro</title><script>{SETTINGS["klaro"]}</script>
<script src="/klaro.js" data-config="klaroConfig"></script>
<script type="module" src="/klaro-answers.js"></script><p>Hello""",
    "/vanilla": f"""<!doctype html><title>vanilla</title><script>{SETTINGS["vanilla"]}</script>
<script src="/vanilla.js"></script><script type="module" src="/vanilla-answers.js"></script><p>Hello""",
}

SCRIPTS = {"/cookie-answers.js": SHARED, "/klaro-answers.js": KLARO, "/vanilla-answers.js": VANILLA}


def site(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    path = environ["PATH_INFO"]
    script = SCRIPTS.get(path) or (FILES[path].read_text() if path in FILES else None)
    media_type = "text/javascript" if script is not None else "text/html"
    cookies = [("Set-Cookie", "_pk_id.1=1; Path=/"), ("Set-Cookie", "_fbp=1; Path=/")]
    start_response("200 OK", [("Content-Type", f"{media_type}; charset=utf-8"), *cookies])
    return [(script if script is not None else PAGES.get(path, "")).encode()]


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    events: list[Event] = []
    gate = POLICY.wrap(site, secret_key=KEY, observer=events.append)
    with serving(gate) as port, chromium(tmp_path) as driver:
        yield Browser(driver, port, events)


def answers(browser: Browser) -> dict[str, bool]:
    """Wait for a choice; return what the last one said."""

    def chosen(_: object) -> list[Event]:
        return [event for event in browser.events if event.action == "chosen"]

    events = WebDriverWait(browser.driver, 20).until(chosen)
    return {answer.category: answer.accepted for answer in events[-1].answers}


def click(browser: Browser, css: str) -> None:
    def is_there(_: object) -> Any:
        return browser.driver.find_elements(By.CSS_SELECTOR, css)

    (button, *_) = WebDriverWait(browser.driver, 20).until(is_there)
    browser.run("arguments[0].click()", button)


@pytest.mark.parametrize(
    ("page", "button", "accepted"),
    [
        ("/klaro", ".klaro .cm-btn-success", True),
        ("/klaro", ".klaro .cn-decline", False),
        ("/vanilla", "#cc-main [data-role=all]", True),
        ("/vanilla", "#cc-main [data-role=necessary]", False),
    ],
)
def test_an_answer_in_the_banner_is_what_the_server_enforces(
    browser: Browser, page: str, button: str, accepted: bool
) -> None:
    browser.open(page)
    assert "_fbp" not in browser.jar
    click(browser, button)
    assert answers(browser) == {"statistical": accepted, "marketing": accepted}
    browser.open(page)
    assert {"_fbp", "_pk_id.1"} & browser.jar == ({"_fbp", "_pk_id.1"} if accepted else set())
    assert browser.jar & {"klaro", "cc_cookie"}
