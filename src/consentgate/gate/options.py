"""The options of a gate: one frozen value, checked when it is made."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal

from consentgate.errors import PolicyError
from consentgate.headers.cookie import is_http_only, is_secure_only
from consentgate.i18n.texts import checked_language

Undeclared = Literal["block", "report"]

Applies = Callable[[dict[str, Any]], bool]

Language = str | Callable[[dict[str, Any]], str | None] | None

if TYPE_CHECKING:
    from jinja2 import BaseLoader

    Templates = str | PathLike[str] | BaseLoader | None
else:
    Templates = object  # Jinja2 is not loaded for the sake of a type

# Segments of unreserved characters (RFC 3986 2.3): the same in a URL, in PATH_INFO and in HTML.
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")


@dataclass(frozen=True, slots=True)
class Options:
    """How a gate enforces its policy; see `ConsentGate` for what each means.

    Raises:
        PolicyError: naming the option that cannot be as it is.
    """

    cookie_name: str
    cookie_secure: bool | None
    cookie_httponly: bool
    preferences_path: str | None
    trusted_origins: frozenset[str]
    language: "Language"
    templates: "Templates"
    undeclared: Undeclared
    filter_requests: bool
    expire_unaccepted: bool
    report_only: bool
    applies: Applies | None
    observer: Callable[..., object] | None

    def __post_init__(self) -> None:
        path = self.preferences_path
        if path is not None and not (isinstance(path, str) and _PATH.fullmatch(path)):
            raise PolicyError(f"preferences_path must be a path such as '/cookies', or None, not {path!r}")
        if self.undeclared not in ("block", "report"):
            raise PolicyError(f"undeclared must be 'block' or 'report', not {self.undeclared!r}")
        for option in ("cookie_httponly", "filter_requests", "expire_unaccepted", "report_only"):
            if not isinstance(getattr(self, option), bool):
                raise PolicyError(f"{option} must be True or False, not {getattr(self, option)!r}")
        if self.language is not None and not callable(self.language):
            checked_language("language", self.language)
        for option in ("applies", "observer"):
            hook = getattr(self, option)
            if hook is not None and not callable(hook):
                raise PolicyError(f"{option} must be callable, not {hook!r}")
        self._check_attributes()

    def _check_attributes(self) -> None:
        """Check the preferences cookie's attributes against its name's prefix (RFC 6265bis 4.1.3)."""
        if self.cookie_secure not in (None, True, False):
            raise PolicyError(f"cookie_secure must be True, False or None, not {self.cookie_secure!r}")
        if is_secure_only(self.cookie_name) and self.cookie_secure is False:
            raise PolicyError(f"cookie_secure=False: browsers refuse {self.cookie_name!r} without Secure")
        if is_http_only(self.cookie_name) and not self.cookie_httponly:
            raise PolicyError(f"cookie_httponly=False: browsers refuse {self.cookie_name!r} without HttpOnly")

    def is_secure(self, scheme: str) -> bool:
        """Tell whether the preferences cookie is Secure on a request of this scheme."""
        if is_secure_only(self.cookie_name):
            return True
        return scheme == "https" if self.cookie_secure is None else self.cookie_secure
