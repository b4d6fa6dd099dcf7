"""What the gate tells the site: events for its observer, the same for the logger ``consentgate``.

Names of cookies, never their values, never an address (R99).
"""

import json
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from consentgate.consent.preferences import Answer, Preferences
from consentgate.consent.verdict import NAMELESS, RESERVED, Reason, Standing
from consentgate.headers.set_cookie import StatedAttributes

logger = logging.getLogger("consentgate")

Direction = Literal["request", "response"]
Action = Literal["stripped", "withheld", "expired", "chosen", "passed", "reported"]

Told = tuple[tuple[Action, bool, str, str | None], ...]
"""Of what there were events already: action, whether it was enforced, the cookie's name and key."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something the gate did, or with ``enforced=False`` would have done.

    Attributes:
        action: ``"stripped"`` (a Set-Cookie field did not go out), ``"withheld"`` (a cookie pair was
            kept from the application), ``"expired"`` (the browser was told to forget a cookie),
            ``"chosen"`` (a visitor's choice was recorded), ``"passed"`` (a cookie went through; only for
            observers with ``wants_cookies = True``), or ``"reported"`` (a browser reported a request to
            another host; only for observers with ``wants_hosts = True``).
        name: the cookie's name, ``""`` for a nameless one; for ``"reported"``, the host.
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
        return f"{self.direction}: cookie {self.name!r}{category} {would}{self.action}: {self.reason}"


Observer = Callable[[Event], object]


class Reporter:
    """Sends events to the observer and the log; nothing it does can break a response."""

    ONCE = 256
    """How many warnings of one kind it gives before it stops: names may come from visitors."""

    def __init__(self, observer: Observer | None, preferences_cookie: str) -> None:
        self._observer = observer
        self._preferences_cookie = preferences_cookie
        self._warned: dict[str, set[str]] = {}

    def cookies(
        self,
        action: Action,
        cookies: Sequence[tuple[str, str | None]],
        standing: Standing,
        enforced: bool,
        told: Told = (),
    ) -> Told:
        """Report what happened to *cookies*, each a name and the key `Names` gives for it.

        Warnings are given once anyway; of what was *told* before, and is returned with what is told
        now, there is no second event.
        """
        direction: Direction = "request" if action == "withheld" else "response"
        for name, key in cookies:
            if key is None:
                self._warn_undeclared(name, direction, enforced)
            elif key == RESERVED and direction == "response":
                self.once(
                    RESERVED,
                    "the application sets %r itself; only the gate may (choose through the visit)",
                    name,
                )
        if not self.is_listened_to:
            return told
        untold = [(action, enforced, name, key) for name, key in cookies]
        untold = [each for each in untold if each not in told]
        for _, _, name, key in untold:
            self.event(
                Event(
                    action=action,
                    name=name,
                    category=None if key in (NAMELESS, RESERVED) else key,
                    direction=direction,
                    reason=_reason(key, direction, standing.preferences),
                    enforced=enforced,
                )
            )
        return (*told, *untold)

    @property
    def is_listened_to(self) -> bool:
        """Whether anybody wants to know of every cookie."""
        return self._observer is not None or logger.isEnabledFor(logging.DEBUG)

    @property
    def has_said_enough_of_requests(self) -> bool:
        """Whether as many undeclared names were warned of as ever will be: who sprays them is known."""
        return len(self._warned.get("request", ())) >= self.ONCE

    def choice(self, preferences: Preferences, at: int) -> None:
        """Report that a visitor chose, at Unix second *at*."""
        event = Event(
            action="chosen",
            name=self._preferences_cookie,
            category=None,
            direction="response",
            reason="a choice was recorded",
            at=at,
            answers=preferences.answers,
        )
        self.event(event)

    def event(self, event: Event) -> None:
        """Give *event* to the log and to the observer, whose failure is only logged."""
        level = logging.INFO if event.action == "chosen" else logging.DEBUG
        _log(level, "%s", event)
        if self._observer is not None:
            try:
                self._observer(event)
            except Exception:
                self.failure("the observer")

    def once(self, kind: str, message: str, *arguments: str) -> None:
        """Log a warning, once for each *kind* and first argument."""
        about = arguments[0] if arguments else ""
        if self._is_new(kind, about):
            self._warned.setdefault(kind, set()).add(about)
            _log(logging.WARNING, message, *arguments)

    def _is_new(self, kind: str, about: str) -> bool:
        warned = self._warned.get(kind, ())
        return about not in warned and len(warned) < self.ONCE

    def failure(self, what: str) -> None:
        """Log the exception being handled: an error of ours, or of a hook of the site's."""
        _log(logging.ERROR, "%s failed; gated cookies stay behind, the page goes on", what, exc_info=True)

    def _warn_undeclared(self, name: str, direction: Direction, enforced: bool) -> None:
        if self._is_new(direction, name):
            did = {"request": "withheld", "response": "stripped"}[direction] if enforced else "let through"
            self.once(
                direction,
                "undeclared cookie %r in a %s was %s; if the site uses it, declare it:\n"
                "[[category.cookie]]\nname = %s",
                name,
                direction,
                did,
                json.dumps(name),
            )


def _log(level: int, message: str, *arguments: object, exc_info: bool = False) -> None:
    # A handler or a filter that raises must not cost a visitor the page.
    with suppress(Exception):
        logger.log(level, message, *arguments, exc_info=exc_info)


def _reason(key: str | None, direction: Direction, preferences: Preferences) -> str:
    if key is None:
        return Reason.UNDECLARED.value
    if key == NAMELESS:
        return Reason.NAMELESS.value
    if key == RESERVED:
        return (Reason.INVALID if direction == "request" else Reason.RESERVED).value
    return (Reason.REFUSED if preferences.refuses(key) else Reason.UNSET).value
