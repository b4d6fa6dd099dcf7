"""WSGI middleware for cookie consent: the cookie policy a site publishes is the one its server enforces.

Declare categories and cookies in a `Policy`, wrap any WSGI application in it, and no Set-Cookie of a
category the visitor has not accepted leaves the server.
"""

from typing import TYPE_CHECKING

from ._late import late

if TYPE_CHECKING:
    from consentgate.catalogue.category import Attestation, Basis, Category, Cookie
    from consentgate.consent.preferences import Preferences
    from consentgate.consent.signing import PreferencesSerializer
    from consentgate.gate.middleware import ConsentGate

    from .errors import BadPreferences, ConsentGateError, NoGate, PolicyError, ResponseStarted
    from .events import Event
    from .policy import Policy
    from .visit import Visit
else:
    # `import consentgate` costs next to nothing; what is used of it is imported then.
    __getattr__ = late(
        __name__,
        {
            "catalogue.category": ["Attestation", "Basis", "Category", "Cookie"],
            "errors": ["BadPreferences", "ConsentGateError", "NoGate", "PolicyError", "ResponseStarted"],
            "policy": ["Policy"],
            "consent.preferences": ["Preferences"],
            "events": ["Event"],
            "consent.signing": ["PreferencesSerializer"],
            "visit": ["Visit"],
            "gate.middleware": ["ConsentGate"],
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

__version__ = "0.2.0"


def __dir__() -> list[str]:
    return __all__
