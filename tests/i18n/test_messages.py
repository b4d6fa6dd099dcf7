"""Our words: every one of them translated, and what is compiled is what is written."""

import io
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import consentgate
from consentgate.i18n.messages import (
    LANGUAGES,
    Translations,
    available_languages,
    find_mistakes,
    list_messages,
    translations_of,
)

PACKAGE = Path(consentgate.__file__).parent
TRANSLATIONS = [language for language in LANGUAGES if language != "en"]


def extracted() -> set[str]:
    """Every text of ours that the sources mark, as Babel finds them."""
    keywords = {"N_": None, "N_plural": (1, 2), "say": None, "plain": None, "say_plain": None}
    methods = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
    found: set[str] = set()
    for _, _, message, _, _ in extract_from_dir(PACKAGE, methods, keywords=keywords):
        found |= {message} if isinstance(message, str) else set(message)
    return found


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_every_message_is_translated(language: str) -> None:
    path = PACKAGE / "i18n" / "locale" / language / "LC_MESSAGES" / "consentgate.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    ids = {
        part for each in catalogue for part in ([each.id] if isinstance(each.id, str) else each.id) if part
    }
    assert ids == extracted()
    for each in catalogue:
        parts = [each.string] if isinstance(each.string, str) else list(each.string)
        assert all(parts), each.id
        assert not each.fuzzy, each.id
        assert each.check() == [], each.id
    assert list_messages() == ids


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_the_compiled_catalogue_equals_its_source(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = PACKAGE / "i18n" / "locale" / language / "LC_MESSAGES"
    source = (folder / "consentgate.po").read_text("utf-8")
    # Babel writes its own version into what it compiles: another Babel may be installed here.
    (stated,) = re.findall(r'"Generated-By: Babel (.+)\\n"', source)
    monkeypatch.setattr("babel.messages.catalog.VERSION", stated)
    with (folder / "consentgate.po").open("rb") as file:
        compiled = io.BytesIO()
        write_mo(compiled, read_po(file, locale=language))
    assert (folder / "consentgate.mo").read_bytes() == compiled.getvalue()


def test_words_are_the_sites_first_then_ours_then_the_source() -> None:
    words = Translations("fr", {"fr": {"Accept all": "D'accord", "%(num)d days": "%(num)d journées"}})
    assert words.gettext("Accept all") == "D'accord"
    assert words.gettext("Refuse all") == "Tout refuser"
    assert words.ngettext("%(num)d day", "%(num)d days", 2) == "%(num)d journées"
    assert words.ngettext("%(num)d day", "%(num)d days", 1) == "%(num)d jour"
    assert Translations("de", {}).gettext("Refuse all") == "Refuse all"
    assert Translations("fr-CA", {"fr-CA": {"Accept all": "OK"}}).gettext("Accept all") == "OK"
    assert Translations("fr-CA", {}).gettext("Refuse all") == "Tout refuser"
    assert Translations("en", {}).ngettext("%(num)d day", "%(num)d days", 2) == "%(num)d days"
    assert not Translations("de", {"de": {"Refuse all": ""}}).has("Refuse all")
    assert translations_of("../../fr").gettext("Refuse all") == "Refuse all"


def test_a_site_may_add_a_language() -> None:
    strings = {"de": {"Accept all": "Alle annehmen"}, "fr": {"Acept": "x"}}
    assert available_languages(strings) == ["en", "fr", "de"]
    assert len(list(find_mistakes(strings))) == 1
