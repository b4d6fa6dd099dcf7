"""The catalogue: which category a name belongs to, whatever the order of declaration."""

import copy
import json
import pickle
import random
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentgate import Basis, Category, Cookie, Policy, PolicyError
from consentgate.consent.preferences import answers_to
from tests.conftest import make_policy
from tests.strategies import NATIVE, names, policies

NECESSARY = Category("necessary", basis=Basis.NECESSARY, cookies=["sid"])


def categories(*cookies: str) -> list[Category]:
    """One category for each cookie: c0, c1, ..."""
    return [Category(f"c{number}", cookies=[name]) for number, name in enumerate(cookies)]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("_pk_id", "c0"),
        ("_pk_id.1", "c1"),
        ("_pk_ses.1", "c2"),
        ("_PK_ID", None),
        ("_pk", None),
        ("x_pk_id", None),
        ("ad_tv", "c3"),
        ("_pk_tv", "c2"),
        ("_pk_*", "c2"),
    ],
)
def test_exact_before_pattern_and_the_longer_literal_first(name: str, key: str | None) -> None:
    """R31, R36: case-sensitive, anchored, most specific."""
    declared = categories("_pk_id", "_pk_id.*", "_pk_*", "*_tv")
    for _ in range(4):
        random.shuffle(declared)
        found = Policy(declared).category_of(name)
        assert (None if found is None else found.key) == key


@given(policies, names | NATIVE, st.randoms())
def test_the_order_of_declaration_never_matters(policy: Policy, name: str, rnd: random.Random) -> None:
    shuffled = list(policy.categories)
    rnd.shuffle(shuffled)
    assert Policy(shuffled).category_of(name) == policy.category_of(name)


@given(policies)
def test_every_declared_name_belongs_to_its_category(policy: Policy) -> None:
    for category in policy.categories:
        for cookie in category.cookies:
            assert policy.category_of(cookie.name) == category
            assert policy.scopes_of(cookie.name) == (cookie,)
    assert policy.scopes_of("\0") == ()


def test_a_name_may_be_declared_for_several_scopes() -> None:
    both = [Cookie("t", domain="example.org"), Cookie("t"), Cookie("t", path="/x")]
    assert Policy([Category("a", cookies=both)]).scopes_of("t") == tuple(both)
    with pytest.raises(PolicyError, match="cookie 't' is declared twice in 'a'"):
        Policy([Category("a", cookies=["t", Cookie("t", purpose="again")])])


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (lambda: categories("a", "a"), "cookie 'a' is in two categories, 'c0' and 'c1'"),
        (lambda: categories("_pk_*", "_pk_*"), "'_pk_*' is in two categories"),
        (lambda: categories("ab*", "a*b"), "equally long"),
        (lambda: categories("*b_", "ab*"), "equally long"),
        (lambda: [NECESSARY, NECESSARY], "category 'necessary' is declared twice"),
        (lambda: ["necessary"], "not a Category: 'necessary'"),
        (lambda: "necessary", "must be a list of Category, not 'necessary'"),
        (lambda: 5, "not 5"),
        (lambda: categories("cookies_preferences"), "necessary, it cannot be declared here"),
        (lambda: categories("cookies_*"), "the pattern 'cookies_*' matches the preferences cookie"),
        (
            lambda: [Category("n", basis=Basis.NECESSARY, cookies=["*_preferences"])],
            "matches the preferences",
        ),
    ],
)
def test_an_impossible_declaration_is_named(declared: Any, message: str) -> None:
    """R20, R36."""
    with pytest.raises(PolicyError) as caught:
        Policy(declared())
    assert message in str(caught.value)


def test_equally_long_patterns_are_fine_where_no_name_or_no_conflict_can_be() -> None:
    Policy(categories("ab*", "ba*"))
    Policy([Category("a", cookies=["ab*", "a*b"])])
    Policy(categories("a*b", "b*a"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"title": 5}, "title must be a text, not 5"),
        ({"privacy_url": "javascript:alert(1)"}, "not 'javascript:alert(1)'"),
        ({"updated": "yesterday"}, "not 'yesterday'"),
        ({"updated": 2026}, "not 2026"),
        ({"cookie_name": "a b"}, "cookie_name must be a token"),
        ({"cookie_name": ""}, "not ''"),
        ({"cookie_name": "a*"}, "not 'a*'"),
        ({"cookie_name": "x" * 129}, "up to 128"),
        ({"cookie_domain": "exa mple"}, "cookie_domain: not a domain: 'exa mple'"),
        ({"cookie_name": "__Host-c", "cookie_domain": "example.org"}, "has no Domain"),
        ({"cookie_lifetime": "401 days"}, "400 days, the longest browsers keep, not '401 days'"),
        ({"cookie_lifetime": "session"}, "not 'session'"),
        ({"cookie_lifetime": timedelta(microseconds=1)}, "must be a second to 400 days"),
        ({"cookie_lifetime": "six months"}, "cookie_lifetime: a lifetime is"),
        (
            {"refusal_lifetime": "401 days"},
            "refusal_lifetime must be a second to 400 days, the longest browsers keep, not '401 days'",
        ),
        ({"refusal_lifetime": "session"}, "refusal_lifetime must be a second to 400 days"),
        ({"refusal_lifetime": "six months"}, "refusal_lifetime: a lifetime is"),
    ],
)
def test_a_mistyped_option_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy([NECESSARY], **options)
    assert message in str(caught.value)


def test_dates_are_dates() -> None:
    assert Policy([], updated="2026-11-23").updated == date(2026, 11, 23)
    assert Policy([], updated=date(2026, 11, 23)).updated == date(2026, 11, 23)
    assert Policy([], privacy_url="https://example.org/privacy").updated is None


def test_a_choice_lasts_six_months_and_never_longer() -> None:
    """R11."""
    assert timedelta(days=180) < Policy([]).cookie_lifetime <= timedelta(days=183)
    assert Policy([], cookie_lifetime="13 months").cookie_lifetime == timedelta(days=395)


def test_the_preferences_cookie_is_always_listed_as_necessary() -> None:
    policy = Policy([Category("statistical", cookies=["_ga"])], controller="Example Ltd")
    own = policy.category_of("cookies_preferences")
    assert own is not None
    assert (own.key, own.basis) == ("necessary", Basis.NECESSARY)
    (cookie,) = own.cookies
    assert (cookie.provider, cookie.lifetime) == ("Example Ltd", "6 months")
    assert cookie.missing() == []


def test_it_joins_the_necessary_category_there_is() -> None:
    policy = Policy([Category("statistical", cookies=["_ga"]), NECESSARY])
    assert [category.key for category in policy.categories] == ["statistical", "necessary"]
    assert [cookie.name for cookie in policy.categories[1].cookies] == ["sid", "cookies_preferences"]


def test_a_policy_may_describe_it_there() -> None:
    described = Cookie("choice", provider="We", function="Choices", purpose="To remember them")
    policy = Policy([Category("n", basis=Basis.NECESSARY, cookies=[described])], cookie_name="choice")
    (cookie,) = policy.categories[0].cookies
    assert (cookie.provider, cookie.lifetime) == ("We", "6 months")


def test_its_category_has_a_key_of_its_own() -> None:
    policy = Policy([Category("necessary", basis=Basis.CONSENT, cookies=["a"])])
    assert [category.key for category in policy.categories] == ["preferences", "necessary"]


def test_policies_are_equal_when_they_publish_the_same() -> None:
    assert make_policy() == make_policy()
    assert hash(make_policy()) == hash(make_policy())
    assert make_policy() != make_policy(title="Other")


def test_an_unknown_category_is_named_with_those_there_are() -> None:
    with pytest.raises(PolicyError, match=r"unknown category 'stats'; known are 'necessary', 'statistical'"):
        make_policy().category("stats")
    with pytest.raises(PolicyError, match="unknown category"):
        make_policy().category([])  # type: ignore[arg-type]


def test_two_hundred_categories_do_not_fit_a_cookie() -> None:
    """R42: an error while wiring, never a truncated cookie."""
    with pytest.raises(PolicyError, match="200 categories to choose make a preferences cookie of"):
        Policy(categories(*(f"n{number}" for number in range(200))))
    Policy(categories(*(f"n{number}" for number in range(100))))


@given(policies)
def test_policies_can_be_copied_and_pickled(policy: Policy) -> None:
    assert copy.deepcopy(policy) == policy
    assert pickle.loads(pickle.dumps(policy)) == policy


def test_a_copy_publishes_the_same() -> None:
    policy = Policy(
        [Category("a", cookies=["x"])], title="Ours", cookie_name="choices", cookie_lifetime="1 month"
    )
    again = pickle.loads(pickle.dumps(policy))
    assert again == policy
    assert (again.title, again.cookie_name, again.cookie_lifetime.days) == ("Ours", "choices", 30)


def test_the_preferences_cookie_finds_a_category() -> None:
    taken: list[str] = []
    for key in ("necessary", "preferences", "own", "own2", "own3"):
        policy = Policy([Category(each, basis=Basis.CONSENT) for each in taken])
        added = policy.categories[0]
        assert (added.key, added.title, added.basis) == (key, "Necessary", Basis.NECESSARY)
        taken.append(key)


def test_a_choice_may_last_a_second() -> None:
    assert Policy([], cookie_lifetime="1 second").cookie_lifetime == timedelta(seconds=1)


def test_refusing_what_is_necessary_names_it() -> None:
    with pytest.raises(PolicyError, match="'necessary' is necessary and cannot be refused"):
        answers_to(make_policy(), {"necessary": False}, 0)


@pytest.mark.parametrize("option", ["site", "title", "controller", "contact", "privacy_url"])
def test_a_published_value_that_is_not_text_is_named(option: str) -> None:
    options: dict[str, Any] = {option: 1}
    with pytest.raises(PolicyError, match=rf"^policy: {option}\b"):
        Policy([], **options)


@pytest.mark.parametrize("url", ["https://example.org/privacy", "http://example.org", "/privacy"])
def test_the_privacy_url_is_a_path_or_a_web_address(url: str) -> None:
    assert Policy([], privacy_url=url).privacy_url == url


def test_a_no_is_kept_as_long_as_a_yes_unless_the_site_says_otherwise() -> None:
    """R11."""
    day = 24 * 3600
    assert Policy([]).lifetime_of(False) == Policy([]).lifetime_of(True) == 182 * day
    longer = Policy([], cookie_lifetime="13 months")
    assert longer.lifetime_of(False) == longer.lifetime_of(True) == 395 * day
    apart = Policy([], cookie_lifetime="1 month", refusal_lifetime="6 months")
    assert (apart.lifetime_of(True), apart.lifetime_of(False)) == (30 * day, 182 * day)
    assert apart.refusal_lifetime == timedelta(days=182)
    assert pickle.loads(pickle.dumps(apart)) == apart != Policy([], cookie_lifetime="1 month")
    assert json.loads(apart.render("json"))["refusal_lifetime"] == "182 days"


@pytest.mark.parametrize(
    ("yes", "no", "kept"),
    [("1 month", "6 months", "6 months"), ("6 months", "1 month", "6 months"), ("1 year", None, "1 year")],
)
def test_the_preferences_cookie_lives_as_long_as_its_longest_answer(yes: str, no: Any, kept: str) -> None:
    policy = Policy([], cookie_lifetime=yes, refusal_lifetime=no)
    (cookie,) = policy.scopes_of("cookies_preferences")
    assert cookie.lifetime == kept


def test_a_file_says_how_long_a_no_is_kept() -> None:
    assert Policy.from_dict({"refusal_lifetime": "1 year"}).lifetime_of(False) == 365 * 24 * 3600


def test_every_mistake_in_the_strings_is_a_line() -> None:
    strings: Any = {"German": {"Accept all": "Alle"}, "fr": {"Nothing of ours": "x"}, "de": {"Save": 5}}
    with pytest.raises(PolicyError) as caught:
        Policy([], strings=strings)
    assert [line.split(",")[0] for line in str(caught.value).splitlines()] == [
        "strings: a language is a code such as 'fr' or 'pt-BR'",
        "strings: 'Nothing of ours' is not a text of this package; `consentgate strings` prints them",
        "strings: for 'de' a table of texts is needed",
    ]
