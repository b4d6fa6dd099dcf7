"""Preferences: a value."""

from dataclasses import FrozenInstanceError

import pytest

from consentgate.consent.preferences import UNDECIDED, Answer, Preferences

YES = Answer("a", True, 10, "digest-a")
NO = Answer("b", False, 20, "digest-b")


def test_before_any_choice_everything_is_unset() -> None:
    assert UNDECIDED.answers == ()
    assert UNDECIDED.state("a") == "unset"
    assert not UNDECIDED.accepts("a")
    assert not UNDECIDED.refuses("a")


def test_answers_are_told_apart_and_equal_in_any_order() -> None:
    preferences = Preferences((NO, YES))
    assert preferences == Preferences((YES, NO))
    assert hash(preferences) == hash(Preferences((YES, NO)))
    assert (preferences.state("a"), preferences.state("b")) == ("accepted", "refused")
    assert preferences.accepts("a")
    assert preferences.refuses("b")


def test_amending_changes_only_what_is_answered_anew() -> None:
    amended = Preferences((YES, NO)).amended((Answer("b", True, 30, "digest-b"),))
    assert amended.answer("a") == YES
    assert amended.answer("b") == Answer("b", True, 30, "digest-b")


def test_preferences_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        UNDECIDED.answers = (YES,)  # type: ignore[misc]
