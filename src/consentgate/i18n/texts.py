"""A site's own texts, in one language or several, as types that differ from this package's messages."""

import re
from collections.abc import Mapping

from consentgate.errors import PolicyError

# The part of BCP 47 that HTML lang attributes and gettext folders share: fr, pt-BR.
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z]{2})?")


class Text(str):
    """A text in a site's own language, with its translations."""

    translations: Mapping[str, str]

    def __new__(cls, text: str, translations: Mapping[str, str]) -> "Text":
        """Return *text* with its *translations*, by language."""
        made = super().__new__(cls, text)
        made.translations = dict(translations)
        return made

    def __reduce__(self) -> tuple[type["Text"], tuple[str, Mapping[str, str]]]:
        return Text, (str(self), self.translations)


class Message(str):
    """A message of this package among a site's texts, such as a preset's; the catalogues translate it."""


def translated(texts: Mapping[str, str], own: str | None = None) -> Text:
    """Return a text given in several languages, by their codes.

    Args:
        texts: such as ``{"en": "Statistics", "fr": "Statistiques"}``.
        own: the site's language, shown where a translation is missing; unless given, the first of *texts*.

    Raises:
        PolicyError: a language is malformed, a text is not a str, or the text in *own* is missing.

    >>> text = translated({"en": "Statistics", "fr": "Statistiques"})
    >>> str(text), in_language(text, "fr"), in_language(text, "de")
    ('Statistics', 'Statistiques', None)
    """
    for language, text in texts.items():
        check_language("a text", language)
        if not isinstance(text, str):
            raise PolicyError(f"in {language!r}, a text is needed, not {text!r}")
    own = next(iter(texts), None) if own is None else own
    if own is None or own not in texts:
        raise PolicyError(f"no text in the policy's own language, {own!r}; given are {sorted(texts)}")
    return Text(texts[own], texts)


def in_language(text: str, language: str) -> str | None:
    """Return *text* in *language*, or in *language* without its region; None if there is no translation."""
    if not isinstance(text, Text):
        return None
    return text.translations.get(language) or text.translations.get(language.partition("-")[0])


def check_language(owner: str, language: object) -> str:
    """Return *language*, a code such as ``fr`` or ``pt-BR``; raise PolicyError otherwise."""
    if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
        raise PolicyError(f"{owner}: a language is a code such as 'fr' or 'pt-BR', not {language!r}")
    return language
