"""One visitor's answers, as page and banner show them: a value made by the visit."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from consentgate.consent.preferences import Preferences


@dataclass(frozen=True, slots=True)
class VisitorView:
    """What page and banner know of a visitor.

    Attributes:
        preferences: the valid answers.
        allowed: keys of the categories allowed now.
        asked: keys of the categories still to be asked, in the policy's order.
        changed: key of a category -> Unix second of the visitor's yes, which no longer fits it.
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
