"""Options are declared once and checked while wiring, each by its name."""

import dataclasses
import inspect
import pickle
from pathlib import Path
from typing import Any

import pytest
from jinja2 import DictLoader, Environment

from consentgate import ConsentGate, Policy, PolicyError
from consentgate.gate.options import GateOptions
from tests.conftest import EARLIER_KEY, KEY


def options(**changed: Any) -> GateOptions:
    return GateOptions(**{"secret_key": KEY, **changed})


def nothing(*arguments: Any) -> None:
    """A hook that says nothing."""


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"secret_key": None}, "secret_key is None"),
        ({"secret_key": "short"}, "secret_key has 5 bytes, 16 are needed"),
        ({"secret_key": 5}, "secret_key must be str or bytes, not int"),
        ({"secret_key_fallbacks": KEY}, "secret_key_fallbacks must be a list of keys, not one key"),
        ({"secret_key_fallbacks": 5}, "secret_key_fallbacks must be a list of keys, not 5"),
        ({"secret_key_fallbacks": ["short"]}, "secret_key_fallbacks has 5 bytes"),
        (
            {"preferences_path": "cookies"},
            "preferences_path must be a path such as '/cookies', or None, not 'cookies'",
        ),
        ({"preferences_path": "/"}, "preferences_path must be a path such as '/cookies', or None, not '/'"),
        ({"preferences_path": "/cookies/"}, "not '/cookies/'"),
        ({"preferences_path": "/cookies\n"}, "preferences_path"),
        ({"preferences_path": "/caf\xe9"}, "preferences_path"),
        ({"preferences_path": ""}, "preferences_path"),
        ({"preferences_path": 5}, "not 5"),
        ({"trusted_origins": "https://a.example"}, "trusted_origins must be a list of origins"),
        ({"trusted_origins": ["a.example"]}, "trusted_origins: not an origin such as"),
        ({"trusted_origins": None}, "trusted_origins must be a list of origins, not None"),
        ({"language": "French"}, "language: a language is a code such as 'fr' or 'pt-BR', not 'French'"),
        ({"language": 5}, "not 5"),
        ({"undeclared": "strip"}, "undeclared must be 'block' or 'report', not 'strip'"),
        ({"undeclared": None}, "undeclared must be 'block' or 'report', not None"),
        ({"undeclared": ["block"]}, "undeclared must be 'block' or 'report', not ['block']"),
        ({"cookie_secure": "yes"}, "cookie_secure must be True, False or None, not 'yes'"),
        ({"cookie_httponly": None}, "cookie_httponly must be True or False, not None"),
        ({"filter_requests": 1}, "filter_requests must be True or False, not 1"),
        ({"expire_unaccepted": "no"}, "expire_unaccepted must be True or False, not 'no'"),
        ({"report_only": "true"}, "report_only must be True or False, not 'true'"),
        ({"applies": True}, "applies must be callable, not True"),
        ({"applies": nothing, "applies_vary": "X-Country"}, "applies_vary must be a list of field names"),
        ({"applies": nothing, "applies_vary": 5}, "applies_vary must be a list of field names"),
        (
            {"applies": nothing, "applies_vary": ["X Country"]},
            "applies_vary: not the name of a request field: 'X Country'",
        ),
        (
            {"applies": nothing, "applies_vary": [5]},
            "applies_vary: not the name of a request field: 5",
        ),
        ({"applies_vary": ("X-Country",)}, "applies_vary is given without applies, which it describes"),
        ({"applies_vary": ()}, "applies_vary is given without applies"),
        ({"templates": "/no/such/folder"}, "templates: there is no such folder: '/no/such/folder'"),
        ({"templates": Path("/no/such/folder")}, "templates: there is no such folder: '/no/such/folder'"),
        ({"templates": str(Path(__file__).parent)}, "templates: there is no folder"),
        ({"templates": 5}, "templates must be a folder, a Jinja2 loader or a Jinja2 environment, not 5"),
        ({"observer": 5}, "observer must be callable, or a list of callables, not 5"),
        ({"observer": [nothing, 5]}, "observer must be callable, or a list of callables, not 5"),
        ({"observer": "print"}, "observer must be callable, or a list of callables, not 'p'"),
    ],
)
def test_a_mistyped_option_is_named(changed: dict[str, Any], text: str) -> None:
    with pytest.raises(PolicyError) as caught:
        options(**changed)
    assert text in str(caught.value)
    assert next(iter(changed)) in str(caught.value) or "applies_vary" in str(caught.value)


def test_every_option_can_be_given(tmp_path: Path) -> None:
    (tmp_path / "consentgate").mkdir()
    given = options(
        secret_key_fallbacks=[EARLIER_KEY],
        cookie_secure=True,
        cookie_httponly=False,
        preferences_path="/about/cookies.html",
        trusted_origins=["https://a.example"],
        undeclared="report",
        filter_requests=False,
        expire_unaccepted=False,
        report_only=True,
        applies=nothing,
        applies_vary=["X-Country"],
        language=nothing,
        templates=tmp_path,
        page_csp="img-src cdn.example",
        lifetimes="shorten",
        third_parties="block",
        csp_base="'self' data:",
        signals=["gpc", "dnt"],
        gpc_json=True,
        observer=[nothing, print],
    )
    assert given.secret_key == KEY.encode()
    assert given.secret_key_fallbacks == (EARLIER_KEY,)
    assert given.own_origins == {"https://a.example:443"}
    assert given.applies_vary == ("X-Country",)
    assert given.observers == (nothing, print)
    assert given.honoured == ("gpc", "dnt")
    defaults = options()
    for each in dataclasses.fields(GateOptions):
        if each.name not in ("secret_key", "gpc_json"):  # that one needs the signal "gpc"
            assert getattr(given, each.name) != getattr(defaults, each.name), each.name


@pytest.mark.parametrize(
    "templates", [None, DictLoader({}), Environment(loader=DictLoader({}), autoescape=True)]
)
def test_templates_may_be_a_loader_or_an_environment(templates: Any) -> None:
    assert options(templates=templates).templates is templates


@pytest.mark.parametrize(
    ("observer", "several"),
    [(None, ()), (nothing, (nothing,)), ([], ()), ((nothing, print), (nothing, print))],
)
def test_observers_are_none_one_or_several(observer: Any, several: tuple[Any, ...]) -> None:
    assert options(observer=observer).observers == several
    assert options(observer=iter(several)).observers == several


def test_an_observer_that_can_be_called_and_counted_is_one() -> None:
    class Recorder(list[Any]):
        def __call__(self, event: Any) -> None:
            self.append(event)

    recorder = Recorder()
    assert options(observer=recorder).observers == (recorder,)


def test_no_key_is_shown() -> None:
    text = repr(options(secret_key_fallbacks=[EARLIER_KEY]))
    assert KEY not in text
    assert EARLIER_KEY.decode() not in text
    gate = Policy([]).wrap(nothing, secret_key=KEY)
    assert KEY not in repr(gate) + repr(gate.options) + repr(gate.serializer)


def test_options_are_frozen_keyword_only_and_compare_by_value() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        options().undeclared = "report"  # type: ignore[misc]
    with pytest.raises(TypeError):
        GateOptions(KEY)  # type: ignore[misc]
    assert options() == options(secret_key=KEY.encode())
    assert options() != options(report_only=True)
    assert pickle.loads(pickle.dumps(options())) == options()


def test_wrap_and_the_gate_have_the_options_signature() -> None:
    """Editors, documentation and `help` show each option with its default."""
    own = list(inspect.signature(GateOptions).parameters.values())
    assert [each.name for each in own] == [each.name for each in dataclasses.fields(GateOptions)]
    assert all(each.kind is each.KEYWORD_ONLY for each in own)
    wrap = list(inspect.signature(Policy.wrap).parameters.values())
    init = list(inspect.signature(ConsentGate.__init__).parameters.values())
    assert [each.name for each in wrap[:2]] == ["self", "app"]
    assert [each.name for each in init[:3]] == ["self", "app", "policy"]
    assert wrap[2:] == init[3:] == own


def test_every_option_is_explained() -> None:
    explained = inspect.getdoc(GateOptions) or ""
    for each in dataclasses.fields(GateOptions):
        assert f"\n    {each.name}: " in explained, each.name


@pytest.mark.parametrize(
    ("name", "changed", "text"),
    [
        (
            "__Host-c",
            {"cookie_secure": False},
            "cookie_secure=False: browsers refuse '__Host-c' without Secure",
        ),
        ("__secure-c", {"cookie_secure": False}, "without Secure"),
        ("__Http-c", {"cookie_httponly": False}, "cookie_httponly=False: browsers refuse '__Http-c'"),
        ("__Host-Http-c", {"cookie_httponly": False}, "without HttpOnly"),
    ],
)
def test_attributes_that_a_prefix_forbids_are_named(name: str, changed: dict[str, Any], text: str) -> None:
    """RFC 6265bis 4.1.3."""
    with pytest.raises(PolicyError) as caught:
        options(**changed).check_cookie(name)
    assert text in str(caught.value)
    options().check_cookie(name)
    options(**changed).check_cookie("c")
    with pytest.raises(PolicyError):
        Policy([], cookie_name=name).wrap(nothing, secret_key=KEY, **changed)


@pytest.mark.parametrize(
    ("name", "secure", "scheme", "expected"),
    [
        ("c", None, "https", True),
        ("c", None, "http", False),
        ("c", True, "http", True),
        ("c", False, "https", False),
        ("__Host-c", None, "http", True),
        ("__Secure-c", None, "http", True),
    ],
)
def test_secure_follows_the_scheme_unless_an_option_or_prefix_decides(
    name: str, secure: bool | None, scheme: str, expected: bool
) -> None:
    """R44."""
    assert options(cookie_secure=secure).is_secure(name, scheme) is expected
