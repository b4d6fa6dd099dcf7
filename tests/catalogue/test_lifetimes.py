"""Lifetimes as sites declare them (R27, R41)."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentgate import PolicyError
from consentgate.catalogue.lifetimes import duration, lifetime_limit, lifetime_text, measure_lifetime

DAY = 24 * 3600


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("1 second", timedelta(seconds=1)),
        ("30 minutes", timedelta(minutes=30)),
        ("2 hours", timedelta(hours=2)),
        ("14 days", timedelta(days=14)),
        ("2 weeks", timedelta(days=14)),
        ("6 months", timedelta(days=182)),
        ("13 months", timedelta(days=395)),
        ("1 year", timedelta(days=365)),
        ("session", None),
    ],
)
def test_a_lifetime_in_words(text: str, length: timedelta | None) -> None:
    assert duration(text) == length
    assert lifetime_text(text) == text


@pytest.mark.parametrize(
    "wrong", ["", "0 days", "-1 days", "14", "14 fortnights", "\u0661 day", timedelta(0), 14, "9999999 days"]
)
def test_a_malformed_lifetime_is_named(wrong: object) -> None:
    with pytest.raises(PolicyError) as caught:
        duration(wrong)  # type: ignore[arg-type]
    assert repr(wrong) in str(caught.value)


@given(st.integers(1, 999_999))
def test_a_lifetime_in_words_says_how_long_it_is(seconds: int) -> None:
    length = timedelta(seconds=seconds)
    assert duration(lifetime_text(length)) == length


def test_a_lifetime_that_is_not_stated_has_no_words() -> None:
    assert lifetime_text(None) == ""


@pytest.mark.parametrize(
    ("lifetime", "text", "parts"),
    [
        (timedelta(days=14), "14 days", (14, "day")),
        (timedelta(days=1), "1 day", (1, "day")),
        (timedelta(hours=36), "36 hours", (36, "hour")),
        (timedelta(hours=1), "1 hour", (1, "hour")),
        (timedelta(minutes=2), "2 minutes", (2, "minute")),
        (timedelta(seconds=1), "1 second", (1, "second")),
        (timedelta(seconds=86401), "86401 seconds", (86401, "second")),
        (timedelta(milliseconds=1), "1 second", (1, "second")),
        ("13 months", "13 months", (13, "month")),
        ("session", "session", None),
    ],
)
def test_lifetimes_in_words(lifetime: timedelta | str, text: str, parts: tuple[int, str] | None) -> None:
    assert lifetime_text(lifetime) == text
    assert measure_lifetime(lifetime) == parts


@pytest.mark.parametrize(
    ("declared", "seconds"),
    [
        (["14 days"], 14 * DAY),
        ([timedelta(microseconds=1)], 1),
        ([None], 400 * DAY),
        (["2 years"], 400 * DAY),
        (["session"], None),
        (["session", "session"], None),
        (["session", "1 day", "2 days"], 2 * DAY),
        (["session", None], 400 * DAY),
    ],
)
def test_the_lifetime_limit_of_a_cookie(declared: list[Any], seconds: int | None) -> None:
    """R41."""
    assert lifetime_limit(declared) == seconds
