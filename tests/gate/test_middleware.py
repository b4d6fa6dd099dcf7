"""The gate between a policed server and policed applications: design.md, step by step."""

import gc
import io
import logging
import sys
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any
from wsgiref.util import FileWrapper
from wsgiref.validate import validator

import pytest
from hypothesis import example, given

from consentgate import Basis, Category, ConsentGate, Event, Policy, PolicyError, Visit
from consentgate.consent.tokens import TokenReader
from consentgate.consent.verdict import Judge, Situation
from consentgate.gate.response import ResponseContext, rewrite_response_headers
from consentgate.gate.scan import find_line_break
from consentgate.headers.cookie import cookie_name
from consentgate.headers.set_cookie import CERTAIN_DELETION
from tests.conftest import KEY, MATRIX, NOW, application, cookie, environ_for, make_policy, request
from tests.strategies import accepted, cookie_strings, response_headers, sane_response_headers

POLICY = make_policy()
SID, PK, THEME, VID, ZZZ = MATRIX
ALL = ("statistical", "internal", "third-party")
DELETED = "Max-Age=0"


def gate(app: Any, policy: Policy = POLICY, **options: Any) -> ConsentGate:
    options.setdefault("secret_key", KEY)
    return policy.wrap(app, **options)


def sent_by(gated: Any, **extra: Any) -> Any:
    """The very list of fields that *gated* gives the server."""
    sent: list[Any] = []
    gated(environ_for(**extra), lambda status, headers, exc_info=None: sent.append(headers))
    return sent[0]


def choosing(act: Callable[[Visit], object]) -> Callable[[dict[str, Any]], object]:
    return lambda environ: act(Visit.from_environ(environ))


# The request


@given(cookie_strings, accepted)
def test_the_application_reads_only_what_is_allowed(cookie_string: str, yes: set[str]) -> None:
    """P3, R9."""
    seen: list[str] = []
    app = application(before=lambda environ: seen.append(environ.get("HTTP_COOKIE", "")))
    request(gate(app), HTTP_COOKIE=f"{cookie(POLICY, yes)}; {cookie_string}")
    for pair in seen[0].split(";"):
        name = pair.partition("=")[0].strip(" \t")
        assert not name or POLICY.key_of(name) in {"necessary", *yes}


def cookies_read(app_options: dict[str, Any] | None = None, **extra: Any) -> str | None:
    seen: list[str | None] = []
    app = application(before=lambda environ: seen.append(environ.get("HTTP_COOKIE")))
    request(gate(app, **(app_options or {})), **extra)
    return seen[0]


def test_refused_pairs_are_withheld_and_the_rest_keeps_its_bytes() -> None:
    assert cookies_read(HTTP_COOKIE="_pk_id=1; sid=a=b ;zzz=3; sid=2") == "sid=a=b ; sid=2"
    assert cookies_read(HTTP_COOKIE="_pk_id=1; zzz=2") is None
    assert cookies_read() is None


def test_a_cookie_field_with_nothing_to_withhold_is_the_very_same() -> None:
    cookie_string = f"sid=1; {cookie(POLICY)}"
    assert cookies_read(HTTP_COOKIE=cookie_string) is cookie_string


def test_the_application_never_sees_an_unverified_preferences_cookie() -> None:
    for options in ({}, {"filter_requests": False}):
        assert cookies_read(options, HTTP_COOKIE="sid=1; cookies_preferences=forged") == "sid=1"
    genuine = cookie(POLICY, ["statistical"])
    sent = f"{genuine}; cookies_preferences=x; zzz=1"
    assert cookies_read({"filter_requests": False}, HTTP_COOKIE=sent) == f"{genuine}; zzz=1"


def test_filtering_can_be_turned_off() -> None:
    assert cookies_read({"filter_requests": False}, HTTP_COOKIE="zzz=1; _pk_id=2") == "zzz=1; _pk_id=2"


def test_undeclared_cookies_pass_both_ways_when_only_reported(caplog: pytest.LogCaptureFixture) -> None:
    events: list[Event] = []
    options = {"undeclared": "report", "observer": events.append}
    seen: list[str] = []
    app = application(*MATRIX, before=lambda environ: seen.append(environ["HTTP_COOKIE"]))
    answer = request(gate(app, **options), HTTP_COOKIE="theme=1; zzz=2", HTTP_SEC_FETCH_DEST="image")
    assert answer.cookie_names == ["sid", "zzz"]
    assert seen == ["zzz=2"]
    assert [(event.action, event.name, event.enforced) for event in events] == [
        ("withheld", "theme", True),
        ("withheld", "zzz", False),
        ("stripped", "_pk_id", True),
        ("stripped", "theme", True),
        ("stripped", "vid", True),
        ("stripped", "zzz", False),
    ]
    assert "was let through" in caplog.text


@pytest.mark.parametrize("raises", [False, True])
def test_nothing_changes_where_the_policy_does_not_apply(
    raises: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def applies(environ: dict[str, Any]) -> bool:
        if raises:
            raise RuntimeError("broken hook")
        return environ["PATH_INFO"] != "/outside"

    gated = gate(application(*MATRIX), applies=applies)
    outside = request(gated, path="/outside", HTTP_SEC_FETCH_DEST="image", HTTP_COOKIE="zzz=1; theme=2")
    assert outside.cookie_names == (["sid"] if raises else ["sid", "_pk_id", "theme", "vid", "zzz"])
    assert outside.environ.get("HTTP_COOKIE") == (None if raises else "zzz=1; theme=2")
    assert request(gated, path="/inside").cookie_names == ["sid"]
    assert ("applies failed" in caplog.text) is raises


def test_a_choice_made_where_the_policy_does_not_apply_is_recorded() -> None:
    app = application(*MATRIX, before=choosing(Visit.refuse_all))
    answer = request(gate(app, applies=lambda environ: False), HTTP_COOKIE="theme=1")
    assert answer.cookie_names == ["sid", "_pk_id", "theme", "vid", "zzz", "cookies_preferences"]
    assert answer.all("Cache-Control") == ["private"]


def test_the_preferences_path_is_answered_whatever_applies_says() -> None:
    gated = gate(application(), applies=lambda environ: False)
    answer = request(gated, path="/cookies", HTTP_ACCEPT="application/json")
    assert b'"needs_choice": true' in answer.body


@pytest.mark.parametrize("path", ["/cookies", "/cookies/", "/cookies/nothing"])
def test_the_preferences_path_and_what_lies_under_it_are_the_gates(path: str) -> None:
    assert request(gate(application()), path=path).body != b"body"
    assert request(gate(application(), preferences_path=None), path=path).body == b"body"
    assert request(gate(application(), preferences_path="/legal/choice"), path=path).body == b"body"


@pytest.mark.parametrize("path", ["/", "/cookiesx", "/x/cookies", ""])
def test_other_paths_are_the_applications(path: str) -> None:
    assert request(gate(application()), path=path, SCRIPT_NAME="" if path else "/x").body == b"body"


# The response


@given(response_headers, accepted)
@example([("Set-Cookie", "sid")], set())
@example([("Set-Cookie", "sid=1"), ("set-cookie", "csrftoken=2"), ("Set-Cookie ", "sid=3")], set())
@example([("Set-Cookie", "sid=\xa0"), ("Set-Cookie", "sid=1\x01"), ("X-Y", "sid=1")], set())
@example([("Set-Cookie", "sid=" + "1" * 4096), ("Set-Cookie", "sid=1")], set())
@example([("Cache-Control", "public"), ("Set-Cookie", "_pk_id=1")], {"statistical"})
@example([("X-" + "long" * 20, "1"), ("Set-Cookie", "_pk_id=1"), ("Y-" + "long" * 20, "2")], set())
def test_the_gate_sends_what_the_pure_function_returns(fields: list[tuple[str, str]], yes: set[str]) -> None:
    """In the second response as in the first, which had not met these fields."""
    judge = Judge(POLICY)
    permissions = judge.permissions(Situation(tuple((key, key in yes) for key in POLICY.digests)))
    context = ResponseContext(permissions, POLICY.necessary, now=time.time())
    expected = rewrite_response_headers(fields, judge, context).fields

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", fields)
        return []

    gated = gate(app)
    for _ in range(2):
        if find_line_break("200 OK", fields) is not None:
            with pytest.raises(ValueError, match="line break"):
                sent_by(gated, HTTP_COOKIE=cookie(POLICY, yes))
        else:
            assert sent_by(gated, HTTP_COOKIE=cookie(POLICY, yes)) == expected


def test_a_repeated_cookie_field_is_filtered_and_reported_as_the_first_was() -> None:
    """R9: hidden each time, and each time the observer hears of it."""
    events: list[Event] = []
    seen: list[str] = []
    for observer in (None, events.append):
        seen.clear()
        app = application(before=lambda environ: seen.append(environ["HTTP_COOKIE"]))
        gated = gate(app, observer=observer)
        preferences = cookie(POLICY, ["statistical"])
        for _ in range(4):
            request(gated, HTTP_COOKIE=f"zzz=1; sid=2; {preferences}; theme=3; _pk_id=4")
        assert seen == [f"sid=2; {preferences}; _pk_id=4"] * 4
    assert [event.name for event in events if event.action == "withheld"] == ["zzz", "theme"] * 4


def test_a_name_first_sent_where_the_policy_does_not_apply_is_reported_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, "consentgate")
    gated = gate(application(), applies=lambda environ: environ["PATH_INFO"] != "/static")
    for path in ("/static", "/static", "/static", "/"):
        assert "undeclared cookie 'zzz'" not in caplog.text
        request(gated, path=path, HTTP_COOKIE="zzz=1; sid=2")
    assert "undeclared cookie 'zzz'" in caplog.text


@given(sane_response_headers, accepted)
@example([("Date", "soon"), ("Set-Cookie", "_pk_id=; Expires=Thu, 01 Jan 1970 00:00:00 GMT")], set())
def test_only_allowed_cookies_and_the_gates_own_go_out(fields: list[tuple[str, str]], yes: set[str]) -> None:
    """P1, P2, and invariant (ii) through the whole gate."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", list(fields))
        return []

    outcome: list[Any] = []
    environ = environ_for(HTTP_COOKIE=cookie(POLICY, yes))
    gate(app)(environ, lambda status, headers, exc_info=None: outcome.extend((status, headers)))
    out = outcome[1]
    for name, value in out:
        if name.lower() == "set-cookie" and (name, value) not in fields:
            # A deletion that only some clocks make one is made certain (R40).
            assert value.endswith(CERTAIN_DELETION)
            assert (name, value.removesuffix(CERTAIN_DELETION)) in fields
        if name.lower() == "set-cookie" and "age=" not in value.lower() and "expires=" not in value.lower():
            assert POLICY.key_of(cookie_name(value) or "") in {"necessary", *yes}
    necessary = [f for f in fields if f[0].lower() == "set-cookie" and cookie_name(f[1]) == "sid"]
    assert [f for f in out if f[0].lower() == "set-cookie" and cookie_name(f[1]) == "sid"] == necessary


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize(
    "status",
    [
        "200 OK",
        "204 No Content",
        "301 Moved",
        "303 See Other",
        "304 Not Modified",
        "404 Not Found",
        "500 Oops",
    ],
)
def test_every_status_and_method_alike(status: str, method: str, lazy: bool) -> None:
    """R2."""
    answer = request(gate(application(*MATRIX, status=status, lazy=lazy and method != "HEAD")), method)
    assert answer.status == status
    assert answer.cookie_names == ["sid"]


def test_the_list_that_goes_on_is_always_a_new_one() -> None:
    """R90: applications keep their lists, and may edit them afterwards."""
    plain, mixed = (
        [("Content-Type", "text/plain"), ("Set-Cookie", SID)],
        [("Set-Cookie", SID), ("Set-Cookie", PK)],
    )
    for fields in (plain, mixed):
        kept = list(fields)

        def app(environ: dict[str, Any], start_response: Any, fields: Any = fields) -> list[bytes]:
            start_response("200 OK", fields)
            return []

        assert sent_by(gate(app)) is not fields
        assert fields == kept


@pytest.mark.parametrize("options", [{}, {"report_only": True}])
def test_the_applications_own_iterable_is_returned(options: dict[str, Any]) -> None:
    """P5, R87."""
    body = FileWrapper(io.BytesIO(b"x"))

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [("Set-Cookie", PK)])
        return body

    assert gate(app, **options)(environ_for(), lambda *arguments: None) is body


def test_start_response_gets_what_the_application_gave(lazy: bool) -> None:
    """R84: two arguments unless there is exc_info, and its write is returned."""
    calls: list[tuple[Any, ...]] = []

    def start_response(*arguments: Any) -> Any:
        calls.append(arguments)
        return "the server's write"

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        for error in ((), (None,), (raised,)):
            assert start_response("200 OK", [], *error) == "the server's write"
        return []

    raised = (ValueError, ValueError(), None)
    gate(app)(environ_for(), start_response)
    assert calls == [("200 OK", []), ("200 OK", []), ("200 OK", [], raised)]


def test_the_write_callable_works() -> None:
    """R89."""

    def imperative(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        write = start_response(
            "200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", SID), ("Set-Cookie", PK)]
        )
        write(b"written ")
        return [b"and returned"]

    answer = request(gate(validator(imperative)))
    assert (answer.body, answer.cookie_names) == (b"written and returned", ["sid"])


def failing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Starts one response, fails, and starts another: all of MATRIX, then SID, THEME and ZZZ."""
    start_response("200 OK", [("Content-Type", "text/plain"), *(("Set-Cookie", text) for text in MATRIX)])
    try:
        raise ValueError("late")
    except ValueError:
        error = [("Content-Type", "text/plain"), *(("Set-Cookie", text) for text in (SID, THEME, ZZZ))]
        start_response("500 Oops", error, sys.exc_info())
    return [b"sorry"]


def test_a_second_start_response_is_judged_anew_and_reported_once() -> None:
    """R86, M in A."""
    events: list[Event] = []
    answer = request(gate(validator(failing), observer=events.append))
    assert answer.status == "500 Oops"
    assert answer.cookie_names == ["sid"]
    assert sorted(event.name for event in events) == ["_pk_id", "theme", "vid", "zzz"]


def test_a_choice_is_signed_into_the_second_response_too_and_reported_once() -> None:
    events: list[Event] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        Visit.from_environ(environ).accept("internal")
        return failing(environ, start_response)

    answer = request(gate(validator(app), observer=events.append))
    assert answer.cookie_names == ["sid", "theme", "cookies_preferences"]
    assert [event.action for event in events].count("chosen") == 1


def test_the_exception_is_raised_again_by_the_server_and_kept_by_nobody() -> None:
    class Marker(Exception):
        pass

    class Held:
        pass

    held: list[weakref.ref[Held]] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        value = Held()
        held.append(weakref.ref(value))
        try:
            raise Marker
        except Marker:
            start_response("500 Oops", [("Set-Cookie", ZZZ)], sys.exc_info())
        return []

    def sent_already(status: str, headers: Any, exc_info: Any = None) -> None:
        try:
            raise exc_info[1].with_traceback(exc_info[2])
        finally:
            exc_info = None

    gc.disable()
    try:
        with pytest.raises(Marker) as caught:
            gate(app)(environ_for(), sent_already)
        frames = []
        traceback = caught.value.__traceback__
        while traceback is not None:
            frames.append(traceback.tb_frame)
            traceback = traceback.tb_next
        ours = [frame for frame in frames if frame.f_code.co_qualname == "GatedStartResponse.__call__"]
        assert len(ours) == 1
        assert ours[0].f_locals["exc_info"] is None
    finally:
        gc.enable()


def test_an_application_that_fails_or_never_starts_is_left_to_the_server() -> None:
    def broken(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        raise RuntimeError("the application's own")

    with pytest.raises(RuntimeError, match="own"):
        gate(broken)(environ_for(), lambda *arguments: None)


@pytest.mark.parametrize("set_cookie", ["cookies_preferences=mine", "cookies_preferences=; Max-Age=0"])
def test_only_the_gate_sets_the_preferences_cookie(set_cookie: str, caplog: pytest.LogCaptureFixture) -> None:
    events: list[Event] = []
    assert request(gate(application(set_cookie), observer=events.append)).set_cookies == []
    assert [event.reason for event in events] == ["the preferences cookie is the gate's to set"]
    assert "the application sets 'cookies_preferences' itself" in caplog.text


# Choices made inside the application


def test_a_choice_takes_effect_in_the_very_response_and_is_kept(lazy: bool, clock: Any) -> None:
    """R85, both directions."""
    app = application(*MATRIX, before=choosing(lambda visit: visit.accept("statistical")), lazy=lazy)
    answer = request(gate(app))
    assert answer.cookie_names == ["sid", "_pk_id", "cookies_preferences"]
    assert answer.set_cookies[-1] == (
        f"cookies_preferences={answer.token}; Max-Age=15724800; Path=/; SameSite=Lax; HttpOnly"
    )
    cached = f"cookies_preferences={answer.token}"
    assert request(gate(application(*MATRIX)), HTTP_COOKIE=cached).cookie_names == ["sid", "_pk_id"]

    refusing = application(*MATRIX, before=choosing(lambda visit: visit.refuse("statistical")), lazy=lazy)
    refused = request(gate(refusing), HTTP_COOKIE=f"{cached}; _pk_id=1", HTTP_SEC_FETCH_DEST="empty")
    # "127.0.0.1" has no parent domain: no other scope is tried.
    assert refused.cookie_names == ["sid", "cookies_preferences", "_pk_id"]
    assert refused.set_cookies[-1] == f"_pk_id=; Path=/; {DELETED}"


def test_a_partial_choice_keeps_the_day_of_every_other_answer(clock: Any) -> None:
    first = request(gate(application(before=choosing(Visit.refuse_all))))
    clock.now += 1000
    second = request(
        gate(application(before=choosing(lambda visit: visit.accept("internal")))),
        HTTP_COOKIE=f"cookies_preferences={first.token}",
    )
    assert second.token is not None
    answers = gate(application()).serializer.loads(second.token).answers
    assert {answer.category: answer.at - int(NOW) for answer in answers} == {
        "statistical": 0,
        "internal": 1000,
        "third-party": 0,
    }


def test_visits_never_renew_a_choice() -> None:
    """R12."""
    gated, chosen = gate(application(*MATRIX)), cookie(POLICY, ALL)
    for _ in range(3):
        assert "cookies_preferences" not in request(gated, HTTP_COOKIE=chosen).cookie_names


def test_yes_and_no_are_kept_equally_long() -> None:
    """R11."""
    yes, no = (
        request(gate(application(before=choosing(act)))) for act in (Visit.accept_all, Visit.refuse_all)
    )
    assert yes.set_cookies[0].partition(";")[2] == no.set_cookies[0].partition(";")[2]


@pytest.mark.parametrize(
    ("policy_options", "options", "scheme", "expected"),
    [
        ({}, {}, "http", "cookies_preferences=T; Max-Age=15724800; Path=/; SameSite=Lax; HttpOnly"),
        ({}, {}, "https", "cookies_preferences=T; Max-Age=15724800; Path=/; SameSite=Lax; Secure; HttpOnly"),
        (
            {},
            {"cookie_secure": False},
            "https",
            "cookies_preferences=T; Max-Age=15724800; Path=/; SameSite=Lax; HttpOnly",
        ),
        (
            {},
            {"cookie_secure": True, "cookie_httponly": False},
            "http",
            "cookies_preferences=T; Max-Age=15724800; Path=/; SameSite=Lax; Secure",
        ),
        (
            {"cookie_domain": "example.org", "cookie_lifetime": "1 day"},
            {},
            "http",
            "cookies_preferences=T; Max-Age=86400; Path=/; SameSite=Lax; Domain=example.org; HttpOnly",
        ),
        (
            {"cookie_name": "__Host-cookies_preferences"},
            {},
            "https",
            "__Host-cookies_preferences=T; Max-Age=15724800; Path=/; SameSite=Lax; Secure; HttpOnly",
        ),
    ],
)
def test_the_preferences_cookie_by_scheme_and_option(
    policy_options: dict[str, Any], options: dict[str, Any], scheme: str, expected: str
) -> None:
    """R44."""
    policy = make_policy(**policy_options)
    answer = request(
        gate(application(before=choosing(Visit.refuse_all)), policy, **options), **{"wsgi.url_scheme": scheme}
    )
    assert answer.token is not None
    assert answer.set_cookies == [expected.replace("=T;", f"={answer.token};")]


def test_a_secure_name_on_http_is_one_warning_that_names_the_proxy_setting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gated = gate(application(before=choosing(Visit.refuse_all)), make_policy(cookie_name="__Host-c"))
    for _ in range(3):
        assert "Secure" in request(gated).set_cookies[0]
    assert len(caplog.records) == 1
    assert "x_proto=1" in caplog.text


# Expiring


def expired(
    *arguments: str, headers: Any = (), app_cookies: Any = (), options: Any = None, **extra: Any
) -> list[str]:
    gated = gate(application(*app_cookies, headers=headers), **(options or {}))
    return request(gated, *arguments, **extra).set_cookies


def test_a_refused_cookie_that_is_sent_is_expired_in_its_declared_scopes() -> None:
    """R10, R37, R38."""
    seen = "vid=1; _pk_ses.9=2; zzz=3; sid=4"
    assert expired(HTTP_COOKIE=seen) == [
        f"vid=; Path=/shop; {DELETED}; Domain=example.org",
        f"_pk_ses.9=; Path=/; {DELETED}",
    ]
    assert expired(HTTP_COOKIE=seen, HTTP_SEC_FETCH_DEST="document") == expired(HTTP_COOKIE=seen)


@pytest.mark.parametrize(
    ("arguments", "extra", "headers", "options"),
    [
        pytest.param((), {"HTTP_SEC_FETCH_DEST": "image"}, (), {}, id="a passive subresource"),
        pytest.param((), {"HTTP_SEC_FETCH_SITE": "cross-site"}, (), {}, id="the answers held back"),
        pytest.param((), {}, [("Cache-Control", "public, max-age=60")], {}, id="kept by shared caches"),
        pytest.param((), {}, [("Cache-Control", "max-age=60")], {}, id="kept by shared caches, implicitly"),
        pytest.param((), {}, (), {"expire_unaccepted": False}, id="turned off"),
        pytest.param((), {}, (), {"report_only": True}, id="only reported"),
        pytest.param((), {}, (), {"applies": lambda environ: False}, id="the policy does not apply"),
    ],
)
@pytest.mark.parametrize("filter_requests", [True, False])
def test_some_responses_expire_nothing(
    arguments: Any, extra: Any, headers: Any, options: Any, filter_requests: bool
) -> None:
    options = {**options, "filter_requests": filter_requests}
    assert expired(*arguments, headers=headers, options=options, HTTP_COOKIE="theme=1", **extra) == []


def test_expiring_does_not_need_filtering() -> None:
    assert expired(options={"filter_requests": False}, HTTP_COOKIE="theme=1; sid=2") == [
        f"theme=; Path=/; {DELETED}"
    ]
    assert expired(options={"filter_requests": False}, HTTP_COOKIE="sid=2") == []


def test_a_cookie_the_application_deletes_is_not_expired_by_the_gate() -> None:
    """R39."""
    assert expired(app_cookies=["theme=; Max-Age=0"], HTTP_COOKIE="theme=1") == ["theme=; Max-Age=0"]


def test_expiring_has_a_budget_and_everything_its_turn() -> None:
    gated = gate(application())
    seen = "; ".join(f"_pk_ses.{number:03}=1" for number in range(150))
    names: set[str] = set()
    for _ in range(4):
        answer = request(gated, HTTP_COOKIE=seen)
        assert 2900 < sum(len(f"Set-Cookie: {line}\r\n") for line in answer.set_cookies) <= 3072
        names |= set(answer.cookie_names)
    assert len(names) == 150


def test_a_refusal_expires_at_once_whatever_the_request_was() -> None:
    """R8."""
    gated = gate(application(before=choosing(Visit.refuse_all)))
    answer = request(
        gated, "POST", HTTP_COOKIE=f"{cookie(POLICY, ALL)}; theme=1", HTTP_SEC_FETCH_DEST="empty"
    )
    assert answer.cookie_names == ["cookies_preferences", "theme"]


# Caching honesty

PUBLIC = [("Cache-Control", "public, max-age=60"), ("CDN-Cache-Control", "max-age=600")]


def test_a_response_with_a_gated_cookie_is_private() -> None:
    """R77, R79."""
    answer = request(gate(application(PK, headers=PUBLIC)), HTTP_COOKIE=cookie(POLICY, ALL))
    assert answer.all("Cache-Control") == ["max-age=60, private"]
    assert answer.all("CDN-Cache-Control") == []
    assert answer.set_cookies == [PK]


@pytest.mark.parametrize("set_cookies", [(), (SID,), (PK, ZZZ), (f"theme=; {DELETED}",)])
def test_stripping_alone_changes_nothing_else(set_cookies: tuple[str, ...]) -> None:
    """R80, R81."""
    answer = request(gate(application(*set_cookies, headers=PUBLIC)))
    assert answer.headers[:3] == [("Content-Type", "text/plain"), *PUBLIC]
    assert answer.all("Vary") == []


@pytest.mark.parametrize("status", ["200 OK", "304 Not Modified"])
def test_an_answer_that_depends_on_the_visitor_says_so(status: str, lazy: bool) -> None:
    app = application(
        status=status,
        before=choosing(lambda visit: visit.needs_choice),
        headers=[("Vary", "Accept")],
        lazy=lazy,
    )
    assert request(gate(app)).all("Vary") == ["Accept, Cookie"]


def test_a_first_question_after_the_response_has_started_is_reported_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield str(Visit.from_environ(environ).needs_choice).encode()

    gated = gate(validator(app))
    for _ in range(2):
        assert request(gated).all("Vary") == []
    assert len(caplog.records) == 1
    assert "ask before start_response" in caplog.text


# Report-only


@given(cookie_strings, sane_response_headers, accepted)
def test_report_only_is_identity_on_headers_with_the_events_of_enforcing(
    cookie_string: str, fields: list[tuple[str, str]], yes: set[str]
) -> None:
    """Invariant (vi), R98."""
    reported: dict[bool, list[Any]] = {}
    whole = f"{cookie(POLICY, yes)}; {cookie_string}"
    for report_only in (True, False):
        events: list[Event] = []

        def app(environ: dict[str, Any], start_response: Any, report_only: bool = report_only) -> list[bytes]:
            assert environ["HTTP_COOKIE"] is whole or not report_only
            start_response("200 OK", fields)
            return []

        gated = gate(app, report_only=report_only, observer=events.append)
        fields_sent = sent_by(gated, HTTP_COOKIE=whole)
        reported[report_only] = [(e.action, e.name, e.category, e.direction, e.reason) for e in events]
        assert all(event.enforced is not report_only for event in events)
        assert fields_sent == fields or not report_only
    assert reported[True] == reported[False]


def test_report_only_adds_one_line_and_only_when_the_application_chose() -> None:
    gated = gate(application(*MATRIX, before=choosing(Visit.refuse_all), headers=PUBLIC), report_only=True)
    answer = request(gated, HTTP_COOKIE=f"{cookie(POLICY, ALL)}; theme=1")
    assert answer.cookie_names == ["sid", "_pk_id", "theme", "vid", "zzz", "cookies_preferences"]
    assert answer.all("Cache-Control") == ["max-age=60, private"]


# Gates inside gates


def test_a_gate_inside_its_equal_leaves_all_but_stripping_to_it() -> None:
    """R96, invariant (v)."""
    events: list[Event] = []
    options: dict[str, Any] = {"observer": events.append}
    app = application(*MATRIX, before=choosing(lambda visit: visit.accept("internal")))
    once = request(gate(app, **options), HTTP_COOKIE="vid=1; zzz=2")
    single, events[:] = list(events), []
    twice = request(gate(gate(app, make_policy(), **options), **options), HTTP_COOKIE="vid=1; zzz=2")
    assert twice.cookie_names == once.cookie_names
    assert len(events) == len(single)


def test_gates_that_differ_both_apply() -> None:
    outer = Policy(
        [
            Category("necessary", basis=Basis.NECESSARY, cookies=["sid", "theme", "cookies_preferences"]),
        ],
        cookie_name="outer",
    )
    gated = gate(gate(application(*MATRIX)), outer, preferences_path=None)
    assert request(gated).cookie_names == ["sid"]
    accepting = gate(
        gate(application(*MATRIX, before=choosing(Visit.accept_all))), outer, preferences_path=None
    )
    assert request(accepting).cookie_names == ["sid", "theme", "cookies_preferences"]


def test_an_environ_that_is_used_again_is_gated_again() -> None:
    gated = gate(application(*MATRIX))
    answer = request(gated)
    sent: list[Any] = []
    iterable = gated(answer.environ, lambda status, headers, exc_info=None: sent.append(headers) or print)
    list(iterable)
    iterable.close()  # type: ignore[attr-defined]
    assert [value for name, value in sent[0] if name == "Set-Cookie"] == [SID]


def test_long_cookie_fields_are_searched_once_sprayed_names_are_known() -> None:
    """P3, whichever way it is filtered."""
    seen: list[str] = []
    gated = gate(application(before=lambda environ: seen.append(environ.get("HTTP_COOKIE", ""))))
    sprayed = "; ".join(f"spray{number}=1" for number in range(300))
    token = cookie(POLICY, [])
    for _ in range(3):
        request(gated, HTTP_COOKIE=f"sid=1; {sprayed}; csrftoken=2; {token}; sid=3")
        request(gated, HTTP_COOKIE=sprayed)
    assert seen == [f"sid=1; csrftoken=2; {token}; sid=3", ""] * 3


def test_a_forged_preferences_cookie_is_reported_even_if_nothing_is_filtered() -> None:
    events: list[Event] = []
    gated = gate(application(), filter_requests=False, observer=events.append)
    request(gated, HTTP_COOKIE="zzz=1; cookies_preferences=forged")
    assert [(event.action, event.name) for event in events] == [("withheld", "cookies_preferences")]


# Failing closed for cookies, open for the site


def test_an_error_in_reading_costs_the_choice_not_the_page(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """R97."""
    monkeypatch.setattr(TokenReader, "read", broken)
    answer = request(gate(application(*MATRIX)), HTTP_COOKIE=cookie(POLICY, ALL))
    assert (answer.body, answer.cookie_names) == (b"body", ["sid"])
    assert "reading the preferences cookie failed" in caplog.text


def test_an_error_in_filtering_hides_gated_cookies_and_serves_the_page(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[object] = []
    gated = gate(application(before=lambda environ: seen.append(environ.get("HTTP_COOKIE"))))
    monkeypatch.setattr(gated, "_filter", broken)
    answer = request(gated, HTTP_COOKIE=f"sid=1; _pk_id=2; {cookie(POLICY, ALL)}")
    assert answer.body == b"body"
    assert seen == ["sid=1"]
    assert "filtering the Cookie field failed" in caplog.text


@pytest.mark.parametrize("report_only", [False, True])
def test_an_error_in_judging_costs_gated_cookies_not_the_page(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, report_only: bool
) -> None:
    gated = gate(application(*MATRIX), report_only=report_only)
    monkeypatch.setattr(gated._reporter, "cookies", broken)
    answer = request(gated, HTTP_COOKIE=cookie(POLICY, ALL))
    assert answer.body == b"body"
    assert answer.cookie_names == (["sid", "_pk_id", "theme", "vid", "zzz"] if report_only else ["sid"])
    assert "judging a response failed" in caplog.text


def test_an_error_in_adding_costs_gated_cookies_not_the_page(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("consentgate.gate.start_response.rewrite_response_headers", broken)
    app = application(*MATRIX, before=choosing(Visit.accept_all))
    answer = request(gate(app))
    assert (answer.body, answer.cookie_names) == (b"body", ["sid"])
    assert "judging a response failed" in caplog.text


@pytest.mark.parametrize("report_only", [False, True])
def test_after_an_error_a_page_that_asked_stays_out_of_shared_caches(
    monkeypatch: pytest.MonkeyPatch, report_only: bool
) -> None:
    monkeypatch.setattr("consentgate.gate.start_response.rewrite_response_headers", broken)
    lasting = "theme=3; Expires=Fri, 31 Dec 2038 23:59:59 GMT"
    app = application(lasting, before=choosing(lambda visit: visit.allows("statistical")))
    answer = request(gate(app, report_only=report_only))
    assert answer.all("Vary") == ["Cookie"]
    assert answer.all("Cache-Control") == ["private"]


@pytest.mark.parametrize(
    ("policy_options", "scheme", "is_said"),
    [
        ({}, "https", True),
        ({}, "http", False),
        ({"cookie_name": "__Host-choice"}, "https", False),
        ({"cookie_name": "__host-choice"}, "https", False),
        ({"cookie_domain": "example.org"}, "https", False),
    ],
)
def test_a_preferences_cookie_that_another_host_can_set_is_logged_once(
    policy_options: dict[str, str], scheme: str, is_said: bool, caplog: pytest.LogCaptureFixture
) -> None:
    policy = Policy([Category("a", cookies=["b"])], **policy_options)  # type: ignore[arg-type]
    gated = policy.wrap(application(before=choosing(Visit.accept_all)), secret_key=KEY)
    for _ in range(2):
        request(gated, **{"wsgi.url_scheme": scheme})
    lines = [line for line in caplog.messages if "another host of the same domain can set" in line]
    assert len(lines) == is_said
    assert all(repr(policy.cookie_name) in line for line in lines)


def broken(*arguments: Any, **options: Any) -> Any:
    raise RuntimeError("injected")


def test_a_failing_observer_never_breaks_a_response() -> None:
    assert request(gate(application(*MATRIX), observer=broken)).cookie_names == ["sid"]


# Wiring


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((None,), {"secret_key": "short"}, "16 are needed"),
        ((None,), {}, "app must be a WSGI application, not None"),
        ((print,), {"undeclared": "x"}, "undeclared must be"),
        ((print,), {"trusted_origins": ["x"]}, "trusted_origins"),
    ],
)
def test_a_mistake_is_named_and_the_key_looked_at_first(arguments: Any, options: Any, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        gate(*arguments, **options)
    assert message in str(caught.value)


def test_a_policy_is_a_policy() -> None:
    with pytest.raises(PolicyError, match="policy must be a Policy"):
        ConsentGate(print, "policy.toml", secret_key=KEY)  # type: ignore[arg-type]


def test_values_and_addresses_are_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    """R99, R16."""
    events: list[Event] = []
    with caplog.at_level(logging.DEBUG, "consentgate"):
        request(
            gate(
                application("theme=SECRET-1", "zzz=SECRET-2", before=choosing(Visit.refuse_all)),
                observer=events.append,
            ),
            HTTP_COOKIE="vid=SECRET-3; yyy=SECRET-4; cookies_preferences=SECRET-5",
            REMOTE_ADDR="203.0.113.9",
            HTTP_USER_AGENT="SECRET-6",
        )
    assert len(events) == 7
    for text in (caplog.text, repr(events), " ".join(map(str, events))):
        assert "SECRET" not in text
        assert "203.0.113.9" not in text
