"""From the Cookie field to where its visitor stands: which preferences cookies are believed."""

from collections.abc import Collection
from typing import NamedTuple

from .errors import BadPreferences
from .grammar import cookie_values
from .memo import Memo
from .signing import LEEWAY, PreferencesSerializer
from .verdict import Judge, Standing

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
    believed: Collection[str]
    disbelieved: bool


class _Known(NamedTuple):
    """What one genuine cookie says, and between which moments every answer in it counts."""

    reading: Reading
    start: float
    end: float


class Reader:
    """Reads the preferences cookie, through a memo of what verified."""

    def __init__(self, judge: Judge, serializer: PreferencesSerializer) -> None:
        self.nothing = Reading(judge.undecided, (), disbelieved=False)
        self.disbelieving = Reading(judge.undecided, (), disbelieved=True)
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
        values = dict.fromkeys(cookie_values(cookie_string, self._cookie_name))
        if not values:
            return self.nothing
        genuine = [known for value in values if (known := self._known(value, now)) is not None]
        if not genuine:
            return self.disbelieving
        if len(values) == 1:
            return genuine[0].reading
        standing = self._judge.standing(*(known.reading.standing.preferences for known in genuine))
        believed = tuple(value for known in genuine for value in known.reading.believed)
        return Reading(standing, believed, len(genuine) < len(values))

    def _known(self, value: str, now: float) -> _Known | None:
        known = self._memo.get(value)
        if known is not None and known.start <= now < known.end:
            return known
        try:
            preferences = self._serializer.loads(value, now=now)
        except BadPreferences:
            return None
        reading = Reading(self._judge.standing(preferences), (value,), disbelieved=False)
        days = [answer.at for answer in preferences.answers]
        if not days:
            # Nothing in it counts, so nothing says until when that is true: not remembered.
            return _Known(reading, now, now)
        known = _Known(reading, max(days) - LEEWAY, min(days) + self._lifetime)
        self._memo.put(value, known)
        return known
