"""Cookies that were seen, held against a policy."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentgate import Basis, Category, Cookie, Policy
from consentgate.drift.facts import Fact, Subject, Traits
from consentgate.drift.report import Drift, Report, group_cookies, is_declarable, make_report

from .conftest import facts

POLICY = Policy(
    [
        Category(
            "necessary",
            basis=Basis.NECESSARY,
            cookies=[
                Cookie("sid", lifetime="14 days"),
                Cookie("csrf", lifetime="session"),
                "plain",
                Cookie("shop", path="/shop", domain=".Example.org"),
            ],
        ),
        Category("statistical", cookies=[Cookie("_pk_id.*", lifetime="13 months"), "gone"]),
    ]
)


def was_set(name: str, category: str = "", **values: object) -> Fact:
    options = {"times": 1, "days": 1, "first": 1, "last": 1, "scopes": frozenset([("/", "")]), **values}
    return Fact(Subject("set", name, "passed", category), **options)  # type: ignore[arg-type]


def was_sent(name: str, category: str = "", times: int = 1, day: int = 1) -> Fact:
    return Fact(Subject("sent", name, "withheld", category), times, 1, day, day)


def host(name: str, category: str = "", directive: str = "img-src", times: int = 1) -> Fact:
    return Fact(Subject("host", name, directive, category), times, 1, 1, 1)


def drifts(report: Report) -> dict[str, Drift]:
    return {finding.name: finding.drift for finding in (*report.cookies, *report.hosts)}


@given(st.lists(facts()))
def test_every_name_is_found_once_and_undeclared_ones_come_first(several: list[Fact]) -> None:
    report = make_report(several, POLICY)
    seen = [cookie for cookie in report.cookies if cookie.drift is not Drift.NEVER_SEEN]
    assert sorted(cookie.name for cookie in seen) == sorted(
        {fact.subject.name for fact in several if fact.subject.kind != "host"}
    )
    assert sorted(found.name for found in report.hosts) == sorted(
        {fact.subject.name for fact in several if fact.subject.kind == "host"}
    )
    order = [list(Drift).index(cookie.drift) for cookie in report.cookies]
    assert order == sorted(order)
    for cookie in seen:
        assert (cookie.drift is Drift.UNDECLARED) == (POLICY.key_of(cookie.name) is None)
        assert cookie.times == sum(
            fact.times for fact in several if fact.subject.name == cookie.name and fact.subject.kind != "host"
        )


def test_the_policy_given_decides_not_the_one_of_then() -> None:
    report = make_report([was_set("sid"), was_sent("zzz", "statistical")], POLICY)
    assert drifts(report)["sid"] is Drift.DECLARED
    assert drifts(report)["zzz"] is Drift.UNDECLARED


def test_without_a_policy_the_last_one_decides() -> None:
    several = [
        was_sent("was declared", "statistical", day=1),
        was_sent("was declared", "", day=2),
        was_sent("is declared", "", day=1),
        was_sent("is declared", "statistical", day=2),
        was_sent("same day", "", day=2),
        was_sent("same day", "statistical", day=2),
    ]
    report = make_report(several)
    assert drifts(report) == {
        "was declared": Drift.UNDECLARED,
        "is declared": Drift.DECLARED,
        "same day": Drift.DECLARED,
    }


@pytest.mark.parametrize(
    ("name", "seen", "drift"),
    [
        ("sid", {"lifetime": 14 * 86400}, Drift.DECLARED),
        ("sid", {"lifetime": 14 * 86400 + 60}, Drift.DECLARED),
        ("sid", {"lifetime": 14 * 86400 + 61}, Drift.LONGER),
        ("sid", {"lifetime": None}, Drift.DECLARED),
        ("csrf", {"lifetime": 1}, Drift.LONGER),
        ("csrf", {"lifetime": None}, Drift.DECLARED),
        ("plain", {"lifetime": 10**9}, Drift.DECLARED),
        ("_pk_id.1", {"lifetime": 400 * 86400}, Drift.LONGER),
        ("sid", {"scopes": frozenset([("/", "example.org")])}, Drift.ELSEWHERE),
        ("sid", {"scopes": frozenset([("/shop", "")])}, Drift.ELSEWHERE),
        ("sid", {"scopes": frozenset([("", "")])}, Drift.DECLARED),
        ("sid", {"scopes": frozenset()}, Drift.DECLARED),
        ("shop", {"scopes": frozenset([("/shop", "example.org")])}, Drift.DECLARED),
        ("shop", {"scopes": frozenset([("/shop", "example.org"), ("/", "")])}, Drift.ELSEWHERE),
        ("sid", {"lifetime": 10**9, "scopes": frozenset([("/x", "")])}, Drift.LONGER),
    ],
)
def test_a_cookie_is_held_against_its_declaration(name: str, seen: dict[str, object], drift: Drift) -> None:
    assert drifts(make_report([was_set(name, **seen)], POLICY))[name] is drift


def test_one_of_several_declared_scopes_is_enough() -> None:
    policy = Policy(
        [Category("a", cookies=[Cookie("x", lifetime="1 day"), Cookie("x", path="/shop", lifetime="9 days")])]
    )
    seen = was_set("x", lifetime=9 * 86400, scopes=frozenset([("/", ""), ("/shop", "")]))
    assert drifts(make_report([seen], policy))["x"] is Drift.DECLARED


def test_a_cookie_that_is_only_sent_back_states_nothing() -> None:
    (finding,) = (each for each in make_report([was_sent("sid")], POLICY).cookies if each.name == "sid")
    assert (finding.drift, finding.by_server, finding.lifetime) == (Drift.DECLARED, False, None)


def test_declared_and_never_seen() -> None:
    report = make_report([was_set("sid"), was_sent("_pk_id.1.1fff")], POLICY)
    assert [each.name for each in report.cookies if each.drift is Drift.NEVER_SEEN] == [
        "csrf",
        "gone",
        "plain",
        "shop",
    ]
    assert not report.is_clean


def test_the_gates_own_cookie_is_none_of_the_applications() -> None:
    own = was_sent("cookies_preferences")
    assert make_report([own]).cookies == ()
    assert drifts(make_report([own], POLICY)).keys() == drifts(make_report([], POLICY)).keys()
    other = Policy([], cookie_name="choice")
    assert drifts(make_report([was_sent("choice"), own], other)) == {"cookies_preferences": Drift.UNDECLARED}


def test_missing_attributes_are_named() -> None:
    loose = Traits.WITHOUT_SECURE | Traits.WITHOUT_HTTP_ONLY | Traits.WITHOUT_SAME_SITE
    none = Traits.WITHOUT_SECURE | Traits.CROSS_SITE_WITHOUT_SECURE
    (found,) = make_report([was_set("a", traits=loose)]).cookies
    assert found.weaker == ("no HttpOnly", "no SameSite")
    report = make_report([was_set("a", traits=loose), was_set("b", traits=Traits.SECURE)])
    assert {each.name: each.weaker for each in report.cookies} == {
        "a": ("no Secure", "no HttpOnly", "no SameSite"),
        "b": (),
    }
    (found,) = make_report([was_set("a", traits=loose | Traits.OVER_HTTPS)]).cookies
    assert found.weaker[0] == "no Secure"
    (found,) = make_report([was_set("a", traits=none)]).cookies
    assert found.weaker == ("SameSite=None without Secure",)


def test_rare_cookies_are_left_out_unless_they_are_declared() -> None:
    seen = [
        was_sent("once"),
        was_sent("twice", times=2),
        was_set("sid", lifetime=10**9),
        host("maps.example"),
    ]
    report = make_report(seen, POLICY, min_times=2)
    assert {"twice", "sid"} <= set(drifts(report))
    assert not {"once", "maps.example"} & set(drifts(report))
    two_days = [was_sent("once"), was_sent("again", day=1), was_sent("again", day=2), host("a", "maps")]
    assert set(drifts(make_report(two_days, min_days=2))) == {"again", "a"}


def test_hosts_are_found_by_directive() -> None:
    seen = [host("a.example"), host("a.example", directive="font-src", times=3), host("b.example", "maps")]
    undeclared, declared = make_report(seen).hosts
    assert (undeclared.name, undeclared.directives, undeclared.times) == (
        "a.example",
        ("font-src", "img-src"),
        4,
    )
    assert (undeclared.drift, declared.drift) == (Drift.UNDECLARED, Drift.DECLARED)
    assert not make_report(seen).is_clean
    assert make_report(seen[2:]).is_clean


def test_hosts_are_declared_in_the_policy_given() -> None:
    policy = Policy([Category("maps", hosts=["*.tiles.example"])])
    seen = [host("a.tiles.example"), host("tiles.example", "maps")]
    assert drifts(make_report(seen, policy)) == {
        "a.tiles.example": Drift.DECLARED,
        "tiles.example": Drift.UNDECLARED,
    }


def test_names_of_one_declaration_are_one_finding() -> None:
    seen = [
        was_set("_pk_id.1", lifetime=60, traits=Traits.WITHOUT_SAME_SITE),
        was_set("_pk_id.2", lifetime=90, scopes=frozenset([("/", "")])),
        was_sent("_pk_id.3"),
        was_set("_pk_id.4", lifetime=10**9),
        was_sent("_ga_5C2V8LB6VY"),
        was_sent("_ga_LNTR8VPWXX", times=4),
        was_sent("theme"),
    ]
    grouped = group_cookies(make_report(seen, POLICY).cookies)
    found = {(each.name, each.drift): each for each in grouped}
    assert [each.drift for each in grouped] == sorted((each.drift for each in grouped), key=list(Drift).index)
    declared = found["_pk_id.*", Drift.DECLARED]
    assert (declared.names, declared.times, declared.lifetime, declared.by_server) == (3, 3, 90, True)
    assert declared.weaker == ("no SameSite",)
    assert found["_pk_id.*", Drift.LONGER].names == 1
    assert (found["_ga_*", Drift.UNDECLARED].names, found["_ga_*", Drift.UNDECLARED].times) == (2, 5)
    assert found["theme", Drift.UNDECLARED].names == 1
    assert found["gone", Drift.NEVER_SEEN].names == 0


def test_no_star_stands_for_names_of_two_categories() -> None:
    """Where no policy says how they are declared."""
    categories = {"tok-1a2b3c4a": "", "tok-1a2b3c4b": "", "tok-1a2b3c4c": "x", "tok-1a2b3c4d": "x"}
    seen = [was_sent(name, category) for name, category in categories.items()]
    grouped = group_cookies(make_report(seen).cookies)
    assert {each.name: each.category or "" for each in grouped} == categories


def test_some_names_can_be_declared() -> None:
    assert is_declarable("_ga_*") and is_declarable("_ga")
    assert not any(map(is_declarable, ["", "*", "a*b*", "a b\n", "x\u2026"]))


def test_a_lifetime_may_be_declared_as_a_timedelta() -> None:
    policy = Policy([Category("a", cookies=[Cookie("x", lifetime=timedelta(days=1))])])
    assert drifts(make_report([was_set("x", lifetime=2 * 86400)], policy))["x"] is Drift.LONGER
