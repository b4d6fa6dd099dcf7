"""The report, for people and for programs."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from consentgate import Category, Cookie, Policy
from consentgate.drift.facts import Fact, Traits
from consentgate.drift.families import FAMILIES, Family, Known
from consentgate.drift.report import make_report
from consentgate.drift.table import declarable_lifetime, escape_unprintable, to_json, to_table
from tests.strategies import ANY_TEXT

from .conftest import facts
from .test_report import POLICY, host, was_sent, was_set

KNOWN = Known(FAMILIES)


def table(*seen: Fact, policy: Policy | None = None) -> list[str]:
    return to_table(make_report(seen, policy), KNOWN).splitlines()


@given(st.lists(facts()), ANY_TEXT)
def test_a_table_is_lines_a_terminal_only_shows(seen: list[Fact], name: str) -> None:
    for policy in (None, POLICY):
        text = to_table(make_report([*seen, was_sent(name)], policy), KNOWN)
        assert text.endswith("\n")
        assert all(line.isprintable() for line in text[:-1].split("\n"))


@given(st.lists(facts()))
def test_json_has_every_cookie_and_host_by_its_own_name(seen: list[Fact]) -> None:
    report = make_report(seen, POLICY)
    found = json.loads(to_json(report, KNOWN))
    assert [each["name"] for each in found["cookies"]] == [each.name for each in report.cookies]
    assert [each["name"] for each in found["hosts"]] == [each.name for each in report.hosts]
    assert sum(each["times"] for each in found["cookies"] + found["hosts"]) == sum(
        each.times for each in seen
    )


def test_the_output_reads_like_this() -> None:
    policy = Policy(
        [
            Category(
                "a",
                cookies=[
                    Cookie("sid", lifetime="14 days"),
                    Cookie("lang", domain="example.org"),
                    "_pk_id.*",
                    "gone",
                ],
                hosts=["cdn.example"],
            )
        ]
    )
    seen = [
        was_set("sid", times=3, lifetime=86400 * 30, traits=Traits.WITHOUT_HTTP_ONLY),
        was_set("lang"),
        was_sent("_pk_id.1.1fff"),
        was_sent("_pk_id.2.0000", times=9),
        was_sent("_ga"),
        was_set("", times=2),
        host("maps.example"),
        host("cdn.example", "a"),
    ]
    lines = table(*seen, policy=policy)
    assert ["|".join(re.split(" {2,}", line)) for line in lines[:7]] == [
        "VERDICT|COOKIE|SET BY|TIMES|DAYS|LIFETIME|COULD BE STRICTER|KNOWN AS|WHAT TO DO",
        "undeclared|(no name)|server|2|1|session|give it another name: no policy can declare this one",
        "undeclared|_ga|scripts|1|1|Google Analytics|declare it, or stop setting it",
        "lives longer|sid|server|3|1|30 days, declared 14 days|no HttpOnly|"
        "declare its lifetime, or shorten it",
        "other scope|lang|server|1|1|session|declare where it is set: path /, domain none",
        "never seen|gone|0|0|remove it, if it is gone",
        "declared|_pk_id.* (2 names)|scripts|10|1|Matomo",
    ]
    assert lines[-1] == (
        "Cookies: 2 undeclared, 1 living longer than declared, 1 with another path or domain than declared, "
        "1 declared and never seen. Hosts: 1 undeclared."
    )


def test_a_column_with_nothing_in_it_is_left_out() -> None:
    assert table(was_sent("zzz")) == [
        "VERDICT     COOKIE  SET BY   TIMES  DAYS  WHAT TO DO",
        "undeclared  zzz     scripts  1      1     declare it, or stop setting it",
        "",
        "Cookies: 1 undeclared.",
    ]


def test_hosts_have_a_table_of_their_own() -> None:
    assert table(host("maps.example"), host("maps.example", directive="frame-src")) == [
        "VERDICT     HOST          NEEDED FOR          TIMES  DAYS  WHAT TO DO",
        "undeclared  maps.example  frame-src, img-src  2      1     declare it in the hosts of a category, "
        "or do without it",
        "",
        "Hosts: 1 undeclared.",
    ]


def test_when_there_is_nothing_to_do_it_says_so() -> None:
    assert table() == ["Nothing was seen."]
    assert table(was_set("a", "necessary"))[-1] == "Everything that was seen is declared."


def test_lifetimes_are_rounded_up_to_what_one_declares() -> None:
    assert [
        declarable_lifetime(seconds) for seconds in (1, 59, 3601, 7199, 86400, 86399, 172799, 34127999)
    ] == [
        "1 second",
        "59 seconds",
        "3601 seconds",
        "7199 seconds",
        "1 day",
        "1 day",
        "2 days",
        "395 days",
    ]


def test_control_characters_are_escaped() -> None:
    assert escape_unprintable("a\x1b]0;x\x07\x9b1m\u202e") == "a\\x1b]0;x\\x07\\x9b1m\\u202e"
    known = Known([Family("_ga", "Evil\x1b[2J", "\n")])
    assert "\x1b" not in to_table(make_report([was_sent("_ga")]), known)
