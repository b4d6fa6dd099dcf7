"""From the Cookie field to where its visitor stands: which preferences cookies are believed."""

from collections.abc import Collection
from operator import ne

from .errors import BadPreferences
from .grammar import BLANK, cookie_values
from .lifetime import ALWAYS, NEVER
from .memo import Memo, Remembered
from .signing import LEEWAY, PreferencesSerializer
from .verdict import Judge, Said, Standing

MEMO_SIZE = 2048
"""Tokens remembered; only genuine ones are, each under its one canonical text."""

_NOTHING = BLANK + ";"
"""What a Cookie field does not begin with once something was taken out of it."""


class Reading:
    """What a Cookie field says of its visitor.

    Attributes:
        standing: where the visitor stands.
        believed: the values of the preferences cookie that this rests on.
        disbelieved: whether there were others, which proved nothing.
        visible: the Cookie field without those, where reading it has shown that already.
        start: the Unix second from which it holds.
        end: the one from which it no longer does.
    """

    __slots__ = ("believed", "disbelieved", "end", "standing", "start", "visible")

    def __init__(
        self,
        standing: Standing,
        believed: Collection[str] = (),
        start: float = ALWAYS,
        end: float = NEVER,
        *,
        disbelieved: bool = False,
        visible: str | None = None,
    ) -> None:
        self.standing = standing
        self.believed = believed
        self.disbelieved = disbelieved
        self.visible = visible
        self.start = start
        self.end = end


class Reader:
    """Reads the preferences cookie, through a memo of what verified."""

    def __init__(self, judge: Judge, serializer: PreferencesSerializer) -> None:
        self.nothing = Reading(judge.undecided)
        self.disbelieving = Reading(judge.undecided, disbelieved=True)
        self._judge = judge
        self._serializer = serializer
        self._cookie_name = judge.catalogue.cookie_name
        self._longest = serializer.longest
        self._inside = f"; {self._cookie_name}="
        self._lifetime = judge.catalogue.cookie_lifetime.total_seconds()
        self._memo: Memo[str, Reading] = Memo(MEMO_SIZE)
        # A million visitors say the same few things, each on a day of their own.
        self._said = Remembered(self._understood, size=256, longest=256)

    def read(self, cookie_string: str, now: float) -> Reading:
        """Return what *cookie_string* says of its visitor.

        Args:
            cookie_string: the value of the Cookie field.
            now: Unix seconds.
        """
        name = self._cookie_name
        before, found, after = cookie_string.partition(self._inside)
        value, semicolon, rest = after.partition(";")
        if found and name not in rest and name not in before:
            # As browsers write it, and only once.
            known: Reading | None = None
            if len(value) <= self._longest:
                known = self._memo.young.get(value)
                if known is not None and known.start <= now < known.end:
                    return known
                known = self._genuine(value.strip(BLANK), now)
            if known is None and before and before[0] not in _NOTHING and before[-1] != ";":
                visible = before + semicolon + rest
                return Reading(self._judge.undecided, disbelieved=True, visible=visible)
            return known or self.disbelieving
        values = dict.fromkeys(cookie_values(cookie_string, name))
        if not values:
            return self.nothing
        genuine = [known for value in values if (known := self._genuine(value, now)) is not None]
        if len(values) == 1 or not genuine:
            return genuine[0] if genuine else self.disbelieving
        standing = self._judge.standing(*(known.standing.preferences for known in genuine))
        believed = tuple(value for known in genuine for value in known.believed)
        return Reading(standing, believed, disbelieved=len(genuine) < len(values))

    def _genuine(self, value: str, now: float) -> Reading | None:
        """Return what one genuine value says; None if it is not one, or no longer."""
        if len(value) > self._longest:
            return None
        known = self._memo.get(value)
        if known is not None and known.start <= now < known.end:
            return known
        fields = self._serializer.fields(value)
        if fields is None:
            return None
        seconds = tuple(map(int, fields[2::4]))
        del fields[2::4]
        said = self._said[tuple(fields)]
        if said is not None and seconds:
            start, end = max(seconds) - LEEWAY, min(seconds) + self._lifetime
            if start <= now < end:
                return self._remembered(value, Standing.dated(said, seconds), start, end)
        return self._partly(value, now)

    def _partly(self, value: str, now: float) -> Reading | None:
        """Return what is left of a genuine value that is not valid, or not in all it says."""
        try:
            preferences = self._serializer.loads(value, now=now)
        except BadPreferences:
            return None
        standing = self._judge.standing(preferences)
        seconds = tuple(answer.at for answer in preferences.answers)
        # With nothing in it that counts, nothing says until when that is true: not remembered.
        if not seconds:
            return Reading(standing, (value,))
        return self._remembered(value, standing, max(seconds) - LEEWAY, min(seconds) + self._lifetime)

    def _remembered(self, value: str, standing: Standing, start: float, end: float) -> Reading:
        known = Reading(standing, (value,), start, end)
        self._memo.put(value, known)
        return known

    def _understood(self, fields: tuple[str, ...]) -> Said | None:
        """Return what a genuine text without its days says; None unless all of it still counts (R13)."""
        categories, digests = fields[0::3], fields[2::3]
        if any(map(ne, map(self._judge.catalogue.digests.get, categories), digests)):
            return None
        return self._judge.said(categories, tuple([each == "y" for each in fields[1::3]]), digests)
