"""Lifetimes that are shortened: never longer than declared, never longer than the application's own."""

import random
import re
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate.headers.cookie import cookie_date
from consentgate.headers.set_cookie import (
    MAX_LIFETIME,
    exceeds,
    http_date,
    may_exceed,
    response_date,
    shorten_lifetime,
    stated_attributes,
)
from consentgate.testing.jar import Jar, StoredCookie, moment_of
from tests.conftest import NOW
from tests.strategies import ANY_TEXT, NATIVE, set_cookie_strings

DAY = 24 * 3600
LIMIT = 395 * DAY
HOME = "https://www.example.org/"

Fields = list[tuple[str, str]]


def dates(moment: float) -> list[str]:
    """One moment in the spellings that applications write, and in some that nobody should."""
    date = datetime.fromtimestamp(moment, UTC)
    day, month, year, clock = f"{date:%d}", f"{date:%b}", f"{date:%Y}", f"{date:%H:%M:%S}"
    return [
        f"{date:%a}, {day} {month} {year} {clock} GMT",
        f"{date:%a}, {day}-{month}-{year} {clock} GMT",
        f"{date:%A}, {day}-{month}-{date:%y} {clock} GMT",
        f"{date:%a} {month} {day} {clock} {year}",
        f"{date:%a}, {day} {month} {year} {clock} -0000",
        f"{date:%a}, {day} {month} {year} {clock} UTC",
        f"{date:%a}, {day} {month} {year} {clock} +0100",
        f"{date:%a}, {day} {month} {year} {clock} PST",
        f"{date:%a}, {day} {month} {year} {clock} GMT -9900",
        f"{day} {month} {year} {clock}",
        f"{date.day} {month.lower()} {year} {clock}",
        f"{month} {day} {year} {clock}",
        f"{year} {day} {month} {clock}",
        f"{clock} {day} {month} {year}",
        f'"{date:%a}, {day} {month} {year} {clock} GMT"',
        f"{date.isoformat()}",
        f"{day}/{date:%m}/{year} {clock}",
        f"{day}_{month}_{year} {clock}",
        f"{day} {month}ember {year} {clock}",
        f"31 Feb {year} {clock}",
        f"{day} {month} {year}",
        f"{day} {month} {year} 24:00:00",
        f"{day} {month} {date:%y} {clock}",
        str(int(moment)),
        "soon",
        "",
    ]


AGES = (-1, 0, 1, 60, DAY, 30 * DAY, LIMIT, LIMIT + 1, MAX_LIFETIME, MAX_LIFETIME + 1, 10**10, 10**30)
NUMBERS = [
    "{}",
    "{}",
    "{}",
    "+{}",
    "00{}",
    "{}.0",
    '"{}"',
    "{}s",
    "{},",
    "{}_0",
    "-{}",
    "--{}",
    "{}\xa0",
    "{} ",
]


def lifetime_avs(now: float) -> list[str]:
    """Attributes that state a lifetime, and some that only look so."""
    ages = [
        f"{name}={number.format(age)}"
        for name in ("Max-Age", "max-age", "MAX-AGE ")
        for number in NUMBERS
        for age in AGES
    ]
    moments = (1.0, now - 2 * DAY, now - 60, now + 60, now + 20 * DAY, now + 390 * DAY, now + 4000 * DAY)
    expires = [f"{name}={date}" for name in ("Expires", "expires") for at in moments for date in dates(at)]
    odd = [
        "Max-Age",
        "Max-Age=",
        "Expires",
        "Max-Age=" + "0" * 1025,
        "Max-Age\xa0=5",
        "XMax-Age=5",
        "Max-Age:5",
    ]
    return [*ages, *expires, *odd, *(f"Max-Age= {age}\t" for age in AGES)]


OTHER_AVS = [
    "Path=/",
    "Secure",
    " HttpOnly",
    "SameSite=Lax",
    "Partitioned",
    "",
    "X=Expires=1",
    "Priority=High",
]
AVS = lifetime_avs(NOW)


@st.composite
def lifelines(draw: st.DrawFn) -> str:
    """Set-Cookie fields with several lifetimes among other attributes."""
    avs = draw(st.lists(st.sampled_from(AVS) | st.sampled_from(OTHER_AVS), min_size=1, max_size=5))
    return draw(st.sampled_from(["t=1;", 't="a;', "t=Max-Age=9; "])) + draw(
        st.sampled_from([";", "; "])
    ).join(avs)


lines = lifelines() | set_cookie_strings
limits = st.none() | st.sampled_from([1, 60, DAY, LIMIT, MAX_LIFETIME, 10**9])
DATES = st.sampled_from(
    [
        [],
        [("Date", http_date(NOW))],
        [("date", http_date(NOW - 10 * DAY))],
        [("Date", http_date(NOW + 10 * DAY))],
        [("Date", "soon"), ("Date", http_date(NOW))],
        [("Vary", "Cookie"), ("Date", f"{http_date(NOW - DAY)} PST")],
    ]
)


def stored(line: str, date: Fields) -> StoredCookie | None:
    """The cookie a browser keeps for this field."""
    jar = Jar()
    jar.store(line, HOME, now=NOW, response_headers=date)
    return jar.cookies[0] if jar.cookies else None


def shortened(line: str, limit: int | None, date: Fields) -> str:
    return shorten_lifetime(line, limit, NOW, response_date(date, NOW))


@given(lines, limits, DATES)
@example("t=1; Max-Age=+0", LIMIT, [])
@example("t=1; Max-Age=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT -0900", LIMIT, [])
@example("t=1; Expires=Thu, 01 Jan 1970 00:00:00 PST", None, [])
@example("t=1; Max-Age=0", None, [])
@example(f"t=1; Expires={http_date(NOW)} PST", LIMIT, [])
@example("t=1; Expires=" + http_date(NOW + 5 * DAY), None, [("Date", http_date(NOW + 10 * DAY))])
@example("t=1; Expires=" + http_date(NOW + DAY), DAY, [("Date", http_date(NOW - 10 * DAY))])
def test_nothing_lives_longer_than_declared_nor_than_it_would_have(
    line: str, limit: int | None, date: Fields
) -> None:
    before, after = stored(line, date), stored(shortened(line, limit, date), date)
    if before is None:
        assert after is None
    elif after is not None:
        assert after._replace(expires=None) == before._replace(expires=None)
        if after.expires is not None:
            assert limit is not None and before.expires is not None
            assert after.expires <= min(before.expires, NOW + limit)


@given(lines | ANY_TEXT | NATIVE, limits, DATES)
def test_shortening_is_done_once(line: str, limit: int | None, date: Fields) -> None:
    short = shortened(line, limit, date)
    assert shortened(short, limit, date) is short
    assert short is line or short != line


def others(line: str) -> list[str]:
    return [
        part
        for number, part in enumerate(line.split(";"))
        if number == 0 or not re.fullmatch(r"[ \t]*(?i:max-age|expires)[ \t]*", part.partition("=")[0])
    ]


@given(lines | ANY_TEXT | NATIVE, limits, DATES)
def test_shortening_keeps_every_other_byte_in_order(line: str, limit: int | None, date: Fields) -> None:
    """R46."""
    assert others(shortened(line, limit, date)) == others(line)


@given(lines, DATES)
def test_a_cookie_that_states_no_more_is_left_as_it_is(line: str, date: Fields) -> None:
    seconds = stated_attributes(line, NOW, response_date(date, NOW)).lifetime
    if seconds is not None and seconds < LIMIT:
        assert shortened(line, LIMIT, date) is line


@given(lines, DATES)
def test_a_stated_lifetime_is_the_one_a_browser_keeps(line: str, date: Fields) -> None:
    seconds, cookie = stated_attributes(line, NOW, response_date(date, NOW)).lifetime, stored(line, date)
    if cookie is None or cookie.expires is None:
        return
    if seconds is not None:
        # Measured against the server's clock or the browser's, whichever makes it longer.
        assert seconds >= min(cookie.expires - NOW, MAX_LIFETIME) - 1


@pytest.mark.parametrize(
    ("line", "short"),
    [
        ("a=1", "a=1"),
        ("a=1; Max-Age=60", "a=1; Max-Age=60"),
        ("a=1; Max-Age=99999999; Secure", f"a=1; Max-Age={LIMIT}; Secure"),
        ("a=1;max-age = 99999999 ;Path=/", f"a=1;max-age = {LIMIT} ;Path=/"),
        (
            "a=1;Expires=Fri, 31 Dec 2038 23:59:59 GMT;Path=/",
            "a=1;Expires=Wed, 23 Dec 2026 12:13:20 GMT;Path=/",
        ),
        (
            "a=1; Expires=Fri, 31-Dec-38 23:59:59 GMT; Max-Age=99999999",
            f"a=1; Expires=Wed, 23 Dec 2026 12:13:20 GMT; Max-Age={LIMIT}",
        ),
        (
            "a=1; Expires=Fri, 31 Dec 2038 23:59:59 GMT; Max-Age=5",
            "a=1; Expires=Fri, 31 Dec 2038 23:59:59 GMT; Max-Age=5",
        ),
        ("a=1; Max-Age=99999999; Max-Age=x; Path=/", "a=1; Path=/"),
        ("a=1; Max-Age=x; Max-Age=99999999", f"a=1; Max-Age=x; Max-Age={LIMIT}"),
        ("a=1; Max-Age=5; Max-Age=99999999", f"a=1; Max-Age=5; Max-Age={LIMIT}"),
        ("a=1; Max-Age==99999999; Max-Age=99999999", f"a=1; Max-Age==99999999; Max-Age={LIMIT}"),
        ("a=1; Max-Age=\xa099999999; Max-Age=99999999", f"a=1; Max-Age=\xa099999999; Max-Age={LIMIT}"),
        ("a=1; \xa0Max-Age=99999999; Max-Age=99999999", f"a=1; \xa0Max-Age=99999999; Max-Age={LIMIT}"),
        (f"a=1; Max-Age=0{LIMIT}; Max-Age=99999999", f"a=1; Max-Age=0{LIMIT}; Max-Age={LIMIT}"),
        ("a=1; Max-Age=99999999; Max-Age=" + "9" * 1024, f"a=1; Max-Age={LIMIT}; Max-Age={LIMIT}"),
        ("a=1; Expires=in a hundred years", "a=1"),
        ("a=1; Expires=Fri, 31 Dec 2038 23:59:59 PST; Path=/", "a=1; Path=/"),
        (
            "a=1; Expires=Thu, 01 Jan 1970 00:00:00 PST",
            "a=1; Expires=Thu, 01 Jan 1970 00:00:00 PST; Max-Age=0",
        ),
        (
            # Found by the fuzzer: a year of one digit, which Chromium reads.
            "a=1; Expires=, 01 Jan71 0 10:00:00T",
            "a=1; Expires=, 01 Jan71 0 10:00:00T; Max-Age=0",
        ),
        ("a=1; Max-Age=+0", "a=1; Max-Age=+0; Max-Age=0"),
        ("a=1; Max-Age=-0.5", "a=1; Max-Age=-0.5; Max-Age=0"),
        ("a=1; Max-Age=0", "a=1; Max-Age=0"),
        ("a=1; Max-Age=" + "9" * 1025, "a=1; Max-Age=" + "9" * 1025),
        ("a=1; Max-Age=99999999; Max-Age=" + "9" * 1025, f"a=1; Max-Age={LIMIT}; Max-Age=" + "9" * 1025),
        ("a=1; Max-Age\xa0=99999999", "a=1; Max-Age\xa0=99999999"),
        ("a=Max-Age=99999999", "a=Max-Age=99999999"),
        ("a=1; X=Expires=1; XMax-Age=99999999", "a=1; X=Expires=1; XMax-Age=99999999"),
        ("a=1; Expires=x=y; Max-Age=99999999", f"a=1; Expires=x=y; Max-Age={LIMIT}"),
    ],
)
def test_a_lifetime_is_shortened_where_it_stands(line: str, short: str) -> None:
    """R27."""
    assert shorten_lifetime(line, LIMIT, NOW) == short
    assert (shorten_lifetime(line, LIMIT, NOW) is line) == (short == line)


@pytest.mark.parametrize(
    ("line", "short"),
    [
        ("a=1; Path=/", "a=1; Path=/"),
        ("a=1; Max-Age=5; Path=/", "a=1; Path=/"),
        ("a=1;Expires=Fri, 31 Dec 2038 23:59:59 GMT;max-age=5;Path=/", "a=1;Path=/"),
        ("a=1; Max-Age=0", "a=1; Max-Age=0"),
        ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=5", "a=1"),
    ],
)
def test_a_cookie_declared_to_end_with_the_session_does(line: str, short: str) -> None:
    assert shorten_lifetime(line, None, NOW) == short


def test_nothing_is_let_live_longer_than_browsers_keep_it() -> None:
    """R41."""
    ten_years = 3650 * DAY
    assert shorten_lifetime(f"a=1; Max-Age={ten_years}", ten_years, NOW) == f"a=1; Max-Age={MAX_LIFETIME}"
    assert shorten_lifetime(f"a=1; Max-Age={MAX_LIFETIME}", ten_years, NOW).endswith(f"={MAX_LIFETIME}")


def test_expires_is_measured_against_the_date_field() -> None:
    """cookies/FACTS.md, deletions 5: a Date ten days back gives ten days more."""
    line = f"a=1; Expires={http_date(NOW + DAY)}"
    earlier = [("Date", http_date(NOW - 10 * DAY))]
    assert shorten_lifetime(line, 2 * DAY, NOW) is line
    assert shortened(line, 2 * DAY, earlier) == f"a=1; Expires={http_date(NOW - 8 * DAY)}"
    assert shortened(line, 2 * DAY, [("Date", "soon")]) == "a=1"
    assert stated_attributes(line, NOW, response_date(earlier, NOW)).lifetime == 11 * DAY


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ("a=1", None),
        ("a=1; Max-Age=60", 60),
        ("a=1; Max-Age=x", None),
        ("a=1; Max-Age=x; Expires=Fri, 31 Dec 2038 23:59:59 GMT", None),
        ("a=1; Max-Age=0", 0),
        (f"a=1; Expires={http_date(NOW + 60)}", 60),
        (f"a=1; Expires={http_date(NOW - 60)}", -60),
        ("a=1; Expires=soon", None),
    ],
)
def test_the_stated_lifetime(line: str, seconds: int | None) -> None:
    assert stated_attributes(line, NOW).lifetime == seconds


@given(st.floats(0, 4e9))
def test_dates_are_written_as_they_are_read(moment: float) -> None:
    assert cookie_date(http_date(moment)) == moment_of(http_date(moment)) == moment // 1


def test_the_spellings_are_worth_it() -> None:
    """Some of them live, some end, some are cut."""
    choose = random.Random(2026)
    sample = [f"t=1;{choose.choice(AVS)};{choose.choice(AVS)}" for _ in range(400)]
    kept = [cookie for cookie in (stored(line, []) for line in sample) if cookie is not None]
    cut = [line for line in sample if shorten_lifetime(line, LIMIT, NOW) is not line]
    assert 100 < len(kept) < 390
    assert len([cookie for cookie in kept if cookie.expires is not None]) > 50
    assert 100 < len(cut) < 350


@pytest.mark.parametrize(
    ("line", "limit", "at_some_moment"),
    [
        ("a=1; Path=/", None, False),
        ("a=1; Max-Age=1; Path=/", None, True),
        ("a=1; Path=/; Max-Age=60", 60, False),
        ("a=1; Max-Age=61; Path=/", 60, True),
        ("a=1; Max-Age=0", None, False),
        ("a=1; Max-Age=x", 60, True),
        ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/", 60, True),
        ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=5", 60, False),
    ],
)
def test_a_lifetime_may_be_exceeded_at_some_moment(
    line: str, limit: int | None, at_some_moment: bool
) -> None:
    assert may_exceed(line, limit) is at_some_moment


def test_a_lifetime_is_exceeded_to_the_second() -> None:
    line = f"a=1; Expires={http_date(NOW + 60)}"
    assert exceeds(line, 59, NOW, NOW) and not exceeds(line, 60, NOW, NOW)
    assert exceeds("a=1; Max-Age=61", 60, NOW, NOW) and not exceeds("a=1; Max-Age=60", 60, NOW, NOW)
    assert exceeds("a=1; Max-Age=1", None, NOW, NOW) and not exceeds("a=1; Max-Age=0", None, NOW, NOW)
