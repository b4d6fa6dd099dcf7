"""Events for a site's observers, and the same for the logger ``consentgate``.

They hold names of cookies, never their values, never an address (R99).
"""

import json
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from consentgate.catalogue.lifetimes import lifetime_text
from consentgate.consent.preferences import Answer, Preferences
from consentgate.consent.verdict import JudgedCookie, Reason
from consentgate.headers.set_cookie import StatedAttributes, stated_attributes

from .errors import PolicyError

logger: logging.Logger = logging.getLogger("consentgate")

Direction = Literal["request", "response"]
Action = Literal["stripped", "withheld", "expired", "chosen", "passed", "reported"]

LONGEST_NAME = 128
"""Characters of a name that are kept or written: visitors make names, too."""

LONGEST_ARGUMENT = 512
"""Characters of each text that a warning shows: visitors can choose some of these texts."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something the gate did, or with ``enforced=False`` would have done.

    Attributes:
        action: ``"stripped"`` (a Set-Cookie field did not go out), ``"withheld"`` (a cookie pair was
            kept from the application), ``"expired"`` (the browser was told to forget a cookie),
            ``"chosen"`` (a visitor's choice was recorded), ``"passed"`` (a cookie went through; only for
            observers with ``wants_cookies = True``), or ``"reported"`` (a browser reported a request to
            another host; only for observers with ``wants_hosts = True``).
        name: the cookie's name, cut at 128 characters, ``""`` for a nameless one; for ``"reported"``,
            the host.
        category: the key of its category, None if it is undeclared.
        direction: ``"request"`` or ``"response"``.
        reason: why, in words.
        enforced: False when it was only reported.
        at: for a choice, when, in Unix seconds.
        answers: for a choice, the answers with their digests: what to keep as a record (R14).
        cookie: for a Set-Cookie field, what it states besides name and value; else None.
        directive: for ``"reported"``, the Content-Security-Policy directive, such as ``"img-src"``.
    """

    action: Action
    name: str
    category: str | None
    direction: Direction
    reason: str
    enforced: bool = True
    at: int | None = None
    answers: tuple[Answer, ...] = ()
    cookie: StatedAttributes | None = None
    directive: str = ""

    def __str__(self) -> str:
        would = "" if self.enforced else "would be "
        category = "" if self.category is None else f" ({self.category})"
        if self.action == "reported":
            return f"{self.direction}: host {self.name!r}{category} reported, {self.directive}: {self.reason}"
        return f"{self.direction}: cookie {self.name!r}{category} {would}{self.action}: {self.reason}"


Observer = Callable[[Event], object]


def check_observers(observer: Observer | Iterable[Observer] | None) -> tuple[Observer, ...]:
    """Return one observer, several or none as a tuple.

    Raises:
        PolicyError: one of them cannot be called.
    """
    if observer is None:
        return ()
    several = (observer,) if callable(observer) or not isinstance(observer, Iterable) else tuple(observer)
    for each in several:
        if not callable(each):
            raise PolicyError(f"observer must be callable, or a list of callables, not {each!r}")
    return several


_ALWAYS_WARNED_OF = frozenset((Reason.RESERVED,))
_WARNED_OF = _ALWAYS_WARNED_OF | {Reason.UNDECLARED, Reason.UNDECLARED_REPORTED}
"""Reasons that are a warning, once: somebody has to declare the cookie, or to set it otherwise."""

Reported = set[tuple[Action, bool, str]]
"""Events of one response: action, whether it was enforced, and the cookie's name."""


class Reporter:
    """Send events to observers and the log; nothing it does can break a response.

    Args:
        observers: given each event.
        preferences_cookie: name of the preferences cookie.
        categories: keys of the policy's categories, for declarations to paste.
        report_only: whether the gate only reports: then each cookie it would touch is a warning, once.
    """

    ONCE = 256
    """Warnings of one kind before it stops: names may come from visitors."""

    def __init__(
        self,
        observers: tuple[Observer, ...],
        preferences_cookie: str,
        categories: Iterable[str] = (),
        *,
        report_only: bool = False,
    ) -> None:
        self._observers = observers
        self._of_cookies = tuple(each for each in observers if getattr(each, "wants_cookies", False))
        self._of_hosts = tuple(each for each in observers if getattr(each, "wants_hosts", False))
        self._preferences_cookie = preferences_cookie
        self._categories = ", ".join(categories)
        self._warned_of = frozenset(Reason) if report_only else _WARNED_OF
        self._warned: dict[str, set[str]] = {}

    @property
    def has_listeners(self) -> bool:
        """Whether a listener needs every cookie that does not pass."""
        return bool(self._observers) or logger.isEnabledFor(logging.DEBUG)

    @property
    def wants_hosts(self) -> bool:
        """Whether an observer wants to know of the hosts that browsers report."""
        return bool(self._of_hosts)

    @property
    def wants_cookies(self) -> bool:
        """Whether an observer wants to know of every cookie that passes, too."""
        return bool(self._of_cookies)

    def cookies(
        self,
        action: Action,
        cookies: Iterable[JudgedCookie],
        now: float,
        *,
        enforced: bool,
        reported: Reported | None = None,
    ) -> None:
        """Report that *action* was done to *cookies*, or would have been.

        Args:
            action: ``"stripped"``, ``"withheld"`` or ``"expired"``.
            cookies: each with its verdict.
            now: Unix seconds.
            enforced: False when it was only reported.
            reported: events already reported of this response, which are left out; added to.
        """
        direction: Direction = "response" if action in ("stripped", "expired") else "request"
        has_listeners = self.has_listeners
        # Visitors may send any number of names: once enough are warned of, none is looked at.
        is_full = len(self._warned.get(direction, ())) >= self.ONCE
        reasons = _ALWAYS_WARNED_OF if is_full else self._warned_of
        for cookie in cookies:
            if cookie.verdict.reason in reasons:
                self._warn_of_cookie(action, cookie, direction, now, enforced)
            if not has_listeners:
                continue
            name = cut_name(cookie.name)
            if reported is not None:
                if (action, enforced, name) in reported:
                    continue
                reported.add((action, enforced, name))
            self.event(self._event_of(action, cookie, direction, now, enforced))

    def passed(self, cookies: Iterable[JudgedCookie], direction: Direction, now: float) -> None:
        """Report cookies that passed, to the observers that want them."""
        for cookie in cookies:
            event = self._event_of("passed", cookie, direction, now, True)
            for observer in self._of_cookies:
                self._call(observer, event)

    def host(self, host: str, directive: str, category: str | None) -> None:
        """Report a host that a browser reported, to the observers that want them."""
        reason = Reason.UNDECLARED if category is None else "declared"
        event = Event("reported", cut_name(host), category, "request", str(reason), directive=directive)
        for observer in self._of_hosts:
            self._call(observer, event)

    def choice(self, preferences: Preferences, at: int) -> None:
        """Report that a visitor chose, at Unix second *at*."""
        self.event(
            Event(
                action="chosen",
                name=self._preferences_cookie,
                category=None,
                direction="response",
                reason="a choice was recorded",
                at=at,
                answers=preferences.answers,
            )
        )

    def event(self, event: Event) -> None:
        """Give *event* to the log and to the observers, whose failures are only logged."""
        _log(logging.INFO if event.action == "chosen" else logging.DEBUG, "%s", event)
        for observer in self._observers:
            self._call(observer, event)

    def warn(self, message: str, *arguments: str, about: str | None = None, kind: str | None = None) -> None:
        """Log a warning, once for each *kind* and *about*.

        Args:
            message: takes the arguments in its ``%r`` and ``%s``.
            arguments: texts of visitors and applications, which are cut.
            about: names the culprit; the first argument, unless given.
            kind: warnings of one kind are counted together, up to `ONCE`; the message, unless given.
        """
        shown = [text[:LONGEST_ARGUMENT] for text in arguments]
        if about is None:
            about = shown[0] if shown else ""
        if kind is None:
            kind = message
        if self._is_new(kind, about):
            self._warned.setdefault(kind, set()).add(about)
            _log(logging.WARNING, message, *shown)

    def failure(self, what: str) -> None:
        """Log the exception being handled, an error of ours."""
        _log(
            logging.ERROR,
            "%s failed; cookies that need consent were not sent, the response is unaffected",
            what,
            exc_info=True,
        )

    def hook_failure(self, hook: str) -> None:
        """Log the exception being handled, which a function of the site's raised."""
        _log(logging.ERROR, "%s failed; the response goes on without it", hook, exc_info=True)

    def _is_new(self, kind: str, about: str) -> bool:
        warned = self._warned.get(kind, ())
        return len(warned) < self.ONCE and about not in warned

    def _call(self, observer: Observer, event: Event) -> None:
        try:
            observer(event)
        except Exception:
            self.hook_failure("the observer")

    def _event_of(
        self, action: Action, cookie: JudgedCookie, direction: Direction, now: float, enforced: bool
    ) -> Event:
        return Event(
            action=action,
            name=cut_name(cookie.name),
            category=cookie.verdict.category,
            direction=direction,
            reason=cookie.verdict.reason.value,
            enforced=enforced,
            cookie=_attributes_of(cookie, now),
        )

    def _warn_of_cookie(
        self, action: Action, cookie: JudgedCookie, direction: Direction, now: float, enforced: bool
    ) -> None:
        """Log the warning that a cookie deserves, once."""
        name, reason = cut_name(cookie.name), cookie.verdict.reason
        if reason is Reason.RESERVED:
            self.warn("the application sets %r itself; only the gate may (choose through the visit)", name)
        elif not self._is_new(direction, name):
            return
        elif reason in (Reason.UNDECLARED, Reason.UNDECLARED_REPORTED):
            did = ("withheld" if direction == "request" else "stripped") if enforced else "let through"
            message = "undeclared cookie %r in a %s was %s; " + self._advice(cookie, now)
            self.warn(message, name, direction, did, kind=direction)
        else:  # the gate only reports
            event = self._event_of(action, cookie, direction, now, enforced)
            self.warn("%s%s", str(event), _describe(event.cookie), about=name, kind=direction)

    def _advice(self, cookie: JudgedCookie, now: float) -> str:
        """Return the declaration to paste for an undeclared cookie, with its `%` doubled."""
        if len(cookie.name) > LONGEST_NAME or "*" in cookie.name:
            return "a declaration of such a name cannot be printed"
        lines = "\n".join(_declaration_of(cookie.name, _attributes_of(cookie, now)))
        known = f" ({self._categories})" if self._categories else ""
        advice = f"if the site uses it, declare it below the [[category]] it belongs to{known}:\n{lines}"
        return advice.replace("%", "%%")


def cut_name(name: str) -> str:
    """Return *name*, cut at 128 characters."""
    return name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME] + "…"


def _attributes_of(cookie: JudgedCookie, now: float) -> StatedAttributes | None:
    text = cookie.set_cookie_string
    return None if text is None else stated_attributes(text, now)


def _describe(attributes: StatedAttributes | None) -> str:
    """Return Path, Domain and lifetime in words, for a log line."""
    if attributes is None:
        return ""
    path = f"; Path={attributes.path}" if attributes.path else ""
    domain = f"; Domain={attributes.domain}" if attributes.domain else ""
    return f"{path}{domain}; lifetime: {_lifetime_of(attributes)}"


def _lifetime_of(attributes: StatedAttributes) -> str:
    seconds = attributes.lifetime
    if seconds is None:
        return "session"
    seconds = min(max(seconds, 1), 10**9)
    if seconds > 999_999:  # a policy file takes six digits: up to the full hour
        seconds += -seconds % 3600
    return lifetime_text(timedelta(seconds=seconds))


def _declaration_of(name: str, attributes: StatedAttributes | None) -> Iterable[str]:
    """Yield the lines of TOML that declare a cookie as it was seen."""
    yield "[[category.cookie]]"
    yield f"name = {json.dumps(name)}"
    if attributes is not None:
        if attributes.path not in (None, "/"):
            yield f"path = {json.dumps(attributes.path)}"
        if attributes.domain is not None:
            yield f"domain = {json.dumps(attributes.domain)}"
        yield f"lifetime = {json.dumps(_lifetime_of(attributes))}"


def _log(level: int, message: str, *arguments: object, exc_info: bool = False) -> None:
    # A handler or a filter that raises must not cost a visitor the page.
    with suppress(Exception):
        logger.log(level, message, *arguments, exc_info=exc_info)
