"""This package's messages: gettext catalogues, and a site's own wording of them."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gettext import NullTranslations

SOURCE = "en"
"""The language the messages are written in."""

LANGUAGES = ("en", "fr")
"""The languages with a catalogue."""

Strings = Mapping[str, Mapping[str, str]]
"""A site's own wording: language -> message -> text."""


def N_(message: str) -> str:
    """Return *message*, marked for the catalogues; it is translated when the reader is known."""
    return message


def N_plural(singular: str, plural: str) -> tuple[str, str]:
    """Return both forms, marked for the catalogues; one is chosen when reader and number are known."""
    return singular, plural


UNITS = {
    "second": N_plural("%(num)d second", "%(num)d seconds"),
    "minute": N_plural("%(num)d minute", "%(num)d minutes"),
    "hour": N_plural("%(num)d hour", "%(num)d hours"),
    "day": N_plural("%(num)d day", "%(num)d days"),
    "week": N_plural("%(num)d week", "%(num)d weeks"),
    "month": N_plural("%(num)d month", "%(num)d months"),
    "year": N_plural("%(num)d year", "%(num)d years"),
}

COOKIES_SHOWN = N_plural("See the cookie", "See the %(num)d cookies")

# strftime's names follow the process's locale, which is not the page's language.
MONTHS = (
    N_("January"),
    N_("February"),
    N_("March"),
    N_("April"),
    N_("May"),
    N_("June"),
    N_("July"),
    N_("August"),
    N_("September"),
    N_("October"),
    N_("November"),
    N_("December"),
)


@cache
def translations_of(language: str) -> "NullTranslations":
    """Return the catalogue for *language*; for an unknown one, a catalogue without translations."""
    # Imported with the first text, not with the package: both take longer to load than this whole package.
    from gettext import GNUTranslations, NullTranslations
    from importlib.resources import files

    compiled = files("consentgate.i18n").joinpath("locale", language, "LC_MESSAGES", "consentgate.mo")
    if language == SOURCE or not compiled.is_file():
        return NullTranslations()
    with compiled.open("rb") as file:
        return GNUTranslations(file)


def list_messages() -> frozenset[str]:
    """Return every message of this package, untranslated."""
    catalogue = translations_of("fr")
    # gettext offers no list of its messages. A plural is stored under (singular, number).
    keys = (key if isinstance(key, str) else key[0] for key in vars(catalogue)["_catalog"])
    return frozenset(filter(None, keys)) | {plural for _, plural in (*UNITS.values(), COOKIES_SHOWN)}


class Translations:
    """The messages in one language; a site's own wording comes first."""

    def __init__(self, language: str, strings: Strings) -> None:
        general = language.partition("-")[0]  # pt of pt-BR
        self._has_catalogue = general in LANGUAGES
        self._own = {**strings.get(general, {}), **strings.get(language, {})}
        self._catalogue = translations_of(general)

    def has(self, message: str) -> bool:
        """Return whether *message* has a text in this language."""
        return bool(self._own.get(message)) or self._has_catalogue

    def gettext(self, message: str) -> str:
        """Return *message* in this language."""
        return self._own.get(message) or self._catalogue.gettext(message)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """Return the form of a message for *number*; a site words each form separately."""
        own = self._own.get(singular if number == 1 else plural)
        return own or self._catalogue.ngettext(singular, plural, number)


def available_languages(strings: Strings) -> list[str]:
    """Return the languages with a catalogue, then those that only the site has worded."""
    return [*LANGUAGES, *(language for language in strings if language not in LANGUAGES)]


def find_mistakes(strings: Strings) -> Iterable[str]:
    """Yield a line for each mistake in a site's own wording."""
    known = list_messages() if strings else frozenset()
    for own in strings.values():
        for message, text in own.items():
            if message not in known:
                yield f"{message!r} is not a text of this package; `consentgate strings` prints them"
            elif not _can_be_filled(text, message):
                placeholders = ", ".join(_PLACEHOLDER.findall(message)) or "none"
                yield (
                    f"{text!r} may hold only the placeholders of {message!r} ({placeholders}); write %% for %"
                )


_PLACEHOLDER = re.compile(r"%\(\w+\)[ds]")


def _can_be_filled(text: str, message: str) -> bool:
    """Return whether *text* can replace *message*: it takes the same values and no others."""
    try:
        text % dict.fromkeys((found[2:-2] for found in _PLACEHOLDER.findall(message)), 1)
    except (KeyError, TypeError, ValueError):
        return False
    return True
