"""Which categories a visit allows, and what that means for one cookie: the whole judgement, pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from .catalogue import Catalogue
from .category import Basis
from .grammar import BLANK, has_control
from .memo import Remembered
from .preferences import UNDECIDED, Answer, Preferences

NAMELESS = ";"
"""Stands where a category's key would, for a cookie without a name browsers agree on. No key holds it."""

RESERVED = "="
"""Likewise for the preferences cookie, which only the gate may set."""

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


class Standing(NamedTuple):
    """Where a visitor stands: what was answered, what that allows, what is still to be asked.

    Attributes:
        preferences: the valid answers.
        allowed: keys of the categories whose cookies pass; None among them lets undeclared ones pass.
        needs_choice: whether a category that needs consent has not been answered.
    """

    preferences: Preferences
    allowed: frozenset[str | None]
    needs_choice: bool


class Judge:
    """Says what preferences allow under one policy; equal answers share one frozen set."""

    def __init__(self, catalogue: Catalogue, *, admit_undeclared: bool = False) -> None:
        self.names = names_of(catalogue)
        self.necessary = catalogue.necessary
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
        # Thousands of visitors say the same few things.
        self._outcomes = Remembered(self._outcome, size=256, longest=256)
        self.undecided = self.standing(UNDECIDED)

    def standing(self, *preferences: Preferences) -> Standing:
        """Return where a visitor with these *preferences* stands, all of them genuine.

        Several come from several cookies of one name; who planted which can't be told, so a
        category is allowed only if all allow it, and nothing is asked if any of them is complete.
        """
        first, *others = preferences
        allowed, complete = self._outcomes[_said(first)]
        if not others:
            return Standing(first, allowed, not complete)
        agreed = _agreement(preferences)
        complete = any(self._outcomes[_said(each)][1] for each in preferences)
        return Standing(agreed, self._outcomes[_said(agreed)][0], not complete)

    def _outcome(self, said: _Said) -> tuple[frozenset[str | None], bool]:
        """Return the keys of the categories allowed to who said so, and whether all were answered."""
        answers = dict(said)
        accepted = {key for key in self._consent if answers.get(key)}
        unrefused = {key for key in self.exempt if answers.get(key) is not False}
        allowed: frozenset[str | None] = self.necessary | accepted | unrefused
        if self._admit_undeclared:
            allowed |= {None}
        return allowed, answers.keys() >= self._consent

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

    def key_of(text: str) -> str | None:
        name = text.strip(BLANK)
        if not name or ";" in name or has_control(name):
            return NAMELESS
        if name == catalogue.cookie_name:
            return RESERVED
        return catalogue.key_of(name)

    return Remembered(key_of, size=2048, longest=64)
