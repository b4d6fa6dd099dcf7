"""The strategies draw what they say, all of it, and shrink to what one can read."""

from collections.abc import Callable
from wsgiref.util import FileWrapper

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from consentgate import BadPreferences, Basis, Policy, Visit
from consentgate.headers.cookie import has_control, is_token
from consentgate.testing import (
    Application,
    Token,
    cookie_names,
    cookie_strings,
    policies,
    preferences,
    response_headers,
    set_cookie_strings,
    tokens,
    visit,
    wsgi_applications,
)
from consentgate.testing.applications import MANNERS
from consentgate.testing.driving import drive, environ_for
from consentgate.testing.token import KINDS
from tests.conftest import KEY, NOW, make_policy

POLICY = make_policy()
SERIALIZER = POLICY.wrap(Application(), secret_key=KEY).serializer
SEARCH = settings(max_examples=5000, database=None, derandomize=True)


@given(cookie_names())
def test_cookie_names_are_tokens(name: str) -> None:
    assert is_token(name)


@pytest.mark.parametrize(
    ("strategy", "wanted", "simplest"),
    [
        (set_cookie_strings(), lambda text: "Max-Age=0" in text.split("; "), "a=; Max-Age=0"),
        (set_cookie_strings(), lambda text: "\n" in text, "\n"),
        (set_cookie_strings(st.just("sid")), lambda text: text.startswith(" sid"), " sid="),
        (cookie_strings(), lambda text: text.count(";") == 1, "a=;b="),
        (response_headers().map(repr), lambda text: "; Secure" in text, "[('Set-Cookie', 'a=; Secure')]" * 4),
    ],
)
def test_they_shrink_to_what_one_can_read(
    strategy: st.SearchStrategy[str], wanted: Callable[[str], bool], simplest: str
) -> None:
    assert len(find(strategy, wanted, settings=SEARCH)) <= len(simplest) + 2


@given(response_headers(strict=True))
def test_strict_fields_pass_any_server(fields: list[tuple[str, str]]) -> None:
    for name, value in fields:
        assert is_token(name) and not has_control(value) and "\t" not in value


def test_policies_are_of_every_kind() -> None:
    for basis in Basis:
        found = find(
            policies(),
            lambda policy, basis=basis: any(c.basis is basis for c in policy.categories),
            settings=SEARCH,
        )
        assert isinstance(found, Policy)
    find(
        policies(),
        lambda policy: any(c.is_pattern for each in policy.categories for c in each.cookies),
        settings=SEARCH,
    )


@given(st.data())
def test_preferences_are_valid_and_in_time(data: st.DataObject) -> None:
    policy = data.draw(policies())
    drawn = data.draw(preferences(policy, now=NOW))
    serializer = policy.wrap(Application(), secret_key=KEY).serializer
    assert serializer.loads(serializer.dumps(drawn), now=NOW) == drawn


@given(tokens(SERIALIZER, now=NOW))
def test_tokens_are_what_they_say(token: Token) -> None:
    """R12, R13, R43."""
    if token.answers is None:
        with pytest.raises(BadPreferences):
            SERIALIZER.loads(token, now=NOW)
    else:
        loaded = SERIALIZER.loads(token, now=NOW)
        assert {answer.category: answer.accepted for answer in loaded.answers} == token.answers
    assert token.kind in repr(token) and str(token) in repr(token)


def test_tokens_of_every_kind_are_drawn() -> None:
    for kind in KINDS:
        assert (
            find(tokens(SERIALIZER), lambda token, kind=kind: token.kind == kind, settings=SEARCH).kind
            == kind
        )


@given(wsgi_applications())
def test_applications_answer_by_the_book(application: Application) -> None:
    answer = drive(application, environ_for("/"))
    assert b"".join([*answer.written, *answer.chunks]) == b"".join(application.chunks)
    assert answer.status == application.status and answer.headers == list(application.response_headers)
    assert len(answer.starts) == 1 + (application.manner == "failing")


def test_applications_of_every_manner_are_drawn() -> None:
    for manner in MANNERS:
        found = find(wsgi_applications(), lambda app, manner=manner: app.manner == manner, settings=SEARCH)
        assert f"manner={manner!r}" in repr(found)
    chooser = find(wsgi_applications(policy=POLICY), lambda app: bool(app.choice), settings=SEARCH)
    chosen = visit(POLICY)
    drive(chooser, environ_for("/", **{"consentgate.visit": chosen}))
    assert chosen.preferences.answers


def test_a_file_is_handed_to_whatever_wrapper_the_server_has() -> None:
    application = Application(manner="file_wrapper", chunks=(b"a", b"b"))
    environ = environ_for("/", **{"wsgi.file_wrapper": FileWrapper})
    assert isinstance(application(environ, lambda *arguments: lambda data: None), FileWrapper)
    del environ["wsgi.file_wrapper"]
    assert application(environ, lambda *arguments: lambda data: None) == [b"a", b"b"]
    assert drive(application, environ_for("/")).as_file


def test_visits_without_a_gate() -> None:
    first = visit(POLICY)
    assert first.needs_choice and first.allowed == ("necessary",) and isinstance(first, Visit)
    partly = visit(POLICY, ["statistical"], refused=["internal"])
    assert partly.state("statistical") == "accepted"
    assert partly.state("internal") == "refused"
    assert partly.state("third-party") == "unset"
    partly.accept("internal")
    assert partly.allows("internal") and partly._chosen_at is not None
    assert (
        "cookies" in first.banner()
        and 'action="/privacy"' in visit(POLICY, preferences_path="/privacy").banner()
    )
