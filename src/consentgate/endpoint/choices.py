"""Read and check a posted choice, a form or JSON."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from webob import Request

from consentgate._urls import quote_reference
from consentgate.catalogue.catalogue import Catalogue
from consentgate.headers.cookie import has_control
from consentgate.headers.documents import media_type_of

LARGEST_BODY = 16 * 1024
"""Octets a posted choice may have."""

LONGEST_NEXT = 2048
"""Characters of a path to return to; a longer one is ignored."""

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
JSON = "application/json"

_ACTIONS = ("accept_all", "refuse_all", "save", "accept", "refuse", "answer")
_ANSWERS = {"yes": True, "no": False, "unset": None}
_CHOICE = "choice."


class Refused(Exception):
    """The request gets an error response, and nothing is recorded.

    Args:
        status: the response's status, as in PEP 3333.
        why: the response's body.
        fields: further response fields.
    """

    def __init__(self, status: str, why: str, *fields: tuple[str, str]) -> None:
        super().__init__(why)
        self.status: str = status
        self.why: str = why
        self.fields: tuple[tuple[str, str], ...] = fields


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice as it was posted.

    Attributes:
        action: one of the six actions.
        categories: the keys it names, for ``save``, ``accept`` and ``refuse``.
        answers: category key -> True, False or None (to withdraw an answer), for ``answer``.
        next: the path to return to, ``""`` for none.
        in_json: whether it was posted as JSON, and is answered so.
    """

    action: str
    categories: tuple[str, ...] = ()
    answers: Mapping[str, bool | None] = field(default_factory=dict)
    next: str = ""
    in_json: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class ResolvedChoice:
    """The answers that a choice gives under one policy.

    Attributes:
        answers: category key -> True, False or None (to withdraw an answer).
        answers_all: whether it answers for every category.
        ignored: the keys in it that no category of this policy has.
    """

    answers: Mapping[str, bool | None]
    answers_all: bool = False
    ignored: tuple[str, ...] = ()


def resolve(choice: Choice, policy: Catalogue) -> ResolvedChoice:
    """Return the answers that *choice* gives under *policy*.

    Undeclared keys are left out, since the page may have been opened before the policy changed.

    Raises:
        Refused: all keys are undeclared, or a necessary category is refused.
    """
    choosable = policy.digests
    if choice.action == "refuse_all":
        return ResolvedChoice(dict.fromkeys(choosable, False), answers_all=True)
    if choice.action == "accept_all":
        # Exempt categories need no consent: no yes is recorded for them, and an objection stays.
        return ResolvedChoice({each.key: True for each in policy.categories if each.needs_consent})
    if choice.action == "answer":
        named = choice.answers
    else:
        named = dict.fromkeys(choice.categories, choice.action != "refuse")
    necessary = sorted(key for key, yes in named.items() if key in policy.necessary and yes is False)
    if necessary:
        raise malformed(f"{necessary[0]} is necessary and cannot be refused")
    known = {key: yes for key, yes in named.items() if key in choosable}
    ignored = tuple(key for key in named if key not in choosable and key not in policy.necessary)
    if ignored and not (known or named.keys() & policy.necessary):
        raise malformed("none of these categories can be chosen")
    if choice.action == "save":
        return ResolvedChoice({key: key in known for key in choosable}, answers_all=True, ignored=ignored)
    return ResolvedChoice(known, ignored=ignored)


def read_body(environ: Mapping[str, Any], largest: int = LARGEST_BODY) -> bytes:
    """Return the request's body, *largest* octets at most, reading no more than its stated length (R92).

    A chunked body states no length; it is read if the server marks its end (`wsgi.input_terminated`).

    Raises:
        Refused: its length is not a number, or too large.
    """
    length = environ.get("CONTENT_LENGTH") or ""
    if not length:
        if not environ.get("wsgi.input_terminated"):
            return b""
        body: bytes = environ["wsgi.input"].read(largest + 1)
        if len(body) > largest:
            raise _refuse_too_large(largest)
        return body
    if not (length.isascii() and length.isdigit()):
        raise malformed("its Content-Length is not a number")
    if len(length) > 9 or int(length) > largest:
        raise _refuse_too_large(largest)
    body = environ["wsgi.input"].read(int(length))
    return body


def _refuse_too_large(largest: int) -> Refused:
    return Refused("413 Content Too Large", f"Send at most {largest} octets.")


def parse_choice(content_type: str, body: bytes) -> Choice:
    """Return the choice in a body of this Content-Type.

    Raises:
        Refused: another media type, or a malformed choice.
    """
    media_type = media_type_of(content_type)
    if media_type == JSON:
        return _parse_json(body)
    if media_type in (FORM, MULTIPART):
        return _parse_form(content_type if media_type == MULTIPART else FORM, body)
    raise Refused("415 Unsupported Media Type", f"Send {FORM}, {MULTIPART} or {JSON}.")


def _parse_form(content_type: str, body: bytes) -> Choice:
    try:
        # WebOb parses a new request made of the body alone, so that it reads nothing else of this one.
        form = Request.blank("/", method="POST", body=body, content_type=content_type)
        posted = [(str(name), value) for name, value in form.POST.items()]
    except Exception as error:  # a broken multipart body raises many kinds of error
        raise malformed("the form cannot be read") from error
    fields = [(name, value) for name, value in posted if isinstance(value, str)]
    if len(fields) < len(posted):
        raise malformed("it holds a file")
    actions = [value for name, value in fields if name == "action"]
    if len(actions) != 1:
        raise malformed("one action is needed")
    categories = [value for name, value in fields if name in ("category", "categories")]
    answers: dict[str, bool | None] = {}
    for name, value in fields:
        if name.startswith(_CHOICE):
            if value not in _ANSWERS:
                raise malformed(f"{name} is yes, no or unset")
            answers[name.removeprefix(_CHOICE)] = _ANSWERS[value]
    return _check(actions[0], categories, answers, [value for name, value in fields if name == "next"])


def _parse_json(body: bytes) -> Choice:
    try:
        posted = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise malformed("it is not JSON") from error
    known = {"action", "category", "categories", "choices", "next"}
    if not isinstance(posted, dict) or posted.keys() - known:
        raise malformed('an object of "action" and "categories" or "choices" is needed')
    categories = posted.get("categories", posted.get("category", []))
    categories = [categories] if isinstance(categories, str) else categories
    if not isinstance(categories, list) or not all(isinstance(key, str) for key in categories):
        raise malformed('"categories" is an array of keys')
    answers = posted.get("choices", {})
    if not isinstance(answers, dict) or not all(
        yes is None or isinstance(yes, bool) for yes in answers.values()
    ):
        raise malformed('"choices" is an object of keys, each with true, false or null')
    return replace(_check(posted.get("action"), categories, answers, []), in_json=True)


def _check(
    action: object, categories: Iterable[str], answers: Mapping[str, bool | None], nexts: Sequence[str]
) -> Choice:
    """Return the choice, with only the fields that its action uses.

    Raises:
        Refused: an unknown action, or one without a category that it needs.
    """
    if action not in _ACTIONS or not isinstance(action, str):
        raise malformed(f"the action is one of {', '.join(_ACTIONS)}")
    chosen = tuple(dict.fromkeys(categories)) if action in ("save", "accept", "refuse") else ()
    if action in ("accept", "refuse") and not chosen:
        raise malformed(f"{action} names at least one category")
    return Choice(action, chosen, answers if action == "answer" else {}, nexts[0] if len(nexts) == 1 else "")


def malformed(why: str) -> Refused:
    """Return a 400 for a malformed choice."""
    return Refused("400 Bad Request", f"This is not a choice: {why}.")


_SCHEME_OR_HOST = re.compile(r"//|.*\\")


def valid_next(page: str) -> str | None:
    """Return *page* encoded for a Location field; None unless it is a path of this site (R69).

    >>> valid_next("/a?b=c#d"), valid_next("//evil.example"), valid_next("/\\\\evil.example")
    ('/a?b=c#d', None, None)
    """
    if not page.startswith("/") or _SCHEME_OR_HOST.match(page) or len(page) > LONGEST_NEXT:
        return None
    if has_control(page) or "\t" in page:
        return None
    return quote_reference(page)
