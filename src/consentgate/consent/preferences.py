"""What a visitor has answered: one value, frozen, without a name, an address or an identifier (R16)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from consentgate.catalogue.catalogue import Catalogue
from consentgate.catalogue.category import Basis
from consentgate.errors import PolicyError

State = Literal["accepted", "refused", "unset"]
"""What a visitor has said of a category."""


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


@dataclass(frozen=True, slots=True)
class Preferences:
    """The answers a visitor has given; before any choice, none.

    >>> preferences = Preferences((Answer("statistical", True, 1763900000, "2kBz7vYd"),))
    >>> preferences.accepts("statistical"), preferences.state("marketing")
    (True, 'unset')
    """

    answers: tuple[Answer, ...] = ()

    def __post_init__(self) -> None:
        # Sorted, so that equal preferences compare equal and sign to the same text.
        object.__setattr__(self, "answers", tuple(sorted(self.answers)))

    def answer(self, category: str) -> Answer | None:
        """Return what was answered for the category with this key, or None."""
        for answer in self.answers:
            if answer.category == category:
                return answer
        return None

    def accepts(self, category: str) -> bool:
        """Tell whether the category was answered with yes."""
        return self.state(category) == "accepted"

    def refuses(self, category: str) -> bool:
        """Tell whether the category was answered with no."""
        return self.state(category) == "refused"

    def state(self, category: str) -> State:
        """Return ``"accepted"``, ``"refused"`` or, when there is no answer, ``"unset"``."""
        answer = self.answer(category)
        if answer is None:
            return "unset"
        return "accepted" if answer.accepted else "refused"

    def amended(self, answers: tuple[Answer, ...]) -> "Preferences":
        """Return these preferences with *answers* in place of the earlier ones to the same categories."""
        changed = {answer.category for answer in answers}
        kept = tuple(answer for answer in self.answers if answer.category not in changed)
        return Preferences(kept + answers)


def answers_to(catalogue: Catalogue, given: Mapping[str, bool], at: int) -> tuple[Answer, ...]:
    """Return the answers given at Unix second *at*: for each category key, yes or no.

    A yes to what is necessary, and any answer where there is nothing to choose, are no answers.

    Raises:
        PolicyError: an unknown category, or a necessary one refused.
    """
    for key, yes in given.items():
        if catalogue.category(key).basis is Basis.NECESSARY and not yes:
            raise PolicyError(f"category {key!r} is necessary and cannot be refused")
    return tuple(
        Answer(key, yes, at, catalogue.digests[key]) for key, yes in given.items() if key in catalogue.digests
    )


UNDECIDED = Preferences()
"""Before any choice, and after any that does not verify (R1)."""
