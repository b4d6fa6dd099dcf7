"""The cookie policy a site publishes is the cookie policy its server enforces.

Declare categories and cookies in a `Policy`, wrap any WSGI application in it, and no Set-Cookie of a
category the visitor has not accepted leaves the server.
"""

from typing import TYPE_CHECKING

from .late import late

if TYPE_CHECKING:
    from .category import Attestation, Basis, Category, Cookie
    from .errors import BadPreferences, ConsentGateError, NoGate, PolicyError, ResponseStarted
    from .policy import Policy
    from .preferences import Preferences
    from .reporting import Event
    from .signing import PreferencesSerializer
    from .visit import Visit
    from .wsgi import ConsentGate
else:
    # `import consentgate` costs next to nothing; what is used of it is imported then.
    __getattr__ = late(
        __name__,
        {
            "category": ["Attestation", "Basis", "Category", "Cookie"],
            "errors": ["BadPreferences", "ConsentGateError", "NoGate", "PolicyError", "ResponseStarted"],
            "policy": ["Policy"],
            "preferences": ["Preferences"],
            "reporting": ["Event"],
            "signing": ["PreferencesSerializer"],
            "visit": ["Visit"],
            "wsgi": ["ConsentGate"],
        },
    )

__all__ = [
    "Attestation",
    "BadPreferences",
    "Basis",
    "Category",
    "ConsentGate",
    "ConsentGateError",
    "Cookie",
    "Event",
    "NoGate",
    "Policy",
    "PolicyError",
    "Preferences",
    "PreferencesSerializer",
    "ResponseStarted",
    "Visit",
]

__version__ = "0.1.0"


def __dir__() -> list[str]:
    return __all__
