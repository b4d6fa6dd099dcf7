"""Opt-out signals: read to the letter, and never a yes."""

import json
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import Basis, Category, Policy
from consentgate.consent.opt_out import (
    SIGNAL_FIELDS,
    denied_keys,
    gpc_json,
    signal_fields,
    signals_of,
)
from tests.conftest import ATTESTED
from tests.strategies import ANY_TEXT, policies

BOTH = ("gpc", "dnt")

POLICY = Policy(
    [
        Category("necessary", basis=Basis.NECESSARY, cookies=["sid"]),
        Category("measured", basis=Basis.EXEMPT, attestation=ATTESTED, cookies=["_pk_id"]),
        Category("theme", cookies=["theme"]),
        Category("ads", cookies=["vid"], sale_or_share=True),
        Category("partners", hosts=["b.example"], sale_or_share=True),
    ]
)


@pytest.mark.parametrize("value", ["1", "1, 1", "0,1", "1,0", " 1", "1\t", "x,\t1 ,y"])
def test_one_value_of_exactly_1_is_enough(value: str) -> None:
    """R48."""
    assert signals_of(value, None, BOTH) == ("gpc",)
    assert signals_of(value, None, ("dnt",)) == ()
    assert signals_of(None, value, BOTH) == ("dnt",)


@pytest.mark.parametrize(
    "value", [None, "", "0", "true", "1;x", "11", '"1"', "\xa01", "\x0b1", "1 1", "?1", "0, 0"]
)
def test_any_other_sec_gpc_is_no_signal(value: str | None) -> None:
    """R48."""
    assert signals_of(value, None, BOTH) == ()


@pytest.mark.parametrize(
    ("value", "came"), [("1", True), ("1xyz", True), ("0", False), ("01", False), ("", False)]
)
def test_a_dnt_of_1_may_be_followed_by_extensions(value: str, came: bool) -> None:
    """R55."""
    assert signals_of(None, value, BOTH) == (("dnt",) if came else ())
    assert signals_of(None, value, ("gpc",)) == ()


def test_both_may_come() -> None:
    assert signals_of("1", "1", BOTH) == ("gpc", "dnt") == signals_of("1", "1", BOTH[::-1])
    assert signals_of("1", "1", ()) == ()


@given(ANY_TEXT | st.none(), ANY_TEXT | st.none())
@example("1," * 5000, None)
def test_whatever_comes_is_read(sec_gpc: str | None, dnt: str | None) -> None:
    assert set(signals_of(sec_gpc, dnt, BOTH)) <= set(BOTH)


def test_a_signal_denies_what_is_sold_or_shared() -> None:
    """R50."""
    assert denied_keys(POLICY, ["gpc"]) == denied_keys(POLICY, ["dnt"]) == {"ads", "partners"}
    assert denied_keys(POLICY, ()) == frozenset()
    assert denied_keys(Policy([Category("ads", cookies=["vid"])]), BOTH) == frozenset()


@given(policies, st.lists(st.sampled_from(BOTH)), st.lists(st.sampled_from(BOTH)), st.data())
def test_more_signals_never_allow_more(
    policy: Policy, signals: list[str], more: list[str], data: st.DataObject
) -> None:
    """R52."""
    categories = [
        Category(each.key, basis=each.basis, attestation=each.attestation, sale_or_share=sold)
        for each in policy.categories
        for sold in [each.basis is Basis.CONSENT and data.draw(st.booleans())]
    ]
    marked = Policy(categories)
    allowed = data.draw(st.sets(st.sampled_from([each.key for each in categories])))
    fewer = allowed - denied_keys(marked, signals)
    assert allowed - denied_keys(marked, [*signals, *more]) <= fewer <= allowed
    assert not denied_keys(marked, BOTH) & marked.necessary


def test_caches_learn_of_the_fields_only_where_they_decide_something() -> None:
    assert signal_fields(POLICY, ("gpc",)) == ("Sec-GPC",)
    assert signal_fields(POLICY, BOTH) == ("Sec-GPC", "DNT") == tuple(SIGNAL_FIELDS.values())
    assert signal_fields(POLICY, ()) == ()
    assert signal_fields(Policy([Category("a", cookies=["x"])]), BOTH) == ()


@pytest.mark.parametrize("updated", [None, date(2026, 11, 25)])
def test_the_site_says_that_it_honours_the_signal(updated: date | None) -> None:
    """R54."""
    message = json.loads(gpc_json(updated))
    assert message == {"gpc": True} | ({} if updated is None else {"lastUpdate": "2026-11-25"})
    assert message["gpc"] is True
