"""Pytest plugin: the fixture `consent_visitor`, and ``--consent-drift``, which finds undeclared cookies."""

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from consentgate.policy import Policy

    from .visitor import Visitor


@pytest.fixture
def consent_visitor(consent_app: Any) -> "Visitor":
    """A fresh `consentgate.testing.Visitor` of what your fixture `consent_app` returns."""
    # WebTest is imported only if a test uses the fixture.
    from .visitor import Visitor

    return Visitor(consent_app)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--consent-drift``."""
    parser.getgroup("consentgate").addoption(
        "--consent-drift",
        metavar="POLICY",
        help="fail the run if an application under test sets a cookie this policy (TOML) does not declare",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the watcher if ``--consent-drift`` is given."""
    path = config.getoption("--consent-drift")
    if path is None:
        return
    if config.getoption("numprocesses", None):
        raise pytest.UsageError(
            "--consent-drift: run it without -n, since each process would see only a part"
        )
    from consentgate.errors import PolicyError
    from consentgate.policy import Policy

    try:
        policy = Policy.from_toml(path)
    except (PolicyError, OSError) as error:
        raise pytest.UsageError(f"--consent-drift: {error}") from error
    config.pluginmanager.register(_ConsentDrift(policy))


class _ConsentDrift:
    """Watch a run, list its undeclared cookies, and fail it if there are any."""

    def __init__(self, policy: "Policy") -> None:
        from .watching import watching

        self._policy = policy
        self._watching = ExitStack()
        self._recorder = self._watching.enter_context(watching())
        self._summary = ""

    @pytest.hookimpl
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        from consentgate.drift.report import Drift

        from .watching import report_of, table_of

        report = report_of(self._recorder, self._policy)
        if not report.cookies:
            self._summary = "No test client of Flask, Werkzeug, Django or WebTest met a cookie.\n"
        elif not report.count(Drift.UNDECLARED):
            self._summary = f"Every cookie that was met is declared: {len(report.cookies)}.\n"
        else:
            self._summary = table_of(report)
            if session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        terminalreporter.section("consent drift")
        terminalreporter.write(self._summary)

    @pytest.hookimpl
    def pytest_unconfigure(self) -> None:
        self._watching.close()
