"""The site's hooks `applies` and `language`: a copy of the environ, and an error that costs no page."""

import logging
from typing import Any

import pytest

from consentgate import Policy
from consentgate.events import Reporter
from consentgate.gate.hooks import SiteHooks
from tests.conftest import environ_for, make_policy

POLICY = make_policy(language="en", strings={"gsw": {"Cookies": "Guetzli"}})


def hooks(policy: Policy = POLICY) -> SiteHooks:
    return SiteHooks(policy, Reporter((), policy.cookie_name))


def fail(environ: dict[str, Any]) -> object:
    raise RuntimeError("the site's own")


def write(environ: dict[str, Any]) -> object:
    environ["PATH_INFO"] = "/written"
    return "fr"


def test_hooks_get_a_copy_of_the_environ() -> None:
    environ = environ_for()
    assert hooks().applies(write, environ) is True
    assert hooks().choose_language(write, environ) == "fr"
    assert environ["PATH_INFO"] == "/"


@pytest.mark.parametrize(
    ("said", "language"),
    [("fr", "fr"), ("fr-CH", "fr"), ("FR", "fr"), ("gsw", "gsw"), ("en", "en"), (None, None)],
)
def test_the_language_is_the_one_there_are_texts_in(
    said: object, language: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    assert hooks().choose_language(lambda environ: said, {}) == language
    assert caplog.messages == []


@pytest.mark.parametrize("said", ["tlh", "", 5, b"fr"])
def test_any_other_language_is_logged_once_and_left_to_the_browser(
    said: object, caplog: pytest.LogCaptureFixture
) -> None:
    both = hooks()
    assert both.choose_language(lambda environ: said, {}) is None
    assert both.choose_language(lambda environ: "klingon", {}) is None
    (line,) = caplog.messages
    assert line.startswith(f"the option language returned {said!r}, which is none of the languages")
    assert "(en, fr, " in line and ", gsw); the browser's are asked" in line


def test_the_site_s_own_language_is_one_of_them_without_texts_of_ours() -> None:
    assert hooks(make_policy(language="tlh")).choose_language(lambda environ: "tlh", {}) == "tlh"


def test_a_hook_that_fails_is_logged_each_time(caplog: pytest.LogCaptureFixture) -> None:
    both = hooks()
    assert both.applies(fail, {}) is True
    assert both.choose_language(fail, {}) is None
    assert [(each.levelno, each.getMessage()) for each in caplog.records] == [
        (logging.ERROR, "applies failed; the response goes on without it"),
        (logging.ERROR, "language failed; the response goes on without it"),
    ]


@pytest.mark.parametrize(("said", "applies"), [(0, False), ("", False), (1, True)])
def test_the_policy_applies_where_the_hook_says_so(said: object, applies: bool) -> None:
    assert hooks().applies(lambda environ: said, {}) is applies
