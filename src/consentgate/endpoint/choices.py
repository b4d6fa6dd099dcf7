"""A posted choice: form or JSON, read no further than it states, checked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webob import Request

from consentgate._urls import quote_reference
from consentgate.headers.cookie import has_control

LARGEST_BODY = 16 * 1024
"""Octets a posted choice may have."""


FORM = "application/x-www-form-urlencoded"


JSON = "application/json"


class Refused(Exception):
    """A request that is answered with an error, and changes nothing."""

    def __init__(self, status: str, why: str, *fields: tuple[str, str]) -> None:
        super().__init__(why)
        self.status, self.why, self.fields = status, why, fields


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice as it was posted."""

    action: object
    categories: tuple[str, ...] = ()
    next_page: str = ""


def body_of(environ: Mapping[str, Any]) -> bytes:
    """Return the request's body, reading no more than its stated length (R92)."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        raise malformed("a Content-Length that is no number")
    if len(length) > 9 or int(length) > LARGEST_BODY:
        raise Refused("413 Content Too Large", f"A choice has at most {LARGEST_BODY} octets.")
    body: bytes = environ["wsgi.input"].read(int(length))
    return body


def form_choice(environ: Mapping[str, Any], body: bytes) -> Choice:
    """Return the choice a form makes."""
    # A request of its own around the bytes already read; WebOb parses, and is told no more.
    form = Request.blank("/", method="POST", body=body, content_type=FORM)
    fields = [(str(name), str(value)) for name, value in form.POST.items()]
    actions = [value for name, value in fields if name == "action"]
    next_pages = [value for name, value in fields if name == "next"]
    if len(actions) != 1:
        raise malformed("one action is needed")
    categories = tuple(value for name, value in fields if name == "category")
    # Other buttons keep what was ticked; only `save` means it.
    if actions[0] in ("accept_all", "refuse_all"):
        categories = ()
    return Choice(actions[0], categories, next_pages[0] if len(next_pages) == 1 else "")


def json_choice(body: bytes) -> Choice:
    """Return the choice JSON makes."""
    try:
        posted = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise malformed("not JSON") from error
    if not isinstance(posted, dict) or posted.keys() - {"action", "categories"}:
        raise malformed('an object of "action" and "categories" is needed')
    categories = posted.get("categories", [])
    if not isinstance(categories, list) or not all(isinstance(key, str) for key in categories):
        raise malformed('"categories" is an array of keys')
    return Choice(posted.get("action"), tuple(categories))


def malformed(why: str) -> Refused:
    """Return the answer to what is no choice."""
    return Refused("400 Bad Request", f"This is not a choice: {why}.")


def valid_next(page: str) -> str | None:
    """Return *page*, a path of this site, as a Location may hold it; None if it is anything else (R69).

    >>> valid_next("/a?b=c#d"), valid_next("//evil.example"), valid_next("/\\\\evil.example")
    ('/a?b=c#d', None, None)
    """
    if not page.startswith("/") or page.startswith("//") or "\\" in page or len(page) > 2048:
        return None
    if has_control(page) or "\t" in page:
        return None
    return quote_reference(page)
