"""The state of a visit as JSON for scripts, and whether a request asks for it."""

from datetime import UTC, datetime
from typing import TypedDict

from webob import Request
from webob.acceptparse import AcceptValidHeader

from consentgate.catalogue.catalogue import Catalogue
from consentgate.consent.preferences import State, first_end
from consentgate.visit import Visit

from .choices import JSON

LONGEST_ACCEPT = 1024
"""Characters of an Accept field; a longer one is ignored."""


class CategoryState(TypedDict):
    """One category's part of the state, as JSON; times in RFC 3339."""

    state: State
    allowed: bool
    chosen_at: str | None


class VisitState(TypedDict):
    """The state of a visit, as JSON; times in RFC 3339."""

    needs_choice: bool
    expires_at: str | None
    signals: list[str]
    categories: dict[str, CategoryState]


def state_of(policy: Catalogue, visit: Visit) -> VisitState:
    """Return a visit's state for scripts.

    `expires_at` is the time at which the first answer expires, None without answers.
    """
    answers = visit.preferences.answers
    end = first_end(visit.preferences, policy)
    days = {answer.category: _rfc3339(answer.at) for answer in answers}
    return {
        "needs_choice": visit.needs_choice,
        "expires_at": None if end is None else _rfc3339(end),
        "signals": list(visit.signals),
        "categories": {
            key: {
                "state": visit.state(key),
                "allowed": visit.allows(key),
                "chosen_at": days.get(key),
            }
            for key in policy.digests
        },
    }


def _rfc3339(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def wants_json(request: Request) -> bool:
    """Return whether the request prefers JSON to the page.

    Accept must name application/json with a higher quality than text/html, as axios does; ``*/*`` alone gets
    the page.

    >>> from webob import Request
    >>> wants_json(Request.blank("/", accept="application/json, text/plain, */*"))
    True
    >>> wants_json(Request.blank("/", accept="*/*"))
    False
    """
    accept = request.environ.get("HTTP_ACCEPT", "")
    if len(accept) > LONGEST_ACCEPT or not isinstance(request.accept, AcceptValidHeader):
        return False
    qualities = {media_range: quality for media_range, quality, _, _ in reversed(request.accept.parsed)}
    json_quality = qualities.get(JSON, 0.0)
    return json_quality > qualities.get("text/html", 0.0)
