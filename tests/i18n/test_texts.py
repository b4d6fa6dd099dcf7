"""A site's own texts, in one language or several."""

import copy
import pickle
from typing import Any

import pytest

from consentgate import Policy, PolicyError
from consentgate.i18n.texts import Text, check_language, in_language, translated


def test_a_text_knows_its_translations_and_is_one_in_its_own_language() -> None:
    text = translated({"en": "Statistics", "fr": "Statistiques"})
    assert text == "Statistics"
    assert [in_language(text, language) for language in ("en", "fr", "de")] == [
        "Statistics",
        "Statistiques",
        None,
    ]
    assert in_language(text, "fr-CA") == "Statistiques"
    assert in_language("Statistics", "en") is None
    assert translated({"en": "Statistics", "fr": "Statistiques"}, "fr") == "Statistiques"


def test_it_stays_so_when_copied() -> None:
    text = Text("a", {"fr": "b"})
    for made in (copy.deepcopy(text), pickle.loads(pickle.dumps(text))):
        assert in_language(made, "fr") == "b"


@pytest.mark.parametrize(
    ("texts", "own", "message"),
    [
        ({"English": "x"}, None, "not 'English'"),
        ({"en": 5}, None, "in 'en', a text is needed, not 5"),
        ({"fr": "x"}, "en", "no text in the policy's own language, 'en'; given are ['fr']"),
        ({}, None, "given are []"),
    ],
)
def test_a_translation_that_is_not_text_is_named(texts: Any, own: str | None, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        translated(texts, own)
    assert message in str(caught.value)


@pytest.mark.parametrize("language", ["en", "fr", "pt-BR", "gsw"])
def test_languages_are_codes(language: str) -> None:
    assert check_language("x", language) == language


def test_a_file_gives_its_texts_by_language() -> None:
    policy = Policy.from_dict(
        {
            "language": "fr",
            "title": {"en": "Cookies", "fr": "Les cookies"},
            "category": [
                {
                    "key": "a",
                    "title": {"en": "A", "fr": "B"},
                    "cookie": [{"name": "x", "purpose": {"en": "To see", "fr": "Voir"}, "function": "F"}],
                }
            ],
        }
    )
    assert policy.title == "Les cookies"
    assert in_language(policy.categories[1].title, "en") == "A"
    assert in_language(policy.categories[1].cookies[0].purpose, "en") == "To see"
    cookie = {"name": "x", "purpose": "Voir", "function": "F"}
    untranslated = Policy.from_dict({"category": [{"key": "a", "title": "B", "cookie": [cookie]}]})
    assert policy.digests == untranslated.digests  # R13: translations never ask anyone again


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"title": {"fr": "x"}}, "policy: title: no text in the policy's own language, 'en'"),
        ({"language": "french"}, "language: a language is a code"),
        (
            {"category": [{"key": "a", "title": {"en": 5}}]},
            "'a': title: in 'en', a text is needed",
        ),
        ({"strings": "x"}, "strings must be a table of languages, not 'x'"),
        ({"strings": {"fr": {"Accept all": 5}}}, "strings: for 'fr' a table of texts is needed"),
        ({"strings": {"french": {}}}, "strings: a language is a code"),
        ({"strings": {"fr": {"Acept all": "x"}}}, "strings: 'Acept all' is not a text of this package"),
        ({"strings": {"fr": {"Accept all": "100 % d'accord"}}}, "(none); write %% for %"),
        (
            {"strings": {"fr": {"Cookies on %(site)s": "%(sight)s"}}},
            "'Cookies on %(site)s' (%(site)s); write %% for %",
        ),
    ],
)
def test_mistakes_are_named(mapping: Any, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_dict(mapping)
    assert message in str(caught.value)


def test_the_region_falls_back_to_its_language_and_not_to_others() -> None:
    text = translated({"en": "hello", "pt": "olá", "pt-BR": "oi"}, "en")
    assert in_language(text, "pt-BR") == "oi"
    assert in_language(text, "pt-AO") == "olá"
    assert in_language(text, "pt-Latn-PT") == "olá"


def test_a_malformed_language_of_a_text_is_named() -> None:
    with pytest.raises(PolicyError, match=r"^a text"):
        translated({"en": "hello", "x y": "?"}, "en")


def test_a_pickled_text_is_the_same() -> None:
    text = translated({"en": "hello", "fr": "bonjour"}, "en")
    again = pickle.loads(pickle.dumps(text))
    assert (again, in_language(again, "fr")) == ("hello", "bonjour")
