"""Fields told apart by name."""

import pytest
from hypothesis import given

from consentgate import fields
from consentgate.fields import KIND_OF, ODD_SET_COOKIE, SET_COOKIE
from consentgate.grammar import is_set_cookie

from .strategies import NATIVE


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Set-Cookie", SET_COOKIE),
        ("sEt-cOOkie", SET_COOKIE),
        ("Set-Cookie ", ODD_SET_COOKIE),
        ("Set-Cookie:", ODD_SET_COOKIE),
        ("X-Set-Cookie", None),
        ("cache-control", fields.CACHE_CONTROL),
        ("Date", fields.DATE),
        ("EXPIRES", fields.EXPIRES),
        ("Vary", fields.VARY),
        ("Surrogate-Control", fields.TARGETED),
        ("CDN-Cache-Control", fields.TARGETED),
        ("Netlify-CDN-Cache-Control", fields.TARGETED),
        ("Content-Type", None),
        ("", None),
    ],
)
def test_which_field_a_name_is(name: str, kind: str | None) -> None:
    assert KIND_OF[name] is KIND_OF[name] is kind


@given(NATIVE)
def test_a_browser_could_take_no_other_field_for_set_cookie(name: str) -> None:
    assert (KIND_OF[name] in (SET_COOKIE, ODD_SET_COOKIE)) is is_set_cookie(name)
