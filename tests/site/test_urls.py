"""Percent-encoding of paths, queries and references (RFC 3986)."""

import re
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate._urls import quote_path, quote_query, quote_reference, to_own_path
from tests.strategies import NATIVE

PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")


@given(NATIVE)
@example("/a b?c#d%2F")
def test_a_path_is_encoded_and_means_the_same(path: str) -> None:
    quoted = quote_path(path)
    assert PATH.fullmatch(quoted)
    assert unquote_to_bytes(quoted) == path.encode("latin-1")


@given(NATIVE, NATIVE, NATIVE | st.text("/abcd%2F?#.\\", max_size=20))
@example("//other.example", "/cookies", "")
@example("", "//other.example", "//other.example")
@example("", "/\\other.example", "/\\other.example")
@example("", "/a/b", "/a%2Fb?c=d")
@example("/app", "/\xe9", "/app/%C3%A9")
@example("", "/a", "http://other.example/a")
@example("", "/100%", "/100%")
def test_an_own_path_is_a_path_of_this_site(script_name: str, path: str, raw_uri: str) -> None:
    """R69: it begins with one slash, and names no host and no scheme."""
    own = to_own_path(script_name, path, raw_uri)
    # A browser that sends a lone "%" gets it back.
    assert PATH.fullmatch(own.replace("%", "") if "%" in raw_uri else own)
    assert own.startswith("/") and not own.startswith("//")
    assert urlsplit(own)[:2] == ("", "")
    whole = (script_name + path).encode("latin-1")
    assert unquote_to_bytes(own) == b"/" + whole.lstrip(b"/")


@pytest.mark.parametrize(
    ("script_name", "path", "raw_uri", "own"),
    [
        ("", "/cookies", "", "/cookies"),
        ("/app", "/cookies", "", "/app/cookies"),
        ("", "", "", "/"),
        ("//other.example", "/cookies", "", "/other.example/cookies"),
        ("", "/a/b", "/a%2Fb", "/a%2Fb"),
        ("", "/a/b", "/a%2Fb?c=%2F", "/a%2Fb"),
        ("", "/a/b", "/c", "/a/b"),
        ("", "/a b", "/a b", "/a%20b"),
        ("", "/caf\xc3\xa9", "/caf%C3%A9", "/caf%C3%A9"),
        ("", "/caf\xc3\xa9", "/caf\xc3\xa9", "/caf%C3%A9"),
        ("", "/a", "http://host.example/a", "/a"),
    ],
)
def test_the_browsers_own_spelling_is_kept_where_it_says_the_same(
    script_name: str, path: str, raw_uri: str, own: str
) -> None:
    assert to_own_path(script_name, path, raw_uri) == own


@given(NATIVE)
@example("a=1&b=%2F#?")
def test_a_query_keeps_what_is_encoded_in_it(query: str) -> None:
    quoted = quote_query(query)
    assert quoted.isascii() and quoted.isprintable()
    assert not set(quoted) & set(' "<>#')
    assert unquote_to_bytes(quoted) == unquote_to_bytes(query.encode("latin-1"))
    assert quote_query(quoted) == quoted


@given(st.text())
@example("/caf\xe9?b=c d#e%2F[1]")
def test_a_reference_keeps_query_and_fragment(reference: str) -> None:
    quoted = quote_reference(reference)
    assert quoted.isascii() and quoted.isprintable()
    assert not set(quoted) & set(' "<>\\')
    assert quote_reference(quoted) == quoted
    assert unquote_to_bytes(quoted) == unquote_to_bytes(reference)
    assert quoted.count("?") == reference.count("?") and quoted.count("#") == reference.count("#")
