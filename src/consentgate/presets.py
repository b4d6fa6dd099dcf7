"""Ready-made necessary cookies of common frameworks, with their texts.

Each function takes the names the site has given its cookies and returns declarations for a necessary
category; `None` leaves one out. Every name comes with its ``__Host-`` and ``__Secure-`` spellings, a
name with ``*`` declares a chunked family. A declaration of the site replaces the preset's of the same name.

>>> [cookie.name for cookie in flask(session="sid", remember=None)]
['sid', '__Host-sid', '__Secure-sid']
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from consentgate.catalogue.category import Cookie
from consentgate.i18n.messages import N_
from consentgate.i18n.texts import Message

from .errors import PolicyError

_SESSION = (N_("Session"), N_("To remember the visitor from one page to another"))
_LOGIN = (N_("Authentication"), N_("To keep the visitor logged in"))
_CSRF = (N_("Security (CSRF)"), N_("To accept forms and API calls only from this site's own pages"))
_LANGUAGE = (N_("Language selection"), N_("To remember the visitor's language"))
_MESSAGES = (N_("Messages"), N_("To show the visitor the outcome of what was just done"))

_PREFIXES = ("", "__Host-", "__Secure-")


@dataclass(frozen=True, slots=True)
class PresetCookie(Cookie):
    """A cookie declared by this package; a site's declaration of the same name replaces it."""

    is_preset: ClassVar[bool] = True


def _family(name: str | None, texts: tuple[str, str], lifetime: str) -> list[Cookie]:
    if name is None:
        return []
    function, purpose = texts
    prefixes = ("",) if name.lower().startswith(("__host-", "__secure-")) else _PREFIXES
    return [
        PresetCookie(prefix + name, function=Message(function), purpose=Message(purpose), lifetime=lifetime)
        for prefix in prefixes
    ]


def django(
    *,
    session: str | None = "sessionid",
    csrf: str | None = "csrftoken",
    language: str | None = "django_language",
    messages: str | None = "messages",
) -> tuple[Cookie, ...]:
    """Django: SESSION_COOKIE_NAME, CSRF_COOKIE_NAME, LANGUAGE_COOKIE_NAME, and the messages cookie."""
    return (
        *_family(session, _SESSION, "14 days"),
        *_family(csrf, _CSRF, "364 days"),
        *_family(language, _LANGUAGE, "session"),
        *_family(messages, _MESSAGES, "session"),
    )


def flask(*, session: str | None = "session", remember: str | None = "remember_token") -> tuple[Cookie, ...]:
    """Flask: SESSION_COOKIE_NAME; and Flask-Login's REMEMBER_COOKIE_NAME."""
    return (*_family(session, _SESSION, "session"), *_family(remember, _LOGIN, "365 days"))


def pyramid(
    *,
    session: str | None = "session",
    auth: str | None = "auth_tkt",
    csrf: str | None = "csrf_token",
    locale: str | None = "_LOCALE_",
) -> tuple[Cookie, ...]:
    """Pyramid: the session factory's, AuthTktCookieHelper's, CookieCSRFStoragePolicy's, the locale's."""
    return (
        *_family(session, _SESSION, "session"),
        *_family(auth, _LOGIN, "session"),
        *_family(csrf, _CSRF, "session"),
        *_family(locale, _LANGUAGE, "session"),
    )


def beaker(*, session: str | None = "beaker.session.id") -> tuple[Cookie, ...]:
    """Beaker: session.key, as TurboGears, Pylons and Bottle applications use it."""
    return tuple(_family(session, _SESSION, "session"))


PRESETS: dict[str, Callable[..., tuple[Cookie, ...]]] = {
    "django": django,
    "flask": flask,
    "pyramid": pyramid,
    "beaker": beaker,
}


def preset(name: str, **names: str | None) -> tuple[Cookie, ...]:
    """Return the cookies of the preset called *name*, with those in *names* renamed.

    Raises:
        PolicyError: an unknown preset, or an unknown cookie in *names*.
    """
    if name not in PRESETS:
        raise PolicyError(f"unknown preset {name!r}; known are {', '.join(sorted(PRESETS))}")
    make = PRESETS[name]
    known = make.__kwdefaults__ or {}
    for unknown in sorted(names.keys() - known.keys()):
        raise PolicyError(f"preset {name!r}: unknown cookie {unknown!r}; known are {', '.join(known)}")
    return make(**names)
