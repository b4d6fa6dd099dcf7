"""discover: everything is noted, and nothing changed, buffered or delayed."""

import logging
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentgate import PolicyError, testing
from consentgate.drift import discover
from consentgate.drift.discover import Discovery
from consentgate.drift.facts import Fact, Traits
from consentgate.drift.store import read_facts
from consentgate.headers.cookie import cookie_name
from tests.conftest import application, environ_for, request
from tests.strategies import ANY_TEXT, cookie_strings, response_headers, set_cookie_strings


def facts_of(app: Any) -> dict[tuple[str, str], Fact]:
    assert app.recorder.flush(patience=5)
    return {(fact.subject.kind, fact.subject.name): fact for fact in read_facts(app.recorder.path)}


@given(st.data(), cookie_strings)
def test_the_server_gets_the_applications_own_list_and_iterable(data: st.DataObject, sent: str) -> None:
    headers = data.draw(response_headers)
    before = list(headers)
    body = [b"body"]
    got: list[Any] = []
    environ = environ_for(HTTP_COOKIE=sent)
    environs: list[dict[str, Any]] = []

    def inner(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environs.append(environ)
        written = start_response("200 OK", headers)
        assert written is got
        start_response("500 Oh", headers, exc_info)
        return body

    def start_response(*arguments: Any) -> Any:
        got.append(arguments)
        return got

    exc_info = (ValueError, ValueError(), None)
    with TemporaryDirectory() as folder:
        app = discover(inner, f"{folder}/drift.sqlite")
        copy = dict(environ)
        assert app(environ, start_response) is body
    assert environs[0] is environ and environ == copy
    assert [len(arguments) for arguments in got] == [2, 3]
    assert got[0][1] is headers and headers == before
    assert got[1][2] is exc_info


@given(testing.wsgi_applications())
def test_any_application_answers_as_without_it(inner: Any) -> None:
    with TemporaryDirectory() as folder:
        found, alone = request(discover(inner, f"{folder}/drift.sqlite")), request(inner)
    assert (found.status, found.headers, found.body) == (alone.status, alone.headers, alone.body)


@given(st.lists(set_cookie_strings, max_size=5))
def test_every_cookie_a_browser_would_store_is_noted(lines: list[str]) -> None:
    def inner(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("set-COOKIE", line) for line in lines])
        return []

    with TemporaryDirectory() as folder:
        app = discover(inner, f"{folder}/drift.sqlite")
        app({}, lambda *arguments: None)
        app.recorder.note("sent", "another", "passed", "")
        noted = {name for kind, name in facts_of(app) if kind == "set"}
    stored = {cookie_name(line) for line in lines} - {None}
    assert noted <= stored
    # Those that are missing were only deleted.
    for name in stored - noted:
        texts = [line.lower() for line in lines if cookie_name(line) == name]
        assert all("max-age" in text or "expires" in text for text in texts)


def test_names_and_attributes_are_noted(store: str) -> None:
    lines = ("sid=1; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60", "gone=; Max-Age=0")

    def inner(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        # An odd spelling, which some servers send and some browsers read.
        start_response("200 OK", [*(("Set-Cookie", line) for line in lines), ("Set-Cookie\t", "odd=1")])
        return []

    app = discover(inner, store)
    environ = environ_for(HTTP_COOKIE='sid=1; _ga = "2;3"; _ga=4; nameless;=5')
    environ["wsgi.url_scheme"] = "https"
    app(environ, lambda *arguments: None)
    facts = facts_of(app)
    assert set(facts) == {("set", "sid"), ("set", "odd"), ("sent", "sid"), ("sent", "_ga"), ("sent", "")}
    sid = facts["set", "sid"]
    assert (sid.lifetime, sid.scopes) == (60, {("/", "")})
    assert sid.traits == Traits.SECURE | Traits.OVER_HTTPS
    assert facts["sent", "_ga"].times == 2
    assert not any(fact.subject.category for fact in facts.values())


def test_names_are_kept_and_values_are_not(store: str) -> None:
    app = discover(application("sid=secret1; Path=/"), store)
    request(app, HTTP_COOKIE="_ga=secret2", REMOTE_ADDR="192.0.2.77", path="/secret3")
    facts_of(app)
    content = Path(store).read_bytes()
    assert b"_ga" in content and b"sid" in content
    assert b"secret" not in content and b"192.0.2.77" not in content


def test_a_line_break_in_a_field_is_one_warning(store: str, caplog: pytest.LogCaptureFixture) -> None:
    def inner(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("X-Name", "a\r\nSet-Cookie: b=1"), ("X-Tab", "a\tb")])
        start_response("200\0OK", [("X-Other", "a\nb")])
        return []

    app = discover(inner, store)
    for _ in range(2):
        app({}, lambda *arguments: None)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("the field X-Name holds a line break")


@pytest.mark.parametrize(
    "headers", [iter([("Set-Cookie", "a=1")]), [("Set-Cookie",)], [(b"Set-Cookie", None)], None]
)
def test_arguments_that_break_pep_3333_are_handed_on(
    headers: Any, store: str, caplog: pytest.LogCaptureFixture
) -> None:
    got = []
    app = discover(lambda environ, start_response: start_response("200 OK", headers), store)
    for _ in range(2):
        app({}, lambda status, response_headers: got.append(response_headers))  # type: ignore[arg-type]
    assert all(each is headers for each in got)
    if isinstance(headers, list):
        assert [record.getMessage() for record in caplog.records] == [
            "noting failed; the response is unaffected"
        ]
    elif headers is not None:
        assert list(headers) == [("Set-Cookie", "a=1")]  # nobody has looked into it


def test_a_response_that_starts_late_is_noted(store: str) -> None:
    def late(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Set-Cookie", "sid=1")])
        yield b"body"

    app = discover(late, store)
    body = app({}, lambda *arguments: None)
    assert list(body) == [b"body"]
    assert ("set", "sid") in facts_of(app)


def test_a_request_that_is_due_writes(store: str) -> None:
    app = discover(application("sid=1"), store)
    app.recorder._due = 0.0  # type: ignore[attr-defined]
    request(app)
    assert [fact.subject.name for fact in read_facts(store)] == ["sid"]


def test_an_application_that_cannot_be_called(store: str) -> None:
    with pytest.raises(PolicyError, match="app must be a WSGI application, not 'app'"):
        discover("app", store)  # type: ignore[arg-type]
    assert isinstance(discover(application(), store), Discovery)


@given(ANY_TEXT)
def test_no_cookie_field_raises(cookie_string: str) -> None:
    with TemporaryDirectory() as folder:
        app = discover(lambda environ, start_response: [], f"{folder}/drift.sqlite")
        assert app({"HTTP_COOKIE": cookie_string}, lambda *arguments: None) == []
        assert app.recorder.flush()  # type: ignore[attr-defined]
        assert not app._warned  # type: ignore[attr-defined]


def test_a_repr_shows_the_application_and_the_store(tmp_path: Path) -> None:
    path = str(tmp_path / "drift.sqlite")
    assert repr(discover(print, path)) == f"<{print!r} recorded by DriftRecorder({path!r})>"
