"""Response fields on their way out: P1, P2, R2, R27, R31, R34, R40, R77 to R81, R90."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import Policy
from consentgate.consent.verdict import Judge, Permissions, Reason, Situation
from consentgate.gate.expiry import LARGEST_ADDITION, Scope, size_of
from consentgate.gate.response import (
    JudgedFields,
    ResponseContext,
    RewrittenHeaders,
    has_optional_cookies,
    judge_set_cookies,
    names_set,
    rewrite_response_headers,
)
from consentgate.gate.scan import find_line_break
from consentgate.headers.cache_control import may_be_shared
from consentgate.headers.cookie import cookie_name, has_line_break, is_set_cookie
from consentgate.headers.names import Field
from consentgate.headers.set_cookie import http_date
from consentgate.testing import Jar
from tests.conftest import MATRIX, NOW, make_policy
from tests.strategies import NATIVE, accepted, policies, response_headers, set_cookie_strings

POLICY = make_policy()
JUDGE = Judge(POLICY)
REPORTING = Judge(POLICY, admit_undeclared=True)
EXEMPT = Judge(make_policy(exempt=True))
HOME = "https://www.example.org/"


def permitting(*keys: str, judge: Judge = JUDGE) -> Permissions:
    return judge.permissions(Situation(tuple((key, True) for key in sorted(keys))))


def judged(fields: list[Field], *keys: str, judge: Judge = JUDGE) -> JudgedFields:
    return judge_set_cookies(fields, judge, permitting(*keys, judge=judge), NOW)


def test_every_stripped_cookie_has_a_verdict_that_does_not_admit_it() -> None:
    fields = fields_of("_pk_id=1; Max-Age=99999999", "theme=1\x07", "sid=1\x07", "vid=1", "zzz=1", "=1")
    situation = Situation((("internal", True),))
    judged = judge_set_cookies(fields, EXEMPT, EXEMPT.permissions(situation), NOW, cookie_string="_pk_id=1")
    assert [(each.verdict.admitted, each.verdict.reason.name) for each in judged.stripped] == [
        (False, "RENEWAL"),
        (False, "UNSTORABLE"),
        (False, "UNSTORABLE"),
        (False, "UNSET"),
        (False, "UNDECLARED"),
        (False, "NAMELESS"),
    ]


def strip(fields: list[Field], *keys: str, judge: Judge = JUDGE) -> list[Field]:
    return judged(fields, *keys, judge=judge).fields


def fields_of(*texts: str) -> list[Field]:
    return [("Set-Cookie", text) for text in texts]


def is_made_of(some: list[Field], all_fields: list[Field]) -> bool:
    """Whether these are some of those, in order: as they were, or with Max-Age=0 appended."""
    remaining = iter(all_fields)
    return all(
        any(field in (other, (other[0], f"{other[1]}; Max-Age=0")) for other in remaining) for field in some
    )


@given(response_headers, accepted)
def test_the_fields_that_go_on_are_as_they_were_and_in_order(fields: list[Field], yes: set[str]) -> None:
    """Invariant (ii), and (i): necessary cookies are all there, byte for byte."""
    before = list(fields)
    after = strip(fields, *yes)
    assert fields == before
    assert after is not fields
    assert is_made_of(after, fields)
    for field in fields:
        if field[0].lower() == "set-cookie" and cookie_name(field[1]) in ("sid", "csrftoken"):
            assert "=" not in field[1] or field in after
        elif not is_set_cookie(field[0]):
            assert field in after


@given(response_headers, accepted, st.integers(-3600 * 24, 10**8))
@example([("Set-Cookie", "zzz=1; Expires=" + http_date(NOW))], set(), -5)
@example([("Set-Cookie ", "zzz=1")], set(), 0)
@example([("Set-Cookie", "zzz\x00=1; Max-Age=0")], set(), 0)
def test_no_cookie_outside_the_allowed_categories_reaches_a_jar(
    fields: list[Field], yes: set[str], error: int
) -> None:
    """P1: whatever the browser's clock."""
    jar = Jar()
    jar.store_response(strip(fields, *yes), HOME, now=NOW + error)
    assert {POLICY.key_of(name) for name in jar} <= {"necessary", *yes}
    assert POLICY.cookie_name not in jar


@given(response_headers, accepted, accepted)
def test_accepting_more_never_strips_more(fields: list[Field], some: set[str], more: set[str]) -> None:
    """Invariant (iii)."""
    less, all_of_it = (len(strip(fields, *keys)) for keys in (some, some | more))
    assert less <= all_of_it


@given(response_headers, accepted)
def test_stripping_twice_is_once(fields: list[Field], yes: set[str]) -> None:
    """Invariant (v)."""
    once = strip(fields, *yes)
    again = judged(once, *yes)
    assert again.fields == once
    assert again.stripped == []


@given(response_headers, accepted)
def test_every_cookie_is_passed_stripped_undeclared_or_deleted(fields: list[Field], yes: set[str]) -> None:
    result = judged(fields, *yes, judge=REPORTING)
    cookies = [value for name, value in fields if is_set_cookie(name)]
    reported = [*result.stripped, *result.undeclared, *result.passed]
    assert len(result.fields) == len(fields) - len(result.stripped)
    assert {each.set_cookie_string for each in reported} <= set(cookies)
    assert not any(each.verdict.admitted for each in result.stripped)
    assert all(each.verdict.reason is Reason.UNDECLARED_REPORTED for each in result.undeclared)
    assert all(each.verdict.category in {"necessary", *yes} for each in result.passed)


@given(policies, set_cookie_strings)
def test_necessary_cookies_pass_byte_for_byte(policy: Policy, text: str) -> None:
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
    after = judge_set_cookies(fields, judge, judge.permissions(Situation(withheld=True)), NOW).fields
    assert after == fields
    assert all(field[1] is other[1] for field, other in zip(after, fields, strict=True))


@pytest.mark.parametrize(
    "text", ["_pk_id=1\rSet-Cookie: vid=2; Max-Age=0", "_pk_id=\n; Max-Age=0", "_pk_id=\x00; Max-Age=0"]
)
def test_a_deletion_with_a_control_character_is_none(text: str) -> None:
    """P1, cookies/FACTS.md 5: behind CR or LF a browser reads another field."""
    assert strip(fields_of(text)) == []
    assert strip(fields_of(text), "statistical") == []


def test_the_matrix() -> None:
    fields = fields_of(*MATRIX)
    assert strip(fields) == fields[:1]
    assert strip(fields, "statistical") == fields[:2]
    assert strip(fields, "statistical", "internal", "third-party") == fields[:4]


def test_stripped_cookies_are_reported_with_their_reasons() -> None:
    result = judged(fields_of(*MATRIX, "x", "cookies_preferences=1", "theme=\x07"), "internal")
    assert [(each.name, each.verdict.reason, each.verdict.category) for each in result.stripped] == [
        ("_pk_id", Reason.UNSET, "statistical"),
        ("vid", Reason.UNSET, "third-party"),
        ("zzz", Reason.UNDECLARED, None),
        ("", Reason.NAMELESS, None),
        ("cookies_preferences", Reason.RESERVED, None),
        ("theme", Reason.UNSTORABLE, "internal"),
    ]
    assert [(each.name, each.verdict.reason) for each in result.passed] == [
        ("sid", Reason.NECESSARY),
        ("theme", Reason.ACCEPTED),
    ]


def test_undeclared_cookies_may_pass_and_be_reported() -> None:
    result = judged(fields_of("zzz=5", "sid=1", "x"), judge=REPORTING)
    assert [value for _, value in result.fields] == ["zzz=5", "sid=1"]
    assert [each.name for each in result.undeclared] == ["zzz"]


def test_all_but_the_preferences_cookie_passes_where_the_policy_does_not_apply() -> None:
    permissions = JUDGE.permissions(Situation(applies=False))
    fields = fields_of(*MATRIX, "x", "cookies_preferences=; Max-Age=0")
    result = judge_set_cookies(fields, JUDGE, permissions, NOW)
    assert result.fields == fields[:-1]


@pytest.mark.parametrize(
    "field",
    [
        pytest.param(("Set-Cookie", "sid"), id="no = : browsers disagree on the name"),
        pytest.param(("Set-Cookie", "=sid=1"), id="nameless"),
        pytest.param(("Set-Cookie", "=sid; Max-Age=0"), id="the deletion of a nameless cookie"),
        pytest.param(("Set-Cookie", "sid\xa0=1"), id="another name"),
        pytest.param(("Set-Cookie", "SID=1"), id="another case"),
        pytest.param(("Set-Cookie", "sid=1\rSet-Cookie: track=2"), id="a second cookie smuggled in"),
        pytest.param(("Set-Cookie", "sid=\x7f"), id="a control character"),
        pytest.param(("Set-Cookie ", "sid=1"), id="a field name only some browsers trim"),
        pytest.param(("Set-Cookie:", "sid=1"), id="a field name Chromium reads otherwise"),
        pytest.param(("Set-Cookie ", "zzz=1; Max-Age=0"), id="a deletion under such a name"),
        pytest.param(("Set-Cookie", f"sid={'x' * 4096}"), id="too large for any browser"),
        pytest.param(("Set-Cookie", "cookies_preferences=; Max-Age=0"), id="the gate's own, even deleted"),
        pytest.param(("Set-Cookie", "_pk_id=1; Max-Age=0; Max-Age=1"), id="no deletion"),
    ],
)
def test_a_field_is_stripped_although_sid_is_necessary(field: Field) -> None:
    assert strip([field]) == []


@pytest.mark.parametrize(
    "field",
    [
        pytest.param(("Set-Cookie", " sid=1"), id="Django's leading blank"),
        pytest.param(("set-cookie", "sid=1"), id="Falcon's lower case"),
        pytest.param(("Set-Cookie", "sid=caf\xe9"), id="not ASCII"),
        pytest.param(("Set-Cookie", "sid=a\tb"), id="a tab in the value"),
        pytest.param(("Set-Cookie", f"sid=1; Path=/{'x' * 5000}"), id="a long attribute"),
        pytest.param(("Set-Cookie", f"sid=; Expires={http_date(NOW)}"), id="necessary, deleted by clock"),
        pytest.param(("Set-Cookie", "_pk_id=; Max-Age=0"), id="a deletion of what is not allowed (R40)"),
        pytest.param(
            ("Set-Cookie", "zzz=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"), id="of what is undeclared"
        ),
        pytest.param(("X-Set-Cookie", "zzz=1"), id="another field"),
    ],
)
def test_a_field_passes_byte_for_byte(field: Field) -> None:
    (passed,) = strip([field])
    assert passed == field
    assert passed[1] is field[1]


def test_a_deletion_by_the_clock_alone_is_made_certain() -> None:
    """cookies/FACTS.md, deletions 5 and 8: Falcon's unset_cookie says only "Expires = now"."""
    line = f"_pk_id=; Expires={http_date(NOW)}"
    assert strip(fields_of(line)) == fields_of(f"{line}; Max-Age=0")
    assert strip(fields_of(line), "statistical") == fields_of(line)
    undeclared = f"zzz=; Expires={http_date(NOW)}"
    assert strip(fields_of(undeclared)) == fields_of(f"{undeclared}; Max-Age=0")
    assert strip(fields_of(undeclared), judge=REPORTING) == fields_of(undeclared)


def test_a_deletion_is_measured_against_the_responses_own_date() -> None:
    deletion = ("Set-Cookie", "zzz=; Expires=Wed, 01 Jan 2020 00:00:00 GMT")
    date = ("Date", "Wed, 01 Jan 2020 12:00:00 GMT")
    assert strip([deletion, date]) == [("Set-Cookie", f"{deletion[1]}; Max-Age=0"), date]
    assert strip([deletion, ("Date", http_date(NOW))]) == [deletion, ("Date", http_date(NOW))]


def test_exempt_cookies_live_thirteen_months_at_most() -> None:
    """R27, R46, B."""
    fields = fields_of("_pk_id=1; Path=/; Max-Age=63072000; Partitioned", "_pk_ses.1=2; Max-Age=1800")
    after = strip(fields, judge=EXEMPT)
    assert after == [("Set-Cookie", "_pk_id=1; Path=/; Max-Age=34128000; Partitioned"), fields[1]]
    assert strip(fields, "statistical") == fields


def test_names_set_are_those_of_set_cookie_fields() -> None:
    fields = [*fields_of("a=1", "b=; Max-Age=0", "=\x00"), ("X-Set-Cookie", "c=1")]
    assert names_set(fields) == {"a", "b", ""}


@given(NATIVE, st.lists(st.tuples(NATIVE, NATIVE)))
def test_a_line_break_is_found_wherever_it_is(status: str, fields: list[Field]) -> None:
    found = find_line_break(status, fields)
    broken = [field for field in fields if has_line_break("".join(field)) and not is_set_cookie(field[0])]
    assert (found is not None) is (has_line_break(status) or bool(broken))


def test_the_place_of_a_line_break_is_named_and_never_its_value() -> None:
    ok = [("X", "caf\xe9\t")]
    assert find_line_break("200 OK", ok) is None
    assert find_line_break("200 OK\r\nX: 1", ok) == "the status '200 OK\\r\\nX: 1'"
    assert find_line_break("200 OK", [*ok, ("Y", "secret\n"), ("Z", "\0")]) == "the field 'Y'"
    assert find_line_break("200 OK", [("Z\r", "secret")]) == "the field 'Z\\r'"
    # Cookies are stripped for it, and cost nobody the page.
    assert find_line_break("200 OK", [("Set-Cookie", "a=\n"), ("Set-Cookie\n", "a=1")]) is None


# All that is done to a response.

CONTEXT = ResponseContext(permitting(), POLICY.necessary, now=NOW)
OWN = "cookies_preferences=1.sig; Path=/"
EXPIRABLE = (
    ("theme", (Scope(None, "/"), Scope("example.org", "/"))),
    ("vid", (Scope("example.org", "/shop"),)),
)


def rewrite(fields: list[Field], context: ResponseContext = CONTEXT, **changed: Any) -> RewrittenHeaders:
    return rewrite_response_headers(fields, JUDGE, context._replace(**changed))


@st.composite
def contexts(draw: st.DrawFn) -> ResponseContext:
    depends = draw(st.booleans())
    return ResponseContext(
        permissions=permitting(*draw(accepted)),
        necessary=POLICY.necessary,
        enforced=draw(st.booleans()),
        vary_fields=draw(st.sampled_from([(), ("Cookie",), ("Cookie", "Accept-Language")])),
        depends_on_applies=depends,
        applies_vary=draw(st.sampled_from([None, (), ("X-Country",)])) if depends else None,
        no_store=draw(st.booleans()),
        own_lines=draw(st.sampled_from([(), (OWN,)])),
        expirable=draw(st.sampled_from([(), EXPIRABLE])),
        turn=draw(st.integers(0, 5)),
        now=NOW,
    )


@given(response_headers, contexts())
def test_the_applications_list_is_never_edited(fields: list[Field], context: ResponseContext) -> None:
    before = list(fields)
    rewritten = rewrite(fields, context)
    assert fields == before
    assert rewritten.fields is not fields
    assert rewritten.judged.fields is not fields


@given(response_headers, contexts())
def test_a_response_with_a_line_of_ours_is_this_visitors_alone(
    fields: list[Field], context: ResponseContext
) -> None:
    rewritten = rewrite(fields, context)
    kept = context.enforced and any(
        each.verdict.category not in POLICY.necessary for each in rewritten.judged.passed
    )
    ours = bool(context.own_lines) or (context.enforced and bool(rewritten.expired))
    if kept or ours or context.no_store:
        assert not may_be_shared(rewritten.fields, NOW)


@given(response_headers, contexts())
def test_fields_for_no_cache_and_no_cookie_are_kept_in_order(
    fields: list[Field], context: ResponseContext
) -> None:
    def others(several: list[Field]) -> list[Field]:
        touched = ("cache-control", "vary", "surrogate-control")
        return [
            field
            for field in several
            if not is_set_cookie(field[0]) and not field[0].lower().endswith(touched)
        ]

    assert others(rewrite(fields, context).fields) == others(fields)


@given(response_headers, contexts())
def test_lines_of_ours_stay_within_their_budget(fields: list[Field], context: ResponseContext) -> None:
    rewritten = rewrite(fields, context)
    came = (rewritten.judged.fields if context.enforced else fields).count
    lines = [value for name, value in rewritten.fields if name == "Set-Cookie" and came((name, value)) == 0]
    assert sum(map(size_of, lines)) <= LARGEST_ADDITION
    taken = names_set(rewritten.judged.fields)
    assert not taken & set(rewritten.expired)
    if may_be_shared(fields, NOW):
        assert rewritten.expired == []


@given(response_headers, contexts())
def test_reporting_leaves_the_applications_own_cookies_as_they_are(
    fields: list[Field], context: ResponseContext
) -> None:
    """R98."""
    rewritten = rewrite(fields, context, enforced=False)
    cookies = [field for field in rewritten.fields if is_set_cookie(field[0])]
    own = [("Set-Cookie", line) for line in context.own_lines]
    assert cookies == [field for field in fields if is_set_cookie(field[0])] + own
    assert rewritten.expired == rewrite(fields, context, enforced=True).expired
    if not (own or context.vary_fields or context.no_store or context.depends_on_applies):
        assert rewritten.fields == fields


def test_refused_cookies_are_expired_after_the_applications_fields() -> None:
    rewritten = rewrite(fields_of("sid=1"), own_lines=(OWN,), expirable=EXPIRABLE)
    assert [value for name, value in rewritten.fields if name == "Set-Cookie"] == [
        "sid=1",
        OWN,
        "theme=; Path=/; Max-Age=0",
        "vid=; Path=/shop; Max-Age=0; Domain=example.org",
        "theme=; Path=/; Max-Age=0; Domain=example.org",
    ]
    assert rewritten.expired == ["theme", "vid", "theme"]
    assert rewritten.fields[-1] == ("Cache-Control", "private")


def test_the_preferences_cookies_own_lines_come_out_of_the_budget() -> None:
    line = "theme=; Path=/; Max-Age=0"
    own = "cookies_preferences=" + "x" * (LARGEST_ADDITION - size_of(line) - size_of("cookies_preferences="))
    assert rewrite([], own_lines=(own,), expirable=EXPIRABLE).expired == ["theme"]
    assert rewrite([], own_lines=(own + "x",), expirable=EXPIRABLE).expired == []


def test_a_name_the_application_sets_is_left_to_it() -> None:
    """R39: even where it deletes it."""
    assert rewrite(fields_of("theme=; Max-Age=0"), expirable=EXPIRABLE).expired == ["vid"]


@pytest.mark.parametrize(
    "field",
    [("Cache-Control", "public"), ("Cache-Control", "max-age=60"), ("Edge-Control", "max-age=60")],
)
def test_nothing_is_expired_on_a_response_that_shared_caches_may_keep(field: Field) -> None:
    rewritten = rewrite([field], expirable=EXPIRABLE)
    assert (rewritten.fields, rewritten.expired) == ([field], [])


def test_stripping_alone_says_nothing_to_caches() -> None:
    fields = [("Cache-Control", "public"), *fields_of("zzz=1", "sid=2")]
    assert rewrite(fields).fields == [fields[0], fields[2]]


def test_a_response_with_a_gated_cookie_is_private() -> None:
    """R77."""
    fields = [("Cache-Control", "public, max-age=60"), ("X-Accel-Expires", "60"), *fields_of("theme=1")]
    assert rewrite(fields, permissions=permitting("internal")).fields == [
        ("Cache-Control", "max-age=60, private"),
        fields[2],
    ]


def test_reporting_leaves_a_response_with_a_gated_cookie_to_its_caches() -> None:
    """R98: an application that asks nothing gets its own fields out unchanged."""
    fields = [("Cache-Control", "public, max-age=60"), *fields_of("theme=1")]
    assert rewrite(fields, permissions=permitting("internal"), enforced=False).fields == fields


def test_a_response_that_asked_its_visit_says_so() -> None:
    """R80."""
    assert rewrite([], vary_fields=("Cookie", "Accept-Language")).fields == [
        ("Vary", "Cookie, Accept-Language")
    ]


def test_no_cache_may_keep_a_response_without_the_visitors_answers() -> None:
    fields = [("Cache-Control", "public"), ("CDN-Cache-Control", "max-age=60"), ("X", "1")]
    assert rewrite(fields, no_store=True, vary_fields=("Cookie",)).fields == [
        ("X", "1"),
        ("Cache-Control", "no-store"),
    ]


@pytest.mark.parametrize(
    ("changed", "fields", "added"),
    [
        ({"applies_vary": None}, fields_of("sid=1"), []),
        ({"applies_vary": None}, fields_of("theme=1"), [("Cache-Control", "private")]),
        ({"applies_vary": ()}, fields_of("theme=1"), [("Cache-Control", "private")]),
        (
            {"applies_vary": ("X-Country",)},
            fields_of("theme=1"),
            [("Cache-Control", "private"), ("Vary", "X-Country")],
        ),
        (
            {"applies_vary": None, "vary_fields": ("Cookie",)},
            [],
            [("Cache-Control", "private"), ("Vary", "Cookie")],
        ),
        ({"applies_vary": ("X-Country",), "vary_fields": ("Cookie",)}, [], [("Vary", "Cookie, X-Country")]),
        ({"applies_vary": (), "vary_fields": ("Cookie",)}, [], [("Vary", "Cookie")]),
    ],
)
def test_caches_learn_of_a_policy_that_applies_to_some_requests(
    changed: dict[str, Any], fields: list[Field], added: list[Field]
) -> None:
    permissions = permitting("internal")
    rewritten = rewrite(fields, permissions=permissions, depends_on_applies=True, **changed)
    assert rewritten.fields == [*fields, *added]


def test_an_optional_cookie_that_passes_where_the_policy_does_not_apply_makes_the_response_depend_on_it() -> (
    None
):
    """The next visitor may be one to whom it applies."""
    permissions = JUDGE.permissions(Situation(applies=False))
    context = CONTEXT._replace(permissions=permissions, enforced=False, depends_on_applies=True)
    assert rewrite(fields_of("theme=1"), context).fields[-1] == ("Cache-Control", "private")
    varied = context._replace(applies_vary=("X-Country",))
    assert rewrite(fields_of("theme=1"), varied).fields[1:] == [("Vary", "X-Country")]
    assert rewrite(fields_of("sid=1"), context).fields == fields_of("sid=1")


def test_optional_cookies_are_those_of_no_necessary_category() -> None:
    assert not has_optional_cookies(judged(fields_of("sid=1", "zzz=1", "theme=1")), POLICY.necessary)
    assert has_optional_cookies(judged(fields_of("theme=1"), "internal"), POLICY.necessary)
    assert has_optional_cookies(judged(fields_of("zzz=1"), judge=REPORTING), POLICY.necessary)
