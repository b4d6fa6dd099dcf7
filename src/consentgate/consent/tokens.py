"""From the Cookie field to where its visitor stands: which preferences cookies are believed."""

from collections.abc import Callable, Container
from operator import ne

from consentgate._cache import Memo, Remembered, remember
from consentgate.errors import BadPreferences
from consentgate.headers.cookie import BLANK, SEPARATORS, cookie_values
from consentgate.headers.set_cookie import ALWAYS, NEVER

from .signing import LEEWAY, PreferencesSerializer, columns_of, undated
from .verdict import Judge, Names, Said, Standing

MEMO_SIZE = 2048
"""Tokens remembered; only genuine ones are, each under its one canonical text. And likewise whole fields."""

Parts = tuple[slice, ...]
"""Parts of a Cookie field, each but the first with the semicolon before it."""

Cut = Callable[[str, Names, Container[str | None]], Parts]
"""Returns the parts of a Cookie field that may be read."""

MOST_PARTS = 8
"""Parts of a Cookie field that are remembered; where there would be more, it is narrowed each time."""


class Reading:
    """What a Cookie field says of its visitor.

    Attributes:
        standing: where the visitor stands.
        believed: the values of the preferences cookie that this rests on.
        start: the Unix second from which it holds.
        end: the one from which it no longer does.
        lasts: whether all that holds it up stands here, so that it may be remembered.
        disbelieved: whether there were other values, which proved nothing.
        visible: the Cookie field without those, where reading it has shown that already.
        parts: the parts of the Cookie field that may be read, where they are remembered.
        is_whole: whether they are known to be all of it, with nothing in it to report.
        token: the believed value in that field, "" if there is none.
        place: where in that field it is.
    """

    __slots__ = (
        "believed",
        "disbelieved",
        "end",
        "is_whole",
        "lasts",
        "parts",
        "place",
        "standing",
        "start",
        "token",
        "visible",
    )

    token: str
    place: slice

    def __init__(
        self,
        standing: Standing,
        believed: tuple[str, ...] = (),
        start: float = ALWAYS,
        end: float = NEVER,
        lasts: bool = False,
        disbelieved: bool = False,
        visible: str | None = None,
    ) -> None:
        self.standing = standing
        self.believed = believed
        self.start = start
        self.end = end
        self.lasts = lasts
        self.disbelieved = disbelieved
        self.visible = visible
        self.parts: Parts | None = None
        self.is_whole = False

    def of(self, cookie_string: str, names: Names, cut: Cut) -> "Reading":
        """Return this for a Cookie field that comes again: with where its parts are."""
        again = Reading(self.standing, self.believed, self.start, self.end)
        parts = cut(cookie_string, names, self.standing.readable)
        again.parts = parts if len(parts) <= MOST_PARTS else None
        again.is_whole = parts == (slice(0, len(cookie_string)),) and None not in self.standing.readable
        again.token = "".join(self.believed)
        at = cookie_string.index(again.token)
        again.place = slice(at, at + len(again.token))
        return again


class Reader:
    """Reads the preferences cookie, through a memo of what verified."""

    def __init__(self, judge: Judge, serializer: PreferencesSerializer, cut: Cut) -> None:
        self._cut = cut
        self.nothing = Reading(judge.undecided, lasts=True)
        self.disbelieving = Reading(judge.undecided, disbelieved=True)
        self._judge = judge
        self._serializer = serializer
        self._cookie_name = judge.catalogue.cookie_name
        self._longest = serializer.longest
        self._inside = f"; {self._cookie_name}="
        self._lifetime = judge.catalogue.cookie_lifetime.total_seconds()
        self._memo: Memo[str, Reading] = Memo(MEMO_SIZE)
        self._once: set[int] = set()
        self._again: dict[int, Reading] = {}
        self._lengths: set[int] = set()  # of those: a field of another length need not be hashed
        # A million visitors say the same few things, each on a day of their own.
        self._said = Remembered(self._understood, size=256, longest=256)

    def read(self, cookie_string: str, now: float, counts: bool = True) -> Reading:
        """Return what *cookie_string* says of its visitor.

        A field that comes a second time, as most do while a page is loaded, is known from then on by its
        hash, which is salted in each process; of its text only a believed value is kept, and compared.

        Args:
            cookie_string: the value of the Cookie field.
            now: Unix seconds.
            counts: whether this is a time it comes: what is in it will be reported, if that is new.
        """
        if len(cookie_string) in self._lengths:
            known = self._again.get(hash(cookie_string))
            if (
                known is not None
                and known.start <= now < known.end
                and cookie_string[known.place] == known.token
            ):
                return known
        reading = self._read(cookie_string, now)
        return self._met(reading, cookie_string) if reading.lasts and counts else reading

    def _met(self, reading: Reading, cookie_string: str) -> Reading:
        """Return what *cookie_string* says, remembered if it did so before."""
        seen = hash(cookie_string)
        if seen not in self._once:
            remember(seen, self._once, size=MEMO_SIZE)
            return reading
        if len(self._again) >= MEMO_SIZE:
            self._again, self._lengths = {}, set()  # who still comes is there again the next time
        again = self._again[seen] = reading.of(cookie_string, self._judge.sent_names, self._cut)
        self._lengths.add(len(cookie_string))
        return again

    def _read(self, cookie_string: str, now: float) -> Reading:
        name = self._cookie_name
        before, found, after = cookie_string.partition(self._inside)
        value, semicolon, rest = after.partition(";")
        if found and name not in rest and name not in before:
            # As browsers write it, and only once.
            known = self._genuine(value.strip(BLANK), now)
            if known is None and before and before[0] not in SEPARATORS and before[-1] != ";":
                visible = before + semicolon + rest
                return Reading(self._judge.undecided, (), ALWAYS, NEVER, False, True, visible)
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
        payload = self._serializer.verified(value)
        if payload is None:
            return None
        text, second = undated(payload)
        said = self._said[text]
        if said is not None:
            at = int(second)
            if at - LEEWAY <= now < at + self._lifetime:
                return self._remembered(value, Standing.dated(said, at), at - LEEWAY, at + self._lifetime)
        return self._partly(value, payload, now)

    def _partly(self, value: str, payload: str, now: float) -> Reading | None:
        """Return what is left of a genuine value that is not valid, or not in all it says."""
        try:
            preferences = self._serializer.said(payload, now=now)
        except BadPreferences:
            return None
        standing = self._judge.standing(preferences)
        seconds = tuple(answer.at for answer in preferences.answers)
        # With nothing in it that counts, nothing says until when that is true: not remembered.
        if not seconds:
            return Reading(standing, (value,))
        return self._remembered(value, standing, max(seconds) - LEEWAY, min(seconds) + self._lifetime)

    def _remembered(self, value: str, standing: Standing, start: float, end: float) -> Reading:
        # Looked at in every request, and beside time.time(): floats are compared fastest.
        known = Reading(standing, (value,), float(start), float(end), True)
        self._memo.put(value, known)
        return known

    def _understood(self, undated: str) -> Said | None:
        """Return what a text without its day says; None unless it had one, and all still counts (R13)."""
        columns = columns_of(undated)
        if columns is None or not columns[0] or any(columns[2]):
            return None
        categories, accepted, _, digests = columns
        if any(map(ne, map(self._judge.catalogue.digests.get, categories), digests)):
            return None
        return self._judge.said(categories, accepted, digests)
