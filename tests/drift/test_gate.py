"""The recorder behind a real gate: it changes nothing, and hears of every cookie."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentgate import Event
from consentgate.drift import DriftRecorder
from consentgate.drift.facts import Traits
from consentgate.drift.report import Drift, make_report
from consentgate.drift.store import read_facts
from tests.conftest import KEY, MATRIX, application, cookie, environ_for, make_policy, request
from tests.strategies import accepted, cookie_strings, response_headers


def gate_tells_of_cookies_that_pass() -> bool:
    class Observer:
        wants_cookies = True

        def __call__(self, event: Event) -> None:
            actions.add(event.action)

    actions: set[str] = set()
    request(make_policy().wrap(application("sid=1"), secret_key=KEY, observer=Observer()))
    return "passed" in actions


needs_passed = pytest.mark.skipif(
    not gate_tells_of_cookies_that_pass(), reason="the gate tells no observer of cookies that pass"
)


@given(response_headers, cookie_strings, accepted)
def test_the_response_is_the_same_with_and_without_it(
    headers: list[tuple[str, str]], sent: str, chosen: set[str]
) -> None:
    policy = make_policy()
    sent = f"{sent}; {cookie(policy, chosen)}" if chosen else sent
    found: list[list[Any]] = []

    def inner(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", list(headers))
        return [environ.get("HTTP_COOKIE", "").encode("utf-8", "replace")]

    with TemporaryDirectory() as folder:
        for options in ({}, {"observer": DriftRecorder(f"{folder}/drift.sqlite")}):
            gate = policy.wrap(inner, secret_key=KEY, **options)  # type: ignore[arg-type]
            got: list[Any] = []
            try:
                body = gate(environ_for(HTTP_COOKIE=sent), lambda *arguments, got=got: got.append(arguments))
                found.append([*got, *body])
            except ValueError as error:  # a line break in a field
                found.append([str(error)])
    assert found[0] == found[1]


@needs_passed
def test_every_cookie_is_noted_with_its_category(store: str) -> None:
    policy = make_policy()
    recorder = DriftRecorder(store)
    gate = policy.wrap(application(*MATRIX), secret_key=KEY, observer=recorder)
    for _ in range(3):
        request(gate, HTTP_COOKIE=f"{cookie(policy, ['statistical'])}; sid=1; _pk_id=2; theme=3; yyy=4")
    assert recorder.flush(patience=5)
    facts = {(fact.subject.kind, fact.subject.name): fact for fact in read_facts(store)}
    noted = {key: (fact.subject.verdict, fact.subject.category, fact.times) for key, fact in facts.items()}
    noted.pop(("sent", "cookies_preferences"), None)  # the gate's own
    assert noted == {
        ("set", "sid"): ("passed", "necessary", 3),
        ("set", "_pk_id"): ("passed", "statistical", 3),
        ("set", "theme"): ("stripped", "internal", 3),
        ("set", "vid"): ("stripped", "third-party", 3),
        ("set", "zzz"): ("stripped", "", 3),
        ("sent", "sid"): ("passed", "necessary", 3),
        ("sent", "_pk_id"): ("passed", "statistical", 3),
        ("sent", "theme"): ("withheld", "internal", 3),
        ("sent", "yyy"): ("withheld", "", 3),
    }
    assert facts["set", "vid"].scopes == {("/shop", "example.org")}
    assert Traits.WITHOUT_HTTP_ONLY in facts["set", "sid"].traits
    drifts = {each.name: each.drift for each in make_report(facts.values(), policy).cookies}
    assert drifts == {
        "yyy": Drift.UNDECLARED,
        "zzz": Drift.UNDECLARED,
        "_pk_ses.*": Drift.NEVER_SEEN,
        "csrftoken": Drift.NEVER_SEEN,
        "sid": Drift.DECLARED,
        "_pk_id": Drift.DECLARED,
        "theme": Drift.DECLARED,
        "vid": Drift.DECLARED,
    }


@given(st.booleans())
def test_a_store_that_cannot_be_written_costs_no_response(report_only: bool) -> None:
    policy = make_policy()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "drift.sqlite"
        path.write_bytes(b"no database" * 100)
        recorder = DriftRecorder(path)
        gate = policy.wrap(application(*MATRIX), secret_key=KEY, observer=recorder, report_only=report_only)
        alone = policy.wrap(application(*MATRIX), secret_key=KEY, report_only=report_only)
        recorder._due = 0.0
        assert request(gate).set_cookies == request(alone).set_cookies
