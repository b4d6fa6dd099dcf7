"""How far a request goes: the calls of ours that it makes, and the modules they are in."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import consentgate
from consentgate import ConsentGate
from tests.conftest import KEY, cookie, environ_for, make_policy, request

POLICY = make_policy()
HERE = str(Path(consentgate.__file__).parent)


@contextmanager
def watched() -> Iterator[list[tuple[str, str]]]:
    """Yield the calls of ours made meanwhile, each as (module, function); comprehensions are no calls."""
    calls: list[tuple[str, str]] = []

    def note(frame: FrameType, event: str, argument: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(HERE) and not code.co_name.startswith("<"):
            calls.append((code.co_filename.removeprefix(HERE), code.co_qualname))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(before)


def modules_of(calls: list[tuple[str, str]]) -> set[str]:
    return {module for module, _ in calls}


def answer(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "sid=1; Path=/")])
    return [b"body"]


def pass_through(gated: ConsentGate, **extra: Any) -> list[tuple[str, str]]:
    environ = environ_for(**extra)
    with watched() as calls:
        gated(environ, lambda *arguments: print)
    return calls


def test_a_request_takes_few_calls() -> None:
    """A field is read through few modules when it comes first, and hardly at all when it comes again."""
    gated = ConsentGate(answer, POLICY, secret_key=KEY)
    pass_through(gated, HTTP_COOKIE=f"sid=1; {cookie(POLICY, ['internal'])}")
    field = f"sid=2; {cookie(POLICY, ['statistical'])}"
    first, again, none = (
        pass_through(gated, **extra) for extra in ({"HTTP_COOKIE": field}, {"HTTP_COOKIE": field}, {})
    )
    print(len(first), len(modules_of(first)), len(again), len(none))
    for c in first:
        print(c)
    print(modules_of(first))


def test_a_posted_choice_stays_within_few_modules() -> None:
    gated = ConsentGate(answer, POLICY, secret_key=KEY)
    form = {"body": b"action=accept_all&next=/", "CONTENT_TYPE": "application/x-www-form-urlencoded"}
    for _ in range(2):
        with watched() as calls:
            posted = request(gated, "POST", "/cookies", HTTP_SEC_FETCH_SITE="same-origin", **form)
    assert posted.status.startswith("303")
    print(len(calls), len(modules_of(calls)), sorted(modules_of(calls)))
