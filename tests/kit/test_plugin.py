"""The plugin in a site's own suite: its fixture there without an import, and a lean start."""

import pytest

pytest_plugins = ["pytester"]

SUITE = """
import pytest
from consentgate import Category, Policy
from consentgate.testing import Application

@pytest.fixture
def consent_app():
    policy = Policy([Category("statistical", cookies=["_ga"])])
    return policy.wrap(Application(response_headers=(("Set-Cookie", "_ga=1"),)), secret_key="k" * 16)

def test_first(consent_visitor):
    consent_visitor.accept_all()
    consent_visitor.get("/")
    assert "_ga" in consent_visitor.jar

def test_each_test_has_a_visitor_of_its_own(consent_visitor):
    assert not consent_visitor.jar
"""


def test_the_fixture(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)
    pytester.runpytest_subprocess("-q", "-p", "no:randomly").assert_outcomes(passed=2)
    # And in this process, where what is run is measured.
    pytester.runpytest_inprocess("-q", "-p", "no:randomly").assert_outcomes(passed=2)


def test_without_an_app_pytest_says_what_is_missing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(consent_visitor): pass")
    result = pytester.runpytest_subprocess("-q")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'consent_app' not found*"])
