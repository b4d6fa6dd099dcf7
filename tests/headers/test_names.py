"""Fields told apart by name."""

import pytest
from hypothesis import given

from consentgate.headers import names
from consentgate.headers.cookie import is_set_cookie
from consentgate.headers.names import (
    KIND_OF,
    NO_COOKIES,
    NOT_FOR_CACHES,
    ODD_SET_COOKIE,
    SET_COOKIE,
    SET_COOKIES,
)
from tests.strategies import NATIVE


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Set-Cookie", SET_COOKIE),
        ("sEt-cOOkie", SET_COOKIE),
        ("Set-Cookie ", ODD_SET_COOKIE),
        ("Set-Cookie:", ODD_SET_COOKIE),
        ("X-Set-Cookie", None),
        ("cache-control", names.CACHE_CONTROL),
        ("Date", names.DATE),
        ("EXPIRES", names.EXPIRES),
        ("Vary", names.VARY),
        ("Surrogate-Control", names.TARGETED),
        ("CDN-Cache-Control", names.TARGETED),
        ("Netlify-CDN-Cache-Control", names.TARGETED),
        ("Content-Type", None),
        ("", None),
    ],
)
def test_which_field_a_name_is(name: str, kind: str | None) -> None:
    assert KIND_OF[name] is KIND_OF[name] is kind


@given(NATIVE)
def test_a_browser_could_take_no_other_field_for_set_cookie(name: str) -> None:
    assert (KIND_OF[name] in (SET_COOKIE, ODD_SET_COOKIE)) is is_set_cookie(name)


def test_what_is_no_cookie_is_known_once_it_was_asked() -> None:
    KIND_OF.clear()  # what it knows it is not asked again
    for name in ("X-Something", "Cache-Control", "vary"):
        assert KIND_OF[name] is not SET_COOKIE and name in NO_COOKIES
    for name in ("Set-Cookie", "sET-cOOKIE", "Set-Cookie ", "Set-Cookie:"):
        assert KIND_OF[name] in (SET_COOKIE, ODD_SET_COOKIE) and name not in NO_COOKIES
    assert KIND_OF["Set-Cookie\t"] is ODD_SET_COOKIE


def test_every_spelling_of_set_cookie_is_known() -> None:
    assert len(SET_COOKIES) == 2 ** len("setcookie")
    assert {name.lower() for name in SET_COOKIES} == {"set-cookie"}
    assert all(KIND_OF[name] is SET_COOKIE for name in SET_COOKIES)


def test_what_does_not_speak_to_caches_is_known_once_it_was_asked() -> None:
    KIND_OF.clear()  # what it knows it is not asked again
    for name in ("X-Something", "vary", "Set-Cookie", "x" * 64):
        assert KIND_OF[name] is not names.CACHE_CONTROL and name in NOT_FOR_CACHES
    for name in ("cache-Control", "Surrogate-Control", "CDN-Cache-Control", "x" * 65):
        assert KIND_OF[name] is not SET_COOKIE and name not in NOT_FOR_CACHES


def test_no_more_names_are_known_than_there_is_room_for() -> None:
    for number in range(2000):
        assert KIND_OF[f"X-{number}"] is None
        assert KIND_OF[f"X-{number:070d}"] is None
        assert max(len(NO_COOKIES), len(NOT_FOR_CACHES), len(KIND_OF)) <= 512
    assert not any(len(name) > 64 for name in NO_COOKIES | NOT_FOR_CACHES)
