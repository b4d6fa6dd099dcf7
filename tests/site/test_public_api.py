"""The public names: design.md's, no more and no less; and what importing them costs."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import consentgate

CONTRACT = {
    "Answer",
    "Attestation",
    "BadPreferences",
    "Basis",
    "Category",
    "ConsentGate",
    "ConsentGateError",
    "Cookie",
    "Event",
    "NoGate",
    "Policy",
    "PolicyError",
    "Preferences",
    "PreferencesSerializer",
    "Reason",
    "ResponseStarted",
    "State",
    "Verdict",
    "Visit",
    "translated",
}
VISIT = {
    "accept",
    "accept_all",
    "allowed",
    "allows",
    "allows_cookie",
    "banner",
    "consent_mode",
    "explain",
    "form",
    "from_environ",
    "needs_choice",
    "placeholder",
    "preferences",
    "preferences_url",
    "refuse",
    "refuse_all",
    "signals",
    "state",
}


def test_the_contract() -> None:
    assert set(consentgate.__all__) == CONTRACT
    assert all(hasattr(consentgate, name) for name in CONTRACT)
    assert {name for name in dir(consentgate.Visit) if not name.startswith("_")} == VISIT


def test_every_public_name_has_a_docstring() -> None:
    for name in CONTRACT:
        public = getattr(consentgate, name)
        if name == "State":
            continue  # a Literal, which has no docstring of its own
        assert public.__doc__, name
        for member, value in getattr(public, "__dict__", {}).items():
            if callable(value) and not member.startswith("_"):
                assert value.__doc__, f"{name}.{member}"


def test_the_errors() -> None:
    assert issubclass(consentgate.PolicyError, ValueError)
    assert issubclass(consentgate.NoGate, LookupError)
    for name in ("BadPreferences", "NoGate", "PolicyError", "ResponseStarted"):
        assert issubclass(getattr(consentgate, name), consentgate.ConsentGateError)


def test_importing_loads_neither_webob_nor_jinja2_until_a_page_is_needed() -> None:
    program = """
import sys, consentgate
def loaded(): return sorted({"webob", "jinja2", "markupsafe"} & set(sys.modules))
policy = consentgate.Policy([consentgate.Category("a", cookies=["x"])])
def app(environ, start_response):
    start_response("200 OK", [("Set-Cookie", "x=1")])
    return [str(consentgate.Visit.from_environ(environ).needs_choice).encode()]
gate = policy.wrap(app, secret_key="0123456789abcdef")
gate({"REQUEST_METHOD": "GET", "PATH_INFO": "/"}, lambda *arguments: None)
assert loaded() == [], loaded()
gate({"REQUEST_METHOD": "GET", "PATH_INFO": "/cookies"}, lambda *arguments: None)
assert loaded() == ["jinja2", "markupsafe", "webob"], loaded()
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True)


def test_there_are_no_other_names() -> None:
    with pytest.raises(AttributeError, match="module 'consentgate' has no attribute 'Polity'"):
        consentgate.Polity  # type: ignore[attr-defined]  # noqa: B018
    assert set(consentgate.__all__) <= set(dir(consentgate))


def test_the_version_is_the_changelogs_newest() -> None:
    changelog = Path(__file__).parents[2] / "CHANGELOG.md"
    headings = [line for line in changelog.read_text().splitlines() if line.startswith("## [")]
    released = [line for line in headings if line != "## [Unreleased]"]
    assert released[0].startswith(f"## [{consentgate.__version__}] - ")


def test_python_versions_are_stated_once() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=3.11"
    assert "Programming Language :: Python :: 3.11" in project["classifiers"]
