"""A gate from an ini file."""

import inspect
from pathlib import Path
from typing import Any

import pytest
from paste.deploy import loadapp

from consentgate import Policy, PolicyError
from consentgate.paste import _READERS, make_filter
from tests.conftest import KEY, application, request

POLICY = "[[category]]\nkey = 'necessary'\nbasis = 'necessary'\ncookies = ['sid']\n"


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(POLICY)
    return path


def app_factory(global_conf: dict[str, str], **settings: str) -> Any:
    return application("sid=1", "zzz=2")


def test_a_pipeline_of_an_ini_file(policy_file: Path) -> None:
    """PasteDeploy itself: `use = egg:consentgate`."""
    ini = policy_file.with_name("site.ini")
    ini.write_text(
        f"""
[app:site]
paste.app_factory = {__name__}:app_factory
[filter:consent]
use = egg:consentgate
policy = %(here)s/policy.toml
secret_key = {KEY}
undeclared = report
[pipeline:main]
pipeline = consent site
"""
    )
    assert request(loadapp(f"config:{ini}")).cookie_names == ["sid", "zzz"]


def test_the_options_on_hosts_signals_and_lifetimes(policy_file: Path) -> None:
    gate = make_filter(
        application(),
        {},
        policy=str(policy_file),
        secret_key=KEY,
        lifetimes="shorten",
        third_parties="block",
        csp_base="'self' data:",
        signals="gpc dnt",
        gpc_json="yes",
        page_csp="img-src https://logo.example",
    )
    options = gate.options
    assert (options.lifetimes, options.third_parties) == ("shorten", "block")
    assert (options.csp_base, options.page_csp) == ("'self' data:", "img-src https://logo.example")
    assert (options.signals, options.gpc_json) == (("gpc", "dnt"), True)
    none = make_filter(application(), {}, policy=str(policy_file), secret_key=KEY, signals="")
    assert none.options.signals == ()
    for setting in ("lifetimes", "third_parties", "signals", "gpc_json"):
        with pytest.raises(PolicyError, match=f"egg:consentgate: .*{setting}.*'maybe'"):
            make_filter(application(), {}, policy=str(policy_file), secret_key=KEY, **{setting: "maybe"})


def test_every_option_a_text_can_state(policy_file: Path, tmp_path: Path) -> None:
    (tmp_path / "consentgate").mkdir(exist_ok=True)
    key_file = policy_file.with_name("key")
    key_file.write_text(KEY + "\n")
    gate = make_filter(
        application(),
        {"here": "."},
        policy=str(policy_file),
        secret_key_file=str(key_file),
        secret_key_fallbacks="an-earlier-key-long and-one-more-before-it",
        cookie_secure="true",
        cookie_httponly="No",
        preferences_path="none",
        trusted_origins="https://a.example http://b.example:8080",
        filter_requests="off",
        expire_unaccepted="no",
        report_only="yes",
        undeclared="report",
        language="fr",
        templates=str(tmp_path),
    )
    options = gate.options
    assert (options.cookie_secure, options.cookie_httponly, options.preferences_path) == (True, False, None)
    assert options.trusted_origins == {"https://a.example:443", "http://b.example:8080"}
    assert (options.undeclared, options.language, options.templates) == ("report", "fr", str(tmp_path))
    assert (options.filter_requests, options.expire_unaccepted, options.report_only) == (False, False, True)
    assert (
        make_filter(
            application(), {}, policy=str(policy_file), secret_key=KEY, preferences_path="/x"
        ).options.preferences_path
        == "/x"
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"policy": None}, "no 'policy'"),
        ({"secret_key": None}, "either 'secret_key' or 'secret_key_file'"),
        ({"secret_key_file": "x"}, "either 'secret_key' or 'secret_key_file'"),
        (
            {"report_onyl": "true"},
            "unknown setting 'report_onyl'; known are policy, secret_key_file, secret_key",
        ),
        ({"report_only": "perhaps"}, "report_only must be true or false, not 'perhaps'"),
        ({"secret_key": "short"}, "secret_key has 5 bytes, 16 are needed"),
        ({"secret_key": None, "secret_key_file": "/nowhere"}, "key file '/nowhere' cannot be read: No such"),
        ({"policy": "/nowhere"}, "policy: '/nowhere' cannot be read: No such file"),
        ({"undeclared": "pass"}, "undeclared must be 'block' or 'report', not 'pass'"),
        ({"language": "French"}, "language: a language is a code"),
        ({"templates": "/nowhere"}, "templates: there is no such folder: '/nowhere'"),
        ({"trusted_origins": "example.org"}, "trusted_origins"),
        ({"secret_key_fallbacks": "short"}, "secret_key_fallbacks has 5 bytes"),
        ({"preferences_path": "cookies"}, "preferences_path must be a path such as '/cookies'"),
    ],
)
def test_mistakes_are_named(policy_file: Path, settings: dict[str, Any], message: str) -> None:
    merged = {"policy": str(policy_file), "secret_key": KEY, **settings}
    with pytest.raises(PolicyError) as caught:
        make_filter(application(), {}, **{key: value for key, value in merged.items() if value is not None})
    assert message in str(caught.value)
    assert str(caught.value).startswith("egg:consentgate: ")


def test_every_mistake_of_the_policy_is_named_with_the_filter(policy_file: Path) -> None:
    policy_file.write_text("titel = 'x'\ntitle = 5\n")
    with pytest.raises(PolicyError) as caught:
        make_filter(application(), {}, policy=str(policy_file), secret_key=KEY)
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"egg:consentgate: {policy_file}: ") for line in lines)


def test_each_option_can_be_stated_or_is_none_that_a_text_could_state() -> None:
    """Whoever adds an option decides here whether an ini file can state it."""
    no_text = {"applies", "applies_vary", "observer"}
    options = set(inspect.signature(Policy.wrap).parameters) - {"self", "app"}
    assert set(_READERS) | no_text == options
