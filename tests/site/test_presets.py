"""Ready-made necessary cookies."""

import pytest

from consentgate import Basis, Category, Cookie, Policy, PolicyError, presets


@pytest.mark.parametrize(
    ("preset", "names"),
    [
        (presets.django, {"sessionid", "csrftoken", "django_language", "messages"}),
        (presets.flask, {"session", "remember_token"}),
        (presets.pyramid, {"session", "auth_tkt", "csrf_token", "_LOCALE_"}),
        (presets.beaker, {"beaker.session.id"}),
    ],
)
def test_each_framework_with_its_prefixed_families_and_texts(preset: object, names: set[str]) -> None:
    cookies = preset()  # type: ignore[operator]
    assert {cookie.name for cookie in cookies} == {
        prefix + name for name in names for prefix in ("", "__Host-", "__Secure-")
    }
    assert all(cookie.function and cookie.purpose and cookie.lifetime for cookie in cookies)
    policy = Policy([Category("n", basis=Basis.NECESSARY, cookies=cookies)])
    assert all(policy.key_of(f"__Host-{name}") == "n" for name in names)


def test_names_are_the_sites_own() -> None:
    assert [cookie.name for cookie in presets.flask(session="__Host-sid", remember=None)] == ["__Host-sid"]
    assert "chunk.*" in [cookie.name for cookie in presets.beaker(session="chunk.*")]


def test_a_sites_own_declaration_replaces_the_presets() -> None:
    own = Cookie("session", purpose="Ours")
    policy = Policy(
        [
            Category("n", basis=Basis.NECESSARY, cookies=[*presets.flask(), *presets.pyramid(), own]),
            Category("statistical", cookies=["remember_token"]),
        ]
    )
    assert policy.scopes_of("session") == (own,)
    assert policy.key_of("remember_token") == "statistical"
    assert policy.key_of("__Secure-remember_token") == "n"


def test_an_unknown_preset_or_cookie_is_named() -> None:
    with pytest.raises(PolicyError, match="unknown preset 'rails'; known are beaker, django, flask, pyramid"):
        presets.preset("rails")
    with pytest.raises(
        PolicyError, match="preset 'flask': unknown cookie 'sesion'; known are session, remember"
    ):
        presets.preset("flask", sesion="sid")
