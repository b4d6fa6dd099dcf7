"""`Policy`, the object a site makes: a catalogue that can also choose, wrap and render."""

import os
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from wsgiref.types import WSGIApplication

from consentgate.catalogue.catalogue import Catalogue
from consentgate.catalogue.document import parse_document
from consentgate.catalogue.toml import examine
from consentgate.consent.preferences import Preferences, answers_to
from consentgate.consent.signing import check_fits
from consentgate.gate.middleware import ConsentGate
from consentgate.gate.options import GateOptions, takes_options
from consentgate.i18n.texts import check_language

from .errors import PolicyError

if TYPE_CHECKING:
    from consentgate.rendering.text import Format


class Policy(Catalogue):
    """The published policy of a site, which its server enforces.

    Args:
        categories: every category, in the order visitors see them.
        site: the site's name, for visitors: page and banner are headed "Cookies on SITE".
        title: title of the policy page, in place of that heading.
        controller: who is responsible (GDPR 4(7)).
        contact: how to reach them.
        privacy_url: address of the privacy notice.
        updated: when the policy last changed, a date or ``"2026-11-23"``.
        cookie_name: of the preferences cookie. On https use ``"__Host-cookies_preferences"``: with another
            name, a host of the same domain can set the cookie, and so give consent for a visitor who has
            not chosen.
        cookie_domain: Domain of the preferences cookie, None for this host only. With a Domain, its name
            cannot begin with ``__Host-``.
        cookie_lifetime: how long a yes is kept: a timedelta or a text; six months.
        refusal_lifetime: how long a no is kept; as long as a yes, unless given.
        language: the one the site's own texts are in; `translated` gives a text in several.
        strings: the site's wording of this package's texts: ``{"fr": {"Accept all": "D'accord"}}``.

    Raises:
        PolicyError: an argument is invalid; the message names it.

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

    def __repr__(self) -> str:
        categories = ", ".join(f"{each.key} ({each.basis.value})" for each in self.categories)
        return f"<Policy {self.title or self.site!r}: {categories}>"

    def _check(self) -> None:
        check_fits(self)

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str]) -> "Policy":
        """Return the policy written in the TOML file at *path*.

        Raises:
            PolicyError: a line for each mistake, with file, table and value.
            OSError: the file cannot be read.
        """
        name = os.fspath(path)
        with open(path, "rb") as file:
            octets = file.read()
        return cls._from_mapping(parse_document(octets, name), name)

    @classmethod
    def from_dict(cls, mapping: Mapping[str, Any]) -> "Policy":
        """Return the policy described by *mapping*, whose keys are those of a policy file.

        Raises:
            PolicyError: a line for each mistake, with table and value.
        """
        return cls._from_mapping(mapping, "policy")

    @classmethod
    def _from_mapping(cls, mapping: Mapping[str, Any], source: str) -> "Policy":
        policy, mistakes = examine(mapping, source, cls)
        if mistakes:
            raise PolicyError("\n".join(mistakes))
        return policy

    def choose(self, accepted: Iterable[str], *, at: datetime | None = None) -> Preferences:
        """Return the preferences of a visitor who accepts exactly these categories and refuses the others.

        Args:
            accepted: keys of categories; necessary ones are ignored.
            at: the time of the choice, an aware datetime; now, unless given.

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
            PolicyError: an unknown format, or a malformed language.
        """
        # Jinja2 is imported with the first page, not with the package.
        from consentgate.rendering.html import Renderer

        if output not in ("markdown", "html", "json"):
            raise PolicyError(f"a policy renders as markdown, html or json, not {output!r}")
        if language is not None:
            check_language("language", language)
        return Renderer(self).render(output, language or self.language)

    @takes_options(GateOptions)
    def wrap(self, app: WSGIApplication, **options: Any) -> ConsentGate:
        """Return *app* behind a gate that enforces this policy; `GateOptions` explains the options.

        Raises:
            PolicyError: an option is invalid; the message names it.
        """
        return ConsentGate(app, self, **options)
