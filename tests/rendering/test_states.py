"""How a category stands with a visitor, and what the banner asks: the decisions behind the page."""

from hypothesis import given
from hypothesis import strategies as st

from consentgate import Basis
from consentgate.rendering.states import (
    Condition,
    confirmation_of,
    has_just_answered,
    question_of,
    statuses_of,
)
from consentgate.rendering.view import VisitorView
from tests.conftest import NOW
from tests.stage import POLICIES, answered, view_of, visitors

POLICY = POLICIES["library"]
KEYS = list(POLICY.digests)
CONSENT = [key for key in KEYS if POLICY.category(key).basis is Basis.CONSENT]


@st.composite
def views(draw: st.DrawFn) -> VisitorView:
    """Any visitor: some answers, some of the rest changed, some denied."""
    message = draw(st.dictionaries(st.sampled_from(KEYS), st.booleans()))
    unanswered = [key for key in CONSENT if key not in message]
    changed = draw(st.sets(st.sampled_from(unanswered))) if unanswered else set()
    denied = draw(st.sets(st.sampled_from(CONSENT)))
    at = int(NOW) - draw(st.integers(0, 10_000))
    preferences = answered(POLICY, at, **message)
    return view_of(POLICY, preferences, changed=dict.fromkeys(changed, at - 1), denied=frozenset(denied))


@given(views())
def test_a_question_is_about_everything_that_is_asked_and_nothing_else(view: VisitorView) -> None:
    """P7."""
    question = question_of(POLICY, view)
    asked = () if question is None else tuple(each.key for each in question.categories)
    assert asked == view.asked
    if question is not None and question.about == "all":
        assert view.preferences.answers == ()
        assert not view.changed
    if question is not None and question.about == "changed":
        assert set(asked) <= set(view.changed)
        assert question.since == min(view.changed[key] for key in asked)


@given(views())
def test_exactly_the_allowed_categories_are_shown_as_on(view: VisitorView) -> None:
    for status in statuses_of(POLICY, view):
        assert (status.shape == "on") == (status.category.key in view.allowed)


@given(views())
def test_an_outcome_names_each_answer_once(view: VisitorView) -> None:
    statuses = statuses_of(POLICY, view)
    outcome = confirmation_of(statuses)
    named = [*outcome.accepted, *outcome.refused, *outcome.objected, *outcome.unanswered]
    silent = (Condition.NECESSARY, Condition.DENIED, Condition.EXEMPT, Condition.EMPTY)
    assert len(named) == sum(status.condition not in silent for status in statuses)
    if outcome.is_refusal:
        assert not outcome.accepted
        assert not outcome.unanswered


def test_statuses_name_each_condition() -> None:
    at = int(NOW) - 1
    shown = {
        name: [str(status.condition) for status in statuses_of(POLICY, view)]
        for name, view in visitors(POLICY).items()
    }
    assert shown == {
        "undecided": ["exempt", "unanswered", "unanswered", "necessary"],
        "accepted": ["exempt", "accepted", "accepted", "necessary"],
        "refused": ["objected", "refused", "refused", "necessary"],
        "later": ["exempt", "accepted", "accepted", "necessary"],
        "partly": ["objected", "accepted", "unanswered", "necessary"],
        "changed": ["exempt", "changed", "accepted", "necessary"],
        "added": ["exempt", "unanswered", "refused", "necessary"],
        "denied": ["exempt", "unanswered", "denied", "necessary"],
    }
    statuses = statuses_of(POLICY, visitors(POLICY)["accepted"])
    assert [status.since for status in statuses] == [None, at, at, None]
    assert [status.can_be_answered for status in statuses] == [True, True, True, False]


def test_the_banner_before_any_answer_names_what_is_on_meanwhile() -> None:
    question = question_of(POLICY, visitors(POLICY)["undecided"])
    assert question is not None
    assert (question.about, [each.key for each in question.exempt]) == ("all", ["audience"])
    # An objection is an answer: nobody is asked about it, nor told that it is on.
    objected = question_of(POLICY, view_of(POLICY, answered(POLICY, int(NOW), audience=False)))
    assert objected is not None
    assert (objected.about, objected.exempt) == ("some", ())


def test_a_confirmation_lasts_a_minute() -> None:
    preferences = answered(POLICY, int(NOW), video=True)
    for later, confirmed in ((0, True), (59, True), (60, False)):
        assert has_just_answered(view_of(POLICY, preferences, now=int(NOW) + later)) is confirmed
    assert not has_just_answered(view_of(POLICY))
