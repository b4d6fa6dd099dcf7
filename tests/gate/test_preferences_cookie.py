"""The preferences cookie's own line (R11, R44)."""

from typing import Any

import pytest

from consentgate.gate.options import Options
from consentgate.gate.preferences_cookie import minted
from consentgate.testing import Jar
from tests.conftest import make_policy


def options(**changed: Any) -> Options:
    usual: dict[str, Any] = {
        "cookie_name": "cookies_preferences",
        "cookie_secure": None,
        "cookie_httponly": True,
        "preferences_path": "/cookies",
        "trusted_origins": frozenset(),
        "language": None,
        "templates": None,
        "undeclared": "block",
        "filter_requests": True,
        "expire_unaccepted": True,
        "report_only": False,
        "applies": None,
        "observer": None,
    }
    return Options(**{**usual, **changed})


@pytest.mark.parametrize(
    ("policy", "changed", "scheme", "line"),
    [
        ({}, {}, "https", "Path=/; SameSite=Lax; Secure; HttpOnly"),
        ({}, {}, "http", "Path=/; SameSite=Lax; HttpOnly"),
        ({}, {"cookie_secure": True}, "http", "Path=/; SameSite=Lax; Secure; HttpOnly"),
        ({}, {"cookie_secure": False, "cookie_httponly": False}, "https", "Path=/; SameSite=Lax"),
        (
            {"cookie_domain": "example.org"},
            {},
            "http",
            "Path=/; SameSite=Lax; Domain=example.org; HttpOnly",
        ),
    ],
)
def test_the_line(policy: dict[str, Any], changed: dict[str, Any], scheme: str, line: str) -> None:
    made = minted(make_policy(**policy), options(**changed), "1.sig", scheme=scheme)
    assert made == f"cookies_preferences=1.sig; Max-Age=15724800; {line}"


def test_a_host_prefix_is_secure_always_and_kept() -> None:
    name = "__Host-cookies_preferences"
    made = minted(make_policy(cookie_name=name), options(cookie_name=name), "1.sig", scheme="http")
    jar = Jar()
    jar.store(made, "https://www.example.org/")
    assert jar[name] == "1.sig"
