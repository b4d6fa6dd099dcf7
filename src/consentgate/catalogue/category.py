"""`Category`, `Cookie` and `Attestation`: the declarations a policy is made of."""

import hashlib
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass, fields, replace
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from consentgate.errors import PolicyError
from consentgate.headers.cookie import BLANK, LARGEST_PAIR, has_control, is_host_only

from .hosts import check_hosts
from .lifetimes import duration

# Keys stand in forms, JSON, and between the dots of the signed text.
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")

# Hosts as a Domain attribute writes them; a leading dot is ignored by browsers (RFC 6265bis 5.6.3).
_DOMAIN = re.compile(r"\.?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")

# path-value, RFC 6265bis 4.1.1: any character but CTLs and ";". Fields are written in ASCII.
_PATH = re.compile(r"/[\x20-\x3a\x3c-\x7e]*")

CONSENT_MODE_SIGNALS = (
    "ad_storage",
    "ad_user_data",
    "ad_personalization",
    "analytics_storage",
    "functionality_storage",
    "personalization_storage",
    "security_storage",
)
"""The signals of Google Consent Mode (developers.google.com/tag-platform/security, as of November 2026)."""

_SOUNDS_NECESSARY = ("necessary", "essential", "required")


def check_text(owner: str, name: str, value: object) -> str:
    """Return *value* if it is a text; else raise a PolicyError that names *owner* and *name*."""
    if not isinstance(value, str):
        raise PolicyError(f"{owner}: {name} must be a text, not {value!r}")
    return value


def _check_flag(owner: str, name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise PolicyError(f"{owner}: {name} must be true or false, not {value!r}")
    return value


def check_domain(owner: str, domain: str | None) -> str | None:
    """Return *domain*, None or a host name; raise PolicyError otherwise."""
    if domain is not None and not (isinstance(domain, str) and _DOMAIN.fullmatch(domain)):
        raise PolicyError(f"{owner}: not a domain: {domain!r}")
    return domain


class Basis(StrEnum):
    """Why a category's cookies may be set."""

    NECESSARY = "necessary"
    """Never gated, cannot be refused (ePrivacy Directive 5(3), second sentence; R3)."""
    CONSENT = "consent"
    """Set only after the visitor accepts (R1)."""
    EXEMPT = "exempt"
    """Set until the visitor refuses; needs a complete Attestation (R25, R28)."""


@dataclass(frozen=True, slots=True)
class Attestation:
    """The operator's statement that audience measurement needs no consent (R25).

    Every field must be True. This is the operator's own assessment; nobody else certifies it (R26).

    Attributes:
        sole_purpose: audience measurement of this site is the only purpose.
        anonymous_output: only anonymous statistics come out.
        no_cross_site: visitors are not followed across sites.
        no_combination: the data is not matched with other data.
        no_third_party: nothing is passed to third parties.
    """

    sole_purpose: bool = False
    anonymous_output: bool = False
    no_cross_site: bool = False
    no_combination: bool = False
    no_third_party: bool = False

    def missing(self) -> list[str]:
        """Return the names of the fields that are not True."""
        return [field.name for field in fields(self) if getattr(self, field.name) is not True]


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie, or one family of them, as the site declares it.

    Args:
        name: the exact name, case-sensitive, as a PEP 3333 native string; or a pattern that holds
            exactly one ``*``, which stands for any characters or none.
        provider: who sets it.
        function: what it does on the site.
        location: where on the site.
        purpose: what it is for, in the visitor's words.
        lifetime: a timedelta, a text such as ``"13 months"``, ``"session"``, or None for not stated.
        domain: its Domain attribute, None for a cookie of this host only; needed to expire it (R37).
        path: its Path attribute; needed to expire it (R37).
        partitioned: whether it has the Partitioned attribute, and so Secure; needed to expire it (R38).

    Raises:
        PolicyError: no browser would store such a name, or an attribute is malformed.
    """

    name: str
    _: KW_ONLY
    provider: str = ""
    function: str = ""
    location: str = ""
    purpose: str = ""
    lifetime: timedelta | str | None = None
    domain: str | None = None
    path: str = "/"
    partitioned: bool = False

    is_preset: ClassVar[bool] = False
    """Whether a declaration of the same name by the site replaces this one."""

    def __post_init__(self) -> None:
        owner = f"cookie {self.name!r}"
        _check_name(self.name)
        for text in ("provider", "function", "location", "purpose"):
            check_text(owner, text, getattr(self, text))
        if self.lifetime is not None:
            try:
                duration(self.lifetime)
            except PolicyError as error:
                raise PolicyError(f"{owner}: {error}") from None
        check_domain(owner, self.domain)
        if not isinstance(self.path, str) or not _PATH.fullmatch(self.path):
            raise PolicyError(f"{owner}: not a path: {self.path!r}")
        _check_flag(owner, "partitioned", self.partitioned)
        if is_host_only(self.name) and (self.domain is not None or self.path != "/"):
            raise PolicyError(f"{owner}: a __Host- cookie has no Domain, and Path=/")

    @property
    def is_pattern(self) -> bool:
        """Whether the name stands for a family of names."""
        return "*" in self.name

    def missing(self) -> list[str]:
        """Return the names of the texts that visitors must be given and that are missing (R18)."""
        texts = ("provider", "function", "purpose", "lifetime")
        return [text for text in texts if not str(getattr(self, text) or "").strip()]


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name:
        raise PolicyError(f"a cookie's name must be a text that is not empty, not {name!r}")
    if name == "*" or name.count("*") > 1:
        raise PolicyError(f"a pattern holds exactly one '*' and something else: {name!r}")
    if any(character > "\xff" for character in name):
        raise PolicyError(
            f"not a native string: {name!r}; cookie names are bytes, write them as the server sees "
            "them: name.encode().decode('latin-1')"
        )
    if (
        has_control(name)
        or "\t" in name
        or ";" in name
        or "=" in name
        or name != name.strip(BLANK)
        or len(name) > LARGEST_PAIR
    ):
        raise PolicyError(f"no browser would store a cookie of this name: {name!r}")


@dataclass(frozen=True, slots=True, init=False)
class Category:
    """A group of cookies that is accepted or refused as one.

    Args:
        key: its identifier in forms, files and signed answers: letters, digits, ``_`` and ``-``.
        title: its name for visitors; the key, unless given.
        description: what it is for, in a sentence or two.
        basis: why its cookies may be set; ``Basis.CONSENT`` unless given.
        cookies: Cookie objects, or bare strings for cookies with nothing but a name.
        hosts: other hosts its pages use: ``"maps.example"``, ``"*.tiles.example"`` (which does not cover
            ``tiles.example``), ``"wss://live.example"``, each with a port or without. International names are
            kept in punycode.
        sale_or_share: whether an opt-out signal of the browser denies it (R50).
        consent_mode: the signals of Google Consent Mode that this category grants.
        revision: raise it when a purpose really changes, and visitors are asked again (R13).
        attestation: required for an exempt category, with every field True.

    Raises:
        PolicyError: an argument is invalid; the message names it.
    """

    key: str
    title: str
    description: str
    basis: Basis
    cookies: tuple[Cookie, ...]
    hosts: tuple[str, ...]
    sale_or_share: bool
    consent_mode: tuple[str, ...]
    revision: int
    attestation: Attestation | None

    def __init__(
        self,
        key: str,
        *,
        title: str | None = None,
        description: str = "",
        basis: Basis | None = None,
        cookies: Iterable[Cookie | str] = (),
        hosts: Iterable[str] = (),
        sale_or_share: bool = False,
        consent_mode: Iterable[str] = (),
        revision: int = 1,
        attestation: Attestation | None = None,
    ) -> None:
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise PolicyError(f"a category's key is 1 to 64 letters, digits, '_' and '-', not {key!r}")
        owner = f"category {key!r}"
        if isinstance(cookies, str) or not isinstance(cookies, Iterable):
            raise PolicyError(f"{owner}: cookies must be a list of names, not {cookies!r}")
        if not isinstance(revision, int) or isinstance(revision, bool) or revision < 1:
            raise PolicyError(f"{owner}: revision must be a whole number from 1, not {revision!r}")
        put = object.__setattr__  # the class is frozen
        put(self, "key", key)
        put(self, "title", key if title is None else check_text(owner, "title", title))
        put(self, "description", check_text(owner, "description", description))
        put(self, "basis", _check_basis(owner, key, basis))
        put(self, "cookies", tuple(_cookie(owner, cookie) for cookie in cookies))
        put(self, "hosts", check_hosts(owner, hosts))
        put(self, "sale_or_share", _check_sale(owner, self.basis, sale_or_share))
        put(self, "consent_mode", _check_signals(owner, consent_mode))
        put(self, "revision", revision)
        put(self, "attestation", attestation)
        self._check_attestation(owner)

    def _check_attestation(self, owner: str) -> None:
        if self.basis is not Basis.EXEMPT:
            if self.attestation is not None:
                raise PolicyError(
                    f"{owner}: an attestation goes with basis exempt only, not {self.basis.value}"
                )
            return
        if not isinstance(self.attestation, Attestation):
            raise PolicyError(f"{owner}: basis exempt needs an Attestation, not {self.attestation!r}")
        if missing := self.attestation.missing():
            raise PolicyError(f"{owner}: basis exempt, but not attested: {', '.join(missing)}")

    def with_cookies(self, cookies: Iterable[Cookie]) -> "Category":
        """Return this category with *cookies* in place of its own."""
        return replace(self, cookies=tuple(cookies))

    @property
    def can_be_chosen(self) -> bool:
        """Whether a visitor may accept or refuse it: it is not necessary, and there is something to ask."""
        return self.basis is not Basis.NECESSARY and bool(self.cookies or self.hosts or self.consent_mode)

    @property
    def needs_consent(self) -> bool:
        """Whether visitors are asked about it: its basis is consent, and there is something to ask."""
        return self.basis is Basis.CONSENT and self.can_be_chosen

    def digest(self) -> str:
        """Return a short digest of the declarations that a visitor's answer depends on (R13).

        The digest covers basis, names, providers and revision; where they are declared, also hosts, whether
        data is sold or shared, and the signals granted. A change to one of these asks the visitor again.
        Titles, descriptions, purposes, translations and the order of declarations are not part of it.
        """
        names = sorted({cookie.name for cookie in self.cookies})
        providers = sorted({cookie.provider for cookie in self.cookies})
        material: list[object] = [self.basis.value, names, providers, self.revision]
        further = {
            "consent_mode": sorted(self.consent_mode),
            "hosts": sorted(self.hosts),
            "sale_or_share": self.sale_or_share,
        }
        # Categories that declare none of these keep the digest of 0.1.0, so that answers stay valid.
        if declared := {key: value for key, value in further.items() if value}:
            material.append(declared)
        text = json.dumps(material)
        return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:6]).decode()


def _check_basis(owner: str, key: str, basis: object) -> Basis:
    if basis is None:
        if key.lower() in _SOUNDS_NECESSARY:
            raise PolicyError(
                f"{owner} has no basis, so its cookies would be set only after the visitor accepts; "
                "if it is necessary, add the line: basis=Basis.NECESSARY"
                ' (in TOML: basis = "necessary")'
            )
        return Basis.CONSENT
    try:
        return Basis(basis)  # type: ignore[arg-type]  # other values raise ValueError
    except ValueError:
        known = ", ".join(basis.value for basis in Basis)
        raise PolicyError(f"{owner}: basis must be one of {known}, not {basis!r}") from None


def _cookie(owner: str, cookie: object) -> Cookie:
    if isinstance(cookie, Cookie):
        return cookie
    if not isinstance(cookie, str):
        raise PolicyError(f"{owner}: a cookie is a Cookie or a name, not {cookie!r}")
    try:
        return Cookie(cookie)
    except PolicyError as error:
        raise PolicyError(f"{owner}: {error}") from None


def _check_sale(owner: str, basis: Basis, sale_or_share: object) -> bool:
    sells = _check_flag(owner, "sale_or_share", sale_or_share)
    if sells and basis is Basis.NECESSARY:
        raise PolicyError(
            f"{owner}: no signal denies a necessary category: leave out sale_or_share, "
            "or move what is sold or shared to a category of consent"
        )
    if sells and basis is Basis.EXEMPT:
        raise PolicyError(
            f"{owner}: sale_or_share contradicts the attestation, which says that no third party gets the "
            "data: leave it out, or use basis consent"
        )
    return sells


def _check_signals(owner: str, signals: object) -> tuple[str, ...]:
    if isinstance(signals, str) or not isinstance(signals, Iterable):
        raise PolicyError(f"{owner}: consent_mode must be a list of signals, not {signals!r}")
    checked = tuple(signals)
    for signal in checked:
        if signal not in CONSENT_MODE_SIGNALS:
            known = ", ".join(CONSENT_MODE_SIGNALS)
            raise PolicyError(f"{owner}: consent_mode: unknown signal {signal!r}; known are {known}")
    return checked
