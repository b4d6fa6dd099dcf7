"""How far a request goes: the calls of ours that it makes, and the modules they are in."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import consentgate
from consentgate import ConsentGate, PreferencesSerializer
from consentgate.consent.tokens import TokenReader
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
    """A Cookie field takes most when it comes first, and little when it comes again."""
    gated = ConsentGate(answer, POLICY, secret_key=KEY)
    pass_through(
        gated, HTTP_COOKIE=f"sid=1; {cookie(POLICY, ['statistical'], at=time.time() - 5)}"
    )  # the same answers
    field = f"sid=2; {cookie(POLICY, ['statistical'])}"
    first = pass_through(gated, HTTP_COOKIE=field)
    assert len(first) <= 40
    assert len(pass_through(gated, HTTP_COOKIE=field)) <= 20
    pass_through(gated)
    assert len(pass_through(gated)) <= 12


def test_a_token_is_read_through_six_modules() -> None:
    reader = TokenReader(PreferencesSerializer(POLICY, secret_key=KEY))
    field = f"sid=2; {cookie(POLICY, ['statistical'])}"
    with watched() as calls:
        assert reader.read(field, time.time()).verified
    assert len(modules_of(calls)) <= 6


def test_a_posted_choice_takes_few_calls() -> None:
    gated = ConsentGate(answer, POLICY, secret_key=KEY)
    form: dict[str, Any] = {
        "body": b"action=accept_all&next=/",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "HTTP_SEC_FETCH_SITE": "same-origin",
    }
    request(gated, "POST", "/cookies", **form)
    with watched() as calls:
        posted = request(gated, "POST", "/cookies", **form)
    assert posted.status.startswith("303")
    assert len(calls) <= 80
