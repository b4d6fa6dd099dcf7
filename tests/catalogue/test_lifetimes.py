"""Lifetimes, declared and stated; what is a deletion, and what only looks like one (R27, R37, R40, R46)."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentgate import PolicyError
from consentgate.catalogue.lifetimes import duration, lifetime_limit, lifetime_text, measured
from consentgate.headers.set_cookie import earliest_now, is_deletion
from tests.conftest import NOW
from tests.strategies import ANY_TEXT, NATIVE, set_cookie_strings

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
def test_what_is_no_lifetime_is_named(wrong: object) -> None:
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
    "text",
    [
        pytest.param("t=; Max-Age=0; Path=/", id="flask, werkzeug"),
        pytest.param('t=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=-1; Path=/', id="bottle"),
        pytest.param("t=; expires=Wed, 31-Dec-97 23:59:59 GMT", id="webob, pyramid"),
        pytest.param("t=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT", id="php"),
        pytest.param("t=x; Max-Age=60; max-age = 0", id="the last Max-Age"),
        pytest.param("t=x; Expires=Fri, 31 Dec 2038 23:59:59 GMT; Max-Age=0", id="Max-Age over Expires"),
        pytest.param(f"t=x; Max-Age={'0' * 1024}", id="1,024 zeros"),
        pytest.param('t="; Max-Age=0', id="an open quote"),
    ],
)
def test_deletions_of_frameworks_and_browsers(text: str) -> None:
    assert is_deletion(text, NOW)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("t=x", id="a session cookie"),
        pytest.param("t=x; Max-Age=60", id="a minute"),
        pytest.param("t=x; Max-Age=0; Max-Age=x", id="the last Max-Age counts, even an invalid one"),
        pytest.param("t=x; Max-Age=0abc", id="not a number"),
        pytest.param("t=x; Max-Age=+0", id="Firefox stores +0"),
        pytest.param("t=x; Max-Age=0_0", id="int() would take it"),
        pytest.param("t=x; Max-Age=\u0660", id="so would it take this"),
        pytest.param('t="x; Max-Age=0"; Path=/', id="Max-Age ends in a quote"),
        pytest.param(f"t=x; Max-Age={'0' * 1025}", id="1,025 zeros"),
        pytest.param("t=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60", id="Max-Age over Expires"),
        pytest.param("t=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Expires=x", id="the last Expires"),
        pytest.param("t=x; Expires=Sun, 23 Nov 2025 12:13:00 GMT", id="seconds ago"),
        pytest.param("max-age=0", id="a cookie of that name"),
    ],
)
def test_what_some_browser_stores_is_no_deletion(text: str) -> None:
    assert not is_deletion(text, NOW)


@given(ANY_TEXT | NATIVE | set_cookie_strings, st.integers(0, 30 * DAY))
def test_a_deletion_stays_one_as_time_goes_by(text: str, later: int) -> None:
    assert not is_deletion(text, NOW) or is_deletion(text, NOW + later)


def test_expires_is_measured_against_the_earliest_date() -> None:
    """FACTS.md, Deletions 5: a Date ten days back makes "two days ago" live."""
    assert earliest_now([("Vary", "x"), ("Date", "Thu, 13 Nov 2025 00:00:00 GMT")], NOW) < NOW - 10 * DAY
    assert earliest_now([("date", "Sat, 13 Nov 2055 00:00:00 GMT")], NOW) == NOW
    assert earliest_now([("Date", "never")], NOW) == float("-inf")
    assert earliest_now([("Vary", "Cookie")], NOW) == NOW


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
    assert measured(lifetime) == parts


def test_no_lifetime_is_no_text() -> None:
    assert lifetime_text(None) == ""


def test_the_date_of_a_response_is_read_without_its_blanks_and_no_more() -> None:
    """cookies/FACTS.md, deletions 5; NBSP is no blank."""
    date = "Sat, 22 Nov 2025 00:00:00 GMT"
    moment = 1763769600.0
    assert earliest_now([("Date", f" {date}\t")], NOW * 2) == moment
    assert earliest_now([("Date", f"\xa0{date}")], NOW) == float("-inf")
    assert earliest_now([("Date", f"X{date}X")], NOW) == float("-inf")


def test_a_day_in_the_past_is_enough_to_the_second() -> None:
    """R40."""
    line = "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
    assert is_deletion(line, DAY) and not is_deletion(line, DAY - 1)
    assert is_deletion(line, 2 * DAY, [("Date", "Fri, 02 Jan 1970 00:00:00 GMT")])
    assert not is_deletion(line, 2 * DAY, [("Date", "Thu, 01 Jan 1970 23:59:59 GMT")])


@pytest.mark.parametrize(
    ("declared", "exempt", "seconds"),
    [
        (["14 days"], False, 14 * DAY),
        ([timedelta(microseconds=1)], False, 1),
        ([None], False, 400 * DAY),
        ([None], True, 395 * DAY),
        (["2 years"], False, 400 * DAY),
        (["2 years"], True, 395 * DAY),
        (["1 day"], True, DAY),
        (["session"], False, None),
        (["session", "session"], True, None),
        (["session", "1 day", "2 days"], False, 2 * DAY),
        (["session", None], False, 400 * DAY),
    ],
)
def test_how_long_a_cookie_may_live(declared: list[Any], exempt: bool, seconds: int | None) -> None:
    """R27, R41."""
    assert lifetime_limit(declared, exempt=exempt) == seconds
