"""The scan that mostly finds nothing to do: P1, P2."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate.consent.verdict import Judge, Situation
from consentgate.gate.response import judge_set_cookies
from consentgate.gate.scan import UnremarkableCookies, find_line_break, scan_fields
from consentgate.headers.cookie import is_set_cookie
from consentgate.headers.names import Field
from consentgate.headers.set_cookie import find_refusal
from tests.conftest import NOW, make_policy
from tests.strategies import NATIVE, response_headers, set_cookie_strings

JUDGE = Judge(make_policy())
NOTHING_UNREMARKABLE = UnremarkableCookies(JUDGE, all_are_reported=True)


@given(response_headers)
def test_cookies_are_found_by_one_scan(fields: list[Field]) -> None:
    assert scan_fields("200 OK", fields, NOTHING_UNREMARKABLE)[0] is any(
        is_set_cookie(name) for name, _ in fields
    )


UNREMARKABLE = UnremarkableCookies(JUDGE)


@given(set_cookie_strings | NATIVE)
@example("sid=1; Path=/")
@example("sid=" + "x" * 5000)
@example("sid=1\x07")
@example("sid; sid=1")
def test_an_unremarkable_cookie_passes_in_every_situation_without_a_log_line(text: str) -> None:
    """P2; and the second time as the first."""
    for _ in range(2):
        if UNREMARKABLE.has(text):
            for situation in (Situation(withheld=True), Situation(applies=False)):
                result = judge_set_cookies([("Set-Cookie", text)], JUDGE, JUDGE.permissions(situation), NOW)
                assert (result.fields, result.stripped, result.undeclared) == ([("Set-Cookie", text)], [], [])
                assert result.lasting == []
                assert find_refusal(text, result.passed[0].name) == ""


@pytest.mark.parametrize(
    ("text", "is_unremarkable"),
    [
        ("sid=1; Path=/", True),
        ("sid =1", True),
        ("sid=1; SameSite=None", False),
        ("sid=1; SameSite=None; Secure", True),
        ("sid=1; Max-Age=99999999", False),
        ("sid=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", False),
        ("theme=1", False),
        ("zzz=1", False),
        ("cookies_preferences=1", False),
    ],
)
def test_only_a_necessary_cookie_that_fits_its_declaration_is_unremarkable(
    text: str, is_unremarkable: bool
) -> None:
    assert UNREMARKABLE.has(text) is is_unremarkable
    assert not NOTHING_UNREMARKABLE.has(text)


def test_unremarkable_cookies_are_remembered_within_bounds_and_without_their_values() -> None:
    unremarkable = UnremarkableCookies(JUDGE)
    for number in range(2000):
        assert unremarkable.has(f"sid=secret; Comment={number}")
        assert unremarkable.has(f"sid=secret; Comment={number:0300d}")
        assert len(unremarkable._known) <= 512
    assert not any(len(text) > 256 or "secret" in text for text in unremarkable._known)


@given(st.lists(st.tuples(NATIVE, NATIVE)), NATIVE)
def test_the_scan_misses_no_line_break(fields: list[Field], status: str) -> None:
    _, is_odd = scan_fields(status, fields, UNREMARKABLE)
    assert is_odd or find_line_break(status, fields) is None
