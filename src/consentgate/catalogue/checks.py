"""Checks of a policy's settings; each error names the setting and the value."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from consentgate.errors import PolicyError
from consentgate.headers.cookie import is_token
from consentgate.i18n.messages import Strings, find_mistakes
from consentgate.i18n.texts import check_language

from .category import check_text
from .lifetimes import MAX_DECLARED, duration


def check_cookie_name(name: str) -> str:
    """Return *name* if the preferences cookie can have it.

    Raises:
        PolicyError: *name* is not a token of up to 128 characters.
    """
    if not isinstance(name, str) or not is_token(name) or "*" in name or len(name) > 128:
        raise PolicyError(f"cookie_name must be a token of up to 128 characters, not {name!r}")
    return name


def check_lifetime(option: str, lifetime: timedelta | str) -> timedelta:
    """Return *lifetime*, the time an answer is kept, as a timedelta.

    Raises:
        PolicyError: *lifetime* is malformed, or not between a second and 400 days.
    """
    try:
        length = duration(lifetime)
    except PolicyError as error:
        raise PolicyError(f"{option}: {error}") from None
    if length is None or not timedelta(seconds=1) <= length <= MAX_DECLARED:
        raise PolicyError(
            f"{option} must be a second to 400 days, the longest browsers keep, not {lifetime!r}"
        )
    return length


def check_strings(strings: Strings) -> Strings:
    """Return *strings*, the site's wording of this package's texts, as dicts.

    Raises:
        PolicyError: *strings* is not a table of tables, or words a text that is not known.
    """
    if not isinstance(strings, Mapping):
        raise PolicyError(f"strings must be a table of languages, not {strings!r}")
    if wrong := list(_mistakes_of(strings)):
        raise PolicyError("\n".join(wrong))
    return {language: dict(own) for language, own in strings.items()}


def check_date(updated: date | str | None) -> date | None:
    """Return *updated*, a date or a text such as ``"2026-11-23"``, as a date.

    Raises:
        PolicyError: *updated* is neither.
    """
    if updated is None or isinstance(updated, date):
        return updated
    try:
        return date.fromisoformat(updated)
    except (TypeError, ValueError):
        raise PolicyError(f"updated must be a date such as 2026-11-23, not {updated!r}") from None


def check_url(url: str) -> str:
    """Return *url*, the address of the privacy notice.

    Raises:
        PolicyError: *url* is neither an http address nor a path.
    """
    check_text("policy", "privacy_url", url)
    if url and not url.startswith(("https://", "http://", "/")):
        raise PolicyError(f"privacy_url must be an http address or a path of this site, not {url!r}")
    return url


def _mistakes_of(strings: Strings) -> Iterator[str]:
    for language, own in strings.items():
        try:
            check_language("strings", language)
        except PolicyError as error:
            yield str(error)
        if not isinstance(own, Mapping) or not all(isinstance(text, str) for text in own.values()):
            yield f"strings: for {language!r} a table of texts is needed, not {own!r}"
        else:
            yield from (f"strings: {mistake}" for mistake in find_mistakes({language: own}))
