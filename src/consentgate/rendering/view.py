"""A visitor's answers, as page and banner need them; `Visit` makes this value."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from consentgate.consent.preferences import Preferences


@dataclass(frozen=True, slots=True)
class VisitorView:
    """The part of a visit that page and banner show.

    Attributes:
        preferences: the valid answers.
        allowed: keys of the categories allowed now.
        asked: keys of the categories still to be asked, in the policy's order.
        changed: category key -> Unix second at which the visitor accepted it, before it changed.
        denied: keys of the categories that a signal of the browser (Global Privacy Control) denies.
        signals: names of the signals honoured: ``("gpc",)``.
        now: Unix seconds.
    """

    preferences: Preferences
    allowed: frozenset[str]
    asked: tuple[str, ...]
    changed: Mapping[str, int] = field(default_factory=dict)
    denied: frozenset[str] = frozenset()
    signals: tuple[str, ...] = ()
    now: float = 0.0
