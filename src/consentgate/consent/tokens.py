"""From the Cookie field to the answers of its visitor: which preferences cookies are genuine."""

from enum import Enum, auto
from typing import NamedTuple

from consentgate._cache import BoundedCache
from consentgate.errors import BadPreferences
from consentgate.headers.cookie import cookie_values

from .preferences import UNDECIDED, Answer, DatedAhead, JudgedAnswers, Preferences, agree, judge_answers
from .signing import PreferencesSerializer, is_well_formed
from .verdict import Situation, answer_key

CACHE_SIZE = 2048
"""Tokens remembered."""


class Invalid(Enum):
    """Why a preferences cookie proves nothing."""

    FOREIGN = auto()
    """It is of our format, and signed with another key."""
    AHEAD = auto()
    """It is genuine, and dated more than a minute ahead."""
    OTHER = auto()
    """It is too old, or no token of ours."""


class TokenResult(NamedTuple):
    """The answers a Cookie field proves.

    Attributes:
        preferences: the valid answers.
        changed: each yes whose category has changed since.
        complete: whether one of several tokens answers everything that is asked.
        verified: the values of the preferences cookie that prove this.
        invalid: why other values prove nothing; empty if there are none.
        start: the Unix second from which this holds.
        end: the one from which it no longer does.
    """

    preferences: Preferences = UNDECIDED
    changed: tuple[Answer, ...] = ()
    complete: bool = False
    verified: tuple[str, ...] = ()
    invalid: tuple[Invalid, ...] = ()
    start: float = float("-inf")
    end: float = float("inf")

    @property
    def situation(self) -> Situation:
        """The situation these answers make, with no signal."""
        changed = frozenset([answer.category for answer in self.changed])
        return Situation(answer_key(self.preferences), changed, self.complete)


NO_TOKEN = TokenResult()
UNREADABLE = TokenResult(invalid=(Invalid.OTHER,))


class TokenReader:
    """Read the preferences cookies of Cookie fields.

    Args:
        serializer: knows the policy, and verifies.
    """

    def __init__(self, serializer: PreferencesSerializer) -> None:
        self._serializer = serializer
        self._cookie_name = serializer.policy.cookie_name
        self._asked = {category.key for category in serializer.policy.categories if category.needs_consent}
        # Goal: a visitor's token is verified once, not once a request. Plan: its text is the key; only
        # genuine texts are kept, and one token has one genuine spelling, so nobody can flood this with
        # junk. Proof: tests/consent/test_tokens.py, benchmark W2 beside W4.
        self._verified = BoundedCache(serializer.verify, size=CACHE_SIZE)

    def read(self, cookie_string: str, now: float) -> TokenResult:
        """Return the answers that *cookie_string* proves at *now*, in Unix seconds.

        If several genuine tokens disagree, only the answers they share count: a sibling host may have
        planted one. Nothing is asked if one of them answers everything.
        """
        if self._cookie_name not in cookie_string:
            return NO_TOKEN
        genuine: dict[str, JudgedAnswers] = {}
        invalid: list[Invalid] = []
        for value in dict.fromkeys(cookie_values(cookie_string, self._cookie_name)):
            judged = self.verify(value, now)
            if isinstance(judged, Invalid):
                invalid.append(judged)
            else:
                genuine[value] = judged
        return self._combine(genuine, tuple(invalid))

    def verify(self, text: str, now: float) -> JudgedAnswers | Invalid:
        """Return the answers signed in *text* that count at *now*, or why it proves nothing."""
        answers = self._verified[text]
        if answers is None:
            return Invalid.FOREIGN if is_well_formed(text) else Invalid.OTHER
        try:
            return judge_answers(answers, self._serializer.policy, now)
        except DatedAhead:
            return Invalid.AHEAD
        except BadPreferences:
            return Invalid.OTHER

    def _combine(self, genuine: dict[str, JudgedAnswers], invalid: tuple[Invalid, ...]) -> TokenResult:
        several = list(genuine.values())
        if not several:
            return NO_TOKEN._replace(invalid=invalid)
        if len(several) == 1:
            (judged,) = several
            return TokenResult(
                judged.valid, judged.changed, False, tuple(genuine), invalid, judged.start, judged.end
            )
        agreed = agree([each.valid for each in several])
        answered = {answer.category for answer in agreed.answers}
        changed = {answer.category: answer for each in several for answer in each.changed}
        return TokenResult(
            preferences=agreed,
            changed=tuple(answer for key, answer in changed.items() if key not in answered),
            complete=any(self._is_complete(each) for each in several),
            verified=tuple(genuine),
            invalid=invalid,
            start=max(each.start for each in several),
            end=min(each.end for each in several),
        )

    def _is_complete(self, judged: JudgedAnswers) -> bool:
        """Return whether these answers leave nothing to ask."""
        answered = {answer.category for answer in judged.valid.answers}
        return self._asked <= answered
