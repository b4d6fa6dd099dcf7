"""Events and the log: names, never values; bounded; never in the way (R97, R99)."""

import logging
import tomllib

import pytest
from hypothesis import given

from consentgate import Event, Preferences
from consentgate.consent.preferences import answers_to
from consentgate.consent.verdict import Judge
from consentgate.events import Reporter
from consentgate.headers.cookie import has_control
from tests.conftest import make_policy
from tests.strategies import NATIVE

POLICY = make_policy()
REFUSED = Judge(POLICY).standing(Preferences(answers_to(POLICY, {"statistical": False}, 0)))


def test_each_cookie_is_an_event_with_its_reason() -> None:
    events: list[Event] = []
    reporter = Reporter(events.append, "cookies_preferences")
    cookies = [
        ("_pk_id", "statistical"),
        ("theme", "internal"),
        ("zzz", None),
        ("", ";"),
        ("cookies_preferences", "="),
    ]
    reporter.cookies("stripped", cookies, REFUSED, enforced=True)
    reporter.cookies("withheld", cookies[-1:], REFUSED, enforced=False)
    assert [(event.category, event.reason) for event in events] == [
        ("statistical", "refused"),
        ("internal", "not accepted"),
        (None, "undeclared"),
        (None, "no name all browsers agree on"),
        (None, "the preferences cookie is the gate's to set"),
        (None, "not genuine, or no longer valid"),
    ]
    assert str(events[0]) == "response: cookie '_pk_id' (statistical) stripped: refused"
    assert str(events[-1]).startswith("request: cookie 'cookies_preferences' would be withheld: not genuine")


def test_a_choice_is_an_event_that_can_be_kept_as_a_record(caplog: pytest.LogCaptureFixture) -> None:
    """R14: time, answers, digests; no identity."""
    events: list[Event] = []
    with caplog.at_level(logging.INFO, "consentgate"):
        Reporter(events.append, "cookies_preferences").choice(REFUSED.preferences, 5)
    (event,) = events
    assert (event.action, event.at, event.answers) == ("chosen", 5, REFUSED.preferences.answers)
    assert "a choice was recorded" in caplog.text


def test_the_same_goes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "consentgate"):
        Reporter(None, "cookies_preferences").cookies(
            "stripped", [("theme", "internal")], REFUSED, enforced=True
        )
    assert [record.message for record in caplog.records] == [
        "response: cookie 'theme' (internal) stripped: not accepted"
    ]


def test_a_failing_observer_is_logged_and_nothing_more(caplog: pytest.LogCaptureFixture) -> None:
    def broken(event: Event) -> None:
        raise RuntimeError("broken")

    Reporter(broken, "cookies_preferences").cookies(
        "stripped", [("theme", "internal")], REFUSED, enforced=True
    )
    assert "the observer failed; gated cookies stay behind, the page goes on" in caplog.text
    assert "RuntimeError: broken" in caplog.text


@given(NATIVE.filter(lambda name: not has_control(name)))
def test_an_undeclared_cookie_comes_with_the_declaration_to_paste(name: str) -> None:
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    logger = logging.getLogger("consentgate")
    logger.addHandler(handler)
    try:
        reporter = Reporter(None, "cookies_preferences")
        for _ in range(2):
            reporter.cookies("stripped", [(name, None)], REFUSED, enforced=True)
    finally:
        logger.removeHandler(handler)
    (record,) = records
    assert record.levelno == logging.WARNING
    _, _, toml = record.getMessage().partition("\n")
    declared = tomllib.loads(f"[[category]]\nkey = 'a'\n{toml}")
    assert declared["category"][0]["cookie"] == [{"name": name}]


def test_warnings_are_given_once_per_name_and_direction_and_not_without_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reporter = Reporter(None, "cookies_preferences")
    for _ in range(3):
        reporter.cookies("stripped", [("zzz", None)], REFUSED, enforced=True)
        reporter.cookies("withheld", [("zzz", None)], REFUSED, enforced=True)
    assert [record.message.partition(";")[0] for record in caplog.records] == [
        "undeclared cookie 'zzz' in a response was stripped",
        "undeclared cookie 'zzz' in a request was withheld",
    ]
    for number in range(2 * Reporter.ONCE):
        reporter.cookies("withheld", [(f"n{number}", None)], REFUSED, enforced=False)
    assert len(caplog.records) == Reporter.ONCE + 1
    reporter.once("another kind", "is not silenced by them")
    assert caplog.records[-1].message == "is not silenced by them"
    assert "was let through" in caplog.text


def test_an_application_that_sets_the_preferences_cookie_is_told(caplog: pytest.LogCaptureFixture) -> None:
    Reporter(None, "choice").cookies("stripped", [("choice", "=")], REFUSED, enforced=True)
    assert "the application sets 'choice' itself" in caplog.text


def test_a_log_that_fails_costs_nobody_the_page() -> None:
    def broken(record: logging.LogRecord) -> bool:
        raise RuntimeError("broken filter")

    logger = logging.getLogger("consentgate")
    logger.addFilter(broken)
    try:
        reporter = Reporter(None, "cookies_preferences")
        reporter.cookies("stripped", [("zzz", None)], REFUSED, enforced=True)
        reporter.failure("something")
    finally:
        logger.removeFilter(broken)
