"""The scan that mostly finds little to do: P1, P2."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate.consent.verdict import Judge, JudgedCookie, Reason, Situation
from consentgate.gate.expiry import Scope, scope_of
from consentgate.gate.response import judge_set_cookies
from consentgate.gate.scan import JUDGE, UNCHANGED, RoutineCookies, Scan, find_line_break, scan_fields
from consentgate.headers.cookie import is_set_cookie
from consentgate.headers.names import Field
from consentgate.headers.set_cookie import find_refusal
from tests.conftest import NOW, application, make_policy, request, stopped_clock
from tests.gate.test_middleware import choosing, gate
from tests.strategies import (
    NATIVE,
    cookie_strings,
    response_headers,
    sane_response_headers,
    set_cookie_strings,
)

POLICY = make_policy(exempt=True)
JUDGE_OF = {is_lax: Judge(POLICY, admit_undeclared=is_lax) for is_lax in (False, True)}
ROUTINE = {is_lax: RoutineCookies(judge) for is_lax, judge in JUDGE_OF.items()}
WITH_LISTENERS = RoutineCookies(JUDGE_OF[False], all_are_reported=True)

LATE = "Fri, 31 Dec 2038 23:59:59 GMT"
SITUATIONS = (
    Situation(),
    Situation(answers=(("internal", True), ("statistical", False), ("third-party", True))),
    Situation(answers=(("internal", False),), changed=frozenset({"third-party"})),
    Situation(denied=frozenset({"internal"})),
    Situation(withheld=True),
    Situation(applies=False),
)
situations = st.sampled_from(SITUATIONS)
ACCEPTED = JUDGE_OF[False].permissions(SITUATIONS[1])


def scan(*texts: str, name: str = "Set-Cookie") -> Scan:
    fields = [("Vary", "Cookie"), *((name, text) for text in texts)]
    return scan_fields("200 OK", fields, ROUTINE[False], ACCEPTED)[0]


@given(response_headers)
def test_every_cookie_is_found(fields: list[Field]) -> None:
    found, _ = scan_fields("200 OK", fields, WITH_LISTENERS, ACCEPTED)
    assert found is (JUDGE if any(is_set_cookie(name) for name, _ in fields) else UNCHANGED)


@given(
    st.lists(st.tuples(st.just("Set-Cookie"), set_cookie_strings | NATIVE), max_size=4) | response_headers,
    situations,
    cookie_strings,
    st.booleans(),
    st.booleans(),
    st.floats(min_value=0, max_value=4e9),
)
@example([("Set-Cookie", "sid=" + "x" * 5000)], SITUATIONS[0], "", False, False, NOW)
@example([("Set-Cookie", "sid=1\x07")], SITUATIONS[0], "", False, False, NOW)
@example([("Set-Cookie", "sid; sid=1")], SITUATIONS[0], "", False, False, NOW)
@example([("Set-Cookie", "theme=1; Max-Age=0")], SITUATIONS[0], "", False, False, NOW)
@example([("Set-Cookie", f"theme=1; Expires={LATE}")], SITUATIONS[0], "", False, False, 3e9)
@example([("Set-Cookie", "theme=1; Path=/"), ("Set-Cookie", "sid=1")], SITUATIONS[1], "", False, True, NOW)
def test_a_routine_response_is_what_judging_it_makes(
    fields: list[Field],
    situation: Situation,
    cookie_string: str,
    shortens: bool,
    is_lax: bool,
    now: float,
) -> None:
    """P2: in every situation, at every time, the second time as the first, and with nothing to tell."""
    judge = JUDGE_OF[is_lax]
    permissions = judge.permissions(situation)
    for _ in range(2):
        found, _ = scan_fields("200 OK", fields, ROUTINE[is_lax], permissions)
        if found.must_judge:
            continue
        judged = judge_set_cookies(
            fields, judge, permissions, now, cookie_string=cookie_string, shortens=shortens
        )
        assert judged.fields == [field for field in fields if field not in found.left_out]
        assert list(found.undeclared) == [each for each in judged.stripped if each.verdict.category is None]
        assert {each.verdict.reason for each in found.undeclared} <= {Reason.UNDECLARED}
        assert (judged.undeclared, judged.lasting, judged.cut, judged.prolonged) == ([], [], [], [])
        gated = [each for each in judged.passed if each.verdict.reason is not Reason.NECESSARY]
        assert {each.verdict.reason for each in gated} <= {Reason.ACCEPTED}
        assert found.is_personal is bool(gated)
        assert all(has_declared_scope(each) for each in gated)
        assert not any(
            find_refusal(str(each.set_cookie_string), each.name)
            for each in judged.passed
            if each.verdict.reason is Reason.NECESSARY
        )


def has_declared_scope(cookie: JudgedCookie) -> bool:
    scopes = [Scope(each.domain, each.path, each.partitioned) for each in POLICY.scopes_of(cookie.name)]
    return scope_of(str(cookie.set_cookie_string)) in scopes


@given(
    sane_response_headers, st.sampled_from(["", "theme=1; _pk_id=2", "vid=1"]), st.booleans(), st.booleans()
)
def test_a_response_is_the_same_where_every_cookie_is_reported(
    fields: list[Field], cookie_string: str, asks: bool, accepts: bool
) -> None:
    """P1: a gate with an observer judges each cookie by itself."""
    before = choosing(lambda visit: visit.accept_all() if accepts else asks and visit.needs_choice)
    app = application(headers=fields, before=before)
    told: list[object] = []
    with stopped_clock():
        quick, slow = (
            request(gate(app, **options), HTTP_COOKIE=cookie_string)
            for options in ({}, {"observer": told.append})
        )
    assert quick.headers == slow.headers


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sid=1; Path=/", UNCHANGED),
        ("sid =1", UNCHANGED),
        ("sid=" + "1" * 4092, UNCHANGED),
        ("sid=" + "1" * 4093, JUDGE),
        ("sid=1; Path=/; Max-Age=60", UNCHANGED),
        ("sid=1; SameSite=None", JUDGE),
        ("sid=1; SameSite=None; Secure", UNCHANGED),
        ("sid=1; Max-Age=99999999", JUDGE),
        ("sid=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", JUDGE),
        ("theme=1; Path=/", Scan(is_personal=True)),
        ("theme=1", JUDGE),
        ("vid=1; Path=/shop; Domain=example.org", Scan(is_personal=True)),
        ("vid=1; Path=/shop", JUDGE),
        ("vid=1; Path=/shop; Domain=example.org; Secure; Partitioned", JUDGE),
        ("theme=1; Path=/; Max-Age=99999999", JUDGE),
        ("_pk_id=1; Path=/", Scan(left_out=(("Set-Cookie", "_pk_id=1; Path=/"),))),
        ("_pk_id=1; Max-Age=0", JUDGE),
        ("cookies_preferences=1", JUDGE),
        ("=1", JUDGE),
        ("sid", JUDGE),
    ],
)
def test_a_cookie_is_routine_if_it_fits_its_declaration_or_deletes_nothing(text: str, found: Scan) -> None:
    assert scan(text) == found
    assert scan_fields("200 OK", [("Set-Cookie", text)], WITH_LISTENERS, ACCEPTED)[0] is JUDGE


def test_an_odd_name_is_not_routine() -> None:
    assert scan("sid=1", name="Set-Cookie ") is JUDGE


def test_an_undeclared_cookie_is_listed() -> None:
    found = scan("zzz=1; Path=/", "sid=1")
    assert found.left_out == (("Set-Cookie", "zzz=1; Path=/"),)
    assert [(each.name, each.verdict.reason) for each in found.undeclared] == [("zzz", Reason.UNDECLARED)]
    assert [each.name for each in scan("zzz\xa0=1").undeclared] == ["zzz\xa0"]


def test_an_undeclared_cookie_left_out_is_a_warning_with_its_declaration(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = request(gate(application("zzz=1; Path=/; Max-Age=60")))
    assert answer.cookie_names == []
    assert "undeclared cookie 'zzz' in a response was stripped" in caplog.text
    assert 'name = "zzz"\nlifetime = "1 minute"' in caplog.text


@pytest.mark.caches
def test_routine_cookies_are_remembered_within_bounds_and_without_their_values() -> None:
    routine = RoutineCookies(JUDGE_OF[False])
    for number in range(2000):
        for comment in (f"{number}", f"{number:0243d}"):  # the second makes 257 characters without the value
            field = ("Set-Cookie", f"sid=secret; Comment={comment}")
            assert scan_fields("200 OK", [field], routine, ACCEPTED)[0] is UNCHANGED
        assert len(routine._fits) <= 512
    assert not any(len(text) > 256 or "secret" in text for text in routine._fits)


@given(st.lists(st.tuples(NATIVE, NATIVE)), NATIVE)
def test_the_scan_misses_no_line_break(fields: list[Field], status: str) -> None:
    _, is_odd = scan_fields(status, fields, ROUTINE[False], ACCEPTED)
    assert is_odd or find_line_break(status, fields) is None
