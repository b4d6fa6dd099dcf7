"""design.md's promises P1 to P5, for generated policies, applications and visitors."""

import io
from typing import Any
from wsgiref.validate import validator

from hypothesis import given
from hypothesis import strategies as st

from consentgate import Policy, Visit
from consentgate.testing import (
    Application,
    Token,
    cookie_names,
    cookie_strings,
    law,
    policies,
    response_headers,
    tokens,
    wsgi_applications,
)
from consentgate.testing.driving import FileWrapper, cookies_in, drive, environ_for
from consentgate.testing.trial import names_kept
from tests.conftest import KEY


@st.composite
def names_of(draw: st.DrawFn, policy: Policy) -> str:
    """Names of the policy's cookies, changed a little now and then, and others."""
    declared = [cookie.name.replace("*", "1") for each in policy.categories for cookie in each.cookies]
    name = draw(st.sampled_from(declared) | cookie_names())
    return draw(st.sampled_from([name, name, name.swapcase(), name + "\xa0", name[:-1] or "x"]))


@st.composite
def encounters(draw: st.DrawFn, strict: bool = False) -> tuple[Any, Application, list[Token], str]:
    """A gate, its application, and what a visitor sends."""
    policy = draw(policies())
    headers = response_headers(names_of(policy), strict=strict)
    application = draw(wsgi_applications(headers, policy))
    gate = policy.wrap(validator(application) if strict else application, secret_key=KEY)
    sent = draw(st.lists(tokens(gate.serializer), max_size=2))
    cookie_string = draw(cookie_strings(names_of(policy)))
    pairs = [f"{policy.cookie_name}={token}" for token in sent]
    return gate, application, sent, "; ".join([*pairs, cookie_string])


def allowed_once_chosen(gate: Any, application: Application, sent: list[Token]) -> set[str]:
    verified = [token.answers for token in sent if token.answers is not None]
    if not application.choice:
        return law.allowed(gate.policy, *verified)
    # A choice rests on what all agree on: any no, and a yes that is everyone's.
    agreed: dict[str, bool] = {}
    for key in gate.policy.digests:
        message = [each[key] for each in verified if key in each]
        if message and (not all(message) or len(message) == len(verified)):
            agreed[key] = all(message)
    return law.allowed(gate.policy, {**agreed, **application.choice})


@given(encounters())
def test_p1_no_cookie_outside_the_allowed_categories_reaches_a_browser(encounter: Any) -> None:
    gate, application, sent, cookie_string = encounter
    answer = drive(gate, environ_for("/", cookie_string))
    allowed = allowed_once_chosen(gate, application, sent)
    for _, headers in answer.starts:
        for name in names_kept(headers):
            assert name and law.key_of(gate.policy, name) in allowed, (name, headers)


@given(encounters())
def test_p2_necessary_cookies_pass_byte_for_byte_in_order(encounter: Any) -> None:
    gate, application, _, cookie_string = encounter
    own = gate.policy.cookie_name

    def necessary(headers: Any) -> list[tuple[str, str]]:
        due = []
        for name, value in headers:
            kept = names_kept([(name, value)], headers) if name.lower() == "set-cookie" else []
            browsers_agree = len(kept) == 1 and kept[0] and not set("\r\n\t\0") & set(value)
            if (
                browsers_agree
                and kept[0] != own
                and law.key_of(gate.policy, kept[0]) in gate.policy.necessary
            ):
                due.append((name, value))
        return due

    answer = drive(gate, environ_for("/", cookie_string))
    due = necessary(application.response_headers)
    assert [field for field in answer.headers if field in due] == due


@given(encounters())
def test_p3_the_application_reads_only_what_is_allowed_and_that_as_it_was(encounter: Any) -> None:
    gate, application, sent, cookie_string = encounter
    seen: list[str] = []

    def listening(environ: Any, start_response: Any) -> Any:
        seen.append(environ.get("HTTP_COOKIE", ""))
        return application(environ, start_response)

    gate.app = listening
    drive(gate, environ_for("/", cookie_string))
    allowed = law.allowed(gate.policy, *(token.answers for token in sent if token.answers is not None))
    verified = [str(token) for token in sent if token.answers is not None]

    def may_read(name: str, value: str) -> bool:
        if name == gate.policy.cookie_name:
            return value in verified
        clean = bool(name) and all(c == "\t" or " " <= c != "\x7f" for c in name)
        return clean and law.key_of(gate.policy, name) in allowed

    read = list(cookies_in(seen[0]))
    assert all(may_read(name, value) for name, value in read)
    assert read == [pair for pair in cookies_in(cookie_string) if may_read(*pair)]


@given(st.data(), policies())
def test_p4_what_does_not_verify_is_no_choice_yet(data: st.DataObject, policy: Policy) -> None:
    seen: list[Visit] = []

    def application(environ: Any, start_response: Any) -> Any:
        seen.append(Visit.from_environ(environ))
        start_response("200 OK", [])
        return []

    gate = policy.wrap(application, secret_key=KEY)
    token = data.draw(tokens(gate.serializer))
    drive(gate, environ_for("/", f"{policy.cookie_name}={token}"))
    (visit,) = seen
    for key in policy.digests:
        answer = (token.answers or {}).get(key)
        assert visit.state(key) == {True: "accepted", False: "refused", None: "unset"}[answer]


@given(encounters(strict=True))
def test_p5_the_body_is_the_applications_own(encounter: Any) -> None:
    """And wsgiref.validate polices both sides."""
    gate, application, _, cookie_string = encounter
    answer = drive(gate, environ_for("/", cookie_string))
    alone = drive(
        Application(application.manner, application.response_headers, application.chunks, application.status),
        environ_for("/"),
    )
    assert (answer.status, answer.written) == (alone.status, alone.written)
    assert [chunk for chunk in answer.chunks if chunk] == [chunk for chunk in alone.chunks if chunk]


@given(st.lists(st.binary(max_size=4), max_size=3))
def test_p5_a_file_is_handed_over_as_the_servers_own(chunks: list[bytes]) -> None:
    policy = Policy([])
    made: list[object] = []

    class Wrapper(FileWrapper):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            made.append(self)

    gate = policy.wrap(Application("file_wrapper", (), tuple(chunks)), secret_key=KEY)
    environ = environ_for("/", **{"wsgi.file_wrapper": Wrapper, "wsgi.input": io.BytesIO()})
    assert gate(environ, lambda *arguments: lambda data: None) is made[0]


def test_a_response_without_cookies_keeps_its_fields() -> None:
    headers = [("Content-Type", "text/plain")]

    def application(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", headers)
        return []

    given_on: list[object] = []
    gate = Policy([]).wrap(application, secret_key=KEY)
    gate(environ_for("/"), lambda status, fields, *rest: given_on.append(fields))
    assert given_on == [headers]
    assert given_on[0] is not headers
