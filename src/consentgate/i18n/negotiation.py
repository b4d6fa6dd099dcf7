"""Which language a visitor is spoken to in."""

from collections.abc import Sequence

from webob.acceptparse import create_accept_language_header

LONGEST = 512
"""Characters of an Accept-Language field that are looked at."""


def negotiated(accept_language: str, spoken: Sequence[str], default: str) -> str:
    """Return the language in *spoken* that an Accept-Language field likes best (RFC 4647 3.4), or *default*.

    >>> negotiated("de-CH, fr-CA;q=0.8", ["en", "fr"], "en"), negotiated("nonsense;;", ["en", "fr"], "en")
    ('fr', 'en')
    """
    if not accept_language or len(accept_language) > LONGEST:
        return default
    header = create_accept_language_header(accept_language)
    # Of ranges such as "*", lookup itself picks nothing: then the default stands.
    language = header.lookup(spoken, default=default) or default
    return next((each for each in spoken if each.lower() == language.lower()), default)
