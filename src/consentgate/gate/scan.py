"""One scan over the response's fields, which mostly finds little to do. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from consentgate._cache import BoundedCache
from consentgate.consent.verdict import Judge, JudgedCookie, Permissions, Reason, Special
from consentgate.headers.cookie import BLANK, LARGEST_PAIR, has_line_break
from consentgate.headers.names import COOKIE_KINDS, KINDS, PLAIN_NAMES, Field, FieldKind
from consentgate.headers.set_cookie import ENDINGS, NO_DELETION, find_refusal, may_exceed

from .expiry import declared_scopes, scope_of

# In names of this module: to look a member up in its class costs as much as to look up a name.
_SET_COOKIE, _UNDECLARED = FieldKind.SET_COOKIE, Special.UNDECLARED
_NO_CATEGORY = (Special.NAMELESS, Special.RESERVED)
_NECESSARY, _ACCEPTED = Reason.NECESSARY, Reason.ACCEPTED


class Scan(NamedTuple):
    """Findings of one scan.

    Attributes:
        must_judge: whether the cookies have to be judged one by one; the rest says nothing then.
        left_out: the fields that do not go on.
        undeclared: the cookies of no category among them.
        is_personal: whether a cookie goes on by the visitor's answers.
    """

    must_judge: bool = False
    left_out: tuple[Field, ...] = ()
    undeclared: tuple[JudgedCookie, ...] = ()
    is_personal: bool = False


UNCHANGED = Scan()
"""Findings of most scans: every field goes on, and none by the visitor's answers."""

JUDGE = Scan(must_judge=True)


class RoutineCookies:
    """Set-Cookie fields that need no judgement of their own: most that an application sends.

    One passes where it is necessary or accepted, and fits its declaration, so that there is nothing to warn
    of. One that is not allowed is left out if it can be no deletion.

    Goal: an application sets the same few cookies all day. Plan: a field without its cookie's value is a
    cache's key, since of the value only its characters and length matter. Proof: tests/gate/test_scan.py,
    benchmarks W2 and W3.

    Args:
        judge: the policy's.
        all_are_reported: whether somebody wants to hear of every cookie: then none is routine.
    """

    def __init__(self, judge: Judge, *, all_are_reported: bool = False) -> None:
        self._judge = judge
        self._all_are_reported = all_are_reported
        self._fits = BoundedCache(self._find_fit, size=512, longest=256)

    def scan(self, cookies: Sequence[Field], permissions: Permissions) -> Scan:
        """Return what becomes of *cookies*, the fields that set them."""
        if self._all_are_reported:
            return JUDGE
        keys, fits, verdicts = self._judge.keys, self._fits, permissions.verdicts
        left_out: list[Field] = []
        undeclared: list[JudgedCookie] = []
        is_personal = False
        for field in cookies:
            field_name, text = field
            name, equals, rest = text.partition("=")
            if not equals or KINDS[field_name] is not _SET_COOKIE:
                return JUDGE
            attributes, key = rest.partition(";")[2], keys[name]
            verdict = verdicts[key]
            if verdict.reason is _NECESSARY or verdict.reason is _ACCEPTED:
                if len(text) > LARGEST_PAIR or not (text.isprintable() and fits[f"{name}=;{attributes}"]):
                    return JUDGE
                if verdict.reason is _ACCEPTED:
                    is_personal = True
            elif verdict.admitted or key in _NO_CATEGORY or ENDINGS[attributes] != NO_DELETION:
                return JUDGE
            else:
                left_out.append(field)
                if key is _UNDECLARED:
                    undeclared.append(JudgedCookie(name.strip(BLANK), verdict, text))
        if not (left_out or is_personal):
            return UNCHANGED
        return Scan(False, tuple(left_out), tuple(undeclared), is_personal)

    def _find_fit(self, without_value: str) -> bool:
        """Return whether a declared cookie fits its declaration, and browsers store it if it is necessary."""
        name = without_value.partition("=")[0].strip(BLANK)
        catalogue = self._judge.catalogue
        if may_exceed(without_value, catalogue.limit_of(name)):
            return False
        if catalogue.key_of(name) in catalogue.necessary:
            return not find_refusal(without_value, name)
        return scope_of(without_value) in declared_scopes(catalogue, name)


def scan_fields(
    status: str, fields: Sequence[Field], routine: RoutineCookies, permissions: Permissions
) -> tuple[Scan, bool]:
    """Return what becomes of *fields*, and whether one or the status may hold a line break.

    Goal: most responses need no more than this. Plan: one look-up for a name, and str.isprintable(), which
    runs in C, for a value. Proof: tests/gate/test_scan.py, benchmark W1.
    """
    is_odd = not status.isprintable()
    cookies: list[Field] = []
    for field in fields:
        name, value = field
        if PLAIN_NAMES[name]:
            if not value.isprintable():
                is_odd = True
        elif KINDS[name] in COOKIE_KINDS:
            cookies.append(field)
        else:
            is_odd = True
    return routine.scan(cookies, permissions) if cookies else UNCHANGED, is_odd


def find_line_break(status: str, fields: Sequence[Field]) -> str | None:
    """Return the first line break or NUL's place in words: the status, or a field that sets no cookie."""
    if has_line_break(status):
        return f"the status {status!r}"
    for name, value in fields:
        if (has_line_break(value) or has_line_break(name)) and KINDS[name] not in COOKIE_KINDS:
            return f"the field {name!r}"
    return None
