"""The visitor's page, and the choices posted to it. The only door to WebOb.

A WSGI application like any other behind the gate: it chooses through the visit, the gate does the rest.
"""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIEnvironment

from webob import Request

from .catalogue import Catalogue
from .grammar import has_control
from .origin import is_own
from .preferences import State
from .rendering import Renderer, stylesheet
from .visit import PATH_SAFE, Visit

LARGEST_BODY = 16 * 1024
"""Octets a posted choice may have."""

LONGEST_ACCEPT = 1024
"""Characters of an Accept field that are looked at."""

JUST_NOW = 60
"""Seconds after a choice in which the page says that it was saved: the answers' own day tells, and no URL."""

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"

# R67, R68, R72: not framed, nothing from elsewhere, kept by nobody. "same-origin", since without a
# referrer browsers send `Origin: null` with the page's own form.
_PAGE_FIELDS = (
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("X-Robots-Tag", "noindex"),
)
_NO_STORE = ("Cache-Control", "no-store")
_NOSNIFF = ("X-Content-Type-Options", "nosniff")


@dataclass(frozen=True, slots=True)
class Answered:
    """What the endpoint answers: PEP 3333's status and fields, and a body."""

    status: str
    media_type: str
    body: bytes
    fields: tuple[tuple[str, str], ...] = field(default=(_NO_STORE,))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send it; to HEAD, without the body."""
        headers = [
            ("Content-Type", self.media_type),
            ("Content-Length", str(len(self.body))),
            _NOSNIFF,
            *self.fields,
        ]
        start_response(self.status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [self.body]


class _Refused(Exception):
    """A request that is answered with an error, and changes nothing."""

    def __init__(self, status: str, why: str, *fields: tuple[str, str]) -> None:
        super().__init__(why)
        self.answered = Answered(
            status, "text/plain; charset=utf-8", f"{why}\n".encode(), (_NO_STORE, *fields)
        )


class Endpoint:
    """Answers everything at and under the preferences path.

    Args:
        policy: what is published, and what can be chosen.
        path: the preferences path.
        trusted_origins: other origins whose pages may post choices, as `checked_origins` gives them.
        renderer: draws the page.
    """

    def __init__(
        self, policy: Catalogue, path: str, trusted_origins: frozenset[str], renderer: Renderer
    ) -> None:
        self._policy = policy
        self._path = path
        self._trusted_origins = trusted_origins
        self._renderer = renderer

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; nothing a visitor sends makes this raise."""
        try:
            answered = self._answer(Request(environ))
        except _Refused as refused:
            answered = refused.answered
        return answered(environ, start_response)

    def _answer(self, request: Request) -> Answered:
        below = request.environ.get("PATH_INFO", "")[len(self._path) :].strip("/")
        if below and below != stylesheet()[0]:
            raise _Refused("404 Not Found", "There is no such page here.")
        if request.method in ("GET", "HEAD"):
            return self._style() if below else self._show(request)
        if request.method == "POST" and not below:
            return self._choose(request)
        methods = "GET, HEAD" if below else "GET, HEAD, POST"
        raise _Refused("405 Method Not Allowed", f"Use {methods}.", ("Allow", methods))

    def _style(self) -> Answered:
        # Its name changes with its content, so it may be kept for good.
        forever = ("Cache-Control", "public, max-age=31536000, immutable")
        return Answered("200 OK", "text/css; charset=utf-8", stylesheet()[1], (forever,))

    def _show(self, request: Request) -> Answered:
        visit = Visit.from_environ(request.environ)
        if _wants_json(request):
            return self._state(visit)
        own = _own_path(request, self._path)
        preferences = visit.preferences
        last = max((answer.at for answer in preferences.answers), default=0)
        page = self._renderer.page(
            preferences,
            action=own,
            stylesheet=f"{own}/{stylesheet()[0]}",
            saved=time.time() - last < JUST_NOW,
            language=visit.language,
        )
        return Answered("200 OK", "text/html; charset=utf-8", page.encode(), (_NO_STORE, *_PAGE_FIELDS))

    def _state(self, visit: Visit) -> Answered:
        body = json.dumps(state_of(self._policy, visit)).encode()
        return Answered("200 OK", _JSON, body)

    def _choose(self, request: Request) -> Answered:
        environ = request.environ
        if not is_own(
            environ.get("HTTP_SEC_FETCH_SITE"),
            environ.get("HTTP_ORIGIN"),
            environ.get("HTTP_HOST"),
            self._trusted_origins,
        ):
            raise _Refused("403 Forbidden", "This choice did not come from a page of this site.")
        media_type = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        if media_type not in (_FORM, _JSON):
            raise _Refused("415 Unsupported Media Type", f"Send {_FORM} or {_JSON}.")
        body = _body(environ)
        choice = _json_choice(body) if media_type == _JSON else _form_choice(environ, body)
        visit = Visit.from_environ(environ)
        self._record(visit, choice)
        if media_type == _JSON:
            return self._state(visit)
        location = _valid_next(choice.next_page) or _own_path(request, self._path)
        return Answered(
            "303 See Other", "text/plain; charset=utf-8", b"", (_NO_STORE, ("Location", location))
        )

    def _record(self, visit: Visit, choice: "_Choice") -> None:
        unknown = set(choice.categories) - set(self._policy.digests)
        if unknown or (choice.categories and choice.action != "save"):
            raise _malformed("a category that cannot be chosen")
        if choice.action == "accept_all":
            visit.accept_all()
        elif choice.action == "refuse_all":
            visit.refuse_all()
        elif choice.action == "save":
            chosen = {key: key in choice.categories for key in self._policy.digests}
            visit.choose(chosen)
        else:
            raise _malformed("the action is accept_all, refuse_all or save")


@dataclass(frozen=True, slots=True)
class _Choice:
    action: object
    categories: tuple[str, ...] = ()
    next_page: str = ""


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


def _wants_json(request: Request) -> bool:
    accept = request.environ.get("HTTP_ACCEPT", "")
    if len(accept) > LONGEST_ACCEPT:
        return False
    offers = request.accept.acceptable_offers(["text/html", _JSON])
    return bool(offers) and offers[0][0] == _JSON


def _own_path(request: Request, path: str) -> str:
    """Return the preferences path as a root-absolute reference, mount included (R94)."""
    return quote(request.environ.get("SCRIPT_NAME", "").encode("latin-1"), safe=PATH_SAFE) + path


def _body(environ: Mapping[str, Any]) -> bytes:
    """Return the request's body, reading no more than its stated length (R92)."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        raise _malformed("a Content-Length that is no number")
    if len(length) > 9 or int(length) > LARGEST_BODY:
        raise _Refused("413 Content Too Large", f"A choice has at most {LARGEST_BODY} octets.")
    body: bytes = environ["wsgi.input"].read(int(length))
    return body


def _form_choice(environ: Mapping[str, Any], body: bytes) -> _Choice:
    # A request of its own around the bytes already read; WebOb parses, and is told no more.
    form = Request.blank("/", method="POST", body=body, content_type=_FORM)
    fields = [(str(name), str(value)) for name, value in form.POST.items()]
    actions = [value for name, value in fields if name == "action"]
    next_pages = [value for name, value in fields if name == "next"]
    if len(actions) != 1:
        raise _malformed("one action is needed")
    categories = tuple(value for name, value in fields if name == "category")
    # Other buttons keep what was ticked; only `save` means it.
    if actions[0] in ("accept_all", "refuse_all"):
        categories = ()
    return _Choice(actions[0], categories, next_pages[0] if len(next_pages) == 1 else "")


def _json_choice(body: bytes) -> _Choice:
    try:
        posted = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _malformed("not JSON") from error
    if not isinstance(posted, dict) or posted.keys() - {"action", "categories"}:
        raise _malformed('an object of "action" and "categories" is needed')
    categories = posted.get("categories", [])
    if not isinstance(categories, list) or not all(isinstance(key, str) for key in categories):
        raise _malformed('"categories" is an array of keys')
    return _Choice(posted.get("action"), tuple(categories))


def _malformed(why: str) -> _Refused:
    return _Refused("400 Bad Request", f"This is not a choice: {why}.")


def _valid_next(page: str) -> str | None:
    """Return *page*, a path of this site, as a Location may hold it; None if it is anything else (R69).

    >>> _valid_next("/a?b=c#d"), _valid_next("//evil.example"), _valid_next("/\\\\evil.example")
    ('/a?b=c#d', None, None)
    """
    if not page.startswith("/") or page.startswith("//") or "\\" in page or len(page) > 2048:
        return None
    if has_control(page) or "\t" in page:
        return None
    return quote(page, safe=PATH_SAFE + "?#%[]")
