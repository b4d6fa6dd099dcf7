"""Fields told apart by name."""

import pytest
from hypothesis import given

from consentgate.headers import names
from consentgate.headers.cookie import has_line_break, is_set_cookie
from consentgate.headers.names import COOKIE_KINDS, KINDS, FieldKind
from tests.strategies import ANY_TEXT, NATIVE


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Set-Cookie", FieldKind.SET_COOKIE),
        ("sEt-cOOkie", FieldKind.SET_COOKIE),
        ("Set-Cookie ", FieldKind.ODD_SET_COOKIE),
        ("Set-Cookie\t", FieldKind.ODD_SET_COOKIE),
        ("Set-Cookie:", FieldKind.ODD_SET_COOKIE),
        ("X-Set-Cookie", FieldKind.OTHER),
        ("Set-Cookie2", FieldKind.OTHER),
        ("cache-control", FieldKind.CACHE_CONTROL),
        ("Date", FieldKind.DATE),
        ("EXPIRES", FieldKind.EXPIRES),
        ("Vary", FieldKind.VARY),
        ("Surrogate-Control", FieldKind.TARGETED),
        ("X-Accel-Expires", FieldKind.TARGETED),
        ("Edge-Control", FieldKind.TARGETED),
        ("X-LiteSpeed-Cache-Control", FieldKind.TARGETED),
        ("CDN-Cache-Control", FieldKind.TARGETED),
        ("Netlify-CDN-Cache-Control", FieldKind.TARGETED),
        ("X-Accel-Buffering", FieldKind.OTHER),
        ("Content-Type", FieldKind.OTHER),
        ("", FieldKind.OTHER),
    ],
)
def test_a_field_is_known_by_its_name_in_any_case(name: str, kind: FieldKind) -> None:
    """R77 to R80; RFC 9213."""
    assert KINDS[name] is KINDS[name.upper()] is KINDS[name.lower()] is kind


@given(NATIVE | ANY_TEXT)
def test_a_browser_could_take_no_other_field_for_set_cookie(name: str) -> None:
    assert (KINDS[name] in COOKIE_KINDS) is is_set_cookie(name)


@pytest.mark.caches
def test_field_names_are_cached_within_bounds() -> None:
    for number in range(2000):
        assert KINDS[f"X-{number}"] is KINDS[f"X-{number:070d}"] is FieldKind.OTHER
        assert len(names.KINDS) <= 512
        assert names.PLAIN_NAMES[f"X-{number}"] is names.PLAIN_NAMES[f"X-{number:070d}"] is True
        assert len(names.PLAIN_NAMES) <= 512
    assert not any(len(name) > 64 for name in (*names.KINDS, *names.PLAIN_NAMES))


@given(NATIVE | ANY_TEXT)
def test_a_plain_name_is_no_cookies_and_holds_no_line_break(name: str) -> None:
    assert names.PLAIN_NAMES[name] is not (is_set_cookie(name) or has_line_break(name))
