"""The answers of a visitor: one frozen value, without a name, an address or an identifier (R16)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from consentgate.catalogue.catalogue import Catalogue
from consentgate.catalogue.category import Basis
from consentgate.errors import BadPreferences, PolicyError

State = Literal["accepted", "refused", "unset"]
"""An answer to a category, or none."""


class Answer(NamedTuple):
    """One category's yes or no.

    Attributes:
        category: the key of the category that was asked.
        accepted: True for yes, False for no.
        at: when it was answered, in Unix seconds.
        digest: what had been declared in the category then (R13).
    """

    category: str
    accepted: bool
    at: int
    digest: str


@dataclass(frozen=True, slots=True, init=False)
class Preferences:
    """The answers a visitor has given; before any choice, none.

    >>> preferences = Preferences((Answer("statistical", True, 1763900000, "2kBz7vYd"),))
    >>> preferences.accepts("statistical"), preferences.state("marketing")
    (True, 'unset')
    """

    answers: tuple[Answer, ...] = ()

    def __init__(self, answers: tuple[Answer, ...] = ()) -> None:
        # Sorted, so that equal preferences compare equal and sign to the same text.
        object.__setattr__(self, "answers", tuple(sorted(answers)))

    def answer(self, category: str) -> Answer | None:
        """Return what was answered for the category with this key, or None."""
        for answer in self.answers:
            if answer.category == category:
                return answer
        return None

    def accepts(self, category: str) -> bool:
        """Return whether the category was answered with yes."""
        return self.state(category) == "accepted"

    def refuses(self, category: str) -> bool:
        """Return whether the category was answered with no."""
        return self.state(category) == "refused"

    def state(self, category: str) -> State:
        """Return ``"accepted"``, ``"refused"`` or, when there is no answer, ``"unset"``."""
        answer = self.answer(category)
        if answer is None:
            return "unset"
        return "accepted" if answer.accepted else "refused"

    def replace(self, answers: tuple[Answer, ...], without: Collection[str] = ()) -> "Preferences":
        """Return these preferences with *answers* in place of earlier ones to the same categories.

        Answers to the categories in *without* are taken out.
        """
        replaced = {answer.category for answer in answers} | set(without)
        kept = tuple(answer for answer in self.answers if answer.category not in replaced)
        return Preferences(kept + answers)


UNDECIDED = Preferences()
"""Before any choice, and after any that does not verify (R1)."""

LEEWAY = 60
"""Seconds an answer may lie in the future: clocks of several servers differ."""


_NEVER = float("inf")
"""Later than any Unix second: stands where no answer expires."""


class DatedAhead(BadPreferences):
    """An answer is dated more than a minute ahead."""


class JudgedAnswers(NamedTuple):
    """Answers of one token, told apart by what still counts.

    Attributes:
        valid: the answers that count.
        changed: each yes whose category has changed since, which counts as no answer.
        start: the Unix second from which this holds.
        end: the one from which it no longer does.
    """

    valid: Preferences
    changed: tuple[Answer, ...]
    start: float
    end: float


def judge_answers(answers: Collection[Answer], catalogue: Catalogue, now: float | None) -> JudgedAnswers:
    """Return which of *answers*, all of one genuine token, count at *now*.

    An answer counts until its lifetime ends. A no stands until then, whatever changes in its category; a
    yes counts while its category is declared as it was (R13). Answers to categories that nobody can
    choose any more are left out.

    Args:
        answers: as signed.
        catalogue: says what is declared, and how long answers last.
        now: Unix seconds; None to leave age out of account.

    Raises:
        BadPreferences: an answer is dated more than a minute ahead, or all of them are too old.
    """
    declared = catalogue.digests
    lifetimes = catalogue.lifetime_of(False), catalogue.lifetime_of(True)
    valid: list[Answer] = []
    changed: list[Answer] = []
    start, end = 0.0, _NEVER
    for answer in answers:
        category, accepted, at, digest = answer
        expires = at + lifetimes[accepted]
        start = max(start, at - LEEWAY)
        if now is not None and expires <= now:
            start = max(start, expires)  # it counted until then
            continue
        end = min(end, expires)
        if category in declared:
            (changed if accepted and declared[category] != digest else valid).append(answer)
    if now is not None and answers:
        if start > now:
            raise DatedAhead("dated in the future")
        if end == _NEVER:
            raise BadPreferences("too old")
    return JudgedAnswers(Preferences(tuple(valid)), tuple(changed), start, end)


def agree(several: Sequence[Preferences]) -> Preferences:
    """Return the answers on which all of *several* agree: any no stands, a yes only if it is everyone's.

    They come from several genuine cookies of one name, and nobody can tell who planted which.
    """
    agreed: list[Answer] = []
    for key in {answer.category for each in several for answer in each.answers}:
        given = [answer for each in several if (answer := each.answer(key)) is not None]
        refusals = [answer for answer in given if not answer.accepted]
        if refusals or len(given) == len(several):
            agreed.append(min(refusals or given))  # the earliest: they differ in day and digest alone
    return Preferences(tuple(agreed))


def first_end(preferences: Preferences, catalogue: Catalogue) -> int | None:
    """Return the Unix second at which the first answer expires, None without answers."""
    ends = (answer.at + catalogue.lifetime_of(answer.accepted) for answer in preferences.answers)
    return min(ends, default=None)


def answers_to(catalogue: Catalogue, given: Mapping[str, bool], at: int) -> tuple[Answer, ...]:
    """Return the answers given at Unix second *at*: for each category key, yes or no.

    A yes to a necessary category, and any answer where there is nothing to choose, are no answers.

    Raises:
        PolicyError: an unknown category, or a necessary one refused.
    """
    for key, yes in given.items():
        if catalogue.category(key).basis is Basis.NECESSARY and not yes:
            raise PolicyError(f"category {key!r} is necessary and cannot be refused")
    return tuple(
        Answer(key, yes, at, catalogue.digests[key]) for key, yes in given.items() if key in catalogue.digests
    )
