"""Policy: the object a site holds. A catalogue that can also choose, wrap and render."""

import os
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from wsgiref.types import WSGIApplication

from consentgate.catalogue.catalogue import Catalogue
from consentgate.catalogue.toml import arguments_of
from consentgate.consent.preferences import Preferences, answers_to
from consentgate.consent.signing import SecretKey, check_fits
from consentgate.gate.middleware import ConsentGate
from consentgate.gate.options import Applies, Language, Templates, Undeclared
from consentgate.i18n.texts import checked_language

from .errors import PolicyError
from .events import Observer

if TYPE_CHECKING:
    from consentgate.rendering.text import Format


class Policy(Catalogue):
    """What a site publishes about its cookies, and so what its server enforces.

    Args:
        categories: every category, in the order visitors see them.
        title: of the policy page.
        controller: who is responsible (GDPR 4(7)).
        contact: how to reach them.
        privacy_url: address of the privacy notice.
        updated: when the policy last changed, a date or ``"2026-11-23"``.
        cookie_name: of the preferences cookie; ``__Host-`` before it keeps sibling hosts from planting one.
        cookie_domain: its Domain, None for this host only.
        cookie_lifetime: how long a yes is kept: a timedelta or a text; six months.
        refusal_lifetime: how long a no is kept; as long as a yes, unless given.
        language: the one the site's own texts are in; `translated` gives a text in several.
        strings: the site's own wording of our texts, by language: ``{"fr": {"Accept all": "D'accord"}}``.

    Raises:
        PolicyError: naming what cannot be.

    >>> from consentgate import Basis, Category
    >>> policy = Policy(
    ...     [
    ...         Category("necessary", basis=Basis.NECESSARY, cookies=["sessionid"]),
    ...         Category("statistical", cookies=["_pk_id.*"]),
    ...     ]
    ... )
    >>> policy.category_of("_pk_id.1.1fff").key
    'statistical'
    """

    __slots__ = ()

    def _check(self) -> None:
        check_fits(self)

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str]) -> "Policy":
        """Return the policy written in the TOML file at *path*.

        Raises:
            PolicyError: naming the file, the table and the culprit.
            OSError: the file cannot be read.
        """
        import tomllib  # a policy need not come from a file

        name = os.fspath(path)
        try:
            with open(path, "rb") as file:
                mapping = tomllib.load(file)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise PolicyError(f"{name}: not TOML: {error}") from error
        return cls._from_mapping(mapping, name)

    @classmethod
    def from_dict(cls, mapping: Mapping[str, Any]) -> "Policy":
        """Return the policy described by *mapping*, whose keys are those of a policy file.

        Raises:
            PolicyError: naming the table and the culprit.
        """
        return cls._from_mapping(mapping, "policy")

    @classmethod
    def _from_mapping(cls, mapping: Mapping[str, Any], source: str) -> "Policy":
        categories, arguments = arguments_of(mapping, source)
        try:
            return cls(categories, **arguments)
        except PolicyError as error:
            raise PolicyError(f"{source}: {error}") from None

    def choose(self, accepted: Iterable[str], *, at: datetime | None = None) -> Preferences:
        """Return what a visitor has chosen who accepts exactly these categories and refuses the others.

        Args:
            accepted: keys of categories; necessary ones may be among them, and change nothing.
            at: when, an aware datetime; now, unless given.

        Raises:
            PolicyError: an unknown category, or a naive datetime.
        """
        if isinstance(accepted, str):
            raise PolicyError(f"accepted must be a list of category keys, not {accepted!r}")
        if at is not None and at.utcoffset() is None:
            raise PolicyError(f"at must be an aware datetime, with its time zone, not {at!r}")
        seconds = int(time.time() if at is None else at.timestamp())
        given = dict.fromkeys(accepted, True)
        refused = {key: False for key in self.digests if key not in given}
        return Preferences(answers_to(self, {**given, **refused}, seconds))

    def render(self, output: "Format", *, language: str | None = None) -> str:
        """Return the policy as ``"markdown"``, ``"html"`` (a fragment, escaped) or ``"json"``.

        Args:
            output: the format.
            language: a code such as ``"fr"``; the policy's own, unless given.

        Raises:
            PolicyError: another format, or no language.
        """
        # Jinja2 is loaded when there is something to draw, not with the package.
        from consentgate.rendering.html import Renderer

        if output not in ("markdown", "html", "json"):
            raise PolicyError(f"a policy renders as markdown, html or json, not {output!r}")
        if language is not None:
            checked_language("language", language)
        return Renderer(self).render(output, language or self.language)

    def wrap(
        self,
        app: WSGIApplication,
        *,
        secret_key: SecretKey,
        secret_key_fallbacks: Iterable[SecretKey] | None = (),
        cookie_secure: bool | None = None,
        cookie_httponly: bool = True,
        preferences_path: str | None = "/cookies",
        trusted_origins: Iterable[str] = (),
        language: Language = None,
        templates: Templates = None,
        undeclared: Undeclared = "block",
        filter_requests: bool = True,
        expire_unaccepted: bool = True,
        report_only: bool = False,
        applies: Applies | None = None,
        observer: Observer | None = None,
    ) -> ConsentGate:
        """Return *app* behind a gate that enforces this policy; `ConsentGate` explains the options.

        Raises:
            PolicyError: an option cannot be as it is.
        """
        return ConsentGate(
            app,
            self,
            secret_key=secret_key,
            secret_key_fallbacks=secret_key_fallbacks,
            cookie_secure=cookie_secure,
            cookie_httponly=cookie_httponly,
            preferences_path=preferences_path,
            trusted_origins=trusted_origins,
            language=language,
            templates=templates,
            undeclared=undeclared,
            filter_requests=filter_requests,
            expire_unaccepted=expire_unaccepted,
            report_only=report_only,
            applies=applies,
            observer=observer,
        )
