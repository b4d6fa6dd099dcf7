"""``consentgate explain``: run one Set-Cookie through a gate, and print the verdict and its reason."""

import argparse
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

from consentgate._keys import KEY_VARIABLE, read_key
from consentgate.consent.verdict import Verdict
from consentgate.headers.cookie import cookie_name
from consentgate.policy import Policy
from consentgate.visit import Visit

from . import MISUSE, complain


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments to its *parser*."""
    parser.add_argument("policy", type=Path, help="a policy in TOML")
    parser.add_argument(
        "set_cookie", metavar="SET-COOKIE", help="the value of a Set-Cookie field: 'a=1; Path=/'"
    )
    visitor = parser.add_mutually_exclusive_group()
    visitor.add_argument("--accepted", metavar="KEYS", help="categories the visitor accepts: stats,ads")
    visitor.add_argument(
        "--preferences", metavar="TOKEN", help="the visitor's preferences cookie; needs the key"
    )
    parser.add_argument("--key-file", type=Path, help=f"file with the secret key (else ${KEY_VARIABLE})")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the verdict on the cookie; return 0, or 2 if the key to verify the preferences is missing."""
    policy = Policy.from_toml(arguments.policy)
    key = _key(arguments.key_file)
    if arguments.preferences is not None and key is None:
        complain([f"--preferences needs --key-file or ${KEY_VARIABLE}"])
        return MISUSE
    text = arguments.set_cookie
    if text[:11].lower() == "set-cookie:":
        text = text[11:].strip()
    outcome = ask_gate(
        policy,
        text,
        accepted=arguments.accepted,
        token=arguments.preferences,
        key=key or secrets.token_urlsafe(),
    )
    for label, line in describe(policy, text, outcome):
        print(f"{label + ':':<10} {line}")
    return 0


def _key(key_file: Path | None) -> str | None:
    return os.environ.get(KEY_VARIABLE) if key_file is None else read_key(key_file)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The response of the gate to one request, and its reasons.

    Attributes:
        field: the Set-Cookie that went out, None if none did.
        verdict: the gate's verdict on the cookie's name.
        state: the visitor's answer to its category: ``"accepted"``, ``"refused"`` or ``"unset"``.
        has_chosen: whether the gate verified any answer.
    """

    field: str | None
    verdict: Verdict
    state: str
    has_chosen: bool


def ask_gate(
    policy: Policy, set_cookie_string: str, *, accepted: str | None, token: str | None, key: str
) -> Explanation:
    """Return how a gate of *policy* treats a Set-Cookie for one visitor.

    Args:
        policy: the policy.
        set_cookie_string: the field's value.
        accepted: keys of the categories the visitor accepts, separated by commas; the others are refused.
        token: the visitor's preferences cookie. Without both, the visitor has not chosen.
        key: the gate's secret key.

    Raises:
        PolicyError: an unknown category, or a key that is too short.
    """
    asked: list[Any] = []
    sent: list[tuple[str, str]] = []

    def start_response(status: str, response_headers: Any, exc_info: Any = None) -> Any:
        sent.extend(response_headers)

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        visit = Visit.from_environ(environ)
        verdict = visit.explain(cookie_name(set_cookie_string) or "")
        state = "" if verdict.category is None else visit.state(verdict.category)
        asked.extend((verdict, state, bool(visit.preferences.answers)))
        start_response("200 OK", [("Set-Cookie", set_cookie_string)])
        return []

    gate = policy.wrap(application, secret_key=key)
    if accepted is not None:
        token = gate.serializer.dumps(policy.choose(filter(None, map(str.strip, accepted.split(",")))))
    environ: dict[str, Any] = {} if token is None else {"HTTP_COOKIE": f"{policy.cookie_name}={token}"}
    setup_testing_defaults(environ)
    with _silence():
        gate(environ, start_response)
    field = next((value for name, value in sent if name.lower() == "set-cookie"), None)
    return Explanation(field, *asked)


@contextmanager
def _silence() -> Iterator[None]:
    """Disable logging in the block, since the command prints the same."""
    disabled = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(disabled)


def describe(policy: Policy, set_cookie_string: str, outcome: Explanation) -> Iterator[tuple[str, str]]:
    """Yield the label and the text of each line to print."""
    name = cookie_name(set_cookie_string) or ""
    yield "cookie", repr(name) if name else "none that all browsers would store under one name"
    yield "verdict", _verdict(set_cookie_string, outcome)
    declared, category = policy.declared_as(name), policy.category_of(name)
    if declared is None or category is None:
        yield "rule", "no category declares it"
        return
    yield "rule", f"the pattern {declared!r}" if "*" in declared else f"the name {declared!r}"
    yield "category", f"{category.key!r}, basis {category.basis.value}"
    yield "state", outcome.state if outcome.has_chosen else "unset: the visitor has not chosen"


def _verdict(set_cookie_string: str, outcome: Explanation) -> str:
    reason = outcome.verdict.reason.value
    if outcome.field is None:
        return f"stripped: {reason}"
    if not outcome.verdict.admitted:
        reason = "a deletion"
    if outcome.field != set_cookie_string:
        return f"passes as {outcome.field!r}: {reason}"
    return f"passes: {reason}"
