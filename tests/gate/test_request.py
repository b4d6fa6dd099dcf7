"""Cookie pairs on their way in: P3, R9, R32."""

from hypothesis import example, given

from consentgate.consent.verdict import RESERVED, Judge
from consentgate.gate.request import joined, kept_parts, narrow, not_allowed, only, spared, withheld
from tests.conftest import make_policy
from tests.strategies import NATIVE, accepted, cookie_strings

POLICY = make_policy()
NAMES = Judge(POLICY).names
NECESSARY: frozenset[str | None] = frozenset({"necessary"})


def pairs(cookie_string: str) -> list[str]:
    return [pair.strip(" \t") for pair in cookie_string.split(";") if pair.strip(" \t")]


@given(cookie_strings | NATIVE, accepted)
@example("a=1; bad name=x; sid=3", set())
@example("_pk_id=1; sid=2; _pk_id=3", set())
@example('sid="a; _pk_id=1"', set())
def test_what_is_left_are_the_allowed_pairs_in_order(cookie_string: str, yes: set[str]) -> None:
    allowed: frozenset[str | None] = frozenset({"necessary", *yes})
    narrowed = narrow(cookie_string, NAMES, allowed)
    expected = [
        pair
        for pair in pairs(cookie_string)
        if "=" in pair
        and POLICY.key_of(pair.partition("=")[0].strip(" \t")) in allowed
        and pair.partition("=")[0].strip(" \t") != "cookies_preferences"
    ]
    assert pairs(narrowed) == expected
    left_out = withheld(cookie_string, NAMES, allowed)
    assert len(left_out) == len(pairs(cookie_string)) - len(expected)
    assert bool(left_out) == (narrowed is not cookie_string)


@given(cookie_strings | NATIVE, accepted)
def test_narrowing_twice_is_once(cookie_string: str, yes: set[str]) -> None:
    """Invariant (v)."""
    allowed: frozenset[str | None] = frozenset({"necessary", *yes})
    once = narrow(cookie_string, NAMES, allowed)
    assert narrow(once, NAMES, allowed) is once


def test_bytes_order_and_duplicates_are_kept() -> None:
    cookie_string = "zzz=0;sid = a=b ;  _pk_id=1; sid=\xe9;;csrftoken="
    assert narrow(cookie_string, NAMES, NECESSARY) == "sid = a=b ; sid=\xe9;;csrftoken="
    assert withheld(cookie_string, NAMES, NECESSARY) == [("zzz", None), ("_pk_id", "statistical")]


@given(cookie_strings | NATIVE, accepted)
@example("zzz=1; ;; sid=2;; ; csrftoken=3;zzz=4; sid=5 ;", set())
@example("; ;zzz=1", set())
@example("; sid=1;", set())
@example("sid=1; csrftoken=2", set())
@example("", set())
def test_parts_kept_are_what_narrowing_leaves(cookie_string: str, yes: set[str]) -> None:
    allowed: frozenset[str | None] = frozenset({"necessary", *yes})
    narrowed = narrow(cookie_string, NAMES, allowed)
    again = joined(cookie_string, kept_parts(cookie_string, NAMES, allowed))
    assert again == narrowed
    assert (again is cookie_string) == (narrowed is cookie_string)


def test_neighbours_are_one_part() -> None:
    cookie_string = "zzz=1; sid=2; csrftoken=3; zzz=4;sid=5"
    parts = kept_parts(cookie_string, NAMES, NECESSARY)
    assert [cookie_string[part] for part in parts] == ["sid=2; csrftoken=3", ";sid=5"]


def test_nothing_left_is_empty() -> None:
    assert narrow(" ; _pk_id=1;", NAMES, NECESSARY) == ""


def test_the_preferences_cookie_is_read_where_that_is_said() -> None:
    cookie_string = "cookies_preferences=genuine; sid=1; sid"
    assert narrow(cookie_string, NAMES, NECESSARY) == "sid=1"
    assert narrow(cookie_string, NAMES, NECESSARY | {RESERVED}) == "cookies_preferences=genuine; sid=1"


def test_undeclared_pairs_may_be_let_through_and_told() -> None:
    assert narrow("zzz=1; sid=2; theme=3", NAMES, NECESSARY | {None}) == "zzz=1; sid=2"
    assert spared("zzz=1; sid=2; theme=3; yyy", NAMES) == [("zzz", None)]


@given(cookie_strings | NATIVE)
@example("sid=1;csrftoken=2; xsid=3; sid")
def test_looking_for_a_few_names_finds_what_looking_at_each_pair_does(cookie_string: str) -> None:
    few = ("sid", "csrftoken", "cookies_preferences")
    found = only(cookie_string, few)
    assert pairs(found) == pairs(narrow(cookie_string, NAMES, NECESSARY | {RESERVED}))
    assert only(found, few) is found


def test_what_may_be_expired_is_declared_and_not_allowed() -> None:
    cookie_string = "zzz=1; sid=2;theme = 3; _pk_ses.9=4; cookies_preferences=5; vid"
    assert not_allowed(cookie_string, NAMES, NECESSARY) == [
        ("theme", "internal"),
        ("_pk_ses.9", "statistical"),
    ]
