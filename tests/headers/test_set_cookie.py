"""Deletions, and the attributes a Set-Cookie field states (RFC 6265bis 5.6; R37, R38, R40, R45)."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from consentgate.headers import set_cookie
from consentgate.headers.names import Field
from consentgate.headers.set_cookie import (
    CERTAIN_DELETION,
    Deletion,
    StatedAttributes,
    classify_deletion,
    find_refusal,
    http_date,
    response_date,
    stated_attributes,
)
from consentgate.testing import Jar
from consentgate.testing.jar import name_kept
from tests.conftest import NOW
from tests.headers.test_lifetimes import DATES, lifelines
from tests.strategies import ANY_TEXT, NATIVE, TOKEN_CHARACTERS, set_cookie_strings

DAY = 24 * 3600
HOME = "https://www.example.org/"

lines = lifelines() | set_cookie_strings | NATIVE


def classify(line: str, fields: list[Field] | None = None, now: float = NOW) -> Deletion:
    return classify_deletion(line, now, response_date(fields or [], now))


def kept(line: str, now: float, fields: list[Field], *, jar: Jar) -> bool:
    """Whether a browser keeps anything after this field, whatever host and path it came from."""
    jar.store(line, HOME, now=now, response_headers=fields)
    return bool(jar) or name_kept(line, now=now, response_headers=fields) is not None


def full_jar(line: str) -> Jar:
    """A jar that holds the cookie the field may delete."""
    jar = Jar()
    jar.put(line.partition(";")[0].partition("=")[0].strip(" \t"), "old", HOME)
    return jar


@given(lines, DATES, st.integers(-DAY + 1, 30 * DAY))
@example("t=; Max-Age=0; Max-Age=x", [], 0)
@example("t=x; Expires=" + http_date(NOW - 2 * DAY), [("Date", http_date(NOW - 10 * DAY))], 0)
@example("t=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=1", [], 0)
def test_no_browser_stores_a_certain_deletion(line: str, date: list[Field], error: int) -> None:
    """P1: browsers' clocks may be a day behind the server's, or any time ahead."""
    if classify(line, date) is Deletion.CERTAIN:
        assert not kept(line, NOW + error, date, jar=Jar())


@given(lines, DATES, st.integers(-1000 * DAY, 1000 * DAY))
@example("t=; Expires=" + http_date(NOW), [], -5)
@example("t=; Max-Age=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT", [], 0)
@example("t=; Max-Age=+0; Expires=Thu, 01 Jan 1970 00:00:00 GMT", [], 0)
def test_a_deletion_by_clock_becomes_certain_whatever_the_browsers_clock(
    line: str, date: list[Field], error: int
) -> None:
    if classify(line, date) is Deletion.BY_CLOCK:
        certain = line + CERTAIN_DELETION
        assert classify(certain, date) is Deletion.CERTAIN
        assert not kept(certain, NOW + error, date, jar=Jar())


@given(st.sampled_from(["t", "_ga.1", "sid"]), lifelines())
def test_a_deletion_empties_a_jar_that_holds_the_cookie(name: str, line: str) -> None:
    """At the host, path and partition where the jar holds it: other scopes are another cookie's."""
    avs = line.partition(";")[2]
    assume("partitioned" not in avs.lower())
    text = f"{name}=x;{avs}; Path=/; Secure" + (
        CERTAIN_DELETION if classify(f"{name}=x;{avs}") is Deletion.BY_CLOCK else ""
    )
    if classify(text) is Deletion.CERTAIN:
        jar = full_jar(text)
        assert name in jar
        assert "\t" in text.strip("\t") or not kept(text, NOW, [], jar=jar)


@given(st.integers(1, 10**30), lines, st.sampled_from(["Max-Age={}", "max-age = 00{}\t", "MAX-AGE={}"]))
def test_a_positive_max_age_is_never_a_deletion(seconds: int, line: str, form: str) -> None:
    """A valid Max-Age beats Expires (cookies/FACTS.md, deletions 3)."""
    assert classify(f"{line};{form.format(seconds)}") is Deletion.NO


@given(lines | ANY_TEXT, st.integers(0, 30 * DAY))
def test_a_deletion_stays_one_as_time_goes_by(text: str, later: int) -> None:
    order = [Deletion.NO, Deletion.BY_CLOCK, Deletion.CERTAIN]
    now, then = classify_deletion(text, NOW), classify_deletion(text, NOW + later)
    assert order.index(now) <= order.index(then)


@given(st.text(TOKEN_CHARACTERS, min_size=1), st.text(TOKEN_CHARACTERS))
def test_a_cookie_without_lifetime_is_no_deletion(name: str, value: str) -> None:
    assert classify(f"{name}={value}; Path=/") is Deletion.NO


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
        pytest.param(f"t={'x' * 4000}; Max-Age=0; X={'x' * 300}", id="too long to be remembered"),
    ],
)
def test_deletions_of_frameworks_are_certain(text: str) -> None:
    assert classify(text) is Deletion.CERTAIN


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"t=x; Expires={http_date(NOW)}", id="falcon: now"),
        pytest.param(f"t=x; Expires={http_date(NOW - 20)}", id="seconds ago"),
        pytest.param("t=x; Expires=Thu, 01 Jan 1970 00:00:00 EST", id="a time zone that Firefox applies"),
        pytest.param("t=x; Expires=1-Jan-70 0:0:0", id="one digit"),
        pytest.param("t=; Max-Age=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT", id="an invalid Max-Age beside"),
    ],
)
def test_deletions_on_which_browsers_differ_are_made_certain(text: str) -> None:
    """cookies/FACTS.md, deletions 8."""
    assert classify(text) is Deletion.BY_CLOCK
    assert classify(text + CERTAIN_DELETION) is Deletion.CERTAIN


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
        pytest.param(f"t=x; Expires={http_date(NOW + 1)}", id="in a second"),
        pytest.param("max-age=0", id="a cookie of that name"),
    ],
)
def test_a_field_that_some_browser_stores_is_no_deletion(text: str) -> None:
    assert classify(text) is Deletion.NO


def test_a_day_in_the_past_is_certain_to_the_second() -> None:
    """R40."""
    line = "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
    assert classify_deletion(line, DAY) is Deletion.CERTAIN
    assert classify_deletion(line, DAY - 1) is Deletion.BY_CLOCK
    assert classify_deletion(line, -1) is Deletion.NO
    assert classify_deletion(line, 2 * DAY, DAY) is Deletion.CERTAIN
    assert classify_deletion(line, 2 * DAY, DAY - 1) is Deletion.BY_CLOCK
    assert classify_deletion(line, -1, 0) is Deletion.BY_CLOCK


def test_max_age_is_no_matter_of_the_clock() -> None:
    assert classify_deletion("a=; Max-Age=0", 0, float("-inf")) is Deletion.CERTAIN


def test_the_first_date_is_the_one_browsers_measure_against() -> None:
    """cookies/FACTS.md, deletions 5."""
    first, second = http_date(NOW - 10 * DAY), http_date(NOW)
    assert response_date([("Vary", "x"), ("dAtE", first), ("Date", second)], NOW) == NOW - 10 * DAY
    assert response_date([("Date", second), ("Date", first)], NOW + 5) == NOW
    assert response_date([("Date", "soon"), ("Date", second)], NOW) == float("-inf")
    assert response_date([("Vary", "Cookie")], NOW) == NOW
    line = f"t=x; Expires={http_date(NOW - 2 * DAY)}"
    assert classify(line, [("Date", first), ("Date", second)]) is Deletion.BY_CLOCK
    assert classify(line, [("Date", second), ("Date", first)]) is Deletion.CERTAIN


def test_a_date_is_read_without_its_blanks_and_no_other_character() -> None:
    """NBSP is no blank."""
    date = http_date(NOW)
    assert response_date([("Date", f" {date}\t")], NOW * 2) == NOW
    assert response_date([("Date", f"\xa0{date}")], NOW) == float("-inf")
    assert response_date([("Date", f"X{date}X")], NOW) == float("-inf")


CORPUS: dict[str, list[list[Any]]] = json.loads((Path(__file__).parent / "deletions.json").read_text())
"""Set-Cookie fields with lifetimes: those that Chromium 156 and Firefox 153 both took for a deletion, and
those that one of them stored; from the suites of browsers and frameworks. Each may come with a Date."""

TRIED = datetime(2026, 11, 25, tzinfo=UTC).timestamp()
"""The day they were tried on: some name a date of that year."""


def rendered(text: str) -> str:
    """A field with its moments written: @IMF-60@ is a minute before now."""

    def moment(match: re.Match[str]) -> str:
        at = TRIED + int(match[2])
        date = datetime.fromtimestamp(at, UTC)
        forms = {"NS": "%a, %d-%b-%Y %H:%M:%S GMT", "R850": "%A, %d-%b-%y %H:%M:%S GMT"}
        return (
            http_date(at) if match[1] == "IMF" else date.strftime(forms.get(match[1], "%a %b %d %H:%M:%S %Y"))
        )

    return re.sub(r"@(IMF|NS|R850|ASC)([+-]\d+)@", moment, text)


def from_corpus(kind: str) -> list[tuple[str, list[Field]]]:
    return [
        (rendered(text), [(name, rendered(value)) for name, value in (fields[0] if fields else [])])
        for text, *fields in CORPUS[kind]
    ]


def test_every_genuine_deletion_of_the_corpus_is_one() -> None:
    """cookies/FACTS.md, deletions."""
    genuine = from_corpus("deleted")
    assert len(genuine) == 228
    assert [line for line, fields in genuine if classify(line, fields, TRIED) is Deletion.NO] == []


def test_no_field_that_a_browser_stored_is_a_certain_deletion() -> None:
    stored = from_corpus("stored")
    assert len(stored) == 252
    assert [line for line, fields in stored if classify(line, fields, TRIED) is Deletion.CERTAIN] == []


@given(lines | ANY_TEXT)
def test_stating_attributes_never_raises(line: str) -> None:
    stated = stated_attributes(line, NOW)
    assert stated.lifetime is None or isinstance(stated.lifetime, int)
    assert stated.path is None or stated.path.startswith("/")
    assert stated.domain is None or stated.domain == stated.domain.lower() != ""
    assert stated.same_site in ("", "lax", "strict", "none")


@given(st.lists(st.sampled_from(["", "Path=/a", "Path=b", "Secure", "HttpOnly=x", "Domain=Example.org"])))
def test_attributes_are_those_a_jar_stores(avs: list[str]) -> None:
    """The last of each name counts."""
    line = "; ".join(["a=1", *avs])
    jar = Jar()
    jar.store(line, "https://example.org/", now=NOW)
    (cookie,) = jar.cookies
    stated = stated_attributes(line, NOW)
    assert (stated.path or "/", stated.secure, stated.http_only) == (
        cookie.path,
        cookie.secure,
        cookie.http_only,
    )
    assert (stated.domain is None) is cookie.host_only


@pytest.mark.parametrize(
    ("avs", "stated"),
    [
        ("", StatedAttributes()),
        ("; Max-Age=60", StatedAttributes(lifetime=60)),
        ("; Max-Age=-5", StatedAttributes(lifetime=-5)),
        (f"; Expires={http_date(NOW + 60)}", StatedAttributes(lifetime=60)),
        (f"; Expires={http_date(NOW - 60)}", StatedAttributes(lifetime=-60)),
        (f"; Max-Age=x; Expires={http_date(NOW + 60)}", StatedAttributes()),
        ("; Path=/wiki; path=/", StatedAttributes(path="/")),
        ("; Path=/wiki; path=x", StatedAttributes(path=None)),
        ("; Domain=.Example.ORG", StatedAttributes(domain="example.org")),
        ("; Domain=.", StatedAttributes(domain=None)),
        ("; secure=no; HTTPONLY", StatedAttributes(secure=True, http_only=True)),
        ("; SameSite=None; Partitioned", StatedAttributes(same_site="none", partitioned=True)),
        ("; SameSite=Lax", StatedAttributes(same_site="lax")),
        ("; SameSite=STRICT", StatedAttributes(same_site="strict")),
        ("; SameSite=Lax; samesite=x", StatedAttributes(same_site="")),
    ],
)
def test_attributes_are_stated_as_browsers_read_them(avs: str, stated: StatedAttributes) -> None:
    assert stated_attributes(f"a=1{avs}", NOW) == stated


PREFIXED = st.sampled_from(["a", "__Host-a", "__Secure-a", "__Http-a", "__Host-Http-a", "__host-a"])
AVS = st.lists(
    st.sampled_from(
        ["Secure", "HttpOnly", "Path=/", "Path=/x", "Domain=example.org", "SameSite=None", "SameSite=Lax"]
    ),
    unique=True,
)


@given(PREFIXED, AVS)
def test_a_cookie_is_refused_where_a_jar_refuses_it(name: str, avs: list[str]) -> None:
    """R38, R45: prefixes, and SameSite=None without Secure."""
    line = "; ".join([f"{name}=1", *avs])
    jar = Jar()
    jar.store(line, "https://example.org/", now=NOW)
    assert bool(find_refusal(line, name)) is (name not in jar)


@pytest.mark.parametrize(
    ("line", "name", "why"),
    [
        ("a=1; Path=/", "a", ""),
        ("__Host-a=1; Path=/; Secure", "__Host-a", ""),
        ("__Host-a=1; Path=/", "__Host-a", "the prefix of '__Host-a' asks for Secure"),
        ("__Host-a=1; Secure", "__Host-a", "the prefix of '__Host-a' asks for Path=/ and no Domain"),
        ("__Http-a=1; Secure", "__Http-a", "the prefix of '__Http-a' asks for HttpOnly"),
        ("a=1; SameSite=none", "a", "SameSite=None asks for Secure"),
        ("a=\x07", "a", "it holds a control character, or name and value exceed 4,096 octets"),
        (f"a={'x' * 4096}", "a", "it holds a control character, or name and value exceed 4,096 octets"),
        (f"__Host-a=1; X={'x' * 1024}", "__Host-a", ""),
        (f"__Http-a=1; X={'x' * 1021}", "__Http-a", "the prefix of '__Http-a' asks for Secure"),
        (f"__Http-a=1; X={'x' * 1022}", "__Http-a", ""),
    ],
)
def test_a_refusal_says_why(line: str, name: str, why: str) -> None:
    assert find_refusal(line, name) == why


def test_caches_are_bounded() -> None:
    for number in range(1500):
        classify(f"a=1; X={number}")
        classify(f"a=1; X={number:0300d}")
        find_refusal(f"a=1; X={number}", "a")
        assert len(set_cookie.ENDINGS) <= 512
        assert len(set_cookie._REFUSALS) <= 256
    assert not any(len(unparsed) > 256 for unparsed in set_cookie.ENDINGS)
