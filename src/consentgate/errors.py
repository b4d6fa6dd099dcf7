"""What can go wrong, and whose fault it is.

ConsentGateError
├── PolicyError (ValueError)    the site owner's: a mistake in wiring
├── NoGate (LookupError)        the application's: asked for a visit where no gate stands
├── ResponseStarted             the application's: a choice that came too late to be remembered
└── BadPreferences              the visitor's: a cookie that proves nothing; never leaves the gate
"""


class ConsentGateError(Exception):
    """Base of every error this package raises on purpose."""


class PolicyError(ConsentGateError, ValueError):
    """A policy, an option or a call names something that cannot be; the message names the culprit."""


class NoGate(ConsentGateError, LookupError):
    """The environ carries no visit: no gate stands in front of this application."""


class ResponseStarted(ConsentGateError):
    """A choice was made after the response had started, so no cookie could remember it."""


class BadPreferences(ConsentGateError):
    """A preferences cookie that is not genuine, or no longer valid: to the gate, no choice at all."""
