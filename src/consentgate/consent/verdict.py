"""The rule: may a cookie be set and read, and why. Enforcing, filtering, `explain` and events all ask it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from types import MappingProxyType
from typing import NamedTuple

from consentgate._cache import BoundedCache
from consentgate.catalogue.catalogue import Catalogue
from consentgate.catalogue.category import Basis, Category
from consentgate.headers.cookie import BLANK, has_control

from .preferences import Preferences


class Special(Enum):
    """Stands in the place of a category's key for a cookie that is in no category."""

    UNDECLARED = auto()
    """A cookie that no category declares."""
    NAMELESS = auto()
    """A cookie without a name that all browsers agree on."""
    RESERVED = auto()
    """The preferences cookie: only the gate sets it."""


# Members are keys of every look-up of a verdict, and Enum's own hash is written in Python.
Special.__hash__ = object.__hash__  # type: ignore[method-assign]

CategoryKey = str | Special
"""The key of the category a cookie is in, or its stand-in."""


class Reason(StrEnum):
    """Why a cookie is admitted or not."""

    NECESSARY = "necessary"
    ACCEPTED = "accepted"
    EXEMPT = "exempt, not refused"
    UNDECLARED_REPORTED = "undeclared, only reported"
    NOT_APPLICABLE = "the policy does not apply"
    REFUSED = "refused"
    UNSET = "not accepted"
    CHANGED = "accepted before the category changed"
    SIGNAL = "denied by a signal of the browser"
    ANSWERS_WITHHELD = "the browser held the visitor's answers back"
    RENEWAL = "an exempt cookie, set again with its old value"
    UNDECLARED = "undeclared"
    NAMELESS = "no name all browsers agree on"
    UNSTORABLE = "no browser would store it"
    RESERVED = "the preferences cookie is the gate's to set"
    INVALID = "not genuine, or no longer valid"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a cookie is admitted, why, and the key of its category (None when it is in none)."""

    admitted: bool
    reason: Reason
    category: str | None = None

    def __str__(self) -> str:
        category = "no category" if self.category is None else f"category {self.category!r}"
        return f"{'admitted' if self.admitted else 'not admitted'}: {self.reason.value} ({category})"


NAMELESS = Verdict(False, Reason.NAMELESS)
INVALID = Verdict(False, Reason.INVALID)


class JudgedCookie(NamedTuple):
    """A cookie and the verdict on it.

    Attributes:
        name: its name, ``""`` for one without.
        verdict: the verdict.
        set_cookie_string: the value of the Set-Cookie field it came in; None for a pair of a Cookie field.
    """

    name: str
    verdict: Verdict
    set_cookie_string: str | None = None


class Situation(NamedTuple):
    """Everything a verdict depends on, besides the policy and the cookie's name.

    Attributes:
        answers: category keys, each with yes or no.
        changed: keys of the categories that changed since they were accepted.
        complete: whether one of several tokens answers everything, so that nothing is asked.
        denied: keys of the categories that a signal of the browser denies.
        withheld: whether the browser held the answers back, so that their absence says nothing.
        applies: whether the policy applies to the request.
    """

    answers: tuple[tuple[str, bool], ...] = ()
    changed: frozenset[str] = frozenset()
    complete: bool = False
    denied: frozenset[str] = frozenset()
    withheld: bool = False
    applies: bool = True


STRICTEST = Situation(withheld=True)
"""Nothing but necessary cookies passes: for an error of ours."""


@dataclass(frozen=True, slots=True)
class Permissions:
    """A situation's outcome. Shared by all visitors in the same situation; dates play no part.

    Attributes:
        allowed: keys of the categories whose cookies pass.
        asked: keys of the categories still to be asked, in the policy's order.
        verdicts: category key or its stand-in -> the verdict on such a cookie.
    """

    allowed: frozenset[str]
    asked: tuple[str, ...]
    verdicts: Mapping[CategoryKey, Verdict]


def answer_key(preferences: Preferences) -> tuple[tuple[str, bool], ...]:
    """Return the answers as yes or no, without their days and digests."""
    return tuple([(answer.category, answer.accepted) for answer in preferences.answers])


class Judge:
    """Give the verdicts of one policy.

    Args:
        catalogue: the policy.
        admit_undeclared: whether cookies that no category declares pass.

    Attributes:
        keys: the text before the first ``=`` of a cookie's pair -> the key of the category it is in; see
            `category_key`. A loop over pairs looks here itself, without a call.
    """

    def __init__(self, catalogue: Catalogue, *, admit_undeclared: bool = False) -> None:
        self.catalogue = catalogue
        self._undeclared = (
            Verdict(True, Reason.UNDECLARED_REPORTED)
            if admit_undeclared
            else Verdict(False, Reason.UNDECLARED)
        )
        self._exact: dict[str, CategoryKey] = {**catalogue.exact, catalogue.cookie_name: Special.RESERVED}
        # Goal: patterns are matched once a name, not once a cookie. Plan: the text before the first "=",
        # as written, is the key. Proof: benchmarks W2 and W6.
        self.keys: BoundedCache[str, CategoryKey] = BoundedCache(self._find_key, size=2048, longest=64)
        # Thousands of visitors give the same few answers.
        self._permissions = BoundedCache(self._decide, size=256)

    def category_key(self, text: str) -> CategoryKey:
        """Return the key of the category that a cookie is in, by the text before its pair's first ``=``."""
        return self.keys[text]

    def permissions(self, situation: Situation) -> Permissions:
        """Return the permissions in *situation*."""
        return self._permissions[situation]

    def explain(self, cookie_name: str, permissions: Permissions) -> Verdict:
        """Return the verdict on a cookie of this name, set by the application or sent by the browser."""
        if "=" in cookie_name:
            return NAMELESS
        return permissions.verdicts[self.category_key(cookie_name)]

    def _find_key(self, text: str) -> CategoryKey:
        name = text.strip(BLANK)
        key = self._exact.get(name)
        if key is not None:
            return key
        if not name or ";" in name or has_control(name):
            return Special.NAMELESS
        return self.catalogue.key_of(name) or Special.UNDECLARED

    def _decide(self, situation: Situation) -> Permissions:
        categories = self.catalogue.categories
        verdicts: dict[CategoryKey, Verdict] = {
            Special.UNDECLARED: self._undeclared,
            Special.NAMELESS: NAMELESS,
            Special.RESERVED: Verdict(False, Reason.RESERVED),
            **{category.key: _judge_category(category, situation) for category in categories},
        }
        if not situation.applies:
            verdicts = {
                key: Verdict(True, Reason.NOT_APPLICABLE, each.category) for key, each in verdicts.items()
            }
            verdicts[Special.RESERVED] = Verdict(False, Reason.RESERVED)
        return Permissions(
            allowed=frozenset(category.key for category in categories if verdicts[category.key].admitted),
            asked=tuple(_list_asked(categories, situation)),
            verdicts=MappingProxyType(verdicts),
        )


def _judge_category(category: Category, situation: Situation) -> Verdict:
    """Return the verdict on cookies of *category*, where the policy applies."""
    key, answers = category.key, dict(situation.answers)
    if category.basis is Basis.NECESSARY:
        return Verdict(True, Reason.NECESSARY, key)
    if key in situation.denied:
        return Verdict(False, Reason.SIGNAL, key)
    if situation.withheld:
        return Verdict(False, Reason.ANSWERS_WITHHELD, key)
    if answers.get(key) is False:
        return Verdict(False, Reason.REFUSED, key)
    if category.basis is Basis.EXEMPT:
        return Verdict(True, Reason.EXEMPT, key)
    if answers.get(key):
        return Verdict(True, Reason.ACCEPTED, key)
    return Verdict(False, Reason.CHANGED if key in situation.changed else Reason.UNSET, key)


def _list_asked(categories: Iterable[Category], situation: Situation) -> Iterable[str]:
    """Yield the keys of the categories still to be asked: those of consent, without an answer."""
    if situation.complete or situation.withheld or not situation.applies:
        return
    answered = dict(situation.answers).keys()
    for category in categories:
        is_open = category.key not in answered and category.key not in situation.denied
        if is_open and category.needs_consent:
            yield category.key
