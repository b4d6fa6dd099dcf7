"""Which categories a visit allows, and what that means for one cookie: the whole judgement, pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import repeat
from typing import NamedTuple

from consentgate._cache import Remembered
from consentgate.catalogue.catalogue import Catalogue
from consentgate.catalogue.category import Basis
from consentgate.headers.cookie import BLANK, has_control

from .preferences import UNDECIDED, Answer, Preferences

NAMELESS = ";"
"""Stands where a category's key would, for a cookie without a name browsers agree on. No key holds it."""

RESERVED = "="
"""Likewise for the preferences cookie, which only the gate may set."""

LONGEST_TEXT = 64
"""Characters of the longest text that is remembered with what it names."""

FEW = 16
"""Names up to which it is quicker to look for each in a long Cookie field than at each of its pairs."""

NECESSARY, GATED, EXEMPT, SPARED, REFUSED = "necessary", "gated", "exempt", "spared", "refused"
"""What becomes of a cookie that is set: it passes, and some of them with consequences; or it does not."""

_Said = tuple[tuple[str, bool], ...]
"""Category keys, each with yes or no."""

Names = Remembered[str, str | None]
"""What `names_of` returns."""


class Reason(StrEnum):
    """Why a cookie is admitted or not."""

    NECESSARY = "necessary"
    ACCEPTED = "accepted"
    EXEMPT = "exempt, not refused"
    UNDECLARED_REPORTED = "undeclared, only reported"
    NOT_APPLICABLE = "the policy does not apply"
    DELETION = "a deletion"
    REFUSED = "refused"
    UNSET = "not accepted"
    UNDECLARED = "undeclared"
    NAMELESS = "no name all browsers agree on"
    RESERVED = "the preferences cookie is the gate's to set"
    INVALID = "not genuine, or no longer valid"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a cookie is admitted, why, and under which category (None when undeclared)."""

    admitted: bool
    reason: Reason
    category: str | None

    def __str__(self) -> str:
        category = "no category" if self.category is None else f"category {self.category!r}"
        return f"{'admitted' if self.admitted else 'not admitted'}: {self.reason.value} ({category})"


class Outcome(NamedTuple):
    """What answers lead to, whenever they were given: one for all who say the same.

    Attributes:
        allowed: keys of the categories whose cookies pass; None among them lets undeclared ones pass.
        readable: the same, and RESERVED: what the application may read.
        needs_choice: whether a category that needs consent has not been answered.
        few: the names of all cookies that may be read, if they are few and none is a pattern; else None.
    """

    allowed: frozenset[str | None]
    readable: frozenset[str | None]
    needs_choice: bool
    few: tuple[str, ...] | None


class Said(NamedTuple):
    """Answers without their days, field by field, and what they lead to."""

    categories: tuple[str, ...]
    accepted: tuple[bool, ...]
    digests: tuple[str, ...]
    outcome: Outcome


class Standing:
    """Where a visitor stands: what was answered, what that allows, what is still to be asked.

    Attributes:
        allowed: keys of the categories whose cookies pass; None among them lets undeclared ones pass.
        readable: the same, and RESERVED: what the application may read.
        needs_choice: whether a category that needs consent has not been answered.
        few: the names of all cookies that may be read, if they are few and none is a pattern; else None.
    """

    __slots__ = ("_preferences", "_said", "_second", "allowed", "few", "needs_choice", "readable")

    _preferences: Preferences | None
    _said: Said
    _second: int

    def __init__(self, outcome: Outcome, preferences: Preferences) -> None:
        self.allowed, self.readable, self.needs_choice, self.few = outcome
        self._preferences = preferences

    @classmethod
    def dated(cls, said: Said, second: int) -> "Standing":
        """Return where somebody stands who said so at this Unix second.

        The answers are made when they are asked for: most requests ask only what is allowed.
        """
        standing = cls.__new__(cls)
        standing.allowed, standing.readable, standing.needs_choice, standing.few = said.outcome
        standing._preferences, standing._said, standing._second = None, said, second
        return standing

    @property
    def preferences(self) -> Preferences:
        """The valid answers."""
        if self._preferences is None:
            categories, accepted, digests, _ = self._said
            answers = map(Answer, categories, accepted, repeat(self._second), digests)
            self._preferences = Preferences(tuple(answers))
        return self._preferences


class Judge:
    """Says what preferences allow under one policy; equal answers share one frozen set."""

    def __init__(self, catalogue: Catalogue, *, admit_undeclared: bool = False) -> None:
        # Names are written differently in the two fields, and each is reported when it is first seen.
        self.names = names_of(catalogue)
        self.sent_names = names_of(catalogue)
        self.necessary = catalogue.necessary
        self.necessary_texts: set[str] = set()
        """Keys of `names` whose cookies were found to be necessary lately."""
        self.catalogue = catalogue
        self._admit_undeclared = admit_undeclared
        self._consent = frozenset(
            category.key
            for category in catalogue.categories
            if category.basis is Basis.CONSENT and category.can_be_chosen
        )
        self.exempt = frozenset(
            category.key for category in catalogue.categories if category.basis is Basis.EXEMPT
        )
        self.fates = Remembered(self._fates, size=256, longest=256)
        """What is allowed -> the key of each category, and what may stand for one -> fate of its cookies."""
        # Thousands of visitors say the same few things.
        self._outcomes = Remembered(self._outcome, size=256, longest=256)
        self.undecided = self.standing(UNDECIDED)

    def standing(self, *preferences: Preferences) -> Standing:
        """Return where a visitor with these *preferences* stands, all of them genuine.

        Several come from several cookies of one name; who planted which can't be told, so a
        category is allowed only if all allow it, and nothing is asked if any of them is complete.
        """
        first, *others = preferences
        if not others:
            return Standing(self._outcomes[_said(first)], first)
        agreed = _agreement(preferences)
        needs_choice = all(self._outcomes[_said(each)].needs_choice for each in preferences)
        return Standing(self._outcomes[_said(agreed)]._replace(needs_choice=needs_choice), agreed)

    def said(self, categories: tuple[str, ...], accepted: tuple[bool, ...], digests: tuple[str, ...]) -> Said:
        """Return answers, of whatever day, with what they lead to."""
        outcome = self._outcomes[tuple(zip(categories, accepted, strict=True))]
        return Said(categories, accepted, digests, outcome)

    def _outcome(self, said: _Said) -> Outcome:
        answers = dict(said)
        accepted = {key for key in self._consent if answers.get(key)}
        unrefused = {key for key in self.exempt if answers.get(key) is not False}
        allowed: frozenset[str | None] = self.necessary | accepted | unrefused
        if self._admit_undeclared:
            allowed |= {None}
        readable = allowed | {RESERVED}
        return Outcome(allowed, readable, not answers.keys() >= self._consent, self._few(allowed))

    def _fates(self, allowed: frozenset[str | None]) -> dict[str | None, str]:
        fates: dict[str | None, str] = {NAMELESS: REFUSED, RESERVED: REFUSED}
        for key in (None, *(category.key for category in self.catalogue.categories)):
            passes = SPARED if key is None else EXEMPT if key in self.exempt else GATED
            fates[key] = passes if key in allowed else REFUSED
        return fates | dict.fromkeys(self.necessary, NECESSARY)

    def _few(self, allowed: frozenset[str | None]) -> tuple[str, ...] | None:
        names = [name for name, key in self.catalogue.keys.items() if key in allowed]
        several = len(names) > FEW or None in allowed or any("*" in name for name in names)
        return None if several else (*names, self.catalogue.cookie_name)

    def judge(self, cookie_name: str, standing: Standing) -> Verdict:
        """Return the verdict on a cookie of this name, set by the application or sent by the browser."""
        if not cookie_name or has_control(cookie_name):
            return Verdict(False, Reason.NAMELESS, None)
        category = self.catalogue.category_of(cookie_name)
        if category is None:
            reason = Reason.UNDECLARED_REPORTED if self._admit_undeclared else Reason.UNDECLARED
            return Verdict(self._admit_undeclared, reason, None)
        if category.basis is Basis.NECESSARY:
            return Verdict(True, Reason.NECESSARY, category.key)
        if category.key in standing.allowed:
            exempt = category.basis is Basis.EXEMPT
            reason = Reason.EXEMPT if exempt else Reason.ACCEPTED
            return Verdict(True, reason, category.key)
        refused = standing.preferences.refuses(category.key)
        return Verdict(False, Reason.REFUSED if refused else Reason.UNSET, category.key)


def _said(preferences: Preferences) -> _Said:
    return tuple([answer[:2] for answer in preferences.answers])


def _agreement(preferences: Sequence[Preferences]) -> Preferences:
    """Return what all of *preferences* allow: any no stands, a yes only if it is everyone's."""
    agreed: list[Answer] = []
    for key in {answer.category for each in preferences for answer in each.answers}:
        answers = [each.answer(key) for each in preferences]
        given = [answer for answer in answers if answer is not None]
        refusals = [answer for answer in given if not answer.accepted]
        if refusals or len(given) == len(answers):
            agreed.append(min(refusals or given, key=lambda answer: answer.at))
    return Preferences(tuple(agreed))


def names_of(catalogue: Catalogue) -> Names:
    """Return a memo: text before a pair's first ``=``, as written -> key of its category, None if undeclared.

    NAMELESS or RESERVED stand for a key where there can be none. Shared by all visitors.
    """

    exact = {**catalogue.exact, catalogue.cookie_name: RESERVED}
    match, keys = catalogue.patterns.match, catalogue.keys

    def key_of(text: str) -> str | None:
        name = text.strip(BLANK)
        key = exact.get(name)
        if key is not None:
            return key
        if not name or ";" in name or (not name.isprintable() and has_control(name)):
            return NAMELESS
        pattern = match(name)
        return None if pattern is None else keys[pattern]

    return Remembered(key_of, size=2048, longest=LONGEST_TEXT)
