"""A policy written as data: the same checks, and errors that say where."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import Basis, Cookie, Policy, PolicyError
from consentgate.i18n.texts import Message, in_language

TOML = """
title = "Cookies policy"
controller = "Example Ltd"
updated = 2026-11-23
cookie_lifetime = "13 months"
presets = ["flask", {preset = "django", session = "sid", csrf = "token"}]

[[category]]
key = "necessary"
basis = "necessary"
cookies = ["load_balancer"]
  [[category.cookie]]
  name = "session"
  purpose = "Ours"

[[category]]
key = "statistical"
basis = "exempt"
cookies = ["_pk_id.*", "_pk_ses.*"]
revision = 2
  [category.attestation]
  sole_purpose = true
  anonymous_output = true
  no_cross_site = true
  no_combination = true
  no_third_party = true
"""


def test_a_file_says_what_the_constructors_say(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(TOML)
    policy = Policy.from_toml(path)
    assert policy.title == "Cookies policy"
    assert policy.cookie_lifetime.days == 395
    assert policy.scopes_of("session") == (Cookie("session", purpose="Ours"),)
    assert policy.key_of("sid") == policy.key_of("__Host-token") == policy.key_of("load_balancer")
    assert policy.category("statistical").basis is Basis.EXEMPT
    assert policy.category("statistical").revision == 2
    assert policy == Policy.from_toml(str(path))


def test_presets_make_a_necessary_category_where_there_is_none() -> None:
    policy = Policy.from_dict({"presets": ["beaker"], "category": [{"key": "statistical"}]})
    assert policy.key_of("beaker.session.id") == "necessary"


def test_a_presets_category_finds_a_key_whatever_is_taken() -> None:
    taken = [{"key": key, "basis": "consent", "cookies": [key]} for key in ("necessary", "presets", "own")]
    policy = Policy.from_dict({"presets": ["flask"], "category": taken})
    assert policy.key_of("session") == "own2"


def test_presets_join_the_necessary_category_wherever_it_stands() -> None:
    tables = [{"key": "statistical"}, {"key": "base", "basis": "necessary"}]
    assert Policy.from_dict({"presets": ["flask"], "category": tables}).key_of("session") == "base"


def test_an_empty_mapping_is_a_policy_with_nothing_but_its_own_cookie() -> None:
    assert Policy.from_dict({}) == Policy([])


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"titel": "x"}, "policy: unknown key 'titel'; known are site, title, controller"),
        ([], "policy: a table of keys and values is needed, not []"),
        ({"title": 5}, "policy: title must be a text, not 5"),
        ({"site": 5}, "policy: site must be a text, not 5"),
        ({"category": {"key": "a"}}, "category must be an array of tables, [[category]]"),
        ({"category": "a"}, "category must be an array of tables"),
        ({"category": [5]}, "policy: [[category]]: a table of keys and values is needed, not 5"),
        ({"category": [{}]}, "[[category]]: no 'key'"),
        ({"category": [{"key": "a", "cookys": []}]}, "[[category]] 'a': unknown key 'cookys'"),
        ({"category": [{"key": "a", "cookies": "x"}]}, "cookies must be an array of names, not 'x'"),
        ({"category": [{"key": "a", "cookies": [5]}]}, "cookies must be an array of names, not 5"),
        (
            {"category": [{"key": "a", "basis": "maybe"}]},
            "basis must be one of necessary, consent, exempt, not 'maybe'",
        ),
        ({"category": [{"key": "necessary"}]}, '(in TOML: basis = "necessary")'),
        (
            {"category": [{"key": "a", "cookie": [{"name": "_pk", "purposes": "x"}]}]},
            "policy: [[category]] 'a': [[category.cookie]] '_pk': unknown key 'purposes'; known are name,",
        ),
        ({"category": [{"key": "a", "cookie": [{}]}]}, "[[category.cookie]]: no 'name'"),
        (
            {"category": [{"key": "a", "cookie": [{"name": "x", "lifetime": "long"}]}]},
            "[[category.cookie]] 'x': a lifetime is",
        ),
        (
            {"category": [{"key": "a", "basis": "exempt", "attestation": {"sole": True}}]},
            "[[category]] 'a': [category.attestation]: unknown key 'sole'",
        ),
        ({"presets": "flask"}, "presets: an array of names is needed, not 'flask'"),
        ({"presets": ["rails"]}, "presets: unknown preset 'rails'"),
        ({"presets": [{"session": "x"}]}, "presets: a name, or a table such as"),
        ({"presets": [5]}, "presets: a name, or a table"),
        ({"presets": [{"preset": "flask", "x": "y"}]}, "unknown cookie 'x'"),
        (
            {"category": [{"key": "a", "cookies": ["x"]}, {"key": "b", "cookies": ["x"]}]},
            "policy: cookie 'x' is in two",
        ),
    ],
)
def test_errors_name_the_source_the_table_and_the_culprit(mapping: Any, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_dict(mapping)
    assert message in str(caught.value)


def test_errors_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    for content, message in (
        ("title = ", "not TOML"),
        ("\xff", "not TOML"),
        ("titel = 'x'", "unknown key 'titel'"),
        ("cookie_name = 'a b'", "cookie_name must be a token"),
    ):
        path.write_bytes(content.encode("latin-1"))
        with pytest.raises(PolicyError) as caught:
            Policy.from_toml(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert message in str(caught.value)


def test_a_file_that_is_not_there_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Policy.from_toml(tmp_path / "none.toml")


def test_an_error_of_another_kind_is_left_as_it_is() -> None:
    class Odd(dict[str, Any]):
        def __iter__(self) -> Any:
            raise RuntimeError("odd")

    with pytest.raises(RuntimeError, match="odd"):
        Policy.from_dict(Odd())


def test_every_text_may_be_given_by_language() -> None:
    """title and description; function, location and purpose of a cookie; in the policy's own."""
    by_language = {"en": "hello", "fr": "bonjour"}
    cookie = {"name": "_ga", **dict.fromkeys(("function", "location", "purpose"), by_language)}
    category = {"key": "a", "title": by_language, "description": by_language, "cookie": [cookie]}
    policy = Policy.from_dict({"language": "fr", "category": [category]})
    a = policy.category("a")
    (ga,) = a.cookies
    for text in (a.title, a.description, ga.function, ga.location, ga.purpose):
        assert text == "bonjour"
        assert in_language(text, "en") == "hello"


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"colour": 1}, "policy: unknown key 'colour'"),
        ({"category": [{"key": "a", "cookie": {}}]}, "category.cookie must be an array of tables"),
        ({"category": [{}]}, "no 'key'"),
    ],
)
def test_errors_begin_with_where_they_are(mapping: Any, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_dict(mapping)
    assert message in str(caught.value)
    assert str(caught.value).startswith("policy: ")


def test_presets_alone_are_titled() -> None:
    own = Policy.from_dict({"presets": ["flask"]}).category("necessary")
    assert own.title == "Necessary"
    assert isinstance(own.title, Message)


EVERYTHING_WRONG = """
titel = "x"
title = 5
language = "English"
cookie_lifetime = "401 days"
cookie_name = "__Host-x"
cookie_domain = "example.org"
presets = ["rails", "flask", {preset = "django", x = "y"}]
[strings.fr]
"Nothing of ours" = "Rien"
"Nor this" = "Rien"
[[category]]
key = "necessary"
cookies = ["sid=", 5, "ok"]
[[category]]
key = "a"
basis = "exempt"
revision = 0
title = { en = "A", de = 5 }
cookies = ["fine", "**"]
cookys = []
[category.attestation]
sole = true
[[category]]
key = "b c"
description = 5
[[category.cookie]]
name = "__Host-z"
domain = "example.org"
lifetime = "long"
[[category.cookie]]
purpose = 3
[[category]]
cookies = ["left out"]
[[category]]
key = "c"
cookies = ["ab*", "q", "x"]
[[category]]
key = "c"
[[category]]
key = "d"
cookies = ["*bc", "x", "q"]
"""


def test_every_mistake_of_a_file_is_named_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(EVERYTHING_WRONG)
    with pytest.raises(PolicyError) as caught:
        Policy.from_toml(path)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{path}: ") for line in lines)
    beginnings = [
        "unknown key 'titel'; known are site, title,",
        "[[category]] 'necessary': no browser would store a cookie of this name: 'sid='; it holds a '='; "
        "perhaps you mean 'sid'",
        "[[category]] 'necessary': cookies must be an array of names, not 5",
        "[[category]] 'necessary': category 'necessary' has no basis",
        "[[category]] 'a': unknown key 'cookys'",
        "[[category]] 'a': title: in 'de', a text is needed, not 5",
        "[[category]] 'a': a pattern holds exactly one '*' and something else: '**'",
        "[[category]] 'a': [category.attestation]: unknown key 'sole'",
        "[[category]] 'a': basis exempt, but not attested: sole_purpose, anonymous_output,",
        "[[category]] 'a': revision must be a whole number from 1, not 0",
        "[[category]] 'b c': [[category.cookie]] '__Host-z': a __Host- cookie has no Domain, and Path=/",
        "[[category]] 'b c': [[category.cookie]] '__Host-z': a lifetime is a timedelta,",
        "[[category]] 'b c': [[category.cookie]]: no 'name'",
        "[[category]] 'b c': [[category.cookie]]: purpose must be a text, not 3",
        "[[category]] 'b c': a category's key is 1 to 64 letters, digits, '_' and '-', not 'b c'",
        "[[category]] 'b c': description must be a text, not 5",
        "[[category]]: no 'key'",
        "presets: unknown preset 'rails'",
        "presets: preset 'django': unknown cookie 'x'",
        "policy: title must be a text, not 5",
        "language: a language is a code such as 'fr' or 'pt-BR', not 'English'",
        "cookie_lifetime must be a second to 400 days",
        "cookie_domain 'example.org': a cookie named '__Host-x' has no Domain",
        "strings: 'Nothing of ours' is not a text of this package",
        "strings: 'Nor this' is not a text of this package",
        "category 'c' is declared twice",
        "patterns 'ab*' in 'c' and '*bc' in 'd' are equally long",
        "cookie 'x' is in two categories, 'c' and 'd'",
        "cookie 'q' is in two categories, 'c' and 'd'",
    ]
    message = [line.removeprefix(f"{path}: ") for line in lines]
    assert len(message) == len(beginnings)
    assert all(map(str.startswith, message, beginnings)), message


GOOD: dict[str, Any] = {
    "title": "Cookies",
    "cookie_lifetime": "6 months",
    "category": [
        {"key": "necessary", "basis": "necessary", "cookies": ["sid"]},
        {"key": "audience", "cookie": [{"name": "_pk_id.*", "provider": "Matomo"}, {"name": "_ga"}]},
        {"key": "ads", "revision": 2, "cookies": ["_fbp", "_gcl_*"]},
    ],
}

MISTAKES: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("titel",), "x", "unknown key 'titel'"),
    (("title",), 5, "title must be a text"),
    (("cookie_lifetime",), "long", "cookie_lifetime: a lifetime is"),
    (("category", 0, "cookies"), ["a;b"], "no browser would store a cookie of this name: 'a;b'"),
    (("category", 1, "basis"), "maybe", "basis must be one of"),
    (("category", 1, "cookie", 0, "path"), "x", "'_pk_id.*': not a path: 'x'"),
    (("category", 1, "cookie", 1, "name"), "b\x00", "no browser would store a cookie of this name: 'b\\x00'"),
    (("category", 2, "cookies", 0), "_pk_id.*", "cookie '_pk_id.*' is in two categories"),
    (("category", 2, "revision"), -1, "'ads': revision must be a whole number"),
    (("category", 2, "title"), {}, "[[category]] 'ads': title: no text in the policy's own language, 'en'"),
]


@given(st.sets(st.integers(0, len(MISTAKES) - 1)))
@example(set())
@example(set(range(len(MISTAKES))))
def test_each_mistake_is_named_whatever_other_mistakes_there_are(chosen: set[int]) -> None:
    mapping: Any = deepcopy(GOOD)
    for at in chosen:
        (*way, last), value, _ = MISTAKES[at]
        table = mapping
        for step in way:
            table = table[step]
        table[last] = value
    wanted = [MISTAKES[at][2] for at in chosen]
    if not wanted:
        Policy.from_dict(mapping)
        return
    with pytest.raises(PolicyError) as caught:
        Policy.from_dict(mapping)
    lines = str(caught.value).splitlines()
    assert len(lines) == len(wanted)
    assert all(any(message in line for line in lines) for message in wanted)


def test_presets_of_a_policy_whose_necessary_category_is_mistaken_are_no_further_mistake() -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_dict({"presets": ["flask"], "category": [{"key": "necessary"}]})
    assert "\n" not in str(caught.value)
    assert "has no basis" in str(caught.value)


def test_cookie_objects_may_stand_among_the_names() -> None:
    mapping = {"category": [{"key": "a", "cookies": [Cookie("x", purpose="y"), "z"]}]}
    assert Policy.from_dict(mapping).scopes_of("x") == (Cookie("x", purpose="y"),)


def test_texts_are_not_blamed_for_a_policy_whose_own_language_is_none() -> None:
    by_language = {"fr": "Mesure d'audience"}
    with pytest.raises(PolicyError) as caught:
        Policy.from_dict({"language": "French", "category": [{"key": "a", "title": by_language}]})
    assert str(caught.value).startswith("policy: language: a language is a code such as")
    assert "\n" not in str(caught.value)


def test_an_odd_name_is_not_blamed_for_another_mistake() -> None:
    cookie = {"name": "_ga_[A-Z]+", "path": "x"}
    with pytest.raises(PolicyError) as caught:
        Policy.from_dict({"category": [{"key": "a", "cookie": [cookie]}]})
    assert str(caught.value).endswith("[[category.cookie]] '_ga_[A-Z]+': not a path: 'x'")
