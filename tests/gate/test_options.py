"""Options are checked while wiring, each by its name."""

from typing import Any

import pytest

from consentgate import PolicyError
from consentgate.gate.options import Options

DEFAULTS: dict[str, Any] = {
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


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"preferences_path": "cookies"},
            "preferences_path must be a path such as '/cookies', or None, not 'cookies'",
        ),
        ({"preferences_path": "/"}, "not '/'"),
        ({"preferences_path": "/cookies/"}, "not '/cookies/'"),
        ({"preferences_path": "/caf\xe9"}, "preferences_path"),
        ({"preferences_path": 5}, "not 5"),
        ({"language": "French"}, "language: a language is a code such as 'fr' or 'pt-BR', not 'French'"),
        ({"language": 5}, "not 5"),
        ({"undeclared": "strip"}, "undeclared must be 'block' or 'report', not 'strip'"),
        ({"cookie_secure": "yes"}, "cookie_secure must be True, False or None, not 'yes'"),
        ({"cookie_httponly": None}, "cookie_httponly must be True or False, not None"),
        ({"filter_requests": 1}, "filter_requests must be True or False, not 1"),
        ({"expire_unaccepted": "no"}, "expire_unaccepted"),
        ({"report_only": "true"}, "report_only"),
        ({"applies": True}, "applies must be callable, not True"),
        ({"observer": []}, "observer must be callable, not []"),
        ({"cookie_name": "__Host-c", "cookie_secure": False}, "refuse '__Host-c' without Secure"),
        ({"cookie_name": "__secure-c", "cookie_secure": False}, "without Secure"),
        ({"cookie_name": "__Host-Http-c", "cookie_httponly": False}, "without HttpOnly"),
    ],
)
def test_a_mistyped_option_is_named(options: dict[str, Any], said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Options(**{**DEFAULTS, **options})
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("name", "secure", "scheme", "expected"),
    [
        ("c", None, "https", True),
        ("c", None, "http", False),
        ("c", True, "http", True),
        ("c", False, "https", False),
        ("__Host-c", None, "http", True),
    ],
)
def test_secure_follows_the_scheme_unless_told_or_prefixed(
    name: str, secure: bool | None, scheme: str, expected: bool
) -> None:
    """R44."""
    options = Options(**{**DEFAULTS, "cookie_name": name, "cookie_secure": secure})
    assert options.is_secure(scheme) is expected
