"""The demo portal, as Chromium lays it out: in both languages, light and dark, wide and narrow."""

import json
from collections.abc import Iterator

import pytest

from consentgate.demo.serving import gate
from tests.conftest import KEY
from tests.serving import serving

from .test_chromium import AXE, Browser, chromium, needs_axe
from .test_chromium import pytestmark as needs_chromium

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    profile = tmp_path_factory.mktemp("profile")
    with serving(gate(KEY)) as port, chromium(profile, "--hide-scrollbars") as driver:
        yield Browser(driver, port, [])


@needs_axe
@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    browser: Browser, width: int, scheme: str, language: str
) -> None:
    browser.scheme(scheme)
    browser.width(width)
    browser.open(f"/language?to={language}")
    for path in ("/", "/datasets/trees", "/?q=nothing+like+it", "/cookies?next=/"):
        browser.open(path)
        assert browser.run("return document.documentElement.lang") == language
        assert browser.run("return document.documentElement.scrollWidth") <= width, path
        browser.run(AXE.read_text())
        found = browser.driver.execute_async_script(  # type: ignore[no-untyped-call]
            "const done = arguments[0]; axe.run().then(result => done(JSON.stringify(result.violations)))"
        )
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in json.loads(found)] == [], (
            path
        )


def test_the_panel_follows_an_answer(browser: Browser) -> None:
    browser.width(1280)
    browser.open("/language?to=en")
    outcome = "return document.querySelectorAll('.gate td:last-child')[2].textContent"
    assert browser.run(outcome) == "held back: you have not answered yet"
    browser.press_button("accept_all")
    assert browser.run(outcome) == "let through: you accepted"
    browser.follow(".foot a")
    browser.press_button("refuse_all")
    browser.follow("[role=status] a")
    assert browser.run(outcome) == "held back: you said no"
    assert browser.jar == {"csrftoken", "cookies_preferences", "django_language"}
