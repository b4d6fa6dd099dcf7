"""Forged choices: R65, R66."""

from typing import Any

import pytest
from hypothesis import given

from consentgate import PolicyError
from consentgate.headers.origin import checked_origins, is_own
from tests.strategies import ANY_TEXT

NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize("origin", [None, "https://a.example", "https://evil.example", "null"])
@pytest.mark.parametrize(
    ("sec_fetch_site", "own"),
    [
        ("same-origin", True),
        ("none", True),
        ("same-site", False),
        ("cross-site", False),
        ("", False),
        ("Same-Origin", False),
    ],
)
def test_sec_fetch_site_decides_where_it_is_sent(sec_fetch_site: str, own: bool, origin: str | None) -> None:
    """R65: four values, with and without Origin."""
    assert is_own(sec_fetch_site, origin, "a.example", NONE) is own


@pytest.mark.parametrize(
    ("origin", "host", "own"),
    [
        ("https://a.example", "a.example", True),
        ("http://a.example", "a.example", True),
        ("https://A.example", "a.EXAMPLE", True),
        ("https://a.example", "a.example:443", True),
        ("https://a.example:443", "a.example", True),
        ("http://a.example", "a.example:80", True),
        ("https://a.example", "a.example:80", False),
        ("https://a.example:8443", "a.example", False),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", True),
        ("http://[::1]:8000", "[::1]:8000", True),
        ("http://[::1]", "[::1]", True),
        ("http://[::1]:8000", "[::2]:8000", False),
        ("https://b.example", "a.example", False),
        ("https://a.example.evil", "a.example", False),
        ("https://evil@a.example", "a.example", False),
        ("https://a.example/", "a.example", False),
        ("ftp://a.example", "a.example", False),
        ("null", "a.example", False),
        ("null", "null", False),
        (None, "a.example", False),
        ("", "", False),
        ("https://a.example", None, False),
        ("https://a.example", "a.example, b.example", False),
    ],
)
def test_else_origin_must_be_the_host(origin: str | None, host: str | None, own: bool) -> None:
    """R66."""
    assert is_own(None, origin, host, NONE) is own


def test_a_trusted_origin_is_as_good_as_the_sites_own() -> None:
    trusted = checked_origins(["https://www.example", "http://127.0.0.1:8000"])
    for sec_fetch_site in (None, "same-site", "cross-site"):
        assert is_own(sec_fetch_site, "https://WWW.example:443", "a.example", trusted)
        assert is_own(sec_fetch_site, "http://127.0.0.1:8000", "a.example", trusted)
        assert not is_own(sec_fetch_site, "http://www.example", "a.example", trusted)


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_nothing_makes_it_raise(sec_fetch_site: str, origin: str, host: str) -> None:
    assert is_own(sec_fetch_site, origin, host, NONE) is (sec_fetch_site in ("same-origin", "none"))
    is_own(None, f"https://{origin}", host, NONE)


@pytest.mark.parametrize(
    "origins", ["https://a.example", 5, ["a.example"], ["https://a.example/x"], ["null"], [None]]
)
def test_what_is_no_origin_is_named(origins: Any) -> None:
    with pytest.raises(PolicyError, match="trusted_origins"):
        checked_origins(origins)


def test_no_field_is_no_origin_and_no_host() -> None:
    assert not is_own(None, None, "XXXX", frozenset({"https://xxxx:443"}))
    assert not is_own(None, "https://xxxx", None, frozenset())
