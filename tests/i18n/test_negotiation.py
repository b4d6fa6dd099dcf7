"""Which language a visitor is spoken to in, by a documented order."""

import re
from typing import Any

import pytest
from hypothesis import given

from consentgate import Category, Cookie, Policy, PolicyError, Visit
from consentgate.i18n.negotiation import negotiate_language
from consentgate.i18n.texts import translated
from tests.conftest import KEY, Answer, application, request
from tests.strategies import ANY_TEXT, NATIVE

COUNTER = Cookie("_pk_id", purpose=translated({"en": "To count", "fr": "Compter"}), lifetime="13 months")
POLICY = Policy(
    [
        Category(
            "statistical",
            title=translated({"en": "Statistics", "fr": "Statistiques"}),
            description="Only in English.",
            cookies=[
                Cookie(
                    "_pk_id", purpose=translated({"en": "To count", "fr": "Compter"}), lifetime="13 months"
                )
            ],
        )
    ],
    title=translated({"en": "Our cookies", "fr": "Nos cookies"}),
    strings={"de": {"Accept all": "Alle annehmen"}, "fr": {"Refuse all": "Non merci"}},
)


def page(policy: Policy = POLICY, accept_language: str = "", **options: Any) -> Answer:
    extra = {"HTTP_ACCEPT_LANGUAGE": accept_language} if accept_language else {}
    return request(policy.wrap(application(), secret_key=KEY, **options), path="/cookies", **extra)


def language_of(answer: Answer) -> str:
    (match,) = re.findall(r'<html lang="([^"]*)" dir="(?:ltr|rtl)">', answer.body.decode())
    return str(match)


def broken(environ: dict[str, Any]) -> str:
    raise RuntimeError("broken")


@pytest.mark.parametrize(
    ("language", "accept_language", "spoken", "chosen"),
    [
        pytest.param("fr", "en", "fr", False, id="what the site says comes first"),
        pytest.param(lambda environ: "fr", "en", "fr", False, id="what its callable says"),
        pytest.param(lambda environ: None, "fr", "fr", True, id="a callable that says nothing"),
        pytest.param(broken, "fr", "fr", True, id="a callable that fails"),
        pytest.param(lambda environ: "French", "fr", "fr", True, id="a callable that says nonsense"),
        pytest.param(None, "fr-CA, en;q=0.5", "fr", True, id="what the browser asks for"),
        pytest.param(None, "de", "de", True, id="a language only the site has words for"),
        pytest.param(None, "it, es", "en", True, id="the policy's own, at last"),
        pytest.param(None, "", "en", True, id="nothing said"),
        pytest.param(None, "x" * 1000, "en", True, id="too much said"),
        pytest.param("ar", "", "ar", False, id="a language nobody has words for"),
    ],
)
def test_languages_are_negotiated_in_this_order(
    language: Any, accept_language: str, spoken: str, chosen: bool
) -> None:
    answer = page(accept_language=accept_language, language=language)
    assert language_of(answer) == spoken
    assert answer.all("Vary") == ["Cookie, Accept-Language" if chosen else "Cookie"]


def test_the_page_in_french() -> None:
    html = page(accept_language="fr").body.decode()
    for text in (
        "Nos cookies",
        "Statistiques",
        "Compter",
        "13 mois",
        "Tout accepter",
        "Non merci",
        "Un cookie est une petite donnée",
    ):
        assert text in html, text
    # An untranslated text is shown unchanged, marked with its language.
    assert '<span lang="en" dir="ltr">Only in English.</span>' in html
    assert "Accept all" not in html
    assert "Refuse all" not in html


def test_a_page_that_is_written_from_right_to_left() -> None:
    assert b'<html lang="ar" dir="rtl">' in page(language="ar").body


def test_dates_in_french() -> None:
    first = page(Policy([], updated="2026-05-01"), "fr").body.decode()
    assert '<dt>Dernière modification</dt><dd><time datetime="2026-05-01">1er mai 2026</time></dd>' in first
    assert ">23 novembre 2026</time>" in page(Policy([], updated="2026-11-23"), "fr").body.decode()


def test_the_banner_uses_the_same_language_and_caches_learn_of_it() -> None:
    def show(environ: dict[str, Any]) -> None:
        shown.append(str(Visit.from_environ(environ).banner()))

    shown: list[str] = []
    gate = POLICY.wrap(application(before=show), secret_key=KEY)
    assert request(gate, HTTP_ACCEPT_LANGUAGE="fr").all("Vary") == ["Cookie, Accept-Language"]
    assert "Tout accepter" in shown[0]
    assert 'lang="fr"' in shown[0]
    fixed = POLICY.wrap(application(before=show), secret_key=KEY, language="en")
    assert request(fixed, HTTP_ACCEPT_LANGUAGE="fr").all("Vary") == ["Cookie"]


def test_every_format_uses_the_language() -> None:
    for output in ("html", "markdown", "json"):
        assert "Statistiques" in POLICY.render(output, language="fr")  # type: ignore[arg-type]
        assert "Statistics" in POLICY.render(output)  # type: ignore[arg-type]
    with pytest.raises(PolicyError, match="not 'French'"):
        POLICY.render("html", language="French")


@given(ANY_TEXT | NATIVE)
def test_nothing_a_browser_asks_for_makes_it_fail(accept_language: str) -> None:
    assert negotiate_language(accept_language, ["en", "fr"], "en") in ("en", "fr")


def test_asking_for_the_language_alone_adds_vary() -> None:
    def ask(environ: dict[str, Any]) -> None:
        assert Visit.from_environ(environ)._page_language == "fr"

    gate = POLICY.wrap(application(before=ask), secret_key=KEY)
    assert request(gate, HTTP_ACCEPT_LANGUAGE="fr").all("Vary") == ["Accept-Language"]


@pytest.mark.caches
def test_a_callable_that_takes_its_languages_from_visitors_costs_no_memory(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gate = POLICY.wrap(
        application(), secret_key=KEY, language=lambda environ: environ["QUERY_STRING"] or None
    )
    for first in "abcdefgh":
        for second in "abcdefgh":
            wanted = first + second  # one of them is spoken: the policy has words for it
            spoken = language_of(request(gate, path="/cookies", QUERY_STRING=wanted))
            assert spoken == ("de" if wanted == "de" else "en")
    assert len(gate._renderer._localizers) == 2
    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.parametrize("tag", ["fr-ca", "FR", "fr-Latn-FR-x-private"])
def test_any_tag_finds_the_language_it_asks_for(tag: str, caplog: pytest.LogCaptureFixture) -> None:
    """RFC 4647 3.4: subtags are taken off from the end, whatever the case."""
    gate = POLICY.wrap(application(), secret_key=KEY, language=lambda environ: tag)
    assert language_of(request(gate, path="/cookies")) == "fr"
    assert caplog.records == []
