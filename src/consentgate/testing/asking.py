"""The requests of a trial: a fixed list, and generated ones."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from consentgate.catalogue.catalogue import Catalogue

from .driving import HAND_OVERS, HandOver, Route
from .strategies import cookie_values, tokens
from .token import MADE, Kind, Token

Tries = Literal["once", "twice", "failed", "dropped"]
"""How often one environ is given to the application.

``once``; ``twice``; again after it ``failed``, like a repeated transaction; or again after the server
``dropped`` the returned iterable.
"""

TRIES: tuple[Tries, ...] = ("once", "twice", "failed", "dropped")

ELSEWHERE = "https://elsewhere.example"
"""The origin of another site's page."""


class Asked(NamedTuple):
    """One request, and how the application answers it.

    Attributes:
        route: method, path and body.
        tokens: its preferences cookies.
        others: name and value of its other cookies.
        cross_site: whether another site's page makes it, in a frame or by a form.
        tries: how often one environ is given to the application.
        hand_over: how the application hands over its fields.
    """

    route: Route
    tokens: tuple[Token, ...] = ()
    others: tuple[tuple[str, str], ...] = ()
    cross_site: bool = False
    tries: Tries = "once"
    hand_over: HandOver = "list"

    @property
    def is_broken(self) -> bool:
        """Whether the application hands over a line break."""
        return self.hand_over in ("broken status", "broken field")

    def in_words(self) -> Iterator[str]:
        """Yield a sentence for each unusual property of this request."""
        if self.cross_site:
            yield "it comes from another site, whose requests carry no Lax cookie"
        if self.tries != "once":
            again = {"twice": "an answer", "failed": "an error", "dropped": "a body that nobody read"}
            yield f"one environ is given to the application again, after {again[self.tries]}"
        if self.hand_over != "list":
            yield f"the application hands over {_HANDED[self.hand_over]}"


_HANDED = {
    "tuple": "its fields as a tuple",
    "iterator": "its fields as an iterator",
    "edited late": "its fields as a list that it edits later",
    "broken status": "a status with a line break in it",
    "broken field": "a field with a line break in it",
}


def plain_requests(gate: Any, routes: Sequence[Route]) -> Iterator[Asked]:
    """Yield the requests that every trial makes.

    They carry no choice, each simple choice, and each kind of invalid token; some are repeated from another
    site, with other ways to hand over fields, and with other tries.
    """
    keys = list(gate.policy.digests)
    yes, no = dict.fromkeys(keys, True), dict.fromkeys(keys, False)

    def made(kind: Kind, answers: dict[str, bool]) -> Token:
        return Token.made(gate.serializer, kind, answers, int(time.time()))

    every_yes, every_no = made("genuine", yes), made("genuine", no)
    sent = [(), (every_no,), *((made("genuine", {**no, key: True}),) for key in keys), (every_yes,)]
    sent += [(made("genuine", {key: True}),) for key in keys]
    sent += [(made(kind, no if kind == "tampered" else yes),) for kind in MADE]
    sent += [(made("outdated", no),), (every_yes, every_no), (every_no, every_yes)]
    for cookies in sent:
        yield from (Asked(route, cookies) for route in routes)
    for route in routes:
        yield Asked(route, cross_site=True)
        yield from (Asked(route, hand_over=hand_over) for hand_over in HAND_OVERS[1:])
        for cookies in ((), (every_no,), (every_yes,)):
            yield from (Asked(route, cookies, tries=tries) for tries in TRIES[1:])


@st.composite
def requests(draw: DrawFn, policy: Catalogue, gate: Any, routes: Sequence[Route]) -> Asked:
    """Requests for these routes, the shortest first."""
    return Asked(
        tokens=tuple(draw(st.lists(tokens(gate.serializer), max_size=2))),
        others=tuple(
            draw(st.lists(st.tuples(st.sampled_from(_sent_names(policy)), cookie_values()), max_size=3))
        ),
        route=draw(st.sampled_from(routes)),
        cross_site=draw(st.booleans()),
        tries=draw(st.sampled_from(TRIES)),
        hand_over=draw(st.sampled_from(HAND_OVERS)),
    )


def _sent_names(policy: Catalogue) -> list[str]:
    """Return declared names, and similar ones that a careless parser would confuse with them."""
    declared = [
        cookie.name.replace("*", "1")
        for category in policy.categories
        for cookie in category.cookies
        if cookie.name != policy.cookie_name
    ]
    near = [change(name) for name in declared for change in (str.swapcase, _with_nbsp)]
    return [*declared, "undeclared", *(name for name in near if name not in declared)]


def _with_nbsp(name: str) -> str:
    return name + "\xa0"
