"""For your own test suite: strategies, a visitor with a browser's jar, and assertions; extra ``testing``."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .applications import Application as Application
    from .assertions import assert_all_declared as assert_all_declared
    from .assertions import assert_enforced as assert_enforced
    from .assertions import assert_transparent as assert_transparent
    from .jar import Jar as Jar
    from .jar import StoredCookie as StoredCookie
    from .strategies import cookie_names as cookie_names
    from .strategies import cookie_strings as cookie_strings
    from .strategies import policies as policies
    from .strategies import preferences as preferences
    from .strategies import response_headers as response_headers
    from .strategies import set_cookie_strings as set_cookie_strings
    from .strategies import tokens as tokens
    from .strategies import wsgi_applications as wsgi_applications
    from .token import Token as Token
    from .visiting import visit as visit
    from .visitor import Visitor as Visitor

_HOME = {
    "applications": ["Application"],
    "assertions": ["assert_all_declared", "assert_enforced", "assert_transparent"],
    "jar": ["Jar", "StoredCookie"],
    "strategies": [
        "cookie_names",
        "cookie_strings",
        "policies",
        "preferences",
        "response_headers",
        "set_cookie_strings",
        "tokens",
        "wsgi_applications",
    ],
    "token": ["Token"],
    "visiting": ["visit"],
    "visitor": ["Visitor"],
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}

__all__ = sorted(_MODULE)


def __getattr__(name: str) -> object:
    # Neither Hypothesis nor WebTest is imported before something that needs it is used (PEP 562).
    if name not in _MODULE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULE[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
