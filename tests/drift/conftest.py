"""Drift stores, and facts to fill them with."""

from pathlib import Path

import pytest
from hypothesis import strategies as st

from consentgate.drift.facts import Fact, Subject, Traits

collect_ignore = ["served.py"]  # a server runs it

subjects = st.builds(
    Subject,
    kind=st.sampled_from(["set", "sent", "host"]),
    name=st.sampled_from(["sid", "_ga", "_pk_id.1", "\xe9", "a\x1bb", ""]),
    verdict=st.sampled_from(["passed", "stripped", "withheld"]),
    category=st.sampled_from(["", "necessary", "statistical"]),
)
scopes = st.tuples(st.sampled_from(["", "/", "/shop"]), st.sampled_from(["", "example.org"]))


@st.composite
def facts(draw: st.DrawFn, day: int | None = None) -> Fact:
    """A fact of one day, as a recorder writes it."""
    subject = draw(subjects)
    day = draw(st.integers(20_000, 20_005)) if day is None else day
    fact = Fact(subject, draw(st.integers(1, 50)), 1, day, day)
    if subject.kind != "set":
        return fact
    return fact._replace(
        lifetime=draw(st.none() | st.integers(1, 10**9)),
        traits=Traits(draw(st.integers(0, 127))),
        scopes=draw(st.frozensets(scopes, max_size=2)),
    )


@pytest.fixture
def store(tmp_path: Path) -> str:
    """The path of a store that is not there yet."""
    return str(tmp_path / "drift.sqlite")
