"""The jar: what browsers keep, send and forget; and never less strict a reader than the gate."""

import calendar
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate.headers.cookie import cookie_date, cookie_name
from consentgate.headers.set_cookie import Deletion, classify_deletion
from consentgate.testing import Jar
from consentgate.testing.jar import fields_received, moment_of, name_kept
from tests.strategies import NATIVE, response_headers, set_cookie_strings

HOME = "https://www.example.org/"
NOW = 1_763_900_000.0


def kept(*lines: str, url: str = HOME, now: float = NOW) -> dict[str, str]:
    jar = Jar()
    jar.store_response([("Set-Cookie", line) for line in lines], url, now=now)
    return dict(jar)


@given(set_cookie_strings | NATIVE)
@example("=sid=1")
@example("sid")
@example("sid\xa0=1")
def test_the_gate_reads_a_kept_cookie_under_the_same_name_or_refuses_it(line: str) -> None:
    """R30."""
    name = name_kept(line, now=NOW)
    assert name is None or cookie_name(line) in (name, None)


@given(set_cookie_strings, st.floats(0, 4e9))
@example("t=x; Max-Age=0; Max-Age=x", NOW)
@example("t=x; Max-Age=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", NOW)
def test_a_deletion_that_passes_the_gate_is_kept_by_no_jar(line: str, now: float) -> None:
    """R40."""
    if classify_deletion(line, now) is Deletion.CERTAIN:
        assert name_kept(line, now=now) is None


@given(
    response_headers, st.lists(st.sampled_from([HOME, "http://www.example.org/", "https://example.org/a/b"]))
)
def test_it_takes_and_sends_whatever_comes(headers: list[tuple[str, str]], urls: list[str]) -> None:
    jar = Jar()
    for url in urls:
        jar.store_response(headers, url, now=NOW)
        assert isinstance(jar.cookie_string(url, now=NOW), str)
    assert set(jar) == {cookie.name for cookie in jar.cookies} and len(jar) == len(set(jar))
    jar.clear()
    assert not jar and jar.cookies == ()


@given(st.floats(0, 4e9).map(float.__floor__))
def test_dates_are_read_as_they_are_written(moment: int) -> None:
    for form in ("%a, %d %b %Y %H:%M:%S GMT", "%a, %d-%b-%Y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"):
        text = time.strftime(form, time.gmtime(moment))
        assert moment_of(text) == moment == cookie_date(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1 jan 70 0:0:1", 1),
        ("Jan 1 2000 00:00:00", 946684800),
        ("01 January 1999 10:20:30 foo", calendar.timegm((1999, 1, 1, 10, 20, 30))),
        ("31 Feb 2020 00:00:00", None),
        ("1 Jan 2020", None),
        ("1 Jan 12345 00:00:00", float("inf")),
        ("1 Jan 123456 00:00:00", None),
        ("", None),
        ("00:00:00 1x Jan 2020y", calendar.timegm((2020, 1, 1, 0, 0, 0))),
    ],
)
def test_dates_only_browsers_read(text: str, moment: float | None) -> None:
    """RFC 6265bis 5.1.1."""
    assert moment_of(text) == moment


# Chromium 156 did this with each


@pytest.mark.parametrize(
    ("line", "stored"),
    [
        ("a=1", {"a": "1"}),
        (" a = 1 ; Path=/", {"a": "1"}),
        ("sessionid", {"": "sessionid"}),
        ("sessionid\xa0=1", {"sessionid\xa0": "1"}),
        ("a=b=c", {"a": "b=c"}),
        ('a="1; Path=/x"', {"a": '"1'}),
        ("=x", {"": "x"}),
        ("=sessionid=1", {}),
        ("=__Host-a", {}),
        ("", {}),
        ("a\tb=1", {}),
        ("a=1; Path=\tx\ty", {}),
        ("a=1\x07", {}),
        ("a=" + "x" * 4095, {"a": "x" * 4095}),
        ("a=" + "x" * 4096, {}),
        ("a=1; Max-Age=" + "0" * 1025, {"a": "1"}),
        ("a=1; Max-Age=0", {}),
        ("a=1; Max-Age=+0", {}),
        ("a=1; Max-Age=0; Max-Age=x", {"a": "1"}),
        ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=9", {"a": "1"}),
        ("a=1; Domain=example.org", {"a": "1"}),
        ("a=1; Domain=.EXAMPLE.org", {"a": "1"}),
        ("a=1; Domain=org", {}),
        ("a=1; Domain=.", {}),
        ("a=1; Domain=other.org", {}),
        ("a=1; SameSite=None", {}),
        ("a=1; SameSite=None; Secure", {"a": "1"}),
        ("a=1; Partitioned", {}),
        ("__Secure-a=1", {}),
        ("__secure-a=1; Secure", {"__secure-a": "1"}),
        ("__Host-a=1; Secure; Path=/", {"__Host-a": "1"}),
        ("__Host-a=1; Secure", {}),
        ("__Host-a=1; Secure; Path=/; Domain=www.example.org", {}),
        ("__Http-a=1; Secure; HttpOnly", {"__Http-a": "1"}),
        ("__Host-Http-a=1; Secure; Path=/", {}),
    ],
)
def test_the_jar_stores_the_cookies_that_chromium_stores(line: str, stored: dict[str, str]) -> None:
    assert kept(line) == stored


def test_line_breaks_and_odd_field_names() -> None:
    """cookies/FACTS.md 5, 6 and 9."""
    assert kept("a=1\rSet-Cookie: b=2") == {"a": "1", "b": "2"}
    assert kept("\r\n a=1") == {"a": "1"}
    assert kept("a=1\0") == {}
    assert list(fields_received([("Set-Cookie:", "a=1"), ("nothing", "x\nno colon")])) == [
        ("Set-Cookie", ": a=1"),
        ("nothing", "x"),
    ]


def test_expires_is_measured_against_the_date_field() -> None:
    """cookies/FACTS.md, deletions 5."""
    line = "a=1; Expires=Sun, 23 Nov 2025 12:00:00 GMT"
    assert name_kept(line, now=NOW) is None
    earlier = [("date", "Sat, 22 Nov 2025 12:00:00 GMT")]
    assert name_kept(line, now=NOW, response_headers=earlier) == "a"


def test_deletion_needs_the_same_scope() -> None:
    """R38."""
    jar = Jar()
    jar.store("a=1; Domain=example.org; Path=/shop", HOME)
    for line in ("a=; Max-Age=0", "a=; Max-Age=0; Domain=example.org", "a=; Max-Age=0; Path=/shop"):
        jar.store(line, HOME)
        assert "a" in jar, line
    jar.store("a=; Max-Age=0; Domain=.example.org; Path=/shop", HOME)
    assert "a" not in jar


def test_a_jar_sends_cookies_to_their_domain_and_path() -> None:
    jar = Jar()
    jar.store("host=1", "https://www.example.org/shop/cart")
    jar.store("domain=2; Domain=example.org; Path=/", HOME)
    jar.store("closed=3; Secure; Path=/", HOME)
    assert jar.cookie_string("https://www.example.org/shop/") == "host=1; domain=2; closed=3"
    assert jar.cookie_string("https://www.example.org/shopping") == "domain=2; closed=3"
    assert jar.cookie_string("http://www.example.org:8080/shop?x#y") == "host=1; domain=2"
    assert jar.cookie_string("https://other.example.org") == "domain=2"
    assert jar.cookie_string("https://badexample.org/") == ""
    assert repr(jar) == "Jar({'host': '1', 'domain': '2', 'closed': '3'})"


def test_an_address_has_no_domain() -> None:
    assert kept("a=1; Domain=0.0.1", url="http://127.0.0.1:8000/") == {}
    assert kept("a=1; Domain=127.0.0.1", url="http://127.0.0.1:8000/") == {"a": "1"}


def test_http_does_not_touch_what_is_secure() -> None:
    """RFC 6265bis 5.7, step 13."""
    jar = Jar()
    jar.store("a=1; Secure; Path=/", HOME)
    jar.store("a=2; Path=/", "http://www.example.org/")
    jar.store("b=3; Secure", "http://www.example.org/")
    assert dict(jar) == {"a": "1"}


def test_a_cookie_is_forgotten_after_400_days_at_most() -> None:
    """R41."""
    jar = Jar()
    jar.store("a=1; Max-Age=99999999999", HOME, now=0)
    jar.store("b=1; Expires=Fri, 01 Jan 2038 00:00:00 GMT", HOME, now=0)
    jar.store("c=1", HOME, now=0)
    day = 24 * 3600
    assert jar.cookie_string(HOME, now=400 * day - 1) == "a=1; b=1; c=1"
    assert jar.cookie_string(HOME, now=400 * day) == "c=1"


def test_a_nameless_cookie_goes_back_as_its_value_alone() -> None:
    jar = Jar()
    jar.store("value; Path=/", HOME)
    assert jar.cookie_string(HOME) == "value"
    assert jar[""] == "value"
    with pytest.raises(KeyError):
        jar["value"]


def test_a_partitioned_cookie_is_another_cookie() -> None:
    """R38; CHIPS."""
    jar = Jar()
    jar.store("a=1; Path=/; Secure; SameSite=None; Partitioned", HOME)
    jar.store("a=; Path=/; Max-Age=0", HOME)
    assert [cookie.partitioned for cookie in jar.cookies] == [True]
    jar.store("a=; Path=/; Max-Age=0; Secure; Partitioned", HOME)
    assert not jar


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_a_domain_without_a_parent_is_host_only(host: str) -> None:
    jar = Jar()
    jar.store(f"a=1; Path=/; Domain={host}", f"http://{host}:8000/")
    assert [cookie.host_only for cookie in jar.cookies] == [True]
    jar.store("a=; Path=/; Max-Age=0", f"http://{host}:8000/")
    assert not jar
