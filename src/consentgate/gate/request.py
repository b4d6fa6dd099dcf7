"""The Cookie field on its way in: pairs that are not allowed are taken out."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from consentgate.consent.tokens import NO_TOKEN, TokenResult
from consentgate.consent.verdict import (
    INVALID,
    CategoryKey,
    Judge,
    JudgedCookie,
    Permissions,
    Reason,
    Situation,
    Special,
    Verdict,
)
from consentgate.headers.cookie import BLANK, SEPARATORS

# In names of this module: to look a member up in its class costs as much as to look up a verdict.
_NAMELESS, _RESERVED, _UNDECLARED = Special.NAMELESS, Special.RESERVED, Special.UNDECLARED
_REPORTED = Reason.UNDECLARED_REPORTED

Spans = tuple[slice, ...]
"""Parts of a Cookie field that are kept, each without the semicolons around it."""

PARSED_COOKIE_KEYS = (
    "bottle.request",
    "bottle.request.cookies",
    "paste.cookies",
    "paste.cookies.dict",
    "webob._parsed_cookies",
    "werkzeug.request",
)
"""Keys of the environ under which frameworks keep cookies they have parsed."""


class FilteredCookies(NamedTuple):
    """How a Cookie field was filtered; its text is not kept.

    Attributes:
        kept: where in the text the pairs are that are kept.
        withheld: the pairs that were taken out.
        undeclared: pairs of no category that are kept.
    """

    kept: Spans
    withheld: tuple[JudgedCookie, ...] = ()
    undeclared: tuple[JudgedCookie, ...] = ()

    def apply(self, cookie_string: str) -> str:
        """Return the pairs of *cookie_string* that are kept; the very same text if that is all of them.

        >>> pair = JudgedCookie("b", INVALID)
        >>> FilteredCookies((slice(0, 3), slice(9, 18)), (pair,)).apply("a=1; b=2; c=3; d=4")
        'a=1; c=3; d=4'
        """
        if not self.withheld:
            return cookie_string
        return ";".join([cookie_string[span] for span in self.kept]).lstrip(SEPARATORS)


def filter_cookie_string(
    cookie_string: str, judge: Judge, permissions: Permissions | None, verified: Collection[str]
) -> FilteredCookies:
    """Return which pairs of *cookie_string* are kept: those that are allowed, and genuine preferences.

    The pairs that are kept keep their bytes, order and duplicates (R9). Empty segments (";;") are kept:
    they are not cookies.

    Args:
        cookie_string: the value of the Cookie field.
        judge: the policy's.
        permissions: the visit's; None to take out nothing but unproven preferences.
        verified: the values of the preferences cookie that are genuine.
    """
    kept: list[slice] = []
    withheld: list[JudgedCookie] = []
    undeclared: list[JudgedCookie] = []
    keys, verdicts = judge.keys, (permissions or judge.permissions(_NOT_FILTERED)).verdicts
    begin = at = 0  # of the pairs that are kept together, and of this pair
    for pair in cookie_string.split(";"):
        text, equals, value = pair.partition("=")
        key = keys[text] if equals else _NAMELESS
        verdict = verdicts[key]
        if verdict.admitted:
            if verdict.reason is _REPORTED:
                undeclared.append(JudgedCookie(text.strip(BLANK), verdict))
        elif key is _RESERVED and value.strip(BLANK) in verified:
            pass  # a genuine preferences cookie
        elif equals or text.strip(BLANK):
            withheld.append(_judge_withheld(text, key, verdict))
            if begin < at:
                kept.append(slice(begin, at - 1))
            begin = at + len(pair) + 1
        at += len(pair) + 1
    if begin < at:
        kept.append(slice(begin, at - 1))
    return FilteredCookies(tuple(kept), tuple(withheld), tuple(undeclared))


_NOT_FILTERED = Situation(applies=False)
"""The situation in which nothing is taken out but unproven preferences."""


def _judge_withheld(text: str, key: CategoryKey, verdict: Verdict) -> JudgedCookie:
    """Return the verdict on a pair that is taken out, *text* being what stands before its first ``=``."""
    if key is _RESERVED:
        verdict = INVALID
    name = "" if key is _NAMELESS else text.strip(BLANK)  # without a name, its text is a value
    return JudgedCookie(name, verdict)


def list_pairs(cookie_string: str, judge: Judge, permissions: Permissions) -> Iterator[JudgedCookie]:
    """Yield every named pair of *cookie_string* with its verdict, but preferences cookies."""
    for pair in cookie_string.split(";"):
        text, equals, _ = pair.partition("=")
        key = judge.keys[text] if equals else _NAMELESS
        if key is _UNDECLARED or not isinstance(key, Special):
            yield JudgedCookie(text.strip(BLANK), permissions.verdicts[key])


class Answers(NamedTuple):
    """The answers of one request's visitor.

    Attributes:
        tokens: those that its Cookie field proves.
        situation: the situation they make, with no signal.
        filtered: how the field was filtered when it came before, in this situation; None if it did not.
    """

    tokens: TokenResult
    situation: Situation
    filtered: FilteredCookies | None = None


NO_COOKIES = Answers(NO_TOKEN, NO_TOKEN.situation)
"""Those of a request without a Cookie field."""


class RepeatedFields:
    """A cache of recent Cookie fields with their verified answers and filtered results.

    Goal: a page and its twenty subresources send one Cookie field; read and filter it once. Plan: a
    field is known by its hash, which is salted in each process; its token, the one part that is kept, is
    compared letter by letter, so nobody is given another's answers for a hash, and no session cookie stays
    in memory. The whole table is dropped when it is full. Proof: tests/gate/test_request.py; in
    benchmarks/, W2 beside W4.
    """

    SIZE = 2048
    LONGEST_FIELD = 4096
    MOST_SPANS = 8

    def __init__(self) -> None:
        self._fields: dict[int, tuple[Answers, slice, str]] = {}

    def find(self, cookie_string: str, now: float) -> Answers | None:
        """Return how *cookie_string* was read and filtered before, if that still holds at *now*."""
        known = self._fields.get(hash(cookie_string))
        if known is None:
            return None
        answers, token_at, token = known
        holds = answers.tokens.start <= now < answers.tokens.end
        return answers if holds and cookie_string[token_at] == token else None

    def add(self, cookie_string: str, answers: Answers, filtered: FilteredCookies) -> None:
        """Remember how *cookie_string* was read and filtered, if it is of the usual kind."""
        tokens = answers.tokens
        if (
            tokens.invalid
            or len(tokens.verified) > 1
            or len(cookie_string) > self.LONGEST_FIELD
            or len(filtered.kept) > self.MOST_SPANS
        ):
            return
        token = "".join(tokens.verified)
        at = cookie_string.find(token)
        if len(self._fields) >= self.SIZE:
            self._fields = {}
        known = Answers(tokens, answers.situation, filtered)
        self._fields[hash(cookie_string)] = known, slice(at, at + len(token)), token
