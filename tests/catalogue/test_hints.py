"""Names and settings that are allowed, but probably not meant so."""

import ast
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import Basis, Category, Cookie, Policy
from consentgate.catalogue.hints import list_hints, suggest_name
from consentgate.presets import PRESETS

REGULAR = "it looks like a regular expression"


@pytest.mark.parametrize(
    ("name", "odd", "meant"),
    [
        ("[0-9]*", REGULAR, None),
        ("_ga_[A-Z]+", REGULAR, "'_ga_*'"),
        ("_ga_[A-Z0-9]{10}", REGULAR, "'_ga_*'"),
        ("^_ga", REGULAR, "'_ga*'"),
        ("^_ga$", REGULAR, "'_ga'"),
        ("_gid$", REGULAR, "'_gid'"),
        (".*", REGULAR, None),
        (".*_tv", REGULAR, None),
        ("_ga_.+", REGULAR, "'_ga_*'"),
        (r"\d", REGULAR, None),
        (r"_pk_id\..*", REGULAR, "'_pk_id.*'"),
        ("_ga|_gid", REGULAR, None),
        ("[^a]b", REGULAR, None),
        ("(_ga)+", REGULAR, None),
        ("_gat?", REGULAR, "'_ga*'"),
        ("_ga_<container-id>", "it looks like a placeholder", "'_ga_*'"),
        ("_hjSession_{site_id}", "it looks like a placeholder", "'_hjSession_*'"),
        ("<name>", "it looks like a placeholder", None),
        ("<a>_<b>", "it looks like a placeholder", None),
        ("a b", "it holds a blank, a comma or a semicolon", "'a', 'b'"),
        ("_ga, _gid", "it holds a blank, a comma or a semicolon", "'_ga', '_gid'"),
        (" sid", "it begins or ends with a blank", "'sid'"),
        ("'sid'", "it holds a quote", "'sid'"),
        ('"sid"', "it holds a quote", "'sid'"),
        ("sid=", "it holds a '='", "'sid'"),
        ("sid=1; Path=/", "it holds a '='", "'sid'"),
        ("=", "it holds a '='", None),
    ],
)
def test_an_odd_name_is_named_with_its_mend(name: str, odd: str, meant: str | None) -> None:
    mend = suggest_name(name)
    assert mend is not None
    assert mend.startswith(odd)
    assert mend.partition("perhaps you mean ")[2] == (meant or "")


@pytest.mark.parametrize(
    "name",
    [
        *("_pk_id.*", "_pk_ses.*", "wp-settings-*", "*_tv", "sid*", "user[1]", "cookie[one][two]"),
        *(
            "__Host-sid",
            "a.b",
            "%5B",
            "$Version",
            "~",
            "#1",
            "a+b",
            "\xfc",
            "\xc3\xa0",
            "_ga",
            "beaker.session.id",
        ),
    ],
)
def test_a_common_name_is_not_odd(name: str) -> None:
    assert suggest_name(name) is None


def test_no_preset_is_odd() -> None:
    assert not [cookie.name for make in PRESETS.values() for cookie in make() if suggest_name(cookie.name)]


@given(st.text("abc_.-[]()^$*+?\\{}<>|=;, \"'09", max_size=12))
@example(r"a\.")
@example("'a b'")
def test_a_name_that_may_be_meant_can_be_declared(name: str) -> None:
    mend = suggest_name(name)
    if mend and "perhaps you mean " in mend:
        meant = mend.partition("perhaps you mean ")[2]
        for each in ast.literal_eval(f"[{meant}]"):
            assert Cookie(each).name == each


def test_a_value_that_is_not_text_gets_no_suggestion() -> None:
    assert suggest_name(5) is None


def test_a_preferences_cookie_that_others_can_plant_is_hinted_at() -> None:
    necessary = Category("necessary", basis=Basis.NECESSARY, cookies=["sid"])
    (plain,) = list_hints(Policy([necessary]))
    assert plain.startswith("cookie_name 'cookies_preferences': another host of the same domain can set")
    assert 'cookie_name = "__Host-cookies_preferences"' in plain
    (shared,) = list_hints(Policy([necessary], cookie_domain="example.org"))
    assert shared.startswith("cookie_domain 'example.org': any host under it can set")
    assert not list(list_hints(Policy([necessary], cookie_name="__Host-choices")))


@pytest.mark.parametrize(
    ("name", "better"),
    [("choices", "__Host-choices"), ("__Secure-choices", "__Host-choices"), ("__Http-c", "__Host-Http-c")],
)
def test_the_name_that_is_hinted_at_has_the_right_prefix(name: str, better: str) -> None:
    (hint,) = list_hints(Policy([], cookie_name=name))
    assert f'cookie_name = "{better}"' in hint


def test_a_hint_names_category_and_cookie() -> None:
    policy = Policy([Category("audience", cookies=["_ga_[A-Z]+"])], cookie_name="__Host-c")
    (hint,) = list_hints(policy)
    assert hint.startswith("category 'audience', cookie '_ga_[A-Z]+': it looks like a regular expression")


def hints_of(*categories: Category, **options: Any) -> list[str]:
    return list(list_hints(Policy(categories, cookie_name="__Host-c", **options)))


@pytest.mark.parametrize(
    "provider",
    [
        "video.example",
        "https://www.ads.example/",
        "Google Ireland Ltd",
        "YouTube",
        "Meta Platforms",
        "hotjar",
    ],
)
def test_another_sites_cookies_without_its_hosts_are_hinted_at(provider: str) -> None:
    cookies = [Cookie("theme"), Cookie("vid", provider=provider)]
    (hint,) = hints_of(Category("ads", cookies=cookies))
    assert hint.startswith(f"category 'ads', cookie 'vid': the provider {provider!r} looks like another site")
    assert "hosts = [...]" in hint
    assert not hints_of(Category("ads", cookies=cookies, hosts=["video.example"]))
    assert not hints_of(Category("n", basis=Basis.NECESSARY, cookies=cookies))


@pytest.mark.parametrize(
    ("provider", "options"),
    [
        ("", {}),
        ("Riverton Library", {}),
        ("Metabase Ltd.", {}),
        ("Riverton S.A.", {}),
        ("www.riverton.example", {"site": "www.Riverton.example"}),
        ("Google", {"controller": "Google Ireland Ltd"}),
    ],
)
def test_the_sites_own_cookies_get_no_hint(provider: str, options: dict[str, Any]) -> None:
    assert not hints_of(Category("a", cookies=[Cookie("theme", provider=provider)]), **options)


def test_a_refusal_that_is_forgotten_sooner_is_hinted_at() -> None:
    sooner, shorter = hints_of(refusal_lifetime="3 months")
    assert sooner.startswith("refusal_lifetime is 91 days, cookie_lifetime 182 days: visitors who refuse are")
    assert "less than six months" in shorter
    (only,) = hints_of(cookie_lifetime="12 months", refusal_lifetime="6 months")
    assert "sooner than those who accept" in only
    (only,) = hints_of(cookie_lifetime="1 month")
    assert "less than six months" in only
    assert not hints_of(cookie_lifetime="6 months", refusal_lifetime="12 months")
    assert not hints_of()
