"""One scan over the response's fields, which mostly finds nothing to do. Pure."""

from collections.abc import Sequence

from consentgate._cache import BoundedCache
from consentgate.consent.verdict import STRICTEST, Judge, Reason
from consentgate.headers.cookie import LARGEST_PAIR, has_line_break
from consentgate.headers.names import COOKIE_KINDS, KINDS, PLAIN_NAMES, Field, FieldKind
from consentgate.headers.set_cookie import find_refusal, may_exceed

from .response import judge_field

# In a name of this module: to look a member up in its class costs as much as to look up a name.
_SET_COOKIE = FieldKind.SET_COOKIE


class UnremarkableCookies:
    """Set-Cookie fields that pass in every situation, and of which nothing is said: most necessary ones.

    Goal: most responses set no cookie but the session's; they need no judgement. Plan: a field without its
    cookie's value is a cache's key, since of the value only its characters and length matter. Proof:
    tests/gate/test_scan.py, benchmark W2.

    Args:
        judge: the policy's.
        all_are_reported: whether somebody wants to hear of every cookie.
    """

    def __init__(self, judge: Judge, *, all_are_reported: bool = False) -> None:
        self._judge = judge
        self._all_are_reported = all_are_reported
        self._known = BoundedCache(self._is_unremarkable, size=512, longest=256)

    def has(self, set_cookie_string: str) -> bool:
        """Return whether *set_cookie_string* is such a field."""
        name, equals, value = set_cookie_string.partition("=")
        _, semicolon, attributes = value.partition(";")
        return (
            self._known[name + equals + semicolon + attributes]
            and set_cookie_string.isprintable()
            and len(set_cookie_string) <= LARGEST_PAIR
        )

    def _is_unremarkable(self, without_value: str) -> bool:
        cookie = judge_field(_SET_COOKIE, without_value, self._judge, self._judge.permissions(STRICTEST))
        return (
            cookie.verdict.reason is Reason.NECESSARY
            and not self._all_are_reported
            and not find_refusal(without_value, cookie.name)
            and not may_exceed(without_value, self._judge.catalogue.limit_of(cookie.name))
        )


def scan_fields(status: str, fields: Sequence[Field], unremarkable: UnremarkableCookies) -> tuple[bool, bool]:
    """Return whether one of *fields* sets a cookie to be judged, and whether one may hold a line break.

    Goal: most responses need no more than this. Plan: one look-up for a name, and str.isprintable(), which
    runs in C, for a value. Proof: tests/gate/test_scan.py, benchmark W1.
    """
    sets_cookies, is_odd = False, not status.isprintable()
    for name, value in fields:
        if PLAIN_NAMES[name]:
            if not value.isprintable():
                is_odd = True
        elif KINDS[name] not in COOKIE_KINDS:
            is_odd = True
        elif not sets_cookies:
            sets_cookies = KINDS[name] is not _SET_COOKIE or not unremarkable.has(value)
    return sets_cookies, is_odd


def find_line_break(status: str, fields: Sequence[Field]) -> str | None:
    """Return the first line break or NUL's place in words: the status, or a field that sets no cookie."""
    if has_line_break(status):
        return f"the status {status!r}"
    for name, value in fields:
        if (has_line_break(value) or has_line_break(name)) and KINDS[name] not in COOKIE_KINDS:
            return f"the field {name!r}"
    return None
