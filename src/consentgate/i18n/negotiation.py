"""Choose the language of a response."""

from collections.abc import Sequence

from webob.acceptparse import create_accept_language_header

LONGEST_FIELD = 512
"""Characters of an Accept-Language field; a longer one is ignored."""


def negotiate_language(accept_language: str, available: Sequence[str], default: str) -> str:
    """Return the available language that an Accept-Language field prefers (RFC 4647 3.4), or *default*.

    >>> negotiate_language("de-CH, fr-CA;q=0.8", ["en", "fr"], "en")
    'fr'
    >>> negotiate_language("nonsense;;", ["en", "fr"], "en")
    'en'
    """
    if not accept_language or len(accept_language) > LONGEST_FIELD:
        return default
    header = create_accept_language_header(accept_language)
    # lookup() returns None for ranges such as "*"; the default applies then.
    language = header.lookup(available, default=default) or default
    return next((each for each in available if each.lower() == language.lower()), default)
