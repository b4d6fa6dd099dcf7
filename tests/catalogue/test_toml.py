"""A policy written as data: the same checks, and errors that say where."""

from pathlib import Path
from typing import Any

import pytest

from consentgate import Basis, Category, Cookie, Policy, PolicyError
from consentgate.catalogue.toml import arguments_of
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


def test_presets_join_the_necessary_category_wherever_it_stands() -> None:
    tables = [{"key": "statistical"}, {"key": "base", "basis": "necessary"}]
    assert Policy.from_dict({"presets": ["flask"], "category": tables}).key_of("session") == "base"


def test_an_empty_mapping_is_a_policy_with_nothing_but_its_own_cookie() -> None:
    assert Policy.from_dict({}) == Policy([])


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"titel": "x"}, "policy: unknown key 'titel'; known are site, title, controller"),
        ([], "policy: a table of keys and values is needed, not []"),
        ({"title": 5}, "policy: policy: title must be a text, not 5"),
        ({"site": 5}, "policy: policy: site must be a text, not 5"),
        ({"category": {"key": "a"}}, "category must be an array of tables, [[category]]"),
        ({"category": "a"}, "category must be an array of tables"),
        ({"category": [5]}, "policy: [[category]]: a table of keys and values is needed, not 5"),
        ({"category": [{}]}, "[[category]]: no 'key'"),
        ({"category": [{"key": "a", "cookys": []}]}, "[[category]] 'a': unknown key 'cookys'"),
        ({"category": [{"key": "a", "cookies": "x"}]}, "cookies must be an array of names, not 'x'"),
        ({"category": [{"key": "a", "cookies": [5]}]}, "a cookie is a Cookie or a name, not 5"),
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
            "[[category.cookie]] 'x': cookie 'x': a lifetime is",
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
def test_errors_name_the_source_the_table_and_the_culprit(mapping: Any, said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_dict(mapping)
    assert said in str(caught.value)


def test_errors_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    for content, said in (
        ("title = ", "not TOML"),
        ("\xff", "not TOML"),
        ("titel = 'x'", "unknown key 'titel'"),
        ("cookie_name = 'a b'", "cookie_name must be a token"),
    ):
        path.write_bytes(content.encode("latin-1"))
        with pytest.raises(PolicyError) as caught:
            Policy.from_toml(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert said in str(caught.value)


def test_a_file_that_is_not_there_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Policy.from_toml(tmp_path / "none.toml")


def test_an_error_of_another_kind_is_left_as_it_is() -> None:
    class Odd(dict[str, Any]):
        def __iter__(self) -> Any:
            raise RuntimeError("odd")

    with pytest.raises(RuntimeError, match="odd"):
        arguments_of(Odd())


def test_a_source_may_be_named() -> None:
    with pytest.raises(PolicyError, match=r"^here: unknown key 'x'"):
        arguments_of({"x": 1}, "here")
    assert arguments_of({"category": [{"key": "a"}]}) == ([Category("a")], {})


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
    ("mapping", "said"),
    [
        ({"colour": 1}, "policy: unknown key 'colour'"),
        ({"category": [{"key": "a", "cookie": {}}]}, "category.cookie must be an array of tables"),
        ({"category": [{}]}, "no 'key'"),
    ],
)
def test_errors_begin_with_where_they_are(mapping: Any, said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_dict(mapping)
    assert said in str(caught.value)
    assert str(caught.value).startswith("policy: ")


def test_presets_alone_are_titled() -> None:
    own = Policy.from_dict({"presets": ["flask"]}).category("necessary")
    assert own.title == "Necessary"
    assert isinstance(own.title, Message)
