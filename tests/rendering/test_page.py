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
from hypothesis import assume, example, given
from hypothesis import strategies as st

from consentgate import Basis, Category, Cookie, Policy
from consentgate.i18n.texts import translated
from consentgate.rendering.assets import stylesheet
from consentgate.rendering.html import Renderer, contact_href
from tests.conftest import ATTESTED, NOW
from tests.stage import POLICIES, STATES, answered, text_of, view_of, visitors

HTML = "{http://www.w3.org/1999/xhtml}"


def parsed(html: str) -> Element:
    """The document, by the specification's own parser, strict: any error is one."""
    return html5lib.HTMLParser(strict=True).parse(html)  # type: ignore[no-any-return]


SHOWN = [
    (kind, site, state, language)
    for kind in ("page", "banner", "form", "place")
    for site, language in (
        ("library", "en"),
        ("library", "fr"),
        ("many", "en"),
        ("german", "de"),
        ("arabic", "ar"),
    )
    for state in STATES
]


def document(kind: str, site: str, state: str, language: str) -> str:
    """The page, or the site's page with the banner, the forms or a placeholder."""
    policy = POLICIES[site]
    return text_of(kind, Renderer(policy), visitors(policy)[state], language)


@pytest.mark.parametrize(("kind", "site", "state", "language"), SHOWN)
def test_every_state_is_valid_html(kind: str, site: str, state: str, language: str) -> None:
    page = parsed(document(kind, site, state, language))
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for element in page.iter():
        for attribute in ("aria-describedby", "aria-labelledby"):
            assert element.get(attribute) is None or element.get(attribute) in ids
    labelled = [box for label in page.iter(f"{HTML}label") for box in label]
    for box in page.iter(f"{HTML}input"):
        assert box.get("type") == "hidden" or box in labelled
    tags = [str(element.tag).removeprefix(HTML) for element in page.iter()]
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert kind == "banner" or levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert "script" not in tags
    assert not any(element.get("style") for element in page.iter())


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
        site=both,
        title=both,
        controller=text,
        contact=text,
        strings={"fr": {"Accept all": worded, "Your choices": worded, "Cookies on %(site)s": worded}},
    )


def shape(document: Element) -> list[tuple[str, tuple[str, ...]]]:
    """Elements and the names of their attributes, less the marks of a text's language."""
    elements = (element for element in document.iter() if element.tag != f"{HTML}span")
    return [(str(element.tag), tuple(sorted(element.attrib))) for element in elements]


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1).filter(str.strip)


PARTS = ["undecided", "decided", "changed", "banner", "done", "asked again", "form", "placeholder"]


def drawn(policy: Policy, language: str, part: str) -> str:
    """One part of what a visitor sees, as a document."""
    renderer = Renderer(policy)
    before = int(NOW) - 1
    undecided, decided = view_of(policy), view_of(policy, answered(policy, before, a=False, b=True))
    changed = view_of(policy, answered(policy, before, a=False), changed={"b": before})
    views = {"undecided": undecided, "decided": decided, "changed": changed}
    if part in views:
        return renderer.page(views[part], own="/cookies", next="/", language=language, languages=["en", "fr"])
    where: dict[str, Any] = {"action": "/cookies", "next": "/", "language": language}
    asking = {"banner": undecided, "done": decided, "asked again": changed}
    if part in asking:
        html = renderer.banner(asking[part], page="/cookies", **where)
    elif part == "form":
        html = renderer.form(undecided, stylesheet=None, **where)
    else:
        html = renderer.placeholder(undecided, "b", **where)
    return f"<!doctype html><title>Site</title>{html}"


@given(TEXTS, st.sampled_from(["en", "fr"]), st.sampled_from(PARTS))
@example("<script>alert(1)</script>", "fr", "decided")
@example('" onmouseover="alert(1)', "en", "undecided")
@example("</title></textarea><!--]]>&amp;", "fr", "changed")
@example("{{ 7 * 7 }}{% raw %}", "en", "banner")
@example("%(day)s %s 100 %", "fr", "done")
@example("<img src=x onerror=alert(1)>", "en", "asked again")
@example("</legend></fieldset></form>", "en", "form")
@example("</section><script>", "fr", "placeholder")
def test_texts_are_inert_wherever_they_stand(text: str, language: str, part: str) -> None:
    # A contact that is an address becomes a link: that is asked for, and tested elsewhere.
    assume(contact_href(text) is None)
    hostile, harmless = (drawn(everywhere(each), language, part) for each in (text, "x"))
    assert shape(parsed(hostile)) == shape(parsed(harmless))


ADDRESSES = st.from_regex(r"\A(https?://|/|javascript:|data:|mailto:|\+?[0-9]{6})[ -~]*\Z") | TEXTS


@given(ADDRESSES)
@example("javascript:alert(1)")
@example("//elsewhere.example")
@example("a@b?bcc=everybody@c")
def test_a_contact_leads_to_mail_telephone_or_a_page_and_nowhere_else(contact: str) -> None:
    href = contact_href(contact)
    assert href is None or re.match(r"mailto:[^?&\s]+\Z|tel:\+?[0-9]+\Z|https?://|/(?!/)", href)


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


COLOUR = re.compile(r"--([a-z-]+): var\(--consentgate-[a-z-]+, (#[0-9a-f]{6})\);")
SCHEMED = re.compile(
    r"--([a-z-]+): var\(--consentgate-[a-z-]+, light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)\);"
)


@pytest.mark.parametrize("scheme", ["without light-dark()", "light", "dark"])
def test_contrast_computed_from_the_served_stylesheet(scheme: str) -> None:
    """R73: text 4.5:1 and more (here 7:1), lines and focus 3:1."""
    css = stylesheet()[1].decode()
    schemed = {name: (light, dark) for name, light, dark in SCHEMED.findall(css)}
    plain = dict(COLOUR.findall(css))
    assert len(schemed) == 8
    assert plain == {name: light for name, (light, _) in schemed.items()}
    colours = {name: both[scheme == "dark"] for name, both in schemed.items()}
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    for behind in ("background", "muted"):
        for text in ("text", "link"):
            assert contrast(colours[text], colours[behind]) >= 7, (text, behind)
        for line in ("line", "focus", "button"):
            assert contrast(colours[line], colours[behind]) >= 3, (line, behind)
    assert contrast(colours["button-text"], colours["button"]) >= 7


def test_every_colour_of_the_stylesheet_can_be_changed() -> None:
    css = stylesheet()[1].decode()
    changeable = [found[1] for found in COLOUR.findall(css)]
    changeable += [colour for _, *both in SCHEMED.findall(css) for colour in both]
    assert sorted(re.findall(r"#[0-9a-f]{3,8}\b", css)) == sorted(changeable)


def test_the_stylesheet_is_small_and_every_class_of_it_is_used() -> None:
    css = stylesheet()[1].decode()
    assert len(css) < 10_000
    shown = "".join(document(*each) for each in SHOWN)
    script_adds = {"consentgate-shown"}
    for name in set(re.findall(r"\.(consentgate[a-z-]*)", css)) - script_adds:
        assert re.search(rf'class="[^"]*\b{name}[" ]', shown), name


HTML_VALIDATE = Path(sys.prefix) / "node_modules" / ".bin" / "html-validate"


@pytest.mark.skipif(
    not HTML_VALIDATE.exists(),
    reason=f"needs html-validate: npm install --prefix {sys.prefix} html-validate@10",
)
def test_an_html_checker_finds_nothing(tmp_path: Path) -> None:
    """Against the living standard's content models; its recommendations of style are not asked for."""
    for each in SHOWN:
        (tmp_path / f"{'-'.join(each)}.html").write_text(document(*each))
    pages = sorted(map(str, tmp_path.glob("*.html")))
    assert len(pages) == len(SHOWN)
    checked = subprocess.run(
        [HTML_VALIDATE, "--preset", "standard", *pages], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout) == (0, "")
