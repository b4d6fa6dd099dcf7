"""WSGI middleware for cookie consent: the cookie policy a site publishes is the one its server enforces.

Declare categories and cookies in a `Policy`, wrap any WSGI application in it, and no Set-Cookie of a
category the visitor has not accepted leaves the server.
"""

from consentgate.catalogue.category import Attestation, Basis, Category, Cookie
from consentgate.consent.preferences import Answer, Preferences, State
from consentgate.consent.signing import PreferencesSerializer
from consentgate.consent.verdict import Reason, Verdict
from consentgate.gate.middleware import ConsentGate
from consentgate.i18n.texts import translated
from consentgate.visit import Visit

from .errors import BadPreferences, ConsentGateError, NoGate, PolicyError, ResponseStarted
from .events import Event
from .policy import Policy

__all__ = [
    "Answer",
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
    "Reason",
    "ResponseStarted",
    "State",
    "Verdict",
    "Visit",
    "translated",
]

__version__ = "0.2.0"


def __dir__() -> list[str]:
    return __all__
