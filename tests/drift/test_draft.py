"""The draft: no policy until people have decided, then one that declares all that was seen."""

import tomllib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import Basis, Category, Policy, PolicyError
from consentgate.drift.draft import UNDECIDED, to_toml
from consentgate.drift.facts import Fact, Subject, Traits
from consentgate.drift.families import FAMILIES, Family, Known
from consentgate.drift.report import Drift, is_declarable, make_report
from tests.strategies import NATIVE

from .conftest import scopes
from .test_report import host, was_sent, was_set

KNOWN = Known(FAMILIES)
names = (
    st.builds(
        "{}{}".format,
        st.sampled_from(["_ga_", "_pk_id.", "visitor_id", "a"]),
        st.from_regex(r"[0-9a-f]{1,9}", fullmatch=True),
    )
    | st.sampled_from(["__Host-sid", "a*b", "a*b*", "x\u2026", "_ga", "Max-Age", '"quoted"', "\\"])
    | NATIVE
)
seen_facts = st.builds(
    Fact,
    st.builds(Subject, st.sampled_from(["set", "sent"]), names, st.just("passed"), st.just("")),
    times=st.integers(1, 9),
    days=st.just(1),
    first=st.just(1),
    last=st.just(1),
    lifetime=st.none() | st.integers(1, 3_153_600_000),
    traits=st.integers(0, 127).map(Traits),
    scopes=st.frozensets(scopes | st.just(("/\xe9", "no domain")), max_size=3),
)


def decided(draft: str) -> Policy:
    return Policy.from_dict(tomllib.loads(draft.replace(f'basis = "{UNDECIDED}"', 'basis = "consent"')))


@given(st.lists(seen_facts, max_size=12))
@example([was_set("__Host-sid", scopes=frozenset([("/shop", "example.org")]))])
def test_a_draft_is_refused_until_it_is_decided_then_it_declares_what_was_seen(seen: list[Fact]) -> None:
    report = make_report(seen)
    draft = to_toml(report, KNOWN)
    declarable = [each for each in report.cookies if is_declarable(each.name)]
    if not declarable:
        assert "[[category]]" not in draft
        return
    with pytest.raises(PolicyError, match=f"basis must be one of .*{UNDECIDED}"):
        Policy.from_dict(tomllib.loads(draft))
    policy = decided(draft)
    again = make_report(seen, policy)
    drifts = {each.name: each.drift for each in again.cookies}
    for cookie in declarable:
        # A Path or Domain no policy takes can't be declared.
        odd = any("\xe9" in path or " " in domain for path, domain in cookie.scopes)
        host_only = cookie.name.lower().startswith("__host-")
        assert drifts[cookie.name] is Drift.DECLARED or odd or host_only
    assert Drift.NEVER_SEEN not in drifts.values()


@given(st.lists(seen_facts, max_size=8))
def test_a_declared_cookie_is_not_in_the_draft(seen: list[Fact]) -> None:
    policy = Policy([Category("set-by-server", cookies=["_ga_*", "visitor_id*"])])
    draft = to_toml(make_report(seen, policy), KNOWN, policy)
    if "[[category]]" in draft:
        drafted = decided(draft)
        assert not {each.key for each in drafted.categories} & {"set-by-server"}
        both = [*policy.categories[1:], *(each for each in drafted.categories if each.basis is Basis.CONSENT)]
        Policy(both)  # pasted below it, they are a policy


def test_nothing_missing_is_no_draft() -> None:
    assert to_toml(make_report([]), KNOWN) == ""
    policy = Policy([Category("a", cookies=["_ga"])])
    assert to_toml(make_report([was_sent("_ga"), was_set("_ga")], policy), KNOWN, policy) == ""


def test_the_output_reads_like_this() -> None:
    seen = [
        was_set("sid", times=3, lifetime=1209599, traits=Traits.WITHOUT_SAME_SITE),
        was_set("lang", scopes=frozenset([("/", "example.org"), ("/shop", "")])),
        was_sent("_pk_id.1.1fff"),
        was_sent("a*b*"),
        host("b.example"),
        host("a.example"),
    ]
    assert (
        to_toml(make_report(seen), KNOWN).partition("\n\n")[2]
        == """\
[[category]]
key = "set-by-server"
title = "Set by the server"
basis = "to be decided"

  # times seen: 3, days: 1
  # could be stricter: no SameSite
  [[category.cookie]]
  name = "sid"
  lifetime = "14 days"
  provider = ""
  purpose = ""

  # times seen: 1, days: 1
  [[category.cookie]]
  name = "lang"
  domain = "example.org"
  lifetime = "session"
  provider = ""
  purpose = ""

  [[category.cookie]]
  name = "lang"
  path = "/shop"
  lifetime = "session"
  provider = ""
  purpose = ""

[[category]]
key = "set-by-scripts"
title = "Set by scripts"
basis = "to be decided"

  # times seen: 1, days: 1
  # known as: Matomo: tells visitors apart
  [[category.cookie]]
  name = "_pk_id.*"
  provider = ""
  purpose = ""

[[category]]
key = "other-hosts"
title = "Other hosts"
basis = "to be decided"
hosts = [
  "a.example",
  "b.example",
]

# No policy can declare these names; set the cookies under others:
# "a*b*"
"""
    )


def test_hosts_are_a_category_that_can_be_decided() -> None:
    draft = to_toml(make_report([host("maps.example"), host("wss://live.example"), host("no host")]), KNOWN)
    assert decided(draft).category("other-hosts").hosts == ("maps.example", "wss://live.example")
    assert to_toml(make_report([host("no host")]), KNOWN) == ""


def test_keys_that_are_taken_get_a_number() -> None:
    policy = Policy([Category("set-by-scripts"), Category("set-by-scripts-2")])
    draft = to_toml(make_report([was_sent("_ga")], policy), KNOWN, policy)
    assert 'key = "set-by-scripts-3"' in draft


def test_an_operators_table_writes_nothing_but_comments() -> None:
    """Whatever is in it: a line break would end the comment."""
    hostile = Known([Family("_ga", 'Evil"\n[[category]]\nkey = "x"', "\x1b[2J\r\nbasis = 'necessary'")])
    draft = to_toml(make_report([was_sent("_ga")]), hostile)
    assert len(tomllib.loads(draft)["category"]) == 1
    assert "\x1b" not in draft and "\r" not in draft


def test_many_names_are_one_pattern() -> None:
    draft = to_toml(make_report([was_sent(f"tok-1a2b3c4d{end}") for end in "0123"]), KNOWN)
    assert "# 4 names, times seen: 4, days: 1" in draft
    assert 'name = "tok-*"' in draft
