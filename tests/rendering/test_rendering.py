"""The policy for readers: HTML, Markdown and JSON say the same."""

import json
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import Basis, Category, Cookie, Policy, PolicyError, presets
from consentgate.rendering.assets import stylesheet
from consentgate.rendering.text import COLUMNS, NOT_STATED, make_rows
from tests.strategies import policies


class Cells(HTMLParser):
    """The rows of a page's tables, their cells as a browser shows them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._in_cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] += data


def markdown_cells(markdown: str) -> list[list[str]]:
    """The rows of a document's tables, a backslash taken for what it keeps inert."""
    lines = [line[2:-2] for line in markdown.splitlines() if line.startswith("| ")]
    # A bar of a text is never between two blanks: a backslash stands before it.
    cells = [line.split(" | ") for line in lines]
    return [[re.sub(r"\\(.)", r"\1", cell) for cell in row] for row in cells if row[0] != "---"]


@given(policies)
def test_every_format_shows_every_declared_cookie(policy: Policy) -> None:
    """R18, R19."""
    html, markdown = Cells(policy.render("html")).rows, markdown_cells(policy.render("markdown"))
    assert html == markdown
    shown = {name for row in html for name in row[2].split(", ")}
    declared = {cookie.name for category in policy.categories for cookie in category.cookies}
    assert declared <= shown
    published = json.loads(policy.render("json"))
    assert {
        cookie["name"] for category in published["categories"] for cookie in category["cookies"]
    } == declared


def test_the_columns_are_the_seeds_and_lifetime() -> None:
    cookie = Cookie(
        "sessionid",
        provider="P",
        function="Authentication",
        location="front office",
        purpose="U",
        lifetime=timedelta(days=14),
    )
    policy = Policy([Category("n", basis=Basis.NECESSARY, cookies=[cookie])])
    assert Cells(policy.render("html")).rows[:2] == [
        list(COLUMNS),
        ["P", "Authentication (front office)", "sessionid", "U", "14 days"],
    ]


def test_a_text_that_is_not_stated_says_so() -> None:
    html = Policy([Category("a", cookies=["x"])], cookie_name="c").render("html")
    assert Cells(html).rows[-1] == [NOT_STATED, NOT_STATED, "x", NOT_STATED, NOT_STATED]


def test_not_stated_is_marked_as_english_in_another_language() -> None:
    html = Policy([Category("a", cookies=["b"])]).render("html", language="de")
    assert '<td><span lang="en" dir="ltr">not stated</span></td>' in html
    assert "<td>not stated" not in html


def test_cookies_with_the_same_texts_share_a_row() -> None:
    several = [*presets.flask(remember=None), Cookie("t"), Cookie("t", path="/x")]
    assert [row.names for row in make_rows(Category("a", cookies=several))] == [
        ("session", "__Host-session", "__Secure-session"),
        ("t",),
    ]


def test_categories_without_cookies_are_described_too() -> None:
    policy = Policy(
        [Category("third-party", title="Third-party", description="None here.")],
        title="Our cookies",
        updated="2026-11-23",
    )
    for text in (policy.render("html"), policy.render("markdown")):
        assert "None here." in text
        assert "No cookies of this kind are declared." in text
    assert json.loads(policy.render("json"))["updated"] == "2026-11-23"


def test_other_hosts_are_listed_in_every_format() -> None:
    hosts = ["maps.example", "*.tiles.example"]
    policy = Policy([Category("maps", hosts=hosts, sale_or_share=True), Category("theme", cookies=["theme"])])
    assert "Also uses other hosts: maps.example, \\*.tiles.example.\n" in policy.render("markdown")
    code = '<code dir="ltr" translate="no">'
    assert f"Also uses other hosts: {code}maps.example</code>, {code}*." in policy.render("html")
    assert "Fait aussi appel à" in policy.render("html", language="fr")
    published = {each["key"]: each for each in json.loads(policy.render("json"))["categories"]}
    maps, theme = published["maps"], published["theme"]
    assert (maps["hosts"], maps["sale_or_share"]) == (hosts, True)
    assert (theme["hosts"], theme["sale_or_share"]) == ([], False)
    for text in (policy.render("html"), policy.render("markdown")):
        assert text.count("other hosts") == 1
        assert "No cookies of this kind" not in text


@given(st.text())
@example("<b>|*`_[x](javascript:1)\n# h")
def test_markdown_keeps_a_text_on_its_line(text: str) -> None:
    cookie = Cookie("x", purpose=text, provider="p", function="f", lifetime="session")
    policy = Policy([Category("a", cookies=[cookie])])
    row = markdown_cells(policy.render("markdown"))[-1]
    assert row == ["p", "f", "x", " ".join(text.split()) or NOT_STATED, "session"]


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(PolicyError, match="not 'pdf'"):
        Policy([]).render("pdf")  # type: ignore[arg-type]


def test_the_stylesheets_name_is_of_its_content() -> None:
    name, content = stylesheet()
    assert name.startswith("style-")
    assert name.endswith(".css")
    assert b"consentgate" in content
