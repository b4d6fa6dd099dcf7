"""Categories and cookies as a site declares them."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given

from consentgate import Attestation, Basis, Category, Cookie, PolicyError
from consentgate.headers.cookie import cookie_name, is_host_only, is_http_only, is_secure_only
from tests.conftest import ATTESTED
from tests.strategies import ANY_TEXT, cookie_names


@given(cookie_names)
@example("a[0]")
@example("sess\xa0id")
@example("{braces} and blanks")
def test_a_declared_name_is_one_a_browser_would_store(name: str) -> None:
    assert cookie_name(f"{Cookie(name).name}=1") == name


@given(ANY_TEXT)
def test_a_name_is_taken_as_it_is_or_refused_by_name(name: str) -> None:
    try:
        declared = Cookie(name)
    except PolicyError as error:
        assert repr(name) in str(error)
    else:
        assert declared.name == name
        assert declared.is_pattern or cookie_name(f"{name}=1") == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "*",
        "a**",
        "a*b*c",
        "a;b",
        "a=b",
        " a",
        "a\t",
        "a\tb",
        "a\nb",
        "\x7f",
        "x" * 4097,
        "caf\u0119",
        7,
        None,
    ],
)
def test_a_name_no_browser_would_store(name: Any) -> None:
    with pytest.raises(PolicyError):
        Cookie(name)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"provider": 5}, "provider must be a text, not 5"),
        ({"purpose": None}, "purpose must be a text, not None"),
        ({"lifetime": "soon"}, "'soon'"),
        ({"lifetime": timedelta(0)}, "must be positive"),
        ({"domain": "exa mple.org"}, "not a domain: 'exa mple.org'"),
        ({"domain": 5}, "not a domain: 5"),
        ({"path": "shop"}, "not a path: 'shop'"),
        ({"path": "/\r\n"}, "not a path: '/\\r\\n'"),
        ({"path": None}, "not a path: None"),
    ],
)
def test_a_mistyped_attribute_is_named_with_its_cookie(options: dict[str, Any], message: str) -> None:
    """R91."""
    with pytest.raises(PolicyError) as caught:
        Cookie("_ga", **options)
    assert "cookie '_ga'" in str(caught.value)
    assert message in str(caught.value)


def test_prefixes_are_taken_in_any_case_as_browsers_do() -> None:
    """R38, R45."""
    assert is_host_only("__host-x")
    assert is_secure_only("__SECURE-x")
    assert is_secure_only("__Host-x")
    assert is_http_only("__Host-Http-x")
    assert not is_secure_only("Host-x")
    assert not is_http_only("__Host-x")


@pytest.mark.parametrize("options", [{"domain": "example.org"}, {"path": "/shop"}])
def test_a_host_cookie_has_no_domain_and_the_root_path(options: dict[str, Any]) -> None:
    with pytest.raises(PolicyError, match="__Host-"):
        Cookie("__host-sid", **options)


def test_a_bare_string_is_a_cookie_with_nothing_but_its_name() -> None:
    assert Category("a", cookies=["x", Cookie("y")]).cookies == (Cookie("x"), Cookie("y"))
    assert Cookie("x").missing() == ["provider", "function", "purpose", "lifetime"]
    assert Cookie("x", provider="P", function="F", purpose="U", lifetime="session").missing() == []


def test_a_category_needs_nothing_but_its_key() -> None:
    category = Category("statistical")
    assert category.title == "statistical"
    assert category.basis is Basis.CONSENT
    assert not category.can_be_chosen


@pytest.mark.parametrize("key", ["necessary", "essential", "required", "Necessary"])
def test_a_necessary_sounding_category_must_say_so(key: str) -> None:
    with pytest.raises(PolicyError, match=r"basis=Basis\.NECESSARY"):
        Category(key)
    assert Category(key, basis=Basis.NECESSARY).basis is Basis.NECESSARY
    assert Category(key, basis=Basis.CONSENT).basis is Basis.CONSENT


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"key": ""}, "not ''"),
        ({"key": "a.b"}, "not 'a.b'"),
        ({"key": "a\n"}, "not 'a\\n'"),
        ({"key": 5}, "not 5"),
        ({"key": "a", "title": 5}, "category 'a': title must be a text, not 5"),
        ({"key": "a", "description": None}, "description must be a text, not None"),
        ({"key": "a", "cookies": "_ga"}, "cookies must be a list of names, not '_ga'"),
        ({"key": "a", "cookies": 5}, "cookies must be a list of names, not 5"),
        ({"key": "a", "cookies": [5]}, "category 'a': a cookie is a Cookie or a name, not 5"),
        ({"key": "a", "cookies": ["a;b"]}, "category 'a': no browser would store"),
        ({"key": "a", "basis": "legitimate interest"}, "not 'legitimate interest'"),
        ({"key": "a", "revision": 0}, "revision must be a whole number from 1, not 0"),
        ({"key": "a", "revision": True}, "not True"),
        ({"key": "a", "revision": "2"}, "not '2'"),
        ({"key": "a", "attestation": ATTESTED}, "basis exempt only, not consent"),
        ({"key": "a", "basis": Basis.EXEMPT}, "needs an Attestation, not None"),
        ({"key": "a", "basis": Basis.EXEMPT, "attestation": True}, "needs an Attestation, not True"),
    ],
)
def test_a_mistyped_category_is_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Category(**arguments)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "missing", ["sole_purpose", "anonymous_output", "no_cross_site", "no_combination", "no_third_party"]
)
def test_an_exemption_is_attested_in_full_or_not_at_all(missing: str) -> None:
    """R25."""
    attested = {name: name != missing for name in Attestation.__slots__}
    with pytest.raises(PolicyError, match=f"not attested: {missing}$"):
        Category("statistical", basis=Basis.EXEMPT, attestation=Attestation(**attested))
    Category("statistical", basis=Basis.EXEMPT, attestation=ATTESTED)


def test_the_digest_is_of_what_the_visitor_answered_about() -> None:
    """R13: basis, names, providers and revision; neither wording nor order."""
    base = Category("a", cookies=[Cookie("x", provider="P"), "y"])
    same = Category(
        "a", title="A", description="new words", cookies=["y", Cookie("x", provider="P", purpose="words")]
    )
    assert base.digest() == same.digest()
    others = [
        Category("a", cookies=[Cookie("x", provider="P"), "y"], revision=2),
        Category("a", cookies=[Cookie("x", provider="Q"), "y"]),
        Category("a", cookies=[Cookie("x", provider="P")]),
        Category("a", cookies=[Cookie("x", provider="P"), "y", "z*"]),
        Category("a", cookies=[Cookie("x", provider="P"), "y"], basis=Basis.EXEMPT, attestation=ATTESTED),
    ]
    assert len({base.digest(), *(other.digest() for other in others)}) == 6


def test_names_are_bytes_up_to_the_longest_a_browser_keeps() -> None:
    assert Cookie("\xff").name == "\xff"
    assert Cookie("sid\xa0").name == "sid\xa0"
    assert Cookie("x" * 4096).name == "x" * 4096
    with pytest.raises(PolicyError, match=r"name\.encode\(\)\.decode\('latin-1'\)"):
        Cookie("\u0100")
    with pytest.raises(PolicyError, match=r"exactly one '\*' and something else: '\*'"):
        Cookie("*")


def test_errors_of_a_category_name_it() -> None:
    with pytest.raises(PolicyError, match=r"^category 'a': .*description"):
        Category("a", description=1)  # type: ignore[arg-type]
    with pytest.raises(PolicyError, match=r"^category 'a': .*basis"):
        Category("a", basis="consent!")  # type: ignore[arg-type]
    with pytest.raises(PolicyError, match=r"^category 'a': basis exempt, but not attested: .*, "):
        Category("a", basis=Basis.EXEMPT, attestation=Attestation())
