"""Cookies as browsers read them (RFC 6265bis 5.1, 5.6; R30 to R33)."""

import calendar
import time
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate.headers.cookie import (
    LARGEST_PAIR,
    attributes,
    cookie_date,
    cookie_name,
    cookie_values,
    has_control,
    has_line_break,
    is_host_only,
    is_http_only,
    is_secure_only,
    is_set_cookie,
    is_storable,
    is_token,
    loose_cookie_date,
)
from consentgate.headers.set_cookie import http_date
from tests.strategies import ANY_TEXT, NATIVE, TOKEN_CHARACTERS, blanks, cookie_strings, names


def literal_cookie_name(text: str) -> str | None:
    """RFC 6265bis 5.6, step by step and one character at a time."""
    for character in text:
        if (ord(character) < 0x20 and character != "\t") or ord(character) == 0x7F:
            return None
    pair = ""
    for character in text:
        if character == ";":
            break
        pair += character
    if "=" in pair:
        at = pair.index("=")
        name, value = pair[:at], pair[at + 1 :]
    else:
        name, value = "", pair
    while name[:1] in (" ", "\t") and name:
        name = name[1:]
    while name[-1:] in (" ", "\t") and name:
        name = name[:-1]
    while value[:1] in (" ", "\t") and value:
        value = value[1:]
    while value[-1:] in (" ", "\t") and value:
        value = value[:-1]
    if (not name and not value) or len(name) + len(value) > 4096:
        return None
    return name


@given(ANY_TEXT | NATIVE)
@example("\ud800=1")
@example("a\xa0=1")
@example("\x85a=1")
def test_cookie_name_is_the_specifications_algorithm(text: str) -> None:
    assert cookie_name(text) == literal_cookie_name(text)
    assert is_storable(f"a={text}") == (cookie_name(f"a={text}") is not None)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("a=1", "a", id="plain"),
        pytest.param("a =1", "a", id="blank after the name"),
        pytest.param(" a=1", "a", id="Django's leading blank"),
        pytest.param("a=b=c", "a", id="the first = counts"),
        pytest.param("=x", "", id="no name"),
        pytest.param("x", "", id="no ="),
        pytest.param("=sid=1", "", id="a value that looks like a pair"),
        pytest.param('a="1;2"', "a", id="quotes protect nothing"),
        pytest.param("a=1,b=2", "a", id="a comma starts no second cookie"),
        pytest.param("\x07a=1", None, id="a control character"),
        pytest.param("sid=1\rSet-Cookie: track=2", None, id="a smuggled field"),
        pytest.param("sid\xa0=1", "sid\xa0", id="NBSP is part of the name"),
        pytest.param("=", None, id="nothing at all"),
        pytest.param("", None, id="empty"),
        pytest.param("a[0]=1", "a[0]", id="a name that is no token"),
    ],
)
def test_rows_learnt_from_browsers(text: str, name: str | None) -> None:
    assert cookie_name(text) == name


def test_a_pair_of_4096_octets_is_stored_and_one_more_is_not() -> None:
    """R30: the limit is on the trimmed name and value, not on the field."""
    assert cookie_name(f"  a = {'x' * (LARGEST_PAIR - 1)}  ; Path=/{'p' * 5000}") == "a"
    assert cookie_name(f"a={'x' * LARGEST_PAIR}") is None


@given(NATIVE)
def test_has_control_is_every_control_character_but_tab(text: str) -> None:
    assert has_control(text) == any((c < " " and c != "\t") or c == "\x7f" for c in text)


@given(NATIVE | ANY_TEXT)
def test_a_line_break_is_cr_lf_or_nul(text: str) -> None:
    """Where servers and browsers cut a field (cookies/FACTS.md 5 and 7)."""
    assert has_line_break(text) is any(character in text for character in "\r\n\0")


@pytest.mark.parametrize(
    ("name", "secure_only", "host_only", "http_only"),
    [
        ("__Host-sid", True, True, False),
        ("__HOST-sid", True, True, False),
        ("__Secure-sid", True, False, False),
        ("__Http-sid", True, False, True),
        ("__Host-Http-sid", True, True, True),
        ("Host-sid", False, False, False),
        ("__Hostsid", False, False, False),
        ("x__Host-sid", False, False, False),
    ],
)
def test_a_prefix_demands_attributes_in_any_case(
    name: str, secure_only: bool, host_only: bool, http_only: bool
) -> None:
    """R45."""
    assert (is_secure_only(name), is_host_only(name), is_http_only(name)) == (
        secure_only,
        host_only,
        http_only,
    )


@given(ANY_TEXT)
def test_a_token_is_made_of_token_characters(text: str) -> None:
    assert is_token(text) == (text != "" and set(text) <= set(TOKEN_CHARACTERS + "*"))


@given(st.sampled_from(["Set-Cookie", "set-cookie", "sEt-cOOkie"]), blanks)
def test_set_cookie_in_any_case_and_with_blanks_around(field_name: str, blank: str) -> None:
    assert is_set_cookie(field_name + blank)


@pytest.mark.parametrize("field_name", ["X-Set-Cookie", "Set-Cookie2", "Cookie", "Vary", ""])
def test_other_fields_are_not_set_cookie(field_name: str) -> None:
    assert not is_set_cookie(field_name)


@given(ANY_TEXT)
def test_attributes_never_raise_and_hold_no_blank_ends(text: str) -> None:
    for name, value in attributes(text):
        assert name == name.strip(" \t").lower()
        assert value == value.strip(" \t")
        assert len(value) <= 1024


def test_an_attribute_over_1024_octets_is_ignored() -> None:
    assert list(attributes(f"Max-Age={'0' * 1025}; Path=/")) == [("path", "/")]


def split_values(cookie_string: str, name: str) -> list[str]:
    """The naive way: split everything."""
    pairs = (pair.partition("=") for pair in cookie_string.split(";"))
    return [value.strip(" \t") for text, equals, value in pairs if equals and text.strip(" \t") == name]


@given(cookie_strings | NATIVE, names)
@example("sid=1; xsid=2;sid =3;\tsid\t=4; sid", "sid")
@example("sidsid=1; sid=sid=2", "sid")
@example("aa=1;a=2", "a")
@example("a   ", "a")
def test_cookie_values_are_those_a_split_finds(cookie_string: str, name: str) -> None:
    assert cookie_values(cookie_string, name) == split_values(cookie_string, name)


def test_a_comma_joined_cookie_is_part_of_the_value_before_it() -> None:
    """R33: wsgiref joins two Cookie lines with a comma."""
    assert cookie_values("a=1,cookies_preferences=x", "cookies_preferences") == []


MOMENTS = st.datetimes(datetime(1601, 1, 1), datetime(9999, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)


@given(
    MOMENTS, st.sampled_from(["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%Y %H:%M:%S", "%a %b %d %H:%M:%S %Y"])
)
def test_cookie_date_reads_what_servers_write(moment: datetime, form: str) -> None:
    year = f"{moment.year:04d}"  # strftime's %Y does not pad
    assert cookie_date(moment.strftime(form.replace("%Y", year))) == moment.timestamp()


@given(ANY_TEXT | st.text("0123456789: -,JanGMTu"))
def test_cookie_date_never_raises(text: str) -> None:
    assert cookie_date(text) is None or isinstance(cookie_date(text), float)


@given(ANY_TEXT | st.text("0123456789: -,;JanFebGMTu\u0663"))
def test_a_date_read_strictly_is_read_alike_loosely(text: str) -> None:
    """RFC 6265bis 5.1.1 is the tolerant one; nothing makes it raise."""
    loose, strict = loose_cookie_date(text), cookie_date(text)
    assert loose is None or isinstance(loose, float)
    assert strict is None or loose == strict


@given(
    MOMENTS,
    st.sampled_from(["%d %b %Y %H:%M:%S", "%Y %b %d %H:%M:%S", "%H:%M:%S %d_%b_%Y", "%d %B %Y %H:%M:%S EST"]),
)
def test_a_loose_date_has_its_parts_in_any_order(moment: datetime, form: str) -> None:
    year = f"{moment.year:04d}"
    text = moment.strftime(form.replace("%Y", year).replace("_", "-"))
    assert loose_cookie_date(text) == moment.timestamp()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1-Jan-70 0:0:0", 0.0),
        ("01 Jan 69 00:00:00", calendar.timegm((2069, 1, 1, 0, 0, 0))),
        ("15 Apr 21:01:22 1970 EST", 9061282.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT -9900", 0.0),
        ("01 Januar 1970 00:00:00x", 0.0),
        ("31 Feb 1970 00:00:00", None),
        ("01 Jan 1970 24:00:00", None),
        ("01 Jan 1970 00:00", None),
        ("01 Jan 00:00:00", None),
        ("Jan 1970 00:00:00", None),
        ("01 1970 00:00:00", None),
        ("01 Jan 0 00:00:00", calendar.timegm((2000, 1, 1, 0, 0, 0))),
        ("01 Jan 10000 00:00:00", None),
        ("01 Jan 99 00:00:00", calendar.timegm((1999, 1, 1, 0, 0, 0))),
        ("01 Jan 100 00:00:00", datetime(100, 1, 1, tzinfo=UTC).timestamp()),
        ("", None),
    ],
)
def test_a_loose_date_needs_time_day_month_and_year(text: str, moment: float | None) -> None:
    assert loose_cookie_date(text) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Thu, 01 Jan 1970 00:00:10 GMT", (1970, 1, 1, 0, 0, 10)),
        ("Wed, 31-Dec-97 23:59:59 GMT", (1997, 12, 31, 23, 59, 59)),
        ("Thursday, 01-Jan-26 00:00:00 UTC", (2026, 1, 1, 0, 0, 0)),
        ("Thu, 01 Jan 1970 00:00:00 -0000", (1970, 1, 1, 0, 0, 0)),
        ("Sun Nov  6 08:49:37 1994", (1994, 11, 6, 8, 49, 37)),
        ("01 jan 1970 00:00:00", (1970, 1, 1, 0, 0, 0)),
    ],
)
def test_dates_all_browsers_read_alike(text: str, moment: tuple[int, ...]) -> None:
    assert cookie_date(text) == calendar.timegm(time.struct_time((*moment, 0, 0, 0)))


@pytest.mark.parametrize(
    "text",
    [
        "Thu, 31 Feb 1970 00:00:00 GMT",
        "Thu, 01 Jan 1970 24:00:00 GMT",
        "Thu, 01 Jan 1970 00:00:60 GMT",
        "Thu, 01 Jan 1970 00:00 GMT",
        "Thu, 01 Jan 970 00:00:00 GMT",
        "Thu, 01 Jan 1600 00:00:00 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT -9900",
        "Thu, 01 Jan 1970 00:00:00 EST",
        "Thu, 01_Jan_1970 00:00:00 GMT",
        "Thu, 01-Jan 1970 00:00:00 GMT",
        "Dec, 01 Jan 1970 00:00:00 GMT",
        "Thu, 01 Ja\u017f 1970 00:00:00 GMT",
        "0",
        "",
    ],
)
def test_dates_browsers_disagree_on(text: str) -> None:
    assert cookie_date(text) is None


def test_nothing_but_space_and_tab_is_blank() -> None:
    """cookies/FACTS.md 2: NBSP, NEL and VT are characters like others."""
    assert cookie_name("=\xa0") == ""
    assert list(attributes("Max-Age=0\xa0")) == [("max-age", "0\xa0")]
    assert cookie_values("a=1; sid=2\xa0", "sid") == ["2\xa0"]
    assert cookie_values("sid=2\xa0; sid=3\x85", "sid") == ["2\xa0", "3\x85"]


def test_a_pair_may_stand_first_and_behind_blanks() -> None:
    assert cookie_values(" sid=1", "sid") == cookie_values("\t sid=1;", "sid") == ["1"]
    assert cookie_values("a=1; sid=2; b=3", "sid") == cookie_values("a=1; sid=2", "sid") == ["2"]


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_dates_are_not_read_nor_written_in_the_servers_time_zone(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert cookie_date("Thu, 01 Jan 1970 00:00:10 GMT") == 10
        assert loose_cookie_date("01 Jan 1970 0:0:10") == 10
        assert http_date(10) == "Thu, 01 Jan 1970 00:00:10 GMT"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_calendars_begin_in_1601() -> None:
    assert cookie_date("Mon, 01 Jan 1601 00:00:00 GMT") is not None
    assert cookie_date("Sun, 31 Dec 1600 23:59:59 GMT") is None
