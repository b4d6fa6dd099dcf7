"""Preferences: a value; and which answers count when (R11 to R13)."""

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import BadPreferences, Basis, Category, Policy, PolicyError
from consentgate.consent.preferences import (
    LEEWAY,
    UNDECIDED,
    Answer,
    JudgedAnswers,
    Preferences,
    agree,
    answers_to,
    first_end,
    judge_answers,
)

YES = Answer("a", True, 10, "digest-a")
NO = Answer("b", False, 20, "digest-b")

KEPT, KEPT_REFUSAL = 1000, 300
POLICY = Policy(
    [
        Category("n", basis=Basis.NECESSARY, cookies=["sid"]),
        *(Category(key, cookies=[f"cookie-{key}"]) for key in "abc"),
    ],
    cookie_lifetime=f"{KEPT} seconds",
    refusal_lifetime=f"{KEPT_REFUSAL} seconds",
)
FRESH = dict(POLICY.digests)


def test_everything_is_unset_before_any_choice() -> None:
    assert UNDECIDED.answers == ()
    assert UNDECIDED.state("a") == "unset"
    assert not UNDECIDED.accepts("a")
    assert not UNDECIDED.refuses("a")


def test_answers_are_distinct_and_equal_in_any_order() -> None:
    preferences = Preferences((NO, YES))
    assert preferences == Preferences((YES, NO))
    assert hash(preferences) == hash(Preferences((YES, NO)))
    assert (preferences.state("a"), preferences.state("b")) == ("accepted", "refused")
    assert preferences.accepts("a")
    assert preferences.refuses("b")


def test_preferences_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        UNDECIDED.answers = (YES,)  # type: ignore[misc]


keys = st.sampled_from(["a", "b", "c"])
moments = st.integers(0, 3 * KEPT)


@st.composite
def answers(draw: st.DrawFn) -> tuple[Answer, ...]:
    """Answers of one token: each category at most once; changed digests and unknown keys among them."""
    drawn = draw(st.dictionaries(keys | st.just("gone"), st.tuples(st.booleans(), moments, st.booleans())))
    return tuple(
        Answer(key, yes, at, FRESH.get(key, "x" * 8) if fits else "CHANGED!")
        for key, (yes, at, fits) in drawn.items()
    )


@given(answers(), answers(), st.sets(keys))
def test_replacing_changes_only_the_answers_given_or_taken_out(
    before: tuple[Answer, ...], new: tuple[Answer, ...], without: set[str]
) -> None:
    without -= {answer.category for answer in new}
    replaced = Preferences(before).replace(new, without)
    for key in ("a", "b", "c", "gone"):
        given_anew = Preferences(new).answer(key)
        expected = None if key in without else given_anew or Preferences(before).answer(key)
        assert replaced.answer(key) == expected


def test_replacing_keeps_the_day_of_every_other_answer() -> None:
    replaced = Preferences((YES, NO)).replace((Answer("b", True, 30, "digest-b"),))
    assert replaced.answers == (YES, Answer("b", True, 30, "digest-b"))
    assert Preferences((YES, NO)).replace((), ["a"]).answers == (NO,)


def judged(given_answers: tuple[Answer, ...], now: float | None) -> JudgedAnswers | None:
    try:
        return judge_answers(given_answers, POLICY, now)
    except BadPreferences:
        return None


@given(answers(), moments)
@example((Answer("a", False, 0, FRESH["a"]), Answer("b", True, 900, FRESH["b"])), 1000)
def test_an_answer_counts_until_its_lifetime_ends(given_answers: tuple[Answer, ...], now: int) -> None:
    """A no stands whatever changes in its category; a yes only while the digest fits."""
    result = judged(given_answers, now)
    alive = [each for each in given_answers if now < each.at + (KEPT if each.accepted else KEPT_REFUSAL)]
    if given_answers and (not alive or max(each.at for each in given_answers) > now + LEEWAY):
        assert result is None
        return
    assert result is not None
    declared = [each for each in alive if each.category in FRESH]
    fitting = [each for each in declared if not each.accepted or each.digest == FRESH[each.category]]
    assert result.valid == Preferences(tuple(fitting))
    assert set(result.changed) == set(declared) - set(fitting)
    assert all(each.accepted for each in result.changed)


@given(answers(), moments, moments)
@example((Answer("a", False, 1000, FRESH["a"]), Answer("b", True, 900, FRESH["b"])), 1500, 1000)
@example((Answer("a", False, 1000, FRESH["a"]), Answer("b", True, 900, FRESH["b"])), 1500, 600)
def test_a_judgement_holds_in_its_window(given_answers: tuple[Answer, ...], now: int, later: int) -> None:
    """Backwards too: clocks are put right."""
    result = judged(given_answers, now)
    if result is None:
        return
    assert result.start <= now < result.end
    if result.start <= later < result.end:
        assert judged(given_answers, later) == result


@given(answers(), moments)
def test_a_judgement_is_another_outside_its_window(given_answers: tuple[Answer, ...], now: int) -> None:
    result = judged(given_answers, now)
    if result is None or not given_answers:
        return
    for outside in (result.start - 1, result.end):
        assert judged(given_answers, outside) != result


def test_age_is_left_out_of_account_where_no_time_is_given() -> None:
    old = Answer("a", True, 0, FRESH["a"])
    assert judge_answers([old], POLICY, None).valid == Preferences((old,))
    with pytest.raises(BadPreferences, match="too old"):
        judge_answers([old], POLICY, KEPT)
    with pytest.raises(BadPreferences, match="future"):
        judge_answers([old], POLICY, -LEEWAY - 1)


def test_the_first_end_is_that_of_the_answer_that_lasts_least() -> None:
    yes, no = Answer("a", True, 10, FRESH["a"]), Answer("b", False, 20, FRESH["b"])
    assert first_end(Preferences((yes, no)), POLICY) == 20 + KEPT_REFUSAL
    assert first_end(Preferences((yes,)), POLICY) == 10 + KEPT
    assert first_end(UNDECIDED, POLICY) is None


def test_no_answers_are_valid_for_ever() -> None:
    result = judge_answers([], POLICY, 5)
    assert (result.valid, result.changed) == (UNDECIDED, ())
    assert (result.start, result.end) == (0, float("inf"))


@given(st.lists(answers().map(Preferences), min_size=1, max_size=4))
@example([Preferences((Answer("a", True, 5, each),)) for each in ("1", "2")])
def test_any_no_stands_and_a_yes_is_everyones(several: list[Preferences]) -> None:
    agreed = agree(several)
    assert agreed == agree(several[::-1])
    for key in ("a", "b", "c", "gone"):
        refusals = [each.answer(key) for each in several if each.refuses(key)]
        yeses = [each.answer(key) for each in several if each.accepts(key)]
        answer = agreed.answer(key)
        if refusals:
            assert answer in refusals
            assert answer is not None
            assert answer.at == min(each.at for each in refusals if each is not None)
        elif len(yeses) == len(several):
            assert answer in yeses
            assert answer is not None
            assert answer.at == min(each.at for each in yeses if each is not None)
        else:
            assert answer is None


def test_answers_are_given_to_what_can_be_chosen() -> None:
    given_answers = answers_to(POLICY, {"a": True, "b": False, "n": True}, 7)
    assert given_answers == (Answer("a", True, 7, FRESH["a"]), Answer("b", False, 7, FRESH["b"]))
    with pytest.raises(PolicyError, match="'n' is necessary and cannot be refused"):
        answers_to(POLICY, {"n": False}, 7)
    with pytest.raises(PolicyError, match="unknown category 'gone'"):
        answers_to(POLICY, {"gone": True}, 7)
