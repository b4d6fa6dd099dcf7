"""The response's fields on their way out: judged, completed, and honest to caches. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from consentgate.catalogue.catalogue import Catalogue
from consentgate.catalogue.lifetimes import MAX_EXEMPT
from consentgate.consent.verdict import (
    Judge,
    JudgedCookie,
    Permissions,
    Reason,
    Special,
    Verdict,
)
from consentgate.headers.cache_control import forbid_storing, make_private, may_be_shared, vary_on
from consentgate.headers.cookie import (
    BLANK,
    cookie_name,
    cookie_values,
    is_storable,
    sets_again,
)
from consentgate.headers.names import COOKIE_KINDS, KINDS, PLAIN_NAMES, Field, FieldKind
from consentgate.headers.set_cookie import (
    CERTAIN_DELETION,
    Deletion,
    classify_deletion,
    exceeds,
    response_date,
    shorten_lifetime,
)

from .expiry import LARGEST_ADDITION, Scope, size_of, write_expiries

# In names of this module: to look a member up in its class costs as much as to look up a verdict.
_SET_COOKIE, _NAMELESS, _NO_DELETION = FieldKind.SET_COOKIE, Special.NAMELESS, Deletion.NO
_EXEMPT = Reason.EXEMPT

LONGEST_EXEMPT = int(MAX_EXEMPT.total_seconds())
"""Seconds an exempt cookie may live: 13 months (R27)."""

RENEWABLE = 24 * 3600
"""Seconds an exempt cookie may be given again at each visit."""

_DELETABLE = frozenset(
    reason
    for reason in Reason
    if reason
    not in (
        Reason.NECESSARY,
        Reason.ACCEPTED,
        Reason.EXEMPT,
        Reason.NOT_APPLICABLE,
        Reason.NAMELESS,
        Reason.RESERVED,
    )
)
"""Reasons of cookies that do not pass, or are undeclared, and whose deletion passes."""


_BY_ANSWER = (Reason.ACCEPTED, Reason.EXEMPT)
"""Reasons of cookies that pass by the visitor's answers: their response belongs to this visitor alone."""


_UNLIMITED = (Reason.NOT_APPLICABLE, Reason.UNDECLARED_REPORTED)
"""Reasons of cookies that may live as long as they like."""


class JudgedFields(NamedTuple):
    """Response fields, and the verdicts on the cookies among them.

    Attributes:
        fields: those that go on, in order.
        stripped: the cookies left out.
        undeclared: the cookies of no category that went through.
        passed: the cookies of a category that went through.
        lasting: those among them that state more than their declared lifetime.
        cut: those whose lifetime was cut.
        prolonged: exempt ones that the browser already had, set for more than a day with a new value.
    """

    fields: list[Field]
    stripped: list[JudgedCookie]
    undeclared: list[JudgedCookie]
    passed: list[JudgedCookie]
    lasting: list[JudgedCookie]
    cut: list[JudgedCookie]
    prolonged: list[JudgedCookie]


def judge_set_cookies(
    fields: Sequence[Field],
    judge: Judge,
    permissions: Permissions,
    now: float,
    *,
    cookie_string: str = "",
    shortens: bool = False,
) -> JudgedFields:
    """Return *fields* without the cookies that are not allowed, and the verdicts.

    Real deletions pass; one that only a clock makes a deletion passes with `Max-Age=0` appended. The
    preferences cookie never passes, it is the gate's alone. Exempt cookies live 13 months at most, and are
    not renewed (R27). With *shortens*, no cookie that is not necessary lives longer than declared. Nothing
    else is re-written.

    Args:
        fields: the application's.
        judge: the policy's.
        permissions: the visit's.
        now: Unix seconds.
        cookie_string: the request's Cookie field, which tells what is set again.
        shortens: the option `lifetimes`.
    """
    judged = JudgedFields([], [], [], [], [], [], [])
    out = judged.fields
    limits = LifetimeLimits(judge.catalogue, now, response_date(fields, now), cookie_string, shortens)
    for field in fields:
        name, value = field
        if PLAIN_NAMES[name] or (kind := KINDS[name]) not in COOKIE_KINDS:
            out.append(field)
            continue
        cookie = judge_field(kind, value, judge, permissions)
        verdict = cookie.verdict
        if verdict.reason in _DELETABLE and (deletion := _mend_deletion(cookie, limits)):
            out.append((name, deletion))
        elif verdict.reason is _EXEMPT and limits.is_renewal(cookie):
            judged.stripped.append(cookie._replace(verdict=Verdict(False, Reason.RENEWAL, verdict.category)))
        elif not verdict.admitted:
            judged.stripped.append(cookie)
        else:
            (judged.undeclared if verdict.category is None else judged.passed).append(cookie)
            out.append((name, _limit(cookie, limits, judged)))
            if limits.is_exceeded_by(cookie):
                judged.lasting.append(cookie)
    return judged


def _limit(cookie: JudgedCookie, limits: "LifetimeLimits", judged: JudgedFields) -> str:
    """Return the value of a field that may be cut, and note in *judged* what its lifetime calls for."""
    text = limits.apply(cookie)
    if text is not cookie.set_cookie_string:
        judged.cut.append(cookie)
    if cookie.verdict.reason is _EXEMPT and limits.is_prolonged_by(cookie):
        judged.prolonged.append(cookie)
    return text


def _mend_deletion(cookie: JudgedCookie, limits: "LifetimeLimits") -> str:
    """Return a Set-Cookie that deletes its cookie, so that every browser does; ``""`` for any other.

    A cookie that is admitted anyway keeps its bytes.
    """
    text = cookie.set_cookie_string or ""
    deletion = classify_deletion(text, limits.now, limits.date)
    if deletion is _NO_DELETION or not is_storable(text):
        return ""
    is_certain = deletion is Deletion.CERTAIN or cookie.verdict.admitted
    return text if is_certain else text + CERTAIN_DELETION


class LifetimeLimits(NamedTuple):
    """How long cookies may live, under one policy at one moment."""

    catalogue: Catalogue
    now: float
    date: float
    cookie_string: str
    shortens: bool

    def is_renewal(self, cookie: JudgedCookie) -> bool:
        """Return whether an exempt cookie is set again for more than a day with the value it came with."""
        return self._outlives_a_day(cookie) and sets_again(cookie.set_cookie_string or "", self.cookie_string)

    def is_prolonged_by(self, cookie: JudgedCookie) -> bool:
        """Return whether an exempt cookie that came with the request is set anew for more than a day."""
        return self._outlives_a_day(cookie) and bool(cookie_values(self.cookie_string, cookie.name))

    def _outlives_a_day(self, cookie: JudgedCookie) -> bool:
        text = cookie.set_cookie_string or ""
        return exceeds(text, RENEWABLE, self.now, self.date)

    def is_exceeded_by(self, cookie: JudgedCookie) -> bool:
        """Return whether a cookie of a category states more than its declared lifetime."""
        if cookie.verdict.reason in _UNLIMITED:
            return False
        return exceeds(
            cookie.set_cookie_string or "", self.catalogue.limit_of(cookie.name), self.now, self.date
        )

    def apply(self, cookie: JudgedCookie) -> str:
        """Return a field's value with the lifetime its cookie may have; the very same if it is shorter."""
        text, reason = cookie.set_cookie_string or "", cookie.verdict.reason
        if reason is _EXEMPT:
            text = shorten_lifetime(text, LONGEST_EXEMPT, self.now, self.date)
        if self.shortens and reason in _BY_ANSWER:
            text = shorten_lifetime(text, self.catalogue.limit_of(cookie.name), self.now, self.date)
        return text


def judge_field(
    kind: FieldKind, set_cookie_string: str, judge: Judge, permissions: Permissions
) -> JudgedCookie:
    """Return the verdict on one Set-Cookie field."""
    text, equals, _ = set_cookie_string.partition("=")
    key = judge.keys[text] if equals and kind is _SET_COOKIE else _NAMELESS
    verdict = permissions.verdicts[key]
    if verdict.admitted and not is_storable(set_cookie_string):
        verdict = Verdict(False, Reason.UNSTORABLE, verdict.category)
    name = "" if key is _NAMELESS else text.strip(BLANK)
    return JudgedCookie(name, verdict, set_cookie_string)


def names_set(fields: Sequence[Field]) -> frozenset[str]:
    """Return the names of the cookies that *fields* set or delete."""
    return frozenset(cookie_name(value) or "" for name, value in fields if KINDS[name] is _SET_COOKIE)


class ResponseContext(NamedTuple):
    """Everything that a response's fields depend on, besides the policy and the fields themselves.

    Attributes:
        permissions: the visit's, a choice made in the request included.
        necessary: keys of the necessary categories.
        enforced: whether cookies are stripped and expired; False where the gate only reports, or the
            policy does not apply.
        vary_fields: names of the request's fields that the application's questions depend on.
        depends_on_applies: whether the site decides request by request if the policy applies.
        applies_vary: names of the request's fields that decide it; None if they are not known.
        no_store: whether no cache may keep the response.
        own_lines: set-cookie-strings of the preferences cookie.
        host_fields: the fields of declared hosts, for a document.
        host_vary: names of the request's fields those depend on.
        hosts_are_private: whether they list a host that needs consent.
        cookie_string: the request's Cookie field.
        shortens: whether lifetimes are cut to those declared.
        expirable: names of refused cookies in the request, each with the scopes it may be stored under.
        turn: number of the expiring line to begin with.
        now: Unix seconds.
    """

    permissions: Permissions
    necessary: frozenset[str]
    enforced: bool = True
    vary_fields: tuple[str, ...] = ()
    depends_on_applies: bool = False
    applies_vary: tuple[str, ...] | None = None
    no_store: bool = False
    own_lines: tuple[str, ...] = ()
    host_fields: tuple[Field, ...] = ()
    host_vary: tuple[str, ...] = ()
    hosts_are_private: bool = False
    cookie_string: str = ""
    shortens: bool = False
    expirable: tuple[tuple[str, tuple[Scope, ...]], ...] = ()
    turn: int = 0
    now: float = 0.0


class RewrittenHeaders(NamedTuple):
    """The fields that go out, and the verdicts on the application's cookies.

    Attributes:
        fields: a list of ours.
        judged: the application's own, judged.
        expired: names of the cookies that the response expires, a name for each line.
    """

    fields: list[Field]
    judged: JudgedFields
    expired: list[str]


def rewrite_response_headers(fields: list[Field], judge: Judge, context: ResponseContext) -> RewrittenHeaders:
    """Return the fields that go out in place of *fields*, which is not edited.

    Strip; add the preferences cookie; expire refused cookies; name the hosts allowed; tell caches.
    """
    judged = judge_set_cookies(
        fields,
        judge,
        context.permissions,
        context.now,
        cookie_string=context.cookie_string,
        shortens=context.shortens,
    )
    expiring: list[tuple[str, str]] = []
    if context.expirable and not may_be_shared(fields, context.now):
        room = LARGEST_ADDITION - sum(map(size_of, context.own_lines))
        taken = names_set(judged.fields)
        expiring = list(write_expiries(context.expirable, taken, room, context.turn))
    lines = [*context.own_lines]
    if context.enforced:
        lines += [line for _, line in expiring]
    out = [*(judged.fields if context.enforced else fields)]
    out += [("Set-Cookie", line) for line in lines]
    out += context.host_fields
    is_gated = context.enforced and _lets_gated_through(judged.passed)
    is_personal = is_gated or bool(lines) or context.hosts_are_private
    out = _tell_caches(out, context, judged, is_personal=is_personal)
    return RewrittenHeaders(out, judged, [name for name, _ in expiring])


def add_host_fields(
    fields: list[Field], host_fields: Sequence[Field], vary_fields: tuple[str, ...], *, is_private: bool
) -> list[Field]:
    """Return *fields* with those of declared hosts, and honest to caches.

    Goal: a document with no cookie to judge costs a few microseconds more with declared hosts. Plan: this
    alone, in the place of `rewrite_response_headers`. Proof: `benchmarks.hosts`, and a test that both agree.

    Args:
        fields: the application's, not edited.
        host_fields: what is added.
        vary_fields: names of the request's fields those depend on.
        is_private: whether they list a host that needs consent.
    """
    out = [*fields, *host_fields]
    if is_private:
        out = make_private(out)
    return vary_on(out, vary_fields) if vary_fields else out


def _lets_gated_through(passed: list[JudgedCookie]) -> bool:
    """Return whether one of these cookies passed by the visitor's answers."""
    return any(cookie.verdict.reason in _BY_ANSWER for cookie in passed)


def _tell_caches(
    fields: list[Field], context: ResponseContext, judged: JudgedFields, *, is_personal: bool
) -> list[Field]:
    """Return *fields* saying which requests the response answers (R77 to R81)."""
    if context.no_store:
        return forbid_storing(fields)
    vary_fields = context.vary_fields
    if context.host_vary:
        vary_fields = tuple(dict.fromkeys((*vary_fields, *context.host_vary)))
    if context.depends_on_applies and (vary_fields or has_optional_cookies(judged, context.necessary)):
        is_personal = is_personal or context.applies_vary is None
        vary_fields = tuple(dict.fromkeys((*vary_fields, *(context.applies_vary or ()))))
    if is_personal:
        fields = make_private(fields)
    return vary_on(fields, vary_fields) if vary_fields else fields


def has_optional_cookies(judged: JudgedFields, necessary: frozenset[str]) -> bool:
    """Return whether a cookie went through that is in none of the *necessary* categories."""
    return bool(judged.undeclared) or any(each.verdict.category not in necessary for each in judged.passed)
