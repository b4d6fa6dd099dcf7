"""A visit's state, as JSON for scripts; and who asks for it."""

from datetime import UTC, datetime
from typing import TypedDict

from webob import Request
from webob.acceptparse import AcceptValidHeader

from consentgate.catalogue.catalogue import Catalogue
from consentgate.consent.preferences import State
from consentgate.visit import Visit

from .choices import JSON

LONGEST_ACCEPT = 1024
"""Characters of an Accept field that are looked at."""


class CategoryState(TypedDict):
    """One category's part of the state, as JSON; times in RFC 3339."""

    state: State
    allowed: bool
    chosen_at: str | None


class VisitState(TypedDict):
    """What the endpoint tells scripts of a visit, as JSON; times in RFC 3339."""

    needs_choice: bool
    expires_at: str | None
    signals: list[str]
    categories: dict[str, CategoryState]


def state_of(policy: Catalogue, visit: Visit) -> VisitState:
    """Return a visit's state for scripts.

    `expires_at` is when the first of the answers lapses, None before any.
    """
    answers = visit.preferences.answers
    ends = [answer.at + policy.lifetime_of(answer.accepted) for answer in answers]
    days = {answer.category: _rfc3339(answer.at) for answer in answers}
    return {
        "needs_choice": visit.needs_choice,
        "expires_at": _rfc3339(min(ends)) if ends else None,
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
    """Return whether JSON is asked for, rather than the page.

    A script names it in Accept, as axios does; browsers name text/html with as high a quality; a client
    that takes anything gets the page.

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
