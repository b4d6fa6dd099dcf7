"""For your own test suite: strategies, a visitor with a browser's jar, and assertions; extra ``testing``."""

from typing import TYPE_CHECKING

from ._late import late

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

__all__ = sorted(name for names in _HOME.values() for name in names)

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
else:
    # Neither Hypothesis nor WebTest is imported before something that needs it is used.
    __getattr__ = late(__name__, _HOME)


def __dir__() -> list[str]:
    return __all__
