"""A visit's state, as JSON for scripts; and who asks for it."""

from datetime import UTC, datetime, timedelta
from typing import TypedDict

from webob import Request

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
    categories: dict[str, CategoryState]


def state_of(policy: Catalogue, visit: Visit) -> VisitState:
    """Return a visit's state for scripts.

    `expires_at` is when the first of the answers lapses, None before any.
    """
    answers = visit.preferences.answers
    first = min((answer.at for answer in answers), default=None)
    days = {answer.category: _rfc3339(answer.at) for answer in answers}
    return {
        "needs_choice": visit.needs_choice,
        "expires_at": None if first is None else _rfc3339(first, policy.cookie_lifetime),
        "categories": {
            key: {
                "state": visit.state(key),
                "allowed": visit.allows(key),
                "chosen_at": days.get(key),
            }
            for key in policy.digests
        },
    }


def _rfc3339(at: int, later: timedelta = timedelta(0)) -> str:
    moment = datetime.fromtimestamp(at, UTC) + later
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def wants_json(request: Request) -> bool:
    """Tell whether JSON is asked for, rather than the page."""
    accept = request.environ.get("HTTP_ACCEPT", "")
    if len(accept) > LONGEST_ACCEPT:
        return False
    offers = request.accept.acceptable_offers(["text/html", JSON])
    return bool(offers) and offers[0][0] == JSON
