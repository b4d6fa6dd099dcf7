"""The page as a document: valid HTML, texts that stay texts, and colours that can be read."""

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import Basis, Category, Cookie, Policy, Visit
from consentgate.i18n.texts import translated
from consentgate.rendering.html import stylesheet
from tests.conftest import ATTESTED, KEY, application, cookie, make_policy, request

HTML = "{http://www.w3.org/1999/xhtml}"
POLICY = make_policy(
    exempt=True,
    title="Cookies",
    controller="We",
    contact="us@example.org",
    privacy_url="/privacy",
    updated="2026-11-23",
)


def banner(policy: Policy, **extra: Any) -> str:
    """The banner, in a page of a site's own."""
    shown: list[str] = []
    app = application(before=lambda environ: shown.append(str(Visit.from_environ(environ).banner())))
    request(policy.wrap(app, secret_key=KEY), **extra)
    return f'<!doctype html><html lang="en"><title>Site</title><body>{shown[0]}<h1>Site</h1></body></html>'


def page(policy: Policy, **extra: Any) -> str:
    return request(policy.wrap(application(), secret_key=KEY), path="/cookies", **extra).body.decode()


def parsed(html: str) -> Element:
    """The document, by the specification's own parser, strict: any error is one."""
    return html5lib.HTMLParser(strict=True).parse(html)  # type: ignore[no-any-return]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("accepted", [None, [], ["internal"]])
def test_page_and_banner_are_valid_html(language: str, accepted: list[str] | None) -> None:
    extra = {"HTTP_ACCEPT_LANGUAGE": language}
    if accepted is not None:
        extra["HTTP_COOKIE"] = cookie(POLICY, accepted)
    for html in (page(POLICY, **extra), banner(POLICY, **extra)):
        document = parsed(html)
        ids = [element.get("id") for element in document.iter() if element.get("id")]
        assert len(ids) == len(set(ids))
        for element in document.iter():
            described = element.get("aria-describedby")
            assert described is None or described in ids
        labelled = [box for label in document.iter(f"{HTML}label") for box in label]
        for box in document.iter(f"{HTML}input"):
            assert box.get("type") == "hidden" or box in labelled
        tags = [str(element.tag).removeprefix(HTML) for element in document.iter()]
        levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))


def everywhere(text: str) -> Policy:
    """A policy that says *text* wherever it says anything."""
    both = translated({"en": text, "fr": text})
    cookie = Cookie("x", provider=text, function=both, location=text, purpose=both)
    exempt = {"basis": Basis.EXEMPT, "attestation": ATTESTED}
    worded = text.replace("%", "%%")
    return Policy(
        [
            Category("a", title=text, description=both, cookies=[cookie], **exempt),  # type: ignore[arg-type]
            Category("b", title=both, description=text, cookies=["y"]),
        ],
        title=both,
        controller=text,
        contact=text,
        strings={"fr": {"Accept all": worded, "Your choice": worded, "Contact: %(contact)s.": worded}},
    )


def shape(document: Element) -> list[tuple[str, tuple[str, ...]]]:
    """Elements and the names of their attributes, less the marks of a text's language."""
    elements = (element for element in document.iter() if element.tag != f"{HTML}span")
    return [(str(element.tag), tuple(sorted(element.attrib))) for element in elements]


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1).filter(str.strip)


@given(TEXTS, st.sampled_from(["en", "fr"]))
@example("<script>alert(1)</script>", "fr")
@example('" onmouseover="alert(1)', "en")
@example("</title></textarea><!--]]>&amp;", "fr")
@example("{{ 7 * 7 }}{% raw %}", "en")
@example("%(day)s %s 100 %", "fr")
def test_texts_are_inert_wherever_they_stand(text: str, language: str) -> None:
    extra = {"HTTP_ACCEPT_LANGUAGE": language}
    for draw in (page, banner):
        hostile, harmless = (parsed(draw(everywhere(each), **extra)) for each in (text, "x"))
        assert shape(hostile) == shape(harmless)


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_contrast_computed_from_the_served_stylesheet(scheme: int) -> None:
    """R73: text 4.5:1 and more (here 7:1), lines and focus 3:1."""
    css = stylesheet()[1].decode()
    found = re.findall(r"--([a-z-]+): var\(--consentgate-[a-z-]+, (#[0-9a-f]{6})\)", css)
    assert len(found) == 16
    colours = dict(found[8 * scheme : 8 * scheme + 8])
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    pairs = [("text", "background"), ("text", "muted"), ("link", "background"), ("button-text", "button")]
    for text, behind in pairs:
        assert contrast(colours[text], colours[behind]) >= 7, (text, behind)
    for line in ("line", "focus", "button"):
        assert contrast(colours[line], colours["background"]) >= 3, line


def test_every_colour_of_the_stylesheet_can_be_changed() -> None:
    css = stylesheet()[1].decode()
    changeable = re.findall(r"var\(--consentgate-[a-z-]+, (#[0-9a-f]{6})\)", css)
    assert re.findall(r"#[0-9a-f]{3,8}\b", css) == changeable


HTML_VALIDATE = Path(sys.prefix) / "node_modules" / ".bin" / "html-validate"


@pytest.mark.skipif(
    not HTML_VALIDATE.exists(),
    reason=f"needs html-validate: npm install --prefix {sys.prefix} html-validate@10",
)
def test_an_html_checker_finds_nothing(tmp_path: Path) -> None:
    """Against the living standard's content models; its recommendations of style are not asked for."""
    for language in ("en", "fr"):
        for number, accepted in enumerate((None, ["internal"])):
            extra = {"HTTP_ACCEPT_LANGUAGE": language}
            if accepted is not None:
                extra["HTTP_COOKIE"] = cookie(POLICY, accepted)
            (tmp_path / f"page-{language}-{number}.html").write_text(page(POLICY, **extra))
            (tmp_path / f"banner-{language}-{number}.html").write_text(banner(POLICY, **extra))
    pages = sorted(map(str, tmp_path.glob("*.html")))
    assert len(pages) == 8
    checked = subprocess.run(
        [HTML_VALIDATE, "--preset", "standard", *pages], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout) == (0, "")
