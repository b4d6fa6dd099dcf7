"""The options of a gate, each declared once: one frozen value, checked when it is made."""

import inspect
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING, Any, Concatenate, Literal, ParamSpec, TypeVar, get_args
from wsgiref.types import WSGIApplication

from consentgate.catalogue.catalogue import Catalogue
from consentgate.consent.opt_out import SIGNAL_FIELDS
from consentgate.consent.signing import SecretKey, check_fallbacks, check_key
from consentgate.endpoint.page_csp import page_csp_field
from consentgate.errors import PolicyError
from consentgate.events import Observer, check_observers
from consentgate.headers.cookie import is_http_only, is_secure_only, is_token
from consentgate.headers.csp import CSP_BASE
from consentgate.headers.origin import check_origins
from consentgate.i18n.texts import check_language

Undeclared = Literal["block", "report"]

Enforcement = Literal["report", "shorten"]

ThirdParties = Literal["report", "block"]

Applies = Callable[[dict[str, Any]], bool]

Language = str | Callable[[dict[str, Any]], str | None] | None

if TYPE_CHECKING:
    from jinja2 import BaseLoader, Environment

    Templates = str | PathLike[str] | BaseLoader | Environment | None
else:
    Templates = object  # Jinja2 is not loaded for the sake of a type

# Segments of unreserved characters (RFC 3986 2.3): the same in a URL, in PATH_INFO and in HTML.
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")

_CHOICES = {
    "undeclared": get_args(Undeclared),
    "lifetimes": get_args(Enforcement),
    "third_parties": get_args(ThirdParties),
}
_FLAGS = ("cookie_httponly", "filter_requests", "expire_unaccepted", "report_only", "gpc_json")


INI = "ini"
"""Key of a field's metadata: how an ini file writes the option. Options without it need Python."""

_TEXT = {INI: "text"}
_TEXTS = {INI: "texts"}
_TRUTH = {INI: "truth"}
_TEXT_OR_NONE = {INI: "text or none"}


@dataclass(frozen=True, kw_only=True, slots=True)
class GateOptions:
    """The options of `Policy.wrap` and `ConsentGate`, all by keyword.

    Args:
        secret_key: signs the preferences cookie; at least 16 bytes. A framework's own may be reused.
        secret_key_fallbacks: earlier keys, which only verify; keep them for `cookie_lifetime` or
            `refusal_lifetime`, whichever is longer.
        cookie_secure: whether the preferences cookie is Secure; None follows `wsgi.url_scheme`.
        cookie_httponly: whether it is hidden from scripts.
        preferences_path: path of the visitor's page; the gate answers it and everything under it. None
            for no page.
        trusted_origins: other origins (``https://host``) whose pages may post choices.
        undeclared: ``"block"`` strips and hides cookies that no category declares; ``"report"`` lets
            them pass both ways and only reports them.
        filter_requests: whether the application reads only the cookies that are allowed.
        expire_unaccepted: whether declared cookies that are not allowed are removed from the browser.
        report_only: change no cookie, report everything (R98).
        applies: given a copy of the environ, returns whether the policy applies to the request; if it
            raises, that counts as a yes.
        applies_vary: names of the request fields that *applies* looks at, for caches; ``()`` if it looks
            only at the URL; None if that is not known: then responses that depend on it are private.
        language: of page and banner: a tag such as ``"fr"``; or a callable that is given a copy of the
            environ and returns one, or None. Else the visitor's Accept-Language decides among the
            languages of our texts and the policy's `strings`; else the policy's own.
        templates: a folder, a Jinja2 loader or a Jinja2 environment, whose templates take the place of
            ours of the same name.
        lifetimes: ``"report"`` says which cookies state more than their declared lifetime; ``"shorten"``
            also shortens it, except for necessary cookies.
        third_parties: ``"report"`` or ``"block"``: whether the Content-Security-Policy field of declared
            hosts is report-only, or keeps browsers from hosts that are not allowed.
        csp_base: sources that the site itself needs, for that field.
        signals: opt-out signals of browsers that are honoured: ``"gpc"``, ``"dnt"``; ``()`` for none.
        gpc_json: whether the gate answers ``/.well-known/gpc.json``.
        page_csp: sources that the site's own layout of the page needs, added to the page's
            Content-Security-Policy.
        observer: given each `Event`, or several such callables; an error in one is logged.

    Raises:
        PolicyError: naming the option that cannot be as it is; the key is checked first.
    """

    secret_key: SecretKey = field(repr=False, metadata=_TEXT)
    secret_key_fallbacks: Iterable[SecretKey] | None = field(default=(), repr=False, metadata=_TEXTS)
    cookie_secure: bool | None = field(default=None, metadata=_TRUTH)
    cookie_httponly: bool = field(default=True, metadata=_TRUTH)
    preferences_path: str | None = field(default="/cookies", metadata=_TEXT_OR_NONE)
    trusted_origins: Iterable[str] = field(default=(), metadata=_TEXTS)
    undeclared: Undeclared = field(default="block", metadata=_TEXT)
    filter_requests: bool = field(default=True, metadata=_TRUTH)
    expire_unaccepted: bool = field(default=True, metadata=_TRUTH)
    report_only: bool = field(default=False, metadata=_TRUTH)
    applies: Applies | None = None
    applies_vary: Iterable[str] | None = None
    language: Language = field(default=None, metadata=_TEXT)
    templates: Templates = field(default=None, metadata=_TEXT)
    page_csp: str = field(default="", metadata=_TEXT)
    lifetimes: Enforcement = field(default="report", metadata=_TEXT)
    third_parties: ThirdParties = field(default="report", metadata=_TEXT)
    csp_base: str = field(default=CSP_BASE, metadata=_TEXT)
    signals: Iterable[str] = field(default=("gpc",), metadata=_TEXTS)
    gpc_json: bool = field(default=False, metadata=_TRUTH)
    observer: Observer | Iterable[Observer] | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__  # the class is frozen
        put(self, "secret_key", check_key("secret_key", self.secret_key))
        put(self, "secret_key_fallbacks", tuple(check_fallbacks(self.secret_key_fallbacks)))
        path = self.preferences_path
        if path is not None and not (isinstance(path, str) and _PATH.fullmatch(path)):
            raise PolicyError(f"preferences_path must be a path such as '/cookies', or None, not {path!r}")
        for option, choices in _CHOICES.items():
            if getattr(self, option) not in choices:
                known = " or ".join(map(repr, choices))
                raise PolicyError(f"{option} must be {known}, not {getattr(self, option)!r}")
        for option in _FLAGS:
            if not isinstance(getattr(self, option), bool):
                raise PolicyError(f"{option} must be True or False, not {getattr(self, option)!r}")
        if self.cookie_secure not in (None, True, False):
            raise PolicyError(f"cookie_secure must be True, False or None, not {self.cookie_secure!r}")
        put(self, "trusted_origins", check_origins(self.trusted_origins))
        put(self, "observer", check_observers(self.observer))
        page_csp_field(self.page_csp)
        put(self, "signals", _check_signals(self.signals))
        if self.gpc_json and "gpc" not in self.signals:
            raise PolicyError('gpc_json states that the site honours Sec-GPC: add "gpc" to signals')
        self._check_hooks()

    def _check_hooks(self) -> None:
        if self.applies is not None and not callable(self.applies):
            raise PolicyError(f"applies must be callable, not {self.applies!r}")
        if self.applies_vary is not None:
            object.__setattr__(self, "applies_vary", _check_field_names(self.applies_vary))
            if self.applies is None:
                raise PolicyError("applies_vary is given without applies, which it describes")
        if self.language is not None and not callable(self.language):
            check_language("language", self.language)
        if isinstance(self.templates, (str, PathLike)) and not os.path.isdir(self.templates):
            raise PolicyError(f"templates: there is no such folder: {os.fspath(self.templates)!r}")
        if self.templates is not None:
            from consentgate.rendering.templating import make_environment  # Jinja2, for who brings templates

            make_environment(self.templates)

    @property
    def own_origins(self) -> frozenset[str]:
        """The trusted origins, as checked."""
        return self.trusted_origins  # type: ignore[return-value]  # check_origins made it a frozenset

    @property
    def observers(self) -> tuple[Observer, ...]:
        """The observers, as checked."""
        return self.observer  # type: ignore[return-value]  # check_observers made it a tuple

    @property
    def honoured(self) -> tuple[str, ...]:
        """The signals, as checked."""
        return self.signals  # type: ignore[return-value]  # _check_signals made it a tuple

    def check_cookie(self, cookie_name: str) -> None:
        """Check the preferences cookie's attributes against its name's prefix (RFC 6265bis 4.1.3).

        Raises:
            PolicyError: naming the attribute that browsers would refuse.
        """
        if is_secure_only(cookie_name) and self.cookie_secure is False:
            raise PolicyError(f"cookie_secure=False: browsers refuse {cookie_name!r} without Secure")
        if is_http_only(cookie_name) and not self.cookie_httponly:
            raise PolicyError(f"cookie_httponly=False: browsers refuse {cookie_name!r} without HttpOnly")

    def is_secure(self, cookie_name: str, scheme: str) -> bool:
        """Return whether the preferences cookie is Secure on a request of this scheme."""
        if is_secure_only(cookie_name):
            return True
        return scheme == "https" if self.cookie_secure is None else self.cookie_secure


def _check_signals(signals: Iterable[str]) -> tuple[str, ...]:
    known = ", ".join(map(repr, SIGNAL_FIELDS))
    if isinstance(signals, str) or not isinstance(signals, Iterable):
        raise PolicyError(f"signals must be a list of {known}, not {signals!r}")
    checked = tuple(signals)
    for signal in checked:
        if not isinstance(signal, str) or signal not in SIGNAL_FIELDS:
            raise PolicyError(f"signals: unknown signal {signal!r}; known are {known}")
    return checked


def _check_field_names(names: Iterable[str]) -> tuple[str, ...]:
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise PolicyError(f"applies_vary must be a list of field names such as ['X-Country'], not {names!r}")
    checked = tuple(names)
    for name in checked:
        if not isinstance(name, str) or not is_token(name):
            raise PolicyError(f"applies_vary: not the name of a request field: {name!r}")
    return checked


_P = ParamSpec("_P")
_S = TypeVar("_S")
_R = TypeVar("_R")


def takes_options(
    options: Callable[_P, object],
) -> Callable[
    [Callable[Concatenate[_S, WSGIApplication, ...], _R]], Callable[Concatenate[_S, WSGIApplication, _P], _R]
]:
    """Return a decorator that gives a method, after its application, the signature of *options*."""

    def decorate(
        method: Callable[Concatenate[_S, WSGIApplication, ...], _R],
    ) -> Callable[Concatenate[_S, WSGIApplication, _P], _R]:
        _set_signature(method, options)
        return method

    return decorate


def takes_policy_and_options(
    options: Callable[_P, object],
) -> Callable[
    [Callable[Concatenate[_S, WSGIApplication, Catalogue, ...], _R]],
    Callable[Concatenate[_S, WSGIApplication, Catalogue, _P], _R],
]:
    """Return a decorator that gives a method, after application and policy, the signature of *options*."""

    def decorate(
        method: Callable[Concatenate[_S, WSGIApplication, Catalogue, ...], _R],
    ) -> Callable[Concatenate[_S, WSGIApplication, Catalogue, _P], _R]:
        _set_signature(method, options)
        return method

    return decorate


def _set_signature(method: Any, options: Any) -> None:
    """Spell out the ``**options`` of *method* for editors, documentation and `help`."""
    own = inspect.signature(method)
    positional = [each for each in own.parameters.values() if each.kind is not each.VAR_KEYWORD]
    keyword = inspect.signature(options).parameters.values()
    method.__signature__ = own.replace(parameters=[*positional, *keyword])
