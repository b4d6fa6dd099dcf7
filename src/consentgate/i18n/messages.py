"""Our words, in each language they come in: gettext catalogues, and a site's own wording over them."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gettext import NullTranslations

SOURCE = "en"
"""The language our words are written in."""

LANGUAGES = ("en", "fr")
"""The languages this package speaks."""

Strings = Mapping[str, Mapping[str, str]]
"""A site's own wording: language -> our words -> theirs."""


def N_(message: str) -> str:
    """Return *message*; it is translated later, where its reader is known."""
    return message


def N_plural(singular: str, plural: str) -> tuple[str, str]:
    """Return both; they are translated later, where their reader and number are known."""
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
    """Return our catalogue for *language*; that of the source, which says everything as it is, for others."""
    # With the first text that is spoken, not with the package: these take longer to load than all of ours.
    from gettext import GNUTranslations, NullTranslations
    from importlib.resources import files

    compiled = files("consentgate.i18n").joinpath("locale", language, "LC_MESSAGES", "consentgate.mo")
    if language == SOURCE or not compiled.is_file():
        return NullTranslations()
    with compiled.open("rb") as file:
        return GNUTranslations(file)


def known_messages() -> frozenset[str]:
    """Return every message of ours, as it is written."""
    catalogue = translations_of("fr")
    # gettext offers no list of what it has read; a plural is kept under (singular, number).
    keys = (key if isinstance(key, str) else key[0] for key in vars(catalogue)["_catalog"])
    return frozenset(filter(None, keys)) | {plural for _, plural in (*UNITS.values(), COOKIES_SHOWN)}


class Translations:
    """Our words in one language, a site's own wording first."""

    def __init__(self, language: str, strings: Strings) -> None:
        general = language.partition("-")[0]  # pt of pt-BR
        self.language = language
        self._own = {**strings.get(general, {}), **strings.get(language, {})}
        self._catalogue = translations_of(general)

    def has(self, message: str) -> bool:
        """Return whether *message* is to be had in this language."""
        return message in self._own or self.language.partition("-")[0] in LANGUAGES

    def gettext(self, message: str) -> str:
        """Return *message* in this language."""
        return self._own.get(message) or self._catalogue.gettext(message)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """Return the form of a message that goes with *number*; a site words each form by itself."""
        own = self._own.get(singular if number == 1 else plural)
        return own or self._catalogue.ngettext(singular, plural, number)


def available_languages(strings: Strings) -> list[str]:
    """Return the languages we speak, and those a site has worded itself."""
    return [*LANGUAGES, *(language for language in strings if language not in LANGUAGES)]


def mistakes(strings: Strings) -> Iterable[str]:
    """Yield what is wrong with a site's own wording, one line for each text."""
    known = known_messages() if strings else frozenset()
    for own in strings.values():
        for message, text in own.items():
            if message not in known:
                yield f"{message!r} is none of our texts; `consentgate strings` prints them"
            elif not _can_be_filled(text, message):
                places = ", ".join(_PLACE.findall(message)) or "none"
                yield f"{text!r} must hold no other places than {message!r} has ({places}); write %% for %"


_PLACE = re.compile(r"%\(\w+\)[ds]")


def _can_be_filled(text: str, message: str) -> bool:
    """Tell whether *text* can be shown in place of *message*, with what that is filled with."""
    try:
        text % dict.fromkeys((place[2:-2] for place in _PLACE.findall(message)), 1)
    except (KeyError, TypeError, ValueError):
        return False
    return True
