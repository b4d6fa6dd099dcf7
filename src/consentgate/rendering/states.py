"""The status of each category for a visitor, and the open question. Templates put them into words."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from consentgate.catalogue.catalogue import Catalogue
from consentgate.catalogue.category import Basis, Category

from .view import VisitorView

JUST_NOW = 60
"""Seconds for which page and banner confirm a choice, counted from the time of the answers."""


class Condition(StrEnum):
    """The status of a category for a visitor."""

    NECESSARY = "necessary"
    EMPTY = "empty"
    DENIED = "denied"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    CHANGED = "changed"
    UNANSWERED = "unanswered"
    EXEMPT = "exempt"
    OBJECTED = "objected"


_SHAPES = {
    Condition.NECESSARY: "on",
    Condition.ACCEPTED: "on",
    Condition.EXEMPT: "on",
    Condition.REFUSED: "off",
    Condition.OBJECTED: "off",
    Condition.DENIED: "off",
}


@dataclass(frozen=True, slots=True)
class Status:
    """One category's condition.

    Attributes:
        category: the category.
        condition: its status.
        since: Unix second of the answer, None without one.
    """

    category: Category
    condition: Condition
    since: int | None = None

    @property
    def shape(self) -> str:
        """The icon beside the words: ``"on"``, ``"off"``, or ``"unset"`` while there is no answer."""
        return _SHAPES.get(self.condition, "unset")

    @property
    def can_be_answered(self) -> bool:
        """Whether the page offers to accept or refuse it."""
        return self.condition not in (Condition.NECESSARY, Condition.EMPTY, Condition.DENIED)


def statuses_of(policy: Catalogue, view: VisitorView) -> tuple[Status, ...]:
    """Return the status of every category, in the policy's order."""
    return tuple(_status(policy, view, category) for category in policy.categories)


def _status(policy: Catalogue, view: VisitorView, category: Category) -> Status:
    key, exempt = category.key, category.basis is Basis.EXEMPT
    if category.basis is Basis.NECESSARY:
        return Status(category, Condition.NECESSARY)
    if key not in policy.digests:
        return Status(category, Condition.EMPTY)
    if key in view.denied:
        return Status(category, Condition.DENIED)
    answer = view.preferences.answer(key)
    if answer is not None and not answer.accepted:
        return Status(category, Condition.OBJECTED if exempt else Condition.REFUSED, answer.at)
    if exempt and key in view.allowed:
        return Status(category, Condition.EXEMPT)
    if answer is not None:
        return Status(category, Condition.ACCEPTED, answer.at)
    if key in view.changed:
        return Status(category, Condition.CHANGED, view.changed[key])
    return Status(category, Condition.UNANSWERED)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A visitor's answers so far, for the sentence that confirms them.

    Attributes:
        accepted: categories that were accepted.
        refused: categories that need consent and were refused.
        objected: exempt categories that were objected to.
        unanswered: categories that wait for an answer.
        is_refusal: whether everything that can be refused was refused.
    """

    accepted: tuple[Category, ...]
    refused: tuple[Category, ...]
    objected: tuple[Category, ...]
    unanswered: tuple[Category, ...]
    is_refusal: bool


def confirmation_of(statuses: tuple[Status, ...]) -> Confirmation:
    """Return the confirmation of these statuses."""

    def pick(*conditions: Condition) -> tuple[Category, ...]:
        return tuple(status.category for status in statuses if status.condition in conditions)

    others = pick(Condition.ACCEPTED, Condition.EXEMPT, Condition.UNANSWERED, Condition.CHANGED)
    refused, objected = pick(Condition.REFUSED), pick(Condition.OBJECTED)
    return Confirmation(
        accepted=pick(Condition.ACCEPTED),
        refused=refused,
        objected=objected,
        unanswered=pick(Condition.UNANSWERED, Condition.CHANGED),
        is_refusal=not others and bool(refused or objected),
    )


def has_just_answered(view: VisitorView) -> bool:
    """Return whether the last answer is less than `JUST_NOW` old."""
    last = max((answer.at for answer in view.preferences.answers), default=None)
    return last is not None and view.now - last < JUST_NOW


@dataclass(frozen=True, slots=True)
class Question:
    """The banner's question.

    Attributes:
        about: ``"all"`` before any answer; ``"changed"`` if each category asked has changed since the visitor
            accepted it; ``"some"`` if other categories have an answer, which stays.
        categories: the categories asked; its buttons answer for these.
        exempt: categories that are on until the visitor objects; the banner names them, too.
        since: Unix second of the oldest answer to a category that has changed; None if none has.
    """

    about: Literal["all", "changed", "some"]
    categories: tuple[Category, ...]
    exempt: tuple[Category, ...] = ()
    since: int | None = None


def question_of(policy: Catalogue, view: VisitorView) -> Question | None:
    """Return the banner's question, None when there is nothing to ask."""
    asked = tuple(each for each in policy.categories if each.key in view.asked)
    if not asked:
        return None
    if all(each.key in view.changed for each in asked):
        return Question("changed", asked, since=min(view.changed[each.key] for each in asked))
    if view.preferences.answers or view.changed:
        return Question("some", asked)
    exempt = (each for each in statuses_of(policy, view) if each.condition is Condition.EXEMPT)
    return Question("all", asked, tuple(each.category for each in exempt))
