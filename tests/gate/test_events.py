"""Events and the log: names, never values; bounded; never in the way (R97, R99)."""

import logging
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from consentgate import Event, Policy, PolicyError, Preferences
from consentgate.catalogue.lifetimes import duration
from consentgate.consent.preferences import answers_to
from consentgate.consent.verdict import Judge, JudgedCookie, Permissions, Reason, Situation, answer_key
from consentgate.events import LONGEST_NAME, Reporter, check_observers, cut_name
from consentgate.gate.request import filter_cookie_string
from consentgate.gate.response import judge_set_cookies
from consentgate.headers.set_cookie import MAX_LIFETIME, http_date, stated_attributes
from tests.conftest import NOW, make_policy
from tests.strategies import NATIVE, TOKEN_CHARACTERS, cookie_strings, response_headers

POLICY = make_policy()
JUDGE = Judge(POLICY)
CHOSEN = Preferences(answers_to(POLICY, {"statistical": False}, 0))
KEYS = [category.key for category in POLICY.categories]


def permissions(judge: Judge = JUDGE) -> Permissions:
    return judge.permissions(Situation(answer_key(CHOSEN)))


def reporter(*observers: Any, report_only: bool = False) -> Reporter:
    return Reporter(observers, POLICY.cookie_name, KEYS, report_only=report_only)


def stripped(*lines: str) -> list[JudgedCookie]:
    """The cookies that are stripped of these."""
    return judge_set_cookies([("Set-Cookie", line) for line in lines], JUDGE, permissions(), NOW).stripped


def withheld(cookie_string: str) -> tuple[JudgedCookie, ...]:
    return filter_cookie_string(cookie_string, JUDGE, permissions(), ()).withheld


class Records(logging.Handler):
    """The log records."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    @property
    def messages(self) -> list[str]:
        return [record.getMessage() for record in self.records]


@pytest.fixture
def logged() -> Iterator[Records]:
    handler, logger = Records(), logging.getLogger("consentgate")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


class Wants(list[Event]):
    """An observer of every cookie."""

    wants_cookies = True

    def __call__(self, event: Event) -> None:
        self.append(event)


def test_each_cookie_is_an_event_with_its_reason() -> None:
    events: list[Event] = []
    report = reporter(events.append)
    cookies = stripped("_pk_id=1", "theme=1", "zzz=1", "x", "cookies_preferences=1", "sid=\x07")
    report.cookies("stripped", cookies, NOW, enforced=True)
    report.cookies("withheld", withheld("cookies_preferences=1"), NOW, enforced=False)
    assert [(event.name, event.category, event.reason) for event in events] == [
        ("_pk_id", "statistical", "refused"),
        ("theme", "internal", "not accepted"),
        ("zzz", None, "undeclared"),
        ("", None, "no name all browsers agree on"),
        ("cookies_preferences", None, "the preferences cookie is the gate's to set"),
        ("sid", "necessary", "no browser would store it"),
        ("cookies_preferences", None, "not genuine, or no longer valid"),
    ]
    assert {event.direction for event in events[:-1]} == {"response"}
    assert str(events[0]) == "response: cookie '_pk_id' (statistical) stripped: refused"
    assert str(events[-1]).startswith("request: cookie 'cookies_preferences' would be withheld: not genuine")


def test_an_event_holds_the_attributes_a_field_states() -> None:
    events: list[Event] = []
    line = "zzz=secret; Path=/wiki; Domain=.Example.org; Max-Age=60"
    reporter(events.append).cookies("stripped", stripped(line), NOW, enforced=True)
    assert events[0].cookie == stated_attributes(line, NOW)
    reporter(events.append).cookies("withheld", withheld("zzz=1"), NOW, enforced=True)
    assert events[1].cookie is None


@given(response_headers, cookie_strings, st.booleans())
@example([("Set-Cookie", "secret; Path=/secret")], "secret; zzz=secret", True)
def test_no_value_is_ever_in_an_event_or_a_log_line(
    fields: list[tuple[str, str]], cookie_string: str, report_only: bool
) -> None:
    """R99: names only, cut."""
    marked = [(name, f"{value.partition('=')[0]}=SECRET{value.partition('=')[2]}") for name, value in fields]
    sent = ";".join(f"{pair.partition('=')[0]}=SECRET" for pair in cookie_string.split(";")) + ";SECRET"
    events: list[Event] = []
    handler, logger = Records(), logging.getLogger("consentgate")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        report = reporter(events.append, report_only=report_only)
        judged = judge_set_cookies(marked, JUDGE, permissions(), NOW)
        report.cookies("stripped", judged.stripped, NOW, enforced=not report_only)
        report.cookies("withheld", withheld(sent), NOW, enforced=not report_only)
        report.passed(judged.passed, "response", NOW)
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)
    assert "SECRET" not in repr(events)
    assert "SECRET" not in "".join(handler.messages)
    assert all(len(event.name) <= LONGEST_NAME + 1 for event in events)


def test_a_choice_is_an_event_that_can_be_kept_as_a_record(caplog: pytest.LogCaptureFixture) -> None:
    """R14: time, answers, digests; no identity."""
    events: list[Event] = []
    with caplog.at_level(logging.INFO, "consentgate"):
        reporter(events.append).choice(CHOSEN, 5)
    (event,) = events
    assert (event.action, event.name, event.at, event.answers) == (
        "chosen",
        "cookies_preferences",
        5,
        CHOSEN.answers,
    )
    assert "a choice was recorded" in caplog.text


def test_the_same_goes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "consentgate"):
        assert reporter().has_listeners
        reporter().cookies("stripped", stripped("theme=1"), NOW, enforced=True)
    assert [record.message for record in caplog.records] == [
        "response: cookie 'theme' (internal) stripped: not accepted"
    ]


def test_nobody_listens_without_an_observer_or_debug_logging(logged: Records) -> None:
    assert not reporter().has_listeners
    reporter().cookies("stripped", stripped("theme=1"), NOW, enforced=True)
    assert logged.records == []
    assert reporter(print).has_listeners


def test_a_failing_observer_is_logged_and_keeps_no_other_from_its_event(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(event: Event) -> None:
        raise RuntimeError("broken")

    events: list[Event] = []
    report = reporter(broken, events.append)
    report.cookies("stripped", stripped("theme=1"), NOW, enforced=True)
    assert len(events) == 1
    assert "the observer failed; the response goes on without it" in caplog.text
    assert "RuntimeError: broken" in caplog.text


def test_passed_cookies_are_reported_to_observers_that_want_them(caplog: pytest.LogCaptureFixture) -> None:
    others: list[Event] = []
    wants = Wants()
    report = reporter(others.append, wants)
    assert report.wants_cookies
    assert not reporter(others.append).wants_cookies
    passed = judge_set_cookies(
        [("Set-Cookie", "sid=1; Path=/; Max-Age=60")], JUDGE, permissions(), NOW
    ).passed
    with caplog.at_level(logging.DEBUG, "consentgate"):
        report.passed(passed, "response", NOW)
    assert (others, caplog.records) == ([], [])
    (event,) = wants
    assert (event.action, event.name, event.category, event.reason) == (
        "passed",
        "sid",
        "necessary",
        "necessary",
    )
    assert event.cookie is not None and event.cookie.lifetime == 60
    report.cookies("stripped", stripped("theme=1"), NOW, enforced=True)
    assert [event.action for event in others] == ["stripped"]
    assert [event.action for event in wants] == ["passed", "stripped"]


def test_a_failing_observer_of_passed_cookies_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Wants):
        def __call__(self, event: Event) -> None:
            raise RuntimeError("broken")

    wants = Wants()
    reporter(Broken(), wants).passed(withheld("theme=1"), "request", NOW)
    assert "the observer failed" in caplog.text
    assert len(wants) == 1


def test_names_are_cut_at_128_characters() -> None:
    assert cut_name("x" * 128) == "x" * 128
    assert cut_name("x" * 129) == "x" * 128 + "…"
    events: list[Event] = []
    reporter(events.append).cookies("withheld", withheld(f"{'x' * 4000}=1"), NOW, enforced=True)
    assert events[0].name == "x" * 128 + "…"


def test_an_event_is_reported_once_a_response() -> None:
    """Some applications start their response twice, and some set a cookie twice."""
    events: list[Event] = []
    report = reporter(events.append)
    reported: set[Any] = set()
    for _ in range(2):
        report.cookies("stripped", stripped("theme=1", "theme=2"), NOW, enforced=True, reported=reported)
    report.cookies("expired", stripped("theme=1"), NOW, enforced=True, reported=reported)
    report.cookies("stripped", stripped("theme=1"), NOW, enforced=False, reported=reported)
    assert [(event.action, event.enforced) for event in events] == [
        ("stripped", True),
        ("expired", True),
        ("stripped", False),
    ]
    report.cookies("stripped", stripped("theme=1", "theme=2"), NOW, enforced=True)
    assert len(events) == 5


# Undeclared cookies.


def declared(message: str, key: str = "new") -> Policy:
    """The policy that the declaration in a log line makes, pasted below a category."""
    _, _, pasted = message.partition(":\n")
    text = f'[[category]]\nkey = "{key}"\n{pasted}\n'
    assert "[[category.cookie]]" in text
    return Policy.from_dict(tomllib.loads(text))


def warning_about(cookies: Any, *, enforced: bool = True, action: Any = "stripped") -> logging.LogRecord:
    handler, logger = Records(), logging.getLogger("consentgate")
    logger.addHandler(handler)
    try:
        report = reporter()
        for _ in range(2):
            report.cookies(action, cookies, NOW, enforced=enforced)
    finally:
        logger.removeHandler(handler)
    (record,) = handler.records
    assert record.levelno == logging.WARNING
    return record


lifetimes = (
    st.just("")
    | st.integers(-5, 2 * MAX_LIFETIME).map("; Max-Age={}".format)
    | st.integers(-5, 2 * MAX_LIFETIME).map(lambda seconds: f"; Expires={http_date(NOW + seconds)}")
)
paths = st.sampled_from(["", "; Path=/", "; Path=/wiki", '; Path=/a"b\\c%d', "; Path=x"])
domains = st.sampled_from(["", "; Domain=example.org", "; Domain=.Example.ORG"])


@given(st.text(TOKEN_CHARACTERS + '"\\\xe9\xa0 %s', min_size=1, max_size=128), paths, domains, lifetimes)
@example("100%s", "; Path=/%d", "", "; Max-Age=34127999")
@example('a"b\\', "", "", "; Expires=Fri, 31 Dec 2038 23:59:59 GMT")
def test_the_declaration_to_paste_declares_that_very_cookie(
    name: str, path: str, domain: str, lifetime: str
) -> None:
    assume(name == name.strip(" \t") and POLICY.key_of(name) is None and not name.startswith("__"))
    line = f"{name}=1{path}{domain}{lifetime}"
    cookies = stripped(line)
    assume(cookies)  # some of these lifetimes delete
    message = warning_about(cookies).getMessage()
    assert message.startswith(f"undeclared cookie {name!r} in a response was stripped; if the site uses it, ")
    assert "(necessary, statistical, internal, third-party)" in message
    policy = declared(message)
    assert policy.key_of(name) == "new"
    (cookie,) = policy.scopes_of(name)
    stated = stated_attributes(line, NOW)
    assert (cookie.name, cookie.path, cookie.domain) == (name, stated.path or "/", stated.domain)
    if stated.lifetime is None:
        assert cookie.lifetime == "session"
    else:
        length = duration(cookie.lifetime or "")
        assert length is not None
        # Long ones are rounded up to a text that a policy file may hold.
        assert 0 <= length.total_seconds() - max(1, stated.lifetime) < 3600
        assert stated.lifetime > 999_999 or length.total_seconds() == max(1, stated.lifetime)


@given(NATIVE)
def test_any_undeclared_name_sent_is_a_warning_that_can_be_pasted(name: str) -> None:
    cookies = withheld(f"{name}=1")
    # The preferences cookie is in no category, and not undeclared.
    assume(len(cookies) == 1 and cookies[0].verdict.reason is Reason.UNDECLARED)
    message = warning_about(cookies, action="withheld").getMessage()
    name = cookies[0].name
    if "*" in name or len(name) > LONGEST_NAME:
        assert "[[" not in message
    elif not name.startswith("__") and "\t" not in name:
        assert declared(message).key_of(name) == "new"


@pytest.mark.parametrize("name", ["a*", "*", "x" * 129])
def test_no_declaration_is_printed_for_a_name_that_would_mean_another(name: str) -> None:
    message = warning_about(stripped(f"{name}=1")).getMessage()
    assert message.endswith("was stripped; a declaration of such a name cannot be printed")


def test_a_declaration_says_session_path_and_domain_where_they_were_seen() -> None:
    message = warning_about(stripped("zzz=1; Path=/x; Domain=example.org")).getMessage()
    assert message.partition(":\n")[2].splitlines() == [
        "[[category.cookie]]",
        'name = "zzz"',
        'path = "/x"',
        'domain = "example.org"',
        'lifetime = "session"',
    ]
    sent = warning_about(withheld("zzz=1"), action="withheld").getMessage()
    assert sent.partition(":\n")[2].splitlines() == ["[[category.cookie]]", 'name = "zzz"']


def test_a_reporter_that_knows_no_category_names_none(logged: Records) -> None:
    Reporter((), "cookies_preferences").cookies("stripped", stripped("zzz=1"), NOW, enforced=True)
    assert "below the [[category]] it belongs to:\n" in logged.messages[0]


def test_warnings_are_given_once_a_name_and_direction(logged: Records) -> None:
    report = reporter()
    for _ in range(3):
        report.cookies("stripped", stripped("zzz=1"), NOW, enforced=True)
        report.cookies("withheld", withheld("zzz=1"), NOW, enforced=True)
    assert [message.partition(";")[0] for message in logged.messages] == [
        "undeclared cookie 'zzz' in a response was stripped",
        "undeclared cookie 'zzz' in a request was withheld",
    ]


def test_one_kind_of_warning_stops_after_256_whatever_names_come(logged: Records) -> None:
    report = reporter(report_only=True)
    for number in range(3 * Reporter.ONCE):
        report.cookies("withheld", withheld(f"n{number}=1"), NOW, enforced=False)
        report.cookies("withheld", withheld(f"_pk_ses.{number}=1"), NOW, enforced=False)
        report.warn("about %s", str(number))
    assert len(logged.records) == 2 * Reporter.ONCE
    report.warn("is not silenced by them")
    report.warn("is not silenced by them")
    assert logged.messages[-1] == "is not silenced by them"
    assert len(logged.records) == 2 * Reporter.ONCE + 1
    assert any("was let through" in message for message in logged.messages)


def test_a_warning_may_be_about_less_than_it_says(logged: Records) -> None:
    report = reporter()
    for number in range(3):
        report.warn("saw %s", str(number), about="")
    assert logged.messages == ["saw 0"]


def test_a_warning_shows_and_keeps_512_characters_of_each_text(logged: Records) -> None:
    report = reporter()
    for end in "ab":
        report.warn("saw %s and %s", "x" * 512 + end, "y" * 600)
    assert logged.messages == [f"saw {'x' * 512} and {'y' * 512}"]


def test_an_application_that_sets_the_preferences_cookie_is_warned_once(logged: Records) -> None:
    report = reporter()
    for _ in range(2):
        report.cookies("stripped", stripped("cookies_preferences=1"), NOW, enforced=True)
    assert logged.messages == [
        "the application sets 'cookies_preferences' itself; only the gate may (choose through the visit)"
    ]


def test_reporting_warns_once_of_each_cookie_it_would_touch(logged: Records) -> None:
    report = reporter(report_only=True)
    line = "theme=1; Path=/x; Domain=example.org; Max-Age=86400"
    for _ in range(2):
        report.cookies("stripped", stripped(line, "vid=1"), NOW, enforced=False)
        report.cookies("withheld", withheld("theme=1"), NOW, enforced=False)
    assert logged.messages == [
        "response: cookie 'theme' (internal) would be stripped: not accepted; Path=/x; Domain=example.org; "
        "lifetime: 1 day",
        "response: cookie 'vid' (third-party) would be stripped: not accepted; lifetime: session",
        "request: cookie 'theme' (internal) would be withheld: not accepted",
    ]
    assert {record.levelno for record in logged.records} == {logging.WARNING}


def test_enforcing_warns_of_no_declared_cookie(logged: Records) -> None:
    reporter(print).cookies("stripped", stripped("theme=1"), NOW, enforced=True)
    assert logged.records == []


def test_an_undeclared_cookie_that_passes_is_logged_as_such() -> None:
    judge = Judge(POLICY, admit_undeclared=True)
    undeclared = judge_set_cookies([("Set-Cookie", "zzz=1")], judge, permissions(judge), NOW).undeclared
    assert "was let through; if" in warning_about(undeclared, enforced=False).getMessage()


def test_a_log_that_fails_costs_nobody_the_page() -> None:
    def broken(record: logging.LogRecord) -> bool:
        raise RuntimeError("broken filter")

    logger = logging.getLogger("consentgate")
    logger.addFilter(broken)
    try:
        report = reporter()
        report.cookies("stripped", stripped("zzz=1"), NOW, enforced=True)
        report.failure("something")
    finally:
        logger.removeFilter(broken)


def test_observers_are_checked() -> None:
    assert check_observers(None) == ()
    assert check_observers(print) == (print,)
    assert check_observers([print, repr]) == (print, repr)
    for wrong in (5, [print, 5]):
        with pytest.raises(PolicyError, match="observer must be callable, or a list of callables, not 5"):
            check_observers(wrong)  # type: ignore[arg-type]
