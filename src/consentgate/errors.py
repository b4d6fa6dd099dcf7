"""The errors of this package, by the party at fault.

ConsentGateError
├── PolicyError (ValueError)    the site owner's: a mistake in wiring
├── NoGate (LookupError)        the application's: it asked for a visit, but no gate is in front of it
├── ResponseStarted             the application's: a choice made too late to set the cookie
└── BadPreferences              the visitor's: a cookie that does not verify; never leaves the gate
"""


class ConsentGateError(Exception):
    """Base of every error this package raises on purpose."""


class PolicyError(ConsentGateError, ValueError):
    """A policy, an option or an argument is invalid; the message names it."""


class NoGate(ConsentGateError, LookupError):
    """The environ holds no visit: no gate is in front of this application."""


class ResponseStarted(ConsentGateError):
    """A choice was made after the response had started, so no cookie can record it."""


class BadPreferences(ConsentGateError):
    """The preferences cookie is not genuine or has expired; the gate treats it as no choice."""
