"""Reports of a response: to whom each cookie is reported, and which warnings are logged, in full."""

from collections.abc import Iterable
from typing import Any

import pytest

from consentgate import Basis, Category, ConsentGate, Cookie, Event, Policy, Visit
from consentgate.gate.reporting import ResponseReport
from consentgate.gate.response import JudgedFields
from consentgate.headers.set_cookie import http_date
from consentgate.testing.driving import drive
from tests.conftest import ATTESTED, KEY, NOW, application, cookie, environ_for, make_policy, request
from tests.gate.test_events import Wants
from tests.gate.test_faults import lines_of, setting
from tests.gate.test_middleware import choosing, gate

IN_A_MINUTE = f"; Path=/; Expires={http_date(NOW + 60)}"


# Events


def test_each_cookie_of_a_response_is_an_event_with_what_it_states(clock: Any) -> None:
    events = Wants()
    app = application(*(f"{name}=1{IN_A_MINUTE}" for name in ("sid", "theme", "zzz")))
    request(gate(app, observer=events))
    assert [(each.action, each.name, each.direction) for each in events] == [
        ("stripped", "theme", "response"),
        ("stripped", "zzz", "response"),
        ("passed", "sid", "response"),
    ]
    assert [each.cookie.lifetime for each in events if each.cookie] == [60, 60, 60]


def test_a_response_of_necessary_cookies_is_reported_to_observers_that_want_them() -> None:
    events = Wants()
    request(gate(application("sid=1; Path=/"), observer=events))
    assert [(each.action, each.name) for each in events] == [("passed", "sid")]


@pytest.mark.parametrize("enforced", [False, True])
def test_a_restarted_response_reports_each_cookie_once(enforced: bool, clock: Any) -> None:
    events: list[Event] = []
    options = {"report_only": not enforced, "undeclared": "report"}

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        for error in (None, *2 * [(RuntimeError, RuntimeError(), None)]):
            fields = [("Set-Cookie", f"{name}=1{IN_A_MINUTE}") for name in ("theme", "zzz")]
            start_response("200 OK", fields, error)
        return [b""]

    drive(gate(app, observer=events.append, **options), environ_for(HTTP_COOKIE="_pk_id=1"))
    assert [(each.action, each.name, each.enforced) for each in events] == [
        ("withheld", "_pk_id", enforced),
        ("stripped", "theme", enforced),
        ("stripped", "zzz", False),
        ("expired", "_pk_id", enforced),
    ]
    assert [each.cookie.lifetime for each in events if each.cookie] == [60, 60]


def test_a_choice_is_reported_once_with_its_second(clock: Any) -> None:
    events: list[Event] = []
    app = application(before=choosing(lambda visit: visit.accept("internal")))
    request(gate(app, observer=events.append))
    (event,) = events
    assert (event.action, event.at) == ("chosen", NOW)
    assert [answer.category for answer in event.answers] == ["internal"]


def test_an_undeclared_cookie_is_advised_with_the_lifetime_it_states(
    clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    request(gate(application(f"zzz=1{IN_A_MINUTE}")))
    (line,) = lines_of(caplog)
    assert line.endswith('name = "zzz"\nlifetime = "1 minute"')


# Cookies that browsers refuse


@pytest.mark.parametrize(
    ("line", "is_warned_of"),
    [
        ("sid=1\x07", True),
        ("theme=1\x07", False),
        ("zzz=1; SameSite=None", False),
        ("theme=1; SameSite=None", False),
        ("sid=1; Path=/", False),
    ],
)
def test_only_a_necessary_cookie_is_worth_a_warning_that_browsers_refuse_it(
    line: str, is_warned_of: bool, caplog: pytest.LogCaptureFixture
) -> None:
    policy = make_policy()
    gated = gate(setting(line), policy, observer=Wants())
    for _ in range(2):
        drive(gated, environ_for(HTTP_COOKIE=cookie(policy, ["internal"])))
    found = [each for each in lines_of(caplog) if "browsers refuse" in each]
    assert len(found) == is_warned_of
    assert all(each.startswith("browsers refuse the necessary cookie 'sid': it holds a") for each in found)


# Other scopes than declared


def scoped(line: str, environ: dict[str, Any]) -> ConsentGate:
    """A gate that has seen the application set this cookie twice; the observer makes it judge each."""
    policy = Policy([Category("maps", cookies=[Cookie("tile", domain="site.test", path="/maps")])])
    gated = policy.wrap(application(line), secret_key=KEY, observer=Wants())
    for _ in range(2):
        request(gated, HTTP_HOST="www.site.test", HTTP_COOKIE=cookie(policy, ["maps"]), **environ)
    return gated


@pytest.mark.parametrize(
    ("line", "environ", "shown"),
    [
        ("tile=1; Path=/maps; Domain=site.test", {}, None),
        ("tile=1; Path=/maps", {}, "Path=/maps and Domain=none"),
        ("tile=1; Path=/other; Domain=site.test", {}, "Path=/other and Domain=site.test"),
        ("tile=1; Domain=site.test", {"SCRIPT_NAME": "/wiki", "PATH_INFO": "/a/b"}, "Path=/wiki/a and"),
        ("tile=1; Domain=site.test", {"SCRIPT_NAME": "/maps", "PATH_INFO": "/b"}, None),
    ],
)
def test_a_scope_that_is_not_declared_is_warned_of_once(
    line: str, environ: dict[str, Any], shown: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    scoped(line, environ)
    lines = lines_of(caplog)
    assert len(lines) == (shown is not None)
    for each in lines:
        assert each.startswith("the cookie 'tile' is set with Path=/") and f"with {shown}" in each
        assert each.endswith(
            "declared otherwise; a refusal removes it for sure only if the policy declares both"
        )


def test_a_scope_is_remembered_without_a_warning_where_it_is_declared() -> None:
    gated = scoped("tile=1; Path=/maps; Domain=site.test", {})
    assert [scope.path for scope in gated._seen_scopes.of("tile")] == ["/maps"]


def test_the_scope_of_a_necessary_cookie_is_neither_kept_nor_warned_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gated = gate(application("sid=1; Path=/deep"), make_policy(), observer=Wants())
    request(gated)
    assert gated._seen_scopes.of("sid") == () and lines_of(caplog) == []


# Cookies that stay


@pytest.mark.parametrize(
    ("basis", "accepted", "is_warned_of"),
    [("consent", False, True), ("consent", None, False), ("exempt", False, True)],
)
def test_only_a_refused_cookie_is_warned_of_as_still_sent(
    basis: str, accepted: bool | None, is_warned_of: bool, clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    attestation = ATTESTED if basis == "exempt" else None
    policy = Policy(
        [
            Category("stats", basis=Basis(basis), attestation=attestation, cookies=["_pk_id"]),
            Category("maps", cookies=["tile"]),
        ]
    )
    gated = policy.wrap(application(), secret_key=KEY)
    sent = "" if accepted is None else cookie(policy, at=clock.now)
    clock.now += 61
    for _ in range(2):
        request(gated, HTTP_COOKIE=f"{sent}; _pk_id=1")
    lines = [each for each in lines_of(caplog) if "still sent" in each]
    assert lines == is_warned_of * [
        "the refused cookie '_pk_id' is still sent a minute after it was refused: declare the domain and "
        "path it is set with, or stop the script that sets it"
    ]


def test_a_cookie_that_a_signal_denies_is_not_warned_of_as_still_sent(
    clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    policy = Policy([Category("ads", cookies=["fr"], sale_or_share=True), Category("maps", cookies=["tile"])])
    gated = policy.wrap(application(), secret_key=KEY)
    sent = cookie(policy, at=clock.now)
    clock.now += 61
    request(gated, HTTP_COOKIE=f"{sent}; fr=1", HTTP_SEC_GPC="1")
    assert lines_of(caplog) == []


def test_each_response_goes_on_expiring_where_the_last_one_ended() -> None:
    policy = make_policy()
    gated = gate(application(), policy)
    sent = "; ".join(f"_pk_ses.{number:03d}=1" for number in range(200))
    names = [request(gated, HTTP_COOKIE=sent).cookie_names for _ in range(2)]
    count = len(names[0])
    assert names[0] + names[1] == [f"_pk_ses.{number:03d}" for number in range(2 * count)]


# The scheme of the preferences cookie


@pytest.mark.parametrize(
    ("scheme", "secure", "is_warned_of"),
    [("http", True, True), ("http", False, False), ("http", None, False), ("https", True, False)],
)
def test_a_secure_preferences_cookie_on_http_is_warned_of(
    scheme: str, secure: bool | None, is_warned_of: bool, caplog: pytest.LogCaptureFixture
) -> None:
    policy = make_policy()
    app = application(before=choosing(lambda visit: visit.refuse_all()))
    gated = gate(app, policy, cookie_secure=secure)
    for _ in range(2):
        request(gated, **{"wsgi.url_scheme": scheme})
    lines = [each for each in lines_of(caplog) if "Secure preferences cookie" in each]
    assert len(lines) == is_warned_of


# Line breaks, where the gate only reports


def test_a_line_break_that_is_only_reported_is_logged_once_whatever_field_holds_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [(environ["PATH_INFO"][1:], "a\nb")])
        return []

    gated = gate(app, report_only=True)
    for name in ("X-One", "X-Two"):
        drive(gated, environ_for(path=f"/{name}"))
    assert lines_of(caplog) == ["the application put a line break or NUL into the field 'X-One'"]


# Gates in gates


def test_an_inner_gate_reports_what_it_strips_with_what_it_states(clock: Any) -> None:
    events: list[Event] = []
    inner = gate(application(f"theme=1{IN_A_MINUTE}"), observer=events.append)
    request(gate(inner, observer=events.append))
    assert [(each.name, each.cookie and each.cookie.lifetime) for each in events] == [("theme", 60)]


@pytest.mark.parametrize("options", [{"report_only": True}, {"secret_key": "k" * 16}])
def test_a_gate_that_differs_in_anything_does_the_whole_work(options: dict[str, Any]) -> None:
    visits: list[Visit] = []
    app = application(before=lambda environ: visits.append(Visit.from_environ(environ)))
    inner = gate(app, **options)
    request(gate(inner))
    assert visits[0]._gate is inner


def test_the_report_takes_no_notice_of_cookies_where_the_policy_does_not_apply() -> None:
    events = Wants()
    request(gate(application("theme=1"), observer=events, applies=lambda environ: False))
    assert events == []


def test_a_report_of_nothing_reports_nothing(caplog: pytest.LogCaptureFixture) -> None:
    visits: list[Visit] = []
    gated = gate(application(before=lambda environ: visits.append(Visit.from_environ(environ))))
    request(gated)
    report = ResponseReport(gated, visits[0], enforced=True)
    report.stripped(JudgedFields([], [], [], [], [], [], []), NOW)
    report.passed(JudgedFields([], [], [], [], [], [], []), NOW)
    report.expired([], NOW)
    assert caplog.records == []
