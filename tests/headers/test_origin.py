"""Forged choices, answers a browser holds back, and parent domains (R65, R66)."""

import itertools
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import PolicyError
from consentgate.headers.cookie import is_token
from consentgate.headers.origin import (
    are_answers_withheld,
    check_origins,
    is_same_origin,
    list_parent_domains,
)
from tests.strategies import ANY_TEXT, NATIVE

NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "origin", [None, "https://a.example", "http://a.example", "https://evil.example", "null"]
)
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
def test_sec_fetch_site_decides_where_it_is_sent(
    sec_fetch_site: str, own: bool, origin: str | None, scheme: str
) -> None:
    """R65: four values, with and without Origin."""
    assert is_same_origin(sec_fetch_site, origin, "a.example", NONE, scheme) is own


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
        (None, None, False),
        ("", "", False),
        ("https://a.example", None, False),
        ("https://a.example", "a.example, b.example", False),
    ],
)
def test_else_origin_must_be_the_host(origin: str | None, host: str | None, own: bool) -> None:
    """R66: a proxy may hide the scheme, so http says nothing against an https Origin."""
    assert is_same_origin(None, origin, host, NONE, "http") is own


@pytest.mark.parametrize("host", ["a.example", "a.example:80", "a.example:443"])
def test_an_http_origin_is_another_sites_on_https(host: str) -> None:
    for origin in ("http://a.example", "HTTP://a.example", "http://a.example:443", "http://a.example:80"):
        assert not is_same_origin(None, origin, host, NONE, "https")
    assert is_same_origin(None, f"https://{host}", host, NONE, "https")


def test_a_trusted_origin_is_as_good_as_the_sites_own() -> None:
    trusted = check_origins(["https://www.example", "http://127.0.0.1:8000"])
    for sec_fetch_site, scheme in itertools.product((None, "same-site", "cross-site"), ("http", "https")):
        assert is_same_origin(sec_fetch_site, "https://WWW.example:443", "a.example", trusted, scheme)
        assert is_same_origin(sec_fetch_site, "http://127.0.0.1:8000", "a.example", trusted, scheme)
        assert not is_same_origin(sec_fetch_site, "http://www.example", "a.example", trusted, scheme)


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_no_text_makes_it_raise(sec_fetch_site: str, origin: str, host: str, scheme: str) -> None:
    own = sec_fetch_site in ("same-origin", "none")
    assert is_same_origin(sec_fetch_site, origin, host, NONE, scheme) is own
    is_same_origin(None, f"https://{origin}", host, NONE, scheme)
    are_answers_withheld(origin, None, None, None, None, f"https://{origin}", host)


@pytest.mark.parametrize(
    "origins", ["https://a.example", 5, ["a.example"], ["https://a.example/x"], ["null"], [None]]
)
def test_a_malformed_origin_is_named(origins: Any) -> None:
    with pytest.raises(PolicyError, match="trusted_origins"):
        check_origins(origins)


def test_no_field_is_no_origin_and_no_host() -> None:
    assert not is_same_origin(None, None, "XXXX", frozenset({"https://xxxx:443"}), "https")
    assert not is_same_origin(None, "https://xxxx", None, NONE, "https")


METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "get")
SITES = (None, "same-origin", "same-site", "cross-site", "none", "odd")
MODES = (None, "navigate", "cors", "no-cors", "same-origin", "odd")
DESTS = (None, "document", "iframe", "frame", "empty", "image", "odd")
ACCESS = (None, "none", "inactive", "active")
ORIGINS = (None, "https://a.example", "http://A.example:8000", "https://b.example", "null", "")


def withheld_by_the_design(
    method: str,
    site: str | None,
    mode: str | None,
    dest: str | None,
    access: str | None,
    own_origin: bool | None,
) -> bool:
    """The request, step 3, word for word; *own_origin* is None where there is no Origin."""
    no_metadata = (site, mode, dest, access) == (None,) * 4
    suspicious = site == "cross-site" or access is not None or (no_metadata and own_origin is False)
    is_plain_navigation = mode == "navigate" and dest == "document" and method in ("GET", "HEAD")
    return suspicious and not is_plain_navigation


@pytest.mark.parametrize("method", METHODS)
def test_answers_are_withheld_as_the_design_says_for_every_combination(method: str) -> None:
    for site, mode, dest, access, origin in itertools.product(SITES, MODES, DESTS, ACCESS, ORIGINS):
        own = None if origin is None else origin.lower() == "https://a.example"
        withheld = are_answers_withheld(method, site, mode, dest, access, origin, "a.example")
        assert withheld is withheld_by_the_design(method, site, mode, dest, access, own), (
            site,
            mode,
            dest,
            access,
            origin,
        )


@pytest.mark.parametrize(
    ("origin", "host", "withheld"),
    [
        ("https://a.example", "a.example", False),
        ("https://a.example", "a.example:443", False),
        ("http://a.example:8000", "a.example:8000", False),
        ("http://a.example", "a.example", False),
        ("https://b.example", "a.example", True),
        ("https://a.example:8443", "a.example", True),
        ("null", "a.example", True),
        ("https://a.example", None, True),
        (None, None, False),
    ],
)
def test_without_fetch_metadata_another_hosts_origin_tells(
    origin: str | None, host: str | None, withheld: bool
) -> None:
    """Browsers send none on plain http."""
    assert are_answers_withheld("POST", None, None, None, None, origin, host) is withheld


labels = st.text("abz09-_", min_size=1, max_size=8)
hosts = st.lists(labels, min_size=2, max_size=5).filter(lambda parts: not parts[-1].isdigit())


@given(hosts, st.sampled_from(["", ":80", ":8443"]), st.sampled_from(["", "."]))
def test_parent_domains_are_the_host_and_each_parent_of_two_labels(
    parts: list[str], port: str, dot: str
) -> None:
    domains = list_parent_domains(".".join(parts).upper() + dot + port)
    assert domains == [".".join(parts[at:]) for at in range(len(parts) - 1)]


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "localhost",
        "localhost:8000",
        "localhost.",
        "127.0.0.1",
        "127.0.0.1:80",
        "1.2.3.4.",
        "[::1]",
        "[::1]:8000",
        "[2001:db8::a.example]",
        "::1",
        "a..example",
        ".a.example",
        ".",
        "a.example:port",
        "a.example:123456",
        "a.example, b.example",
        "user@a.example",
        "a.example/x",
        "a.exam ple",
        "a.example;x",
        "a.example\r\nSet-Cookie: x=1",
        "a.ex\xe4mple",
        "a." + "x" * 64,
        ".".join(["x" * 50] * 5) + ".example",
    ],
)
def test_addresses_single_labels_and_hostile_hosts_have_no_domain(host: str | None) -> None:
    assert list_parent_domains(host) == []


@given(NATIVE | ANY_TEXT | st.text("aA.:;,-[]1 \r\n\t=\u212a", max_size=300))
@example("a.e\u212a")
@example("a.b:\u0663")
@example("." * 5000)
@example("a." * 5000)
def test_a_host_field_never_puts_more_than_a_domain_into_a_field(host: str) -> None:
    for domain in list_parent_domains(host):
        assert domain.isascii() and is_token(domain) and len(domain) <= 253
        assert domain.count(".") >= 1 and domain == domain.lower()


def test_a_host_name_has_253_characters_at_most() -> None:
    longest = ".".join(["x" * 63] * 3 + ["y" * 57, "org"])
    assert len(longest) == 253
    assert list_parent_domains(longest)[-1] == "y" * 57 + ".org"
    assert list_parent_domains(f"y{longest}") == list_parent_domains(longest.replace(".y", ".yy")) == []


def test_a_trailing_dot_alone_is_dropped() -> None:
    assert list_parent_domains("WWW.SITE.FOX.") == ["www.site.fox", "site.fox"]
