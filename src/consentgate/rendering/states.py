"""How each category stands with a visitor, and what is still to be asked. Templates word it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from consentgate.catalogue.catalogue import Catalogue
from consentgate.catalogue.category import Basis, Category

from .view import VisitorView

JUST_NOW = 60
"""Seconds after a choice in which page and banner confirm it: the answers' own time tells, and no URL."""


class Condition(StrEnum):
    """How a category stands with a visitor."""

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
        condition: how it stands.
        since: Unix second of the answer, None without one.
    """

    category: Category
    condition: Condition
    since: int | None = None

    @property
    def shape(self) -> str:
        """The mark beside the words: ``"on"``, ``"off"``, or ``"unset"`` while an answer is awaited."""
        return _SHAPES.get(self.condition, "unset")

    @property
    def can_be_answered(self) -> bool:
        """Whether the page offers an answer: nothing makes one pointless."""
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
    if exempt:
        return Status(category, Condition.EXEMPT)
    if answer is not None:
        return Status(category, Condition.ACCEPTED, answer.at)
    if key in view.changed:
        return Status(category, Condition.CHANGED, view.changed[key])
    return Status(category, Condition.UNANSWERED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A visitor's answers so far, as a confirmation says them.

    Attributes:
        accepted: categories that were accepted.
        refused: categories that need consent and were refused.
        objected: exempt categories that were objected to.
        unanswered: categories that wait for an answer.
    """

    accepted: tuple[Category, ...]
    refused: tuple[Category, ...]
    objected: tuple[Category, ...]
    unanswered: tuple[Category, ...]
    is_refusal: bool
    """Whether everything that can be refused was refused."""


def outcome_of(statuses: tuple[Status, ...]) -> Outcome:
    """Return what was answered, category by category."""

    def those(*conditions: Condition) -> tuple[Category, ...]:
        return tuple(status.category for status in statuses if status.condition in conditions)

    standing = those(Condition.ACCEPTED, Condition.EXEMPT, Condition.UNANSWERED, Condition.CHANGED)
    refused, objected = those(Condition.REFUSED), those(Condition.OBJECTED)
    return Outcome(
        accepted=those(Condition.ACCEPTED),
        refused=refused,
        objected=objected,
        unanswered=those(Condition.UNANSWERED, Condition.CHANGED),
        is_refusal=not standing and bool(refused or objected),
    )


def has_just_answered(view: VisitorView) -> bool:
    """Return whether the last answer was given within the minute before."""
    last = max((answer.at for answer in view.preferences.answers), default=None)
    return last is not None and view.now - last < JUST_NOW


@dataclass(frozen=True, slots=True)
class Question:
    """The banner's question.

    Attributes:
        about: ``"all"`` before any answer; ``"changed"`` where each category asked has changed since a yes;
            ``"some"`` otherwise: other categories have their answers, and keep them.
        categories: those asked, and answered by its buttons.
        exempt: categories that are on until the visitor objects, to be named beside.
        since: Unix second of the oldest answer that no longer fits, None where nothing has changed.
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
