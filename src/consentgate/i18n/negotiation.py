"""Which language a visitor is spoken to in."""

from collections.abc import Sequence

from webob.acceptparse import create_accept_language_header

LONGEST = 512
"""Characters of an Accept-Language field that are looked at."""


def negotiate_language(accept_language: str, available: Sequence[str], default: str) -> str:
    """Return the language that an Accept-Language field likes best (RFC 4647 3.4), or *default*.

    >>> negotiate_language("de-CH, fr-CA;q=0.8", ["en", "fr"], "en")
    'fr'
    >>> negotiate_language("nonsense;;", ["en", "fr"], "en")
    'en'
    """
    if not accept_language or len(accept_language) > LONGEST:
        return default
    header = create_accept_language_header(accept_language)
    # Of ranges such as "*", lookup itself picks nothing: then the default stands.
    language = header.lookup(available, default=default) or default
    return next((each for each in available if each.lower() == language.lower()), default)
