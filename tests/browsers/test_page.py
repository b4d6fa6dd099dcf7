"""Every state of page, banner, forms and placeholder, as Chromium lays it out: seen, measured, printed."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from selenium.webdriver.common.by import By

from tests.serving import serving
from tests.stage import STATES, stage

from .test_chromium import AXE, Browser, chromium, needs_axe
from .test_chromium import pytestmark as needs_chromium

pytestmark = needs_chromium

DOCUMENTS = [
    *(f"{kind}/library/{state}/en" for kind in ("page", "banner") for state in STATES),
    *(
        f"{kind}/library/{state}/fr"
        for kind in ("page", "banner")
        for state in ("undecided", "partly", "changed")
    ),
    *(
        f"{kind}/{site}"
        for kind in ("page", "banner")
        for site in ("german/changed/de", "arabic/undecided/ar")
    ),
    *(f"{kind}/library/{state}/en" for kind in ("form", "place") for state in ("undecided", "denied")),
    "page/long/undecided/en",
]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    profile = tmp_path_factory.mktemp("profile")
    with serving(stage) as port, chromium(profile, "--hide-scrollbars") as driver:
        yield Browser(driver, port, [])


@pytest.fixture
def browser(started: Browser) -> Browser:
    started.medium("screen")
    started.scheme("light")
    started.width(1280)
    return started


def look(browser: Browser, document: str, *, unfolded: bool = True) -> None:
    """Open a document at the word after an answer, its tables unfolded."""
    browser.open("/nothing")
    browser.open(f"/{document}#consentgate-done")
    if unfolded:
        browser.run("document.querySelectorAll('details').forEach(each => { each.open = true; })")


@needs_axe
@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state(browser: Browser, scheme: str, width: int) -> None:
    """R73."""
    browser.scheme(scheme)
    browser.width(width)
    for document in DOCUMENTS:
        look(browser, document)
        browser.run(AXE.read_text())
        found = browser.driver.execute_async_script(  # type: ignore[no-untyped-call]
            "const done = arguments[0]; axe.run().then(result => done(JSON.stringify(result.violations)))"
        )
        reported = [(each["id"], [node["html"] for node in each["nodes"]]) for each in json.loads(found)]
        assert reported == [], document


@pytest.mark.parametrize("width", [320, 640])
def test_nothing_scrolls_sideways(browser: Browser, width: int) -> None:
    """WCAG 1.4.4, 1.4.10: the longest German words, names of a hundred characters, a zoom of 400 %."""
    browser.width(width)
    for document in DOCUMENTS:
        look(browser, document)
        assert browser.run("return document.documentElement.scrollWidth") <= width, document
        past = browser.run(
            "return [...document.querySelectorAll('.consentgate *')].filter("
            "each => each.getBoundingClientRect().right > arguments[0] + 0.5).map(each => each.outerHTML)",
            width,
        )
        assert past == [], document


MEASURE = """
const look = each => arguments[0].map(name => getComputedStyle(each).getPropertyValue(name));
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
return [
  all(".consentgate-buttons").map(group => all("button", group).map(look)),
  all(".consentgate-buttons button, .consentgate-answer label").map(each => each.offsetHeight),
];
"""
LOOKS = ("height", "width", "font-size", "font-weight", "font-family", "color", "background-color", "border")


@pytest.mark.parametrize("width", [1280, 640, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_one_answer_looks_like_the_other(browser: Browser, scheme: str, width: int) -> None:
    """R5, R75: size, font, colour; both large enough to be hit (WCAG 2.5.5)."""
    browser.scheme(scheme)
    browser.width(width)
    for document in DOCUMENTS:
        look(browser, document)
        looks, heights = browser.run(MEASURE, LOOKS)
        assert all(len(set(map(tuple, group))) == 1 for group in looks), document
        assert all(height >= 44 for height in heights), document


def test_sixty_cookies_take_no_more_than_a_few_screens(browser: Browser) -> None:
    look(browser, "page/many/undecided/en", unfolded=False)
    assert browser.run("return document.documentElement.scrollHeight") < 3200
    for action in ("refuse_all", "accept_all"):
        button = browser.driver.find_element(By.CSS_SELECTOR, f"button[value={action}]")
        assert button.rect["y"] + button.rect["height"] < 450


def test_printing_opens_every_table(browser: Browser) -> None:
    look(browser, "page/library/partly/en", unfolded=False)
    shown = "return [...document.querySelectorAll('table')].map(each => each.checkVisibility())"
    assert set(browser.run(shown)) == {False}
    browser.medium("print")
    assert set(browser.run(shown)) == {True}
    buttons = browser.driver.find_elements(By.TAG_NAME, "button")
    assert not any(button.is_displayed() for button in buttons)


def test_the_banner_takes_the_sites_font_width_and_scheme(browser: Browser) -> None:
    look(browser, "banner/library/undecided/en")
    assert browser.style(".consentgate-banner", "font-family") == browser.style("main", "font-family")
    left = "return document.querySelector(arguments[0]).getBoundingClientRect().left"
    assert browser.run(left, ".consentgate-banner h2") == browser.run(left, "h1")
    light = browser.style(".consentgate-banner", "background-color")
    browser.scheme("dark")
    assert browser.style(".consentgate-banner", "background-color") != light
    # A site that is light whatever the system says keeps its banner light.
    browser.run("document.documentElement.style.colorScheme = 'light'")
    assert browser.style(".consentgate-banner", "background-color") == light


def test_the_word_after_an_answer_is_there_until_it_is_hidden(browser: Browser) -> None:
    look(browser, "banner/library/accepted/en")
    word = browser.driver.find_element(By.ID, "consentgate-done")
    assert word.is_displayed()
    word.find_element(By.CSS_SELECTOR, ".consentgate-hide").click()
    assert not word.is_displayed()
    browser.open("/nothing")
    browser.open("/banner/library/accepted/en")
    assert not browser.driver.find_element(By.ID, "consentgate-done").is_displayed()


def test_forced_colours_keep_the_states_apart(browser: Browser) -> None:
    features = [{"name": "forced-colors", "value": "active"}]
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    look(browser, "page/library/partly/en")
    marks: dict[str, Any] = {}
    for shape in ("on", "off", "unset"):
        marks[shape] = browser.run(
            "const mark = document.querySelector(`.consentgate-${arguments[0]}`);"
            "const style = getComputedStyle(mark, '::before');"
            "return [style.backgroundColor, style.borderTopStyle]",
            shape,
        )
    assert marks["on"][0] != marks["off"][0]
    assert [marks[shape][1] for shape in marks] == ["solid", "solid", "dashed"]
