"""The object a site holds."""

import inspect
from datetime import UTC, datetime

import pytest

from consentgate import ConsentGate, Policy, PolicyError
from consentgate.gate.options import GateOptions
from tests.conftest import KEY, application, make_policy

POLICY = make_policy(exempt=True)


def test_choosing_is_accepting_these_and_refusing_the_others() -> None:
    chosen = POLICY.choose(["internal", "necessary"], at=datetime(2026, 1, 1, tzinfo=UTC))
    assert {answer.category: answer.accepted for answer in chosen.answers} == {
        "internal": True,
        "statistical": False,
        "third-party": False,
    }
    assert {answer.at for answer in chosen.answers} == {int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())}


def test_a_choice_is_made_now_unless_a_time_is_given(clock: object) -> None:
    assert {answer.at for answer in POLICY.choose([]).answers} == {1_763_900_000}


def test_mistakes_are_named() -> None:
    with pytest.raises(PolicyError, match="unknown category 'stats'"):
        POLICY.choose(["stats"])
    with pytest.raises(PolicyError, match="list of category keys, not 'internal'"):
        POLICY.choose("internal")
    with pytest.raises(PolicyError, match="aware datetime"):
        POLICY.choose([], at=datetime(2026, 1, 1))


def test_wrapping_is_making_a_gate_with_the_same_options() -> None:
    gate = POLICY.wrap(application(), secret_key=KEY, undeclared="report")
    assert isinstance(gate, ConsentGate)
    assert gate.options.undeclared == "report"
    wrap, made = (dict(inspect.signature(each).parameters) for each in (Policy.wrap, ConsentGate))
    assert list(wrap)[:2] == ["self", "app"]
    assert list(made)[:2] == ["app", "policy"]
    options = dict(inspect.signature(GateOptions).parameters)
    assert list(wrap.items())[2:] == list(made.items())[2:] == list(options.items())


def test_a_policy_is_frozen() -> None:
    with pytest.raises(AttributeError):
        POLICY.title = "other"  # type: ignore[misc]
    with pytest.raises((AttributeError, TypeError)):
        POLICY.digests["internal"] = "x"  # type: ignore[index]
