"""Which responses are documents: those a browser may render, however their type is stated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentgate.headers.documents import is_document, media_type_of
from tests.strategies import NATIVE

RENDERED = [
    "text/html",
    "text/html; charset=utf-8",
    "Text/HTML ;charset=utf-8",
    "\ttext/html",
    "application/xhtml+xml",
    "image/svg+xml",
    "text/xml",
    "text/xsl",
    "application/xml",
    "application/atom+xml; charset=utf-8",
    "multipart/x-mixed-replace; boundary=x",
    "*/*",
    "unknown/unknown",
    "application/unknown",
    "",
    "html",
    "text/",
    "/html",
    "text html",
    "text/html(comment)",
    "text/plain(comment)",
    "text/plain, text/html",
    "image/png;x=,text/html",
    "text/plain\x00",
    "text/pl\xe4in",
]
NOT_RENDERED = [
    "text/plain",
    "text/plain; charset=utf-8",
    "image/png",
    "text/css",
    "text/javascript",
    "application/json",
    "application/octet-stream",
    "application/xml-dtd",
    "text/htmlx",
    "IMAGE/JPEG ; x=y",
]
DOCUMENTS = ["document", "iframe", "frame", "fencedframe", "object", "embed"]
WORKERS = ["worker", "sharedworker", "serviceworker"]
OTHERS = [
    "empty",
    "image",
    "style",
    "script",
    "font",
    "video",
    "audioworklet",
    "manifest",
    "report",
    "",
    "Document",
]


@pytest.mark.parametrize("content_type", RENDERED)
@pytest.mark.parametrize("destination", [None, *OTHERS, *DOCUMENTS])
def test_a_type_that_browsers_render_makes_a_document(content_type: str, destination: str | None) -> None:
    """Whatever asked for it: a cache may keep for a page what a script fetched."""
    assert is_document("200 OK", [content_type], destination, None)
    assert is_document("404 Not Found", [content_type], destination, "*/*")


@pytest.mark.parametrize("content_type", NOT_RENDERED)
def test_any_other_type_makes_none(content_type: str) -> None:
    for destination in (None, *OTHERS):
        assert not is_document("200 OK", [content_type], destination, "text/html,*/*")


@pytest.mark.parametrize("destination", DOCUMENTS + WORKERS)
@pytest.mark.parametrize("status", ["200 OK", "304 Not Modified", "500 Internal Server Error"])
def test_a_destination_with_a_policy_of_its_own_makes_one(destination: str, status: str) -> None:
    assert is_document(status, ["text/javascript"], destination, None)
    assert is_document(status, [], destination, None)


@pytest.mark.parametrize("content_types", [[], ["text/plain", "text/html"], ["image/png", "image/png"]])
def test_a_type_that_is_absent_or_repeated_makes_one(content_types: list[str]) -> None:
    assert is_document("200 OK", content_types, None, None)
    assert is_document("200 OK", content_types, "image", None)


def test_a_304_shows_a_stored_page_once_more() -> None:
    assert is_document("304 Not Modified", [], None, "text/html,application/xhtml+xml")
    assert is_document("304 Not Modified", [], None, "Text/HTML")
    assert not is_document("304 Not Modified", [], None, "image/png,*/*")
    assert not is_document("304 Not Modified", [], None, None)
    for destination in OTHERS:
        assert not is_document("304 Not Modified", [], destination, "text/html")


@given(
    st.text(st.characters(max_codepoint=255), max_size=20),
    st.lists(NATIVE | st.sampled_from(RENDERED + NOT_RENDERED), max_size=3),
    st.none() | NATIVE,
    st.none() | NATIVE,
)
def test_whatever_is_stated_is_judged(
    status: str, content_types: list[str], destination: str | None, accept: str | None
) -> None:
    assert is_document(status, content_types, destination, accept) in (True, False)


@pytest.mark.parametrize(
    "content_type", ["text/HTML", "\ttext/html ; charset=utf-8", "text/html;", "text/html;a;b"]
)
def test_a_media_type_is_read_without_parameters_and_in_lower_case(content_type: str) -> None:
    assert media_type_of(content_type) == "text/html"
