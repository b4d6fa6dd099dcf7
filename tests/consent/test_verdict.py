"""The rule: total, pure, one for all that ask it, and never more generous for less consent."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import Basis, Category, Policy
from consentgate.consent.preferences import Answer, Preferences
from consentgate.consent.verdict import (
    INVALID,
    NAMELESS,
    Judge,
    Reason,
    Situation,
    Special,
    Verdict,
    answer_key,
)
from consentgate.gate.request import filter_cookie_string, list_pairs
from consentgate.gate.response import judge_set_cookies
from consentgate.headers.cookie import has_control
from tests.conftest import NOW, make_policy
from tests.strategies import ANY_TEXT, NATIVE, blanks, names, policies

POLICY = make_policy(exempt=True)
JUDGE = Judge(POLICY)
CHOOSABLE = ("statistical", "internal", "third-party")


@st.composite
def situations(draw: st.DrawFn, policy: Policy = POLICY) -> Situation:
    """Any situation, possible or not: the rule is total."""
    keys = [category.key for category in policy.categories] + ["gone"]
    sets = st.sets(st.sampled_from(keys)).map(frozenset)
    given_answers = draw(st.dictionaries(st.sampled_from(keys), st.booleans()))
    return Situation(
        answers=tuple(sorted(given_answers.items())),
        changed=draw(sets),
        complete=draw(st.booleans()),
        denied=draw(sets),
        withheld=draw(st.booleans()),
        applies=draw(st.booleans()),
    )


def message(**given_answers: bool) -> Situation:
    return Situation(tuple(sorted((key.replace("_", "-"), yes) for key, yes in given_answers.items())))


EVERYTHING = message(statistical=True, internal=True, third_party=True)
NO_SITUATION = message(statistical=False, internal=False, third_party=False)
UNDECIDED = Situation()


@given(st.data(), policies | st.just(POLICY), names | ANY_TEXT | NATIVE, st.booleans())
def test_enforcing_filtering_and_explaining_agree(
    data: st.DataObject, policy: Policy, name: str, admit_undeclared: bool
) -> None:
    """Invariant (iv): one rule, and no name makes it raise."""
    judge = Judge(policy, admit_undeclared=admit_undeclared)
    permissions = judge.permissions(data.draw(situations(policy)))
    verdict = judge.explain(name, permissions)
    if "=" in name:
        assert verdict == NAMELESS
        return
    assert verdict is permissions.verdicts[judge.category_key(name)]
    if has_control(name) or ";" in name:
        assert not verdict.admitted or verdict.reason is Reason.NOT_APPLICABLE
        return
    pair = f"{name}=1"
    filtered = filter_cookie_string(pair, judge, permissions, ())
    judged = judge_set_cookies([("Set-Cookie", pair)], judge, permissions, NOW)
    if judge.category_key(name) is Special.RESERVED:
        assert filtered.withheld[0].verdict == INVALID
        assert judged.stripped[0].verdict == verdict
        return
    assert (filtered.apply(pair) == pair) is verdict.admitted
    assert bool(judged.fields) is verdict.admitted
    assert [each.verdict for each in filtered.withheld + filtered.undeclared] == (
        [verdict] if not verdict.admitted or verdict.reason is Reason.UNDECLARED_REPORTED else []
    )
    (cookie,) = judged.stripped + judged.undeclared + judged.passed
    assert cookie.verdict == verdict
    assert all(each.verdict == verdict for each in list_pairs(pair, judge, permissions))


@given(st.data(), policies | st.just(POLICY))
def test_a_category_is_allowed_where_its_cookies_are_admitted(data: st.DataObject, policy: Policy) -> None:
    judge = Judge(policy)
    permissions = judge.permissions(data.draw(situations(policy)))
    for category in policy.categories:
        verdict = permissions.verdicts[category.key]
        assert verdict.admitted is (category.key in permissions.allowed)
        assert verdict.category == category.key
        for cookie in category.cookies:
            if not cookie.is_pattern and cookie.name != policy.cookie_name:
                assert judge.explain(cookie.name, permissions) is verdict
    assert not permissions.verdicts[Special.RESERVED].admitted


@given(situations())
def test_necessary_cookies_are_always_admitted(situation: Situation) -> None:
    """R3."""
    assert "necessary" in JUDGE.permissions(situation).allowed


@given(situations())
def test_signals_and_withheld_answers_only_take_away(situation: Situation) -> None:
    allowed = JUDGE.permissions(situation).allowed
    for looser in (
        situation._replace(denied=frozenset()),
        situation._replace(withheld=False),
        situation._replace(denied=frozenset(), withheld=False),
    ):
        permissions = JUDGE.permissions(looser)
        assert allowed <= permissions.allowed


@given(situations(), st.sampled_from(CHOOSABLE))
def test_a_yes_never_allows_less_than_a_no(situation: Situation, key: str) -> None:
    """Invariant (iii)."""
    others = tuple(each for each in situation.answers if each[0] != key)
    yes, no, unset = (
        JUDGE.permissions(situation._replace(answers=answers)).allowed
        for answers in ((*others, (key, True)), (*others, (key, False)), others)
    )
    assert no <= unset <= yes


@given(st.data(), policies | st.just(POLICY))
def test_only_open_questions_are_asked(data: st.DataObject, policy: Policy) -> None:
    """Never an answered, denied, exempt, necessary or empty category; and nothing without answers."""
    situation = data.draw(situations(policy))
    asked = Judge(policy).permissions(situation).asked
    answered = {key for key, _ in situation.answers}
    for key in asked:
        category = policy.category(key)
        assert category.basis is Basis.CONSENT and category.can_be_chosen
        assert key not in answered | situation.denied
    if situation.complete or situation.withheld or not situation.applies:
        assert asked == ()
    else:
        assert set(asked) == {
            each.key
            for each in policy.categories
            if each.basis is Basis.CONSENT
            and each.can_be_chosen
            and each.key not in answered | situation.denied
        }
    order = [category.key for category in policy.categories]
    assert list(asked) == sorted(asked, key=order.index)


def test_before_a_choice_only_necessary_and_exempt_categories_are_allowed() -> None:
    """R1, R28."""
    undecided = JUDGE.permissions(UNDECIDED)
    assert undecided.allowed == {"necessary", "statistical"}
    assert undecided.asked == ("internal", "third-party")
    assert JUDGE.permissions(NO_SITUATION).allowed == {"necessary"}
    assert JUDGE.permissions(NO_SITUATION).asked == ()
    assert JUDGE.permissions(EVERYTHING).allowed == {"necessary", *CHOOSABLE}


def test_without_answers_to_ask_for_nothing_is_asked() -> None:
    assert Judge(Policy([Category("empty")])).permissions(UNDECIDED).asked == ()
    necessary = Policy([Category("n", basis=Basis.NECESSARY, cookies=["a"])])
    assert Judge(necessary).permissions(UNDECIDED).asked == ()


@pytest.mark.parametrize(
    ("name", "situation", "text"),
    [
        ("sid", NO_SITUATION, "admitted: necessary (category 'necessary')"),
        (" sid\t", NO_SITUATION, "admitted: necessary (category 'necessary')"),
        ("_pk_id", UNDECIDED, "admitted: exempt, not refused (category 'statistical')"),
        ("_pk_ses.1", NO_SITUATION, "not admitted: refused (category 'statistical')"),
        ("theme", EVERYTHING, "admitted: accepted (category 'internal')"),
        ("theme", UNDECIDED, "not admitted: not accepted (category 'internal')"),
        ("vid", NO_SITUATION, "not admitted: refused (category 'third-party')"),
        (
            "theme",
            Situation(changed=frozenset({"internal"})),
            "not admitted: accepted before the category changed (category 'internal')",
        ),
        (
            "theme",
            EVERYTHING._replace(denied=frozenset({"internal"})),
            "not admitted: denied by a signal of the browser (category 'internal')",
        ),
        (
            "_pk_id",
            Situation(withheld=True),
            "not admitted: the browser held the visitor's answers back (category 'statistical')",
        ),
        (
            "theme",
            NO_SITUATION._replace(applies=False),
            "admitted: the policy does not apply (category 'internal')",
        ),
        ("zzz", Situation(applies=False), "admitted: the policy does not apply (no category)"),
        ("zzz", EVERYTHING, "not admitted: undeclared (no category)"),
        ("", EVERYTHING, "not admitted: no name all browsers agree on (no category)"),
        ("a\n", EVERYTHING, "not admitted: no name all browsers agree on (no category)"),
        ("a;b", EVERYTHING, "not admitted: no name all browsers agree on (no category)"),
        ("sid=1", EVERYTHING, "not admitted: no name all browsers agree on (no category)"),
        (
            "cookies_preferences",
            EVERYTHING,
            "not admitted: the preferences cookie is the gate's to set (no category)",
        ),
        (
            "cookies_preferences",
            Situation(applies=False),
            "not admitted: the preferences cookie is the gate's to set (no category)",
        ),
    ],
)
def test_every_verdict_has_its_reason(name: str, situation: Situation, text: str) -> None:
    assert str(JUDGE.explain(name, JUDGE.permissions(situation))) == text


def test_a_verdict_is_true_or_false_and_nothing_else() -> None:
    for situation in (
        UNDECIDED,
        EVERYTHING,
        NO_SITUATION,
        Situation(applies=False),
        Situation(withheld=True),
    ):
        for verdict in JUDGE.permissions(situation).verdicts.values():
            assert verdict.admitted is True or verdict.admitted is False


def test_undeclared_cookies_may_be_admitted_and_only_reported() -> None:
    judge = Judge(POLICY, admit_undeclared=True)
    permissions = judge.permissions(NO_SITUATION)
    assert judge.explain("zzz", permissions) == Verdict(True, Reason.UNDECLARED_REPORTED)
    assert permissions.allowed == JUDGE.permissions(NO_SITUATION).allowed
    assert judge.explain("", permissions) == NAMELESS


@given(blanks, names, blanks)
def test_names_are_read_as_browsers_do(before: str, name: str, after: str) -> None:
    key = JUDGE.category_key(before + name + after)
    expected: Any = POLICY.key_of(name) or Special.UNDECLARED
    assert key == JUDGE.category_key(name)
    assert key == (Special.RESERVED if name == POLICY.cookie_name else expected)


@given(ANY_TEXT | NATIVE)
@example("x\xa0")
@example("x\x85")
@example("x\x7f")
@example("\ud800")
def test_a_name_nobody_agrees_on_is_nameless(text: str) -> None:
    name = text.strip(" \t")
    is_nameless = not name or ";" in name or has_control(name)
    assert (JUDGE.category_key(text) is Special.NAMELESS) is is_nameless


@pytest.mark.caches
def test_names_and_situations_are_cached_within_bounds() -> None:
    judge = Judge(POLICY)
    for number in range(5000):
        judge.category_key(f"name{number}")
        judge.category_key(f"{number:065d}")
        judge.permissions(Situation(changed=frozenset({str(number)})))
        assert len(judge.keys) <= 2048
        assert len(judge._permissions) <= 256
    assert not any(len(text) > 64 for text in judge.keys)


@pytest.mark.caches
def test_visitors_with_the_same_answers_share_their_permissions() -> None:
    digest = POLICY.digests["internal"]
    one, other = (Preferences((Answer("internal", True, at, digest),)) for at in (5, 9))
    assert answer_key(one) == answer_key(other) == (("internal", True),)
    assert JUDGE.permissions(Situation(answer_key(one))) is JUDGE.permissions(Situation(answer_key(other)))
