"""The preferences cookie's own lines: the new one, and those that end older ones (R11, R44)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentgate.gate.preferences_cookie import end_other_scopes, mint_cookie
from consentgate.headers.set_cookie import Deletion, classify_deletion, find_refusal
from consentgate.testing import Jar
from tests.conftest import NOW, make_policy
from tests.strategies import ANY_TEXT, NATIVE

HOST = "www.example.org"


@pytest.mark.parametrize(
    ("policy", "secure", "http_only", "line"),
    [
        ({}, True, True, "Path=/; SameSite=Lax; Secure; HttpOnly"),
        ({}, False, True, "Path=/; SameSite=Lax; HttpOnly"),
        ({}, False, False, "Path=/; SameSite=Lax"),
        (
            {"cookie_domain": "example.org"},
            False,
            True,
            "Path=/; SameSite=Lax; Domain=example.org; HttpOnly",
        ),
    ],
)
def test_the_line(policy: dict[str, Any], secure: bool, http_only: bool, line: str) -> None:
    made = mint_cookie(make_policy(**policy), "1.sig", secure=secure, http_only=http_only)
    assert made == f"cookies_preferences=1.sig; Max-Age=15724800; {line}"


@pytest.mark.parametrize(
    ("kept", "refusals_kept", "seconds"),
    [("1 day", "2 days", 172800), ("3 days", "2 days", 259200), ("1 day", None, 86400)],
)
def test_it_is_kept_as_long_as_the_longer_lived_answer(
    kept: str, refusals_kept: str | None, seconds: int
) -> None:
    policy = make_policy(cookie_lifetime=kept, refusal_lifetime=refusals_kept)
    assert f"; Max-Age={seconds}; " in mint_cookie(policy, "1.sig", secure=True, http_only=True)


@pytest.mark.parametrize("name", ["__Host-cookies_preferences", "__Http-c", "__Host-Http-c", "c"])
def test_browsers_keep_it(name: str) -> None:
    made = mint_cookie(make_policy(cookie_name=name), "1.sig", secure=True, http_only=True)
    jar = Jar()
    jar.store(made, f"https://{HOST}/")
    assert jar[name] == "1.sig"
    assert find_refusal(made, name) == ""


@pytest.mark.parametrize(
    ("configured", "host", "domains"),
    [
        (None, "www.example.org:8080", ["www.example.org", "example.org"]),
        ("example.org", "www.example.org", [None, "www.example.org"]),
        (".Example.org", "WWW.example.org", [None, "www.example.org"]),
        ("www.example.org", "www.example.org", [None, "example.org"]),
        (None, "example.org", ["example.org"]),
        (None, "localhost", []),
        ("example.org", "localhost", []),
        (None, "127.0.0.1:8000", []),
        (None, "[::1]:8000", []),
        (None, None, []),
        (None, "a.example;x", []),
    ],
)
def test_other_scopes_are_ended_and_never_the_configured_one(
    configured: str | None, host: str | None, domains: list[str | None]
) -> None:
    policy = make_policy(cookie_domain=configured)
    assert list(end_other_scopes(policy, host)) == [
        "cookies_preferences=; Path=/; Max-Age=0" + ("" if domain is None else f"; Domain={domain}")
        for domain in domains
    ]


@pytest.mark.parametrize("name", ["__Host-cookies_preferences", "__host-c"])
def test_a_host_prefix_has_no_other_scope(name: str) -> None:
    assert list(end_other_scopes(make_policy(cookie_name=name), HOST)) == []


@pytest.mark.parametrize("configured", [None, "example.org", "www.example.org"])
@pytest.mark.parametrize("planted", [None, "example.org", "www.example.org"])
def test_a_newer_choice_supersedes_an_older_one_of_any_scope(
    configured: str | None, planted: str | None
) -> None:
    """Sent before the new line, they leave one cookie of this name: the new one."""
    policy = make_policy(cookie_domain=configured)
    jar, url = Jar(), f"https://{HOST}/"
    domain = "" if planted is None else f"; Domain={planted}"
    jar.store(f"{policy.cookie_name}=old; Path=/{domain}", url)
    for line in (
        *end_other_scopes(policy, HOST),
        mint_cookie(policy, "new", secure=True, http_only=True),
    ):
        jar.store(line, url)
    assert [cookie.value for cookie in jar.cookies] == ["new"]


@given(NATIVE | ANY_TEXT | st.text("ab.:1[]", max_size=40), st.sampled_from([None, "example.org"]))
def test_no_host_field_writes_more_than_a_deletion(host: str, configured: str | None) -> None:
    for line in end_other_scopes(make_policy(cookie_domain=configured), host):
        assert line.isascii() and line.isprintable()
        assert line.count(";") <= 3
        assert classify_deletion(line, NOW) is Deletion.CERTAIN
