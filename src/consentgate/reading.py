"""From the Cookie field to where its visitor stands: which preferences cookies are believed."""

from collections.abc import Container
from typing import NamedTuple

from .errors import BadPreferences
from .grammar import cookie_values
from .memo import Memo
from .preferences import Preferences
from .signing import LEEWAY, PreferencesSerializer
from .verdict import Judge, Standing

_Known = tuple[Standing, Preferences, float, float]

MEMO_SIZE = 2048
"""Tokens remembered; only genuine ones are, each under its one canonical text."""


class Reading(NamedTuple):
    """What a Cookie field says of its visitor.

    Attributes:
        standing: where the visitor stands.
        believed: the values of the preferences cookie that this rests on.
        disbelieved: whether there were others, which proved nothing.
    """

    standing: Standing
    believed: Container[str]
    disbelieved: bool


class Reader:
    """Reads the preferences cookie, through a memo of what verified."""

    def __init__(self, judge: Judge, serializer: PreferencesSerializer) -> None:
        self.nothing = Reading(judge.undecided, (), disbelieved=False)
        self._judge = judge
        self._serializer = serializer
        self._cookie_name = judge.catalogue.cookie_name
        self._lifetime = judge.catalogue.cookie_lifetime.total_seconds()
        self._memo: Memo[str, _Known] = Memo(MEMO_SIZE)

    def read(self, cookie_string: str, now: float) -> Reading:
        """Return what *cookie_string* says of its visitor.

        Args:
            cookie_string: the value of the Cookie field.
            now: Unix seconds.
        """
        if self._cookie_name not in cookie_string:
            return self.nothing
        values = cookie_values(cookie_string, self._cookie_name)
        genuine = {
            value: known for value in dict.fromkeys(values) if (known := self._known(value, now)) is not None
        }
        disbelieved = len(genuine) < len(set(values))
        if not genuine:
            return Reading(self._judge.undecided, (), disbelieved)
        if len(genuine) == 1:
            (known,) = genuine.values()
            return Reading(known[0], genuine, disbelieved)
        standing = self._judge.standing([known[1] for known in genuine.values()])
        return Reading(standing, genuine, disbelieved)

    def _known(self, value: str, now: float) -> _Known | None:
        known = self._memo.get(value)
        if known is not None and known[2] <= now < known[3]:
            return known
        try:
            preferences = self._serializer.loads(value, now=now)
        except BadPreferences:
            return None
        days = [answer.at for answer in preferences.answers] or [int(now)]
        # Between these moments every answer counts just as it does now.
        known = (
            self._judge.standing([preferences]),
            preferences,
            max(days) - LEEWAY,
            min(days) + self._lifetime,
        )
        self._memo.put(value, known)
        return known
