"""``pytest --consent-drift``: a suite that meets an undeclared cookie fails, whatever client it uses."""

from typing import Any

import pytest
from webtest import TestApp

from consentgate import Policy
from consentgate.drift.report import Drift
from consentgate.testing import Application
from consentgate.testing.watching import report_of, watching
from tests.conftest import KEY, application, make_policy, request

pytest_plugins = ["pytester"]

POLICY = """
[[category]]
key = "necessary"
basis = "necessary"
cookies = ["sid", "never_seen"]
"""

FLASK = """
from flask import Flask, redirect
app = Flask(__name__)

@app.get("/")
def page():
    response = redirect("/second")
    response.set_cookie({first!r}, "1")
    return response

@app.get("/second")
def second():
    response = app.make_response("body")
    response.set_cookie("sid", "1")
    return response

def test_a_page():
    assert app.test_client().get("/", follow_redirects=True).text == "body"
"""

DJANGO = """
import django
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import path

def page(request):
    response = HttpResponse("body")
    response.set_cookie({first!r}, "1", max_age=60)
    return response

urlpatterns = [path("", page)]
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])
django.setup()

def test_a_page():
    assert Client().get("/").content == b"body"
"""

WEBTEST = """
from webtest import TestApp
from consentgate.testing import Application

def test_a_page():
    TestApp(Application(response_headers=(("Set-Cookie", "{first}=1"),))).get("/")
"""

GATE = """
from consentgate import Policy
from consentgate.testing import Application, Visitor

def test_a_page():
    '''The gate strips it, so that no client sees it.'''
    policy = Policy.from_toml("policy.toml")
    app = Application(response_headers=(("Set-Cookie", "{first}=1"),))
    gate = policy.wrap(app, secret_key="k" * 16)
    visitor = Visitor(gate)
    visitor.get("/")
    visitor.get("/")
    assert "zzz" not in visitor.jar
"""

SUITES = {"flask": FLASK, "django": DJANGO, "webtest": WEBTEST, "gate": GATE}


def run(pytester: pytest.Pytester, suite: str, *arguments: str, policy: str = POLICY) -> pytest.RunResult:
    pytester.makefile(".toml", policy=policy)
    pytester.makepyfile(suite)
    return pytester.runpytest_subprocess("-q", "--consent-drift=policy.toml", *arguments)


@pytest.mark.parametrize("client", SUITES)
def test_an_undeclared_cookie_fails_the_run(pytester: pytest.Pytester, client: str) -> None:
    result = run(pytester, SUITES[client].replace("{first!r}", "'zzz'").replace("{first}", "zzz"))
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*consent drift*", "undeclared  zzz *", "Cookies: 1 undeclared."])
    result.stdout.no_fnmatch_line("*never_seen*")


@pytest.mark.parametrize("client", SUITES)
def test_a_declared_cookie_passes_the_run(pytester: pytest.Pytester, client: str) -> None:
    result = run(pytester, SUITES[client].replace("{first!r}", "'sid'").replace("{first}", "sid"))
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["Every cookie that was met is declared: 1."])


def test_in_this_process_where_it_is_measured(pytester: pytest.Pytester) -> None:
    pytester.makefile(".toml", policy=POLICY)
    pytester.makepyfile(WEBTEST.replace("{first}", "zzz"))
    result = pytester.runpytest_inprocess("-q", "-p", "no:randomly", "--consent-drift=policy.toml")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    pytester.makepyfile(WEBTEST.replace("{first}", "sid"))
    result = pytester.runpytest_inprocess("-q", "-p", "no:randomly", "--consent-drift=policy.toml")
    assert result.ret == pytest.ExitCode.OK


def test_a_suite_that_meets_no_cookie_gets_a_note(pytester: pytest.Pytester) -> None:
    pytester.makefile(".toml", policy=POLICY)
    pytester.makepyfile("def test_it(): pass")
    result = pytester.runpytest_inprocess("-q", "-p", "no:randomly", "--consent-drift=policy.toml")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["No test client of Flask*"])


def test_a_run_that_failed_stays_failed(pytester: pytest.Pytester) -> None:
    pytester.makefile(".toml", policy=POLICY)
    pytester.makepyfile(WEBTEST.replace("{first}", "zzz") + "\ndef test_other():\n    assert False\n")
    result = pytester.runpytest_inprocess("-q", "-p", "no:randomly", "--consent-drift=policy.toml")
    result.assert_outcomes(passed=1, failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize(("policy", "error"), [("titel = 1", "unknown key 'titel'"), ("", "No such file")])
def test_a_policy_that_cannot_be_read_stops_the_run(
    pytester: pytest.Pytester, policy: str, error: str
) -> None:
    name = "policy.toml" if policy else "none.toml"
    pytester.makefile(".toml", policy=policy)
    pytester.makepyfile("def test_it(): pass")
    result = pytester.runpytest_inprocess("-q", "-p", "no:randomly", f"--consent-drift={name}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --consent-drift: *{error}*"])


def test_processes_that_would_each_see_a_part_are_refused(pytester: pytest.Pytester) -> None:
    """As pytest-xdist makes them."""
    pytester.makefile(".toml", policy=POLICY)
    pytester.makeconftest("def pytest_addoption(parser):\n    parser.addoption('--numprocesses', type=int)\n")
    pytester.makepyfile("def test_it(): pass")
    result = pytester.runpytest_inprocess(
        "-q", "-p", "no:randomly", "--consent-drift=policy.toml", "--numprocesses=2"
    )
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --consent-drift: run it without -n*"])


@pytest.mark.parametrize("client", ["werkzeug", "django", "webtest"])
def test_each_client_is_watched(client: str) -> None:
    policy = make_policy()
    with watching() as recorder:
        VISITS[client]()
        report = report_of(recorder, policy)
    met = {each.name: each for each in report.cookies}
    assert met.keys() == {"zzz"}
    assert (met["zzz"].drift, met["zzz"].lifetime) == (Drift.UNDECLARED, 60)
    assert "no Secure" in met["zzz"].weaker  # it was met over https


def _visit_werkzeug() -> None:
    from werkzeug.test import Client

    app = Application(response_headers=(("Set-Cookie", "zzz=1; Max-Age=60"),))
    Client(app).get("/", base_url="https://localhost")


def _visit_django() -> None:
    from django.conf import settings
    from django.http import HttpResponse
    from django.test import Client
    from django.urls import path
    from django.utils.functional import empty

    def page(request: Any) -> HttpResponse:
        response = HttpResponse("body")
        response.set_cookie("zzz", "1", max_age=60)
        return response

    urls = type("urls", (), {"urlpatterns": [path("", page)]})
    others, settings._wrapped = settings._wrapped, empty
    try:
        settings.configure(ROOT_URLCONF=urls, ALLOWED_HOSTS=["*"])
        Client().get("/", secure=True)
    finally:
        settings._wrapped = others  # those of other tests in this process


def _visit_webtest() -> None:
    TestApp(Application(response_headers=(("Set-Cookie", "zzz=1; Max-Age=60"),))).get("https://localhost/")


VISITS = {"werkzeug": _visit_werkzeug, "django": _visit_django, "webtest": _visit_webtest}


def test_a_gate_made_before_is_watched_too_and_left_as_it_was() -> None:
    policy = make_policy()
    inner = application("zzz=1")
    gate = policy.wrap(inner, secret_key=KEY)
    call = type(gate).__call__
    with watching() as recorder:
        for _ in range(2):
            assert request(gate).set_cookies == []
        assert [each.name for each in report_of(recorder, policy).cookies] == ["zzz"]
    assert type(gate).__call__ is call
    assert gate.app is inner


def test_nothing_met_is_an_empty_report() -> None:
    with watching() as recorder:
        assert report_of(recorder, Policy([])).cookies == ()


def test_a_client_that_is_not_installed_is_no_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    from consentgate.testing import watching as module

    monkeypatch.setattr(module, "CLIENTS", {("no_such_module", "Client", "open"): lambda response: iter(())})
    with watching() as recorder:
        request(make_policy().wrap(Application(), secret_key=KEY))
        assert report_of(recorder, Policy([])).cookies == ()
