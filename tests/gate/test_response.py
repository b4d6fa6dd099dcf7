"""Set-Cookie fields on their way out: P1, P2, R2, R27, R31, R34, R40, R90."""

import pytest
from hypothesis import example, given

from consentgate import Policy
from consentgate.consent.verdict import Judge
from consentgate.gate.response import names_set, strip_set_cookies
from consentgate.headers.cookie import cookie_name, is_set_cookie
from consentgate.headers.names import Field
from tests.conftest import MATRIX, NOW, make_policy
from tests.strategies import accepted, policies, response_headers, set_cookie_strings

POLICY = make_policy()
JUDGE = Judge(POLICY)
EXEMPT = Judge(make_policy(exempt=True))


def strip(fields: list[Field], *allowed: str, judge: Judge = JUDGE) -> list[Field]:
    return strip_set_cookies(fields, judge, frozenset({"necessary", *allowed}), NOW)[0]


def is_subsequence(some: list[Field], all_fields: list[Field]) -> bool:
    remaining = iter(all_fields)
    return all(any(field is other for other in remaining) for field in some)


@given(response_headers, accepted)
def test_what_goes_on_is_some_of_what_came_in_the_very_same_and_in_order(
    fields: list[Field], yes: set[str]
) -> None:
    """Invariant (ii), and (i): what is necessary is all there."""
    before = list(fields)
    after = strip(fields, *yes)
    assert fields == before
    assert is_subsequence(after, fields)
    assert (after is fields) == (len(after) == len(fields))
    for field in fields:
        if field[0].lower() == "set-cookie" and cookie_name(field[1]) in ("sid", "csrftoken"):
            assert "=" not in field[1] or field in after
        elif not is_set_cookie(field[0]):
            assert field in after


@given(response_headers, accepted)
def test_no_cookie_outside_the_allowed_categories_goes_out(fields: list[Field], yes: set[str]) -> None:
    """P1: unless it is a deletion, which leaves nothing behind."""
    for name, value in strip(fields, *yes):
        if is_set_cookie(name) and "max-age=" not in value.lower() and "expires=" not in value.lower():
            assert POLICY.key_of(cookie_name(value) or "") in {"necessary", *yes}


@given(response_headers, accepted, accepted)
def test_accepting_more_never_strips_more(fields: list[Field], some: set[str], more: set[str]) -> None:
    """Invariant (iii)."""
    assert is_subsequence(strip(fields, *some), strip(fields, *(some | more)))


@given(response_headers, accepted)
def test_stripping_twice_is_once(fields: list[Field], yes: set[str]) -> None:
    """Invariant (v)."""
    once = strip(fields, *yes)
    assert strip(once, *yes) is once


@given(response_headers)
@example([("Set-Cookie", "sid")])
@example([("Set-Cookie", "sid=\xa0")])
@example([("Set-Cookie", "sid=1\x01")])
@example([("Set-Cookie", "_pk_id=\xa0")])
@example([("Set-Cookie ", "sid=1")])
@example([("X-" + "long" * 20, "1"), ("Set-Cookie", "_pk_id=1"), ("Y-" + "long" * 20, "2")])
def test_where_judging_starts_is_a_short_cut_and_nothing_else(fields: list[Field]) -> None:
    allowed = JUDGE.undecided.allowed
    whole = strip_set_cookies(fields, JUDGE, allowed, NOW)
    for start, field in enumerate(fields):
        # From the end as well, as slices count.
        for at in (start, start - len(fields)):
            assert strip_set_cookies(fields, JUDGE, allowed, NOW, at) == whole
        if is_set_cookie(field[0]) and not sets_what_is_necessary(field):
            break


def sets_what_is_necessary(field: Field) -> bool:
    is_named = field[0].lower() == "set-cookie" and "=" in field[1]
    return is_named and cookie_name(field[1]) in ("sid", "csrftoken")


@given(policies, set_cookie_strings)
def test_necessary_cookies_are_the_same_object(policy: Policy, text: str) -> None:
    """Invariant (i), P2."""
    judge = Judge(policy)
    necessary = [
        cookie.name
        for category in policy.categories
        if category.key in policy.necessary
        for cookie in category.cookies
    ]
    fields = [
        ("Set-Cookie", f" {name}={text.partition('=')[2]}")
        for name in necessary
        if name != policy.cookie_name
    ]
    fields = [field for field in fields if cookie_name(field[1]) is not None]
    assert strip_set_cookies(fields, judge, judge.undecided.allowed, NOW)[0] is fields


@given(policies, response_headers)
def test_what_is_remembered_as_necessary_is_and_not_without_bound(
    policy: Policy, fields: list[Field]
) -> None:
    judge = Judge(policy)
    strip(fields, judge=judge)
    assert all(judge.names[text] in policy.necessary for text in judge.necessary_texts)
    strip([("Set-Cookie", f"{' ' * number}sid=1") for number in range(1000)])
    assert len(JUDGE.necessary_texts) <= 512
    assert max(map(len, JUDGE.necessary_texts)) <= 64


@pytest.mark.parametrize(
    "text", ["_pk_id=1\rSet-Cookie: vid=2; Max-Age=0", "_pk_id=\n; Max-Age=0", "_pk_id=\x00; Max-Age=0"]
)
def test_a_deletion_with_a_control_character_is_none(text: str) -> None:
    """P1, cookies/FACTS.md 5: behind CR or LF a browser reads another field."""
    assert strip(fields_of(text)) == []
    assert strip(fields_of(text), "statistical") == []


def fields_of(*texts: str) -> list[Field]:
    return [("Set-Cookie", text) for text in texts]


def test_the_matrix() -> None:
    fields = fields_of(*MATRIX)
    assert strip(fields) == fields[:1]
    assert strip(fields, "statistical") == fields[:2]
    assert strip(fields, "statistical", "internal", "third-party") == fields[:4]


def test_what_was_stripped_is_told_and_what_was_gated() -> None:
    _, stripped, _, is_gated = strip_set_cookies(
        fields_of(*MATRIX, "x", "cookies_preferences=1"), JUDGE, frozenset({"necessary", "internal"}), NOW
    )
    assert stripped == [
        ("_pk_id", "statistical"),
        ("vid", "third-party"),
        ("zzz", None),
        ("", ";"),
        ("cookies_preferences", "="),
    ]
    assert is_gated


def test_undeclared_cookies_may_be_let_through_and_told() -> None:
    fields, _, spared, is_gated = strip_set_cookies(
        fields_of("zzz=5", "sid=1", "x"), JUDGE, frozenset({"necessary", None}), NOW
    )
    assert [value for _, value in fields] == ["zzz=5", "sid=1"]
    assert spared == [("zzz", None)]
    assert not is_gated


@pytest.mark.parametrize(
    "field",
    [
        pytest.param(("Set-Cookie", "sid"), id="no = : browsers disagree on the name"),
        pytest.param(("Set-Cookie", "=sid=1"), id="nameless"),
        pytest.param(("Set-Cookie", "sid\xa0=1"), id="another name"),
        pytest.param(("Set-Cookie", "SID=1"), id="another case"),
        pytest.param(("Set-Cookie", "sid=1\rSet-Cookie: track=2"), id="a second cookie smuggled in"),
        pytest.param(("Set-Cookie", "sid=\x7f"), id="a control character"),
        pytest.param(("Set-Cookie ", "sid=1"), id="a field name only some browsers trim"),
        pytest.param(("Set-Cookie:", "sid=1"), id="a field name Chromium reads otherwise"),
        pytest.param(("Set-Cookie", f"sid={'x' * 4096}"), id="too large for any browser"),
        pytest.param(("Set-Cookie", "cookies_preferences=; Max-Age=0"), id="the gate's own, even deleted"),
        pytest.param(("Set-Cookie", "_pk_id=1; Max-Age=0; Max-Age=1"), id="no deletion"),
    ],
)
def test_what_is_stripped_although_sid_is_necessary(field: Field) -> None:
    assert strip([field]) == []


@pytest.mark.parametrize(
    "field",
    [
        pytest.param(("Set-Cookie", " sid=1"), id="Django's leading blank"),
        pytest.param(("set-cookie", "sid=1"), id="Falcon's lower case"),
        pytest.param(("Set-Cookie", "sid=caf\xe9"), id="not ASCII"),
        pytest.param(("Set-Cookie", "sid=a\tb"), id="a tab in the value"),
        pytest.param(("Set-Cookie", f"sid=1; Path=/{'x' * 5000}"), id="a long attribute"),
        pytest.param(("Set-Cookie", "_pk_id=; Max-Age=0"), id="a deletion of what is not allowed (R40)"),
        pytest.param(
            ("Set-Cookie", "zzz=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"), id="of what is undeclared"
        ),
        pytest.param(("X-Set-Cookie", "zzz=1"), id="another field"),
    ],
)
def test_what_passes(field: Field) -> None:
    fields = [field]
    assert strip(fields) is fields


def test_a_deletion_is_measured_against_the_responses_own_date() -> None:
    deletion = ("Set-Cookie", "zzz=; Expires=Wed, 01 Jan 2020 00:00:00 GMT")
    assert strip([deletion, ("Date", "Wed, 01 Jan 2020 12:00:00 GMT")]) == [
        ("Date", "Wed, 01 Jan 2020 12:00:00 GMT")
    ]


def test_exempt_cookies_live_thirteen_months_at_most() -> None:
    """R27, R46, B."""
    fields = fields_of("_pk_id=1; Path=/; Max-Age=63072000; Partitioned", "_pk_ses.1=2; Max-Age=1800")
    after = strip(fields, "statistical", judge=EXEMPT)
    assert after == [("Set-Cookie", "_pk_id=1; Path=/; Max-Age=34128000; Partitioned"), fields[1]]
    assert strip(fields, "statistical") is fields


def test_names_set_are_those_of_set_cookie_fields() -> None:
    fields = [*fields_of("a=1", "b=; Max-Age=0", "=\x00"), ("X-Set-Cookie", "c=1")]
    assert names_set(fields) == {"a", "b", ""}
