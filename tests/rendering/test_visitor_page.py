"""The page, the banner and the placeholder as their visitors read them: order, words, forms, links."""

# ruff: noqa: E501  # sentences stand as they are read

import re
from typing import Any

import pytest

from consentgate import Basis, Category, Cookie, Policy, PolicyError
from consentgate.rendering.html import Renderer
from consentgate.rendering.view import VisitorView
from tests.conftest import NOW
from tests.stage import DAY, POLICIES, answered, view_of, visitors

POLICY = POLICIES["library"]
VISITORS = visitors(POLICY)
RENDERER = Renderer(POLICY)
AT = int(NOW) - 1


def page(view: VisitorView, language: str = "en", *, next: str | None = "/", **options: Any) -> str:
    options.setdefault("languages", ["en", "fr"])
    return RENDERER.page(view, own="/cookies", next=next, language=language, **options)


def banner(view: VisitorView, language: str = "en", **options: Any) -> str:
    where = {"action": "/cookies", "next": "/here?a=1", "page": "/cookies", **options}
    return str(RENDERER.banner(view, language=language, **where))


def text_of(html: str) -> str:
    """The text of some HTML, on one line."""
    body = re.sub(r"<(head|title)\b.*?</\1>", "", html, flags=re.DOTALL)
    inline = re.sub(r"</?(?:span|strong|time|code|bdi|a)\b[^>]*>", "", body)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", inline).replace("\xa0", " "))


def form_fields(html: str, action: str) -> dict[str, list[str]]:
    """The fields of the form that has a button of this action."""
    (form,) = [
        each for each in re.findall(r"<form.*?</form>", html, re.DOTALL) if f'value="{action}"' in each
    ]
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'name="([^"]*)" value="([^"]*)"', form):
        fields.setdefault(name, []).append(value)
    return fields


def test_the_pages_order() -> None:
    text = text_of(page(VISITORS["partly"]))
    wanted = [
        "Back to Riverton Library",
        "Français",
        "Saved.",
        "Back to the page you came from",
        "Cookies on Riverton Library",
        "A cookie is a small piece",
        "Refuse all",
        "Accept all",
        "Audience measurement",
        "See the 2 cookies",
        "Preferences",
        "Embedded video",
        "See the cookie ",
        "What you leave unanswered stays",
        "Save my choices",
        "Always on",
        "Necessary",
        "Who is responsible",
        "privacy@riverton.example",
        "Privacy notice",
        "Last changed 23 November 2026",
        "Asked again After 24 May 2026, or when one of these kinds of cookie changes",
    ]
    at = 0
    for each in wanted:
        assert each in text[at:], each
        at = text.index(each, at) + len(each)


STATES_EN = {
    "undecided": [
        "On. By the site’s own assessment, these cookies need no consent. You can object.",
        "Off. You have not answered yet.",
    ],
    "accepted": ["On. You accepted on 23 November 2025."],
    "refused": ["Off. You objected on 23 November 2025.", "Off. You refused on 23 November 2025."],
    "changed": ["Off. This has changed since your answer of 14 October 2025: please answer again."],
    "denied": ["Off. Your browser’s opt-out signal is honoured.", "honours: Global Privacy Control."],
}
STATES_FR = {
    "undecided": [
        "Actifs. Selon l’évaluation du site, ces cookies se passent de consentement. Vous pouvez vous y opposer.",
        "Inactifs. Vous n’avez pas encore répondu.",
    ],
    "accepted": ["Actifs. Vous avez accepté le 23 novembre 2025."],
    "refused": [
        "Inactifs. Opposition enregistrée le 23 novembre 2025.",
        "Inactifs. Vous avez refusé le 23 novembre 2025.",
    ],
    "changed": [
        "Inactifs. Cette catégorie a changé depuis votre réponse du 14 octobre 2025 : merci de répondre à nouveau."
    ],
    "denied": ["Inactifs. Le signal d’opposition de votre navigateur est respecté."],
}


@pytest.mark.parametrize(("language", "states"), [("en", STATES_EN), ("fr", STATES_FR)])
def test_each_state_in_words(language: str, states: dict[str, list[str]]) -> None:
    for state, sentences in states.items():
        text = text_of(page(VISITORS[state], language))
        for sentence in sentences:
            assert sentence in text, sentence


BANNERS = {
    "en": {
        "undecided": "Cookies on Riverton Library This site needs some cookies to work. May it also use cookies "
        "for: Preferences, Embedded video? On unless you object or refuse all: Audience measurement. "
        "Refuse all Accept all Choose cookies one by one",
        "changed": "A change to the cookies on Riverton Library Since your answer of 14 October 2025, this has "
        "changed: Preferences. Your other answers stand. Refuse Accept See the cookies concerned",
        "added": "May it also use cookies for: Preferences? Your other answers stand. Refuse Accept Choose cookies",
        "accepted": "You accepted: Preferences, Embedded video. You can change your answer at any time. "
        "Hide this message",
        "refused": "You refused all cookies that are not necessary, Audience measurement included.",
        "partly": "May it also use cookies for: Embedded video? Your other answers stand. Refuse Accept",
    },
    "fr": {
        "undecided": "Cookies du site Médiathèque de Riverton Ce site a besoin de certains cookies pour "
        "fonctionner. Peut-il aussi en utiliser pour : Préférences, Vidéos intégrées ? Actif, sauf si vous vous y "
        "opposez ou refusez tout : Mesure d’audience. Tout refuser Tout accepter Choisir les cookies un par un",
        "changed": "Changement dans les cookies du site Médiathèque de Riverton Depuis votre réponse du 14 octobre "
        "2025, ceci a changé : Préférences. Vos autres réponses restent valables. Refuser Accepter Voir les "
        "cookies concernés",
        "accepted": "Vous avez accepté : Préférences, Vidéos intégrées. Vous pouvez changer d’avis à tout moment. "
        "Masquer ce message",
        "refused": "Vous avez refusé tous les cookies non nécessaires, y compris : Mesure d’audience.",
    },
}


@pytest.mark.parametrize("language", BANNERS)
def test_the_banner_in_words(language: str) -> None:
    for state, sentences in BANNERS[language].items():
        assert sentences in text_of(banner(VISITORS[state], language)), state


def test_no_banner_without_a_question_or_a_fresh_answer() -> None:
    assert banner(VISITORS["later"]) == ""


def test_the_banner_answers_for_what_it_asks_and_nothing_else() -> None:
    """P7."""
    assert form_fields(banner(VISITORS["undecided"]), "refuse_all") == {
        "next": ["/here?a=1#consentgate-done"],
        "action": ["refuse_all", "accept_all"],
    }
    for state, key in (("changed", "preferences"), ("added", "preferences"), ("partly", "video")):
        assert form_fields(banner(VISITORS[state]), "accept") == {
            "category": [key],
            "next": ["/here?a=1#consentgate-done"],
            "action": ["refuse", "accept"],
        }


def test_the_banner_leads_to_the_page_and_the_page_back() -> None:
    assert 'href="/cookies?next=%2Fhere%3Fa%3D1"' in banner(VISITORS["undecided"])
    concerned = 'href="/cookies?next=%2Fhere%3Fa%3D1#consentgate-category-preferences"'
    assert concerned in banner(VISITORS["changed"])
    assert 'id="consentgate-category-preferences"' in page(VISITORS["changed"])
    assert "<a " not in banner(VISITORS["undecided"], page=None)
    # The word after an answer is no link either, where there is no page.
    assert "You can change your answer at any time." in banner(VISITORS["accepted"], page=None)


def test_the_two_buttons_for_all_stand_in_a_form_of_their_own() -> None:
    """Enter in the other form fires its first button, which saves."""
    html = page(VISITORS["undecided"])
    assert form_fields(html, "accept_all")["action"] == ["refuse_all", "accept_all"]
    assert form_fields(html, "answer") == {
        "next": ["/cookies?next=%2F"],
        "choice.audience": ["no", "unset"],
        "choice.preferences": ["no", "yes"],
        "choice.video": ["no", "yes"],
        "action": ["answer"],
    }


@pytest.mark.parametrize(
    ("state", "chosen"),
    [
        ("undecided", {"audience": "unset"}),
        ("accepted", {"audience": "unset", "preferences": "yes", "video": "yes"}),
        ("refused", {"audience": "no", "preferences": "no", "video": "no"}),
        ("partly", {"audience": "no", "preferences": "yes"}),
        ("changed", {"audience": "unset", "video": "yes"}),
        ("denied", {"audience": "unset"}),
    ],
)
def test_no_answer_is_chosen_but_those_that_were_given(state: str, chosen: dict[str, str]) -> None:
    """R6."""
    html = page(VISITORS[state])
    assert dict(re.findall(r'name="choice\.([a-z]+)" value="([a-z]+)" checked', html)) == chosen


def test_a_denied_category_offers_no_answer() -> None:
    html = page(VISITORS["denied"])
    assert 'name="choice.video"' not in html
    assert 'name="choice.preferences"' in html


def test_the_way_back_and_the_languages_keep_each_other() -> None:
    html = page(VISITORS["undecided"], next="/here?a=1")
    assert '<a href="/here?a=1"><span aria-hidden="true">←</span>' in html
    assert '<a href="/cookies?next=%2Fhere%3Fa%3D1&amp;lang=fr" lang="fr" hreflang="fr" dir="ltr">' in html
    # Without a choice of language on the page, the browser's word goes on deciding.
    assert form_fields(html, "answer")["next"] == ["/cookies?next=%2Fhere%3Fa%3D1"]
    pinned = page(VISITORS["undecided"], "fr", next="/here", pinned=True)
    assert form_fields(pinned, "answer")["next"] == ["/cookies?next=%2Fhere&amp;lang=fr"]


def test_the_page_leads_home_when_the_previous_page_is_unknown() -> None:
    html = page(VISITORS["accepted"], next=None, languages=["en"])
    assert '<a href="/">' in html
    assert "Back to the page you came from" not in html
    assert "next" not in form_fields(html, "answer")
    assert "consentgate-languages" not in html
    mounted = RENDERER.page(VISITORS["accepted"], own="/shop/legal/cookies", next=None, language="en")
    assert '<a href="/shop/legal/">' in mounted


def test_a_confirmation_says_what_was_answered() -> None:
    sentences = {
        "accepted": "Saved. You accepted: Preferences, Embedded video. ",
        "refused": "Saved. You refused all cookies that are not necessary, Audience measurement included. ",
        "partly": "Saved. You accepted: Preferences. You objected to: Audience measurement. "
        "Not answered yet: Embedded video. ",
    }
    for state, sentence in sentences.items():
        html = page(VISITORS[state])
        assert sentence in text_of(html)
        assert "<title>Saved – Cookies on Riverton Library</title>" in html
    some = answered(POLICY, AT, preferences=False, video=True)
    assert "You accepted: Embedded video. You refused: Preferences. " in text_of(page(view_of(POLICY, some)))
    consent = Policy([Category("a", title="A", cookies=["x"])])
    refused = Renderer(consent).page(
        view_of(consent, answered(consent, AT, a=False)), own="/cookies", next=None, language="en"
    )
    assert "Saved. You refused all cookies that are not necessary. " in text_of(refused)
    for state in ("undecided", "later"):
        assert 'role="status"' not in page(VISITORS[state])


def test_a_title_takes_the_place_of_the_heading() -> None:
    policy = Policy([Category("a", cookies=["x"])], site="Riverton", title="Our cookies")
    view = view_of(policy)
    html = Renderer(policy).page(view, own="/cookies", next=None, language="en")
    assert "<h1>Our cookies</h1>" in html
    assert "<title>Our cookies</title>" in html
    asked = Renderer(policy).banner(view, action="/c", next="/", page=None, language="en")
    assert ">Cookies on Riverton</h2>" in asked


def test_a_site_without_a_name() -> None:
    policy = Policy([Category("a", cookies=["x"])])
    view = view_of(policy, changed={"a": AT - DAY})
    html = Renderer(policy).page(view, own="/cookies", next=None, language="en")
    assert "<h1>Cookies</h1>" in html
    assert "Back to the site" in html
    assert "Who is responsible" not in html
    asked = Renderer(policy).banner(view, action="/c", next="/", page=None, language="en")
    assert ">A change to the cookies</h2>" in asked


def test_a_category_with_nothing_in_it_is_described_and_not_asked() -> None:
    policy = Policy(
        [Category("none", title="None", description="The site has none."), Category("a", cookies=["x"])]
    )
    for each in (policy, Policy([Category("none", title="None", description="The site has none.")])):
        html = Renderer(each).page(view_of(each), own="/cookies", next=None, language="en")
        assert "The site has none. No cookies of this kind are declared." in text_of(html)
        assert "choice.none" not in html


def test_other_hosts_are_named() -> None:
    maps = Category("maps", title="Maps", hosts=["maps.example", "*.tiles.example"])
    policy = Policy([maps])
    html = Renderer(policy).page(view_of(policy), own="/cookies", next=None, language="en")
    assert "Also uses other hosts: maps.example, *.tiles.example. Off." in text_of(html)
    assert "No cookies" not in html
    assert 'name="choice.maps"' in html
    learning = "Would learn of your visit: maps.example, *.tiles.example."
    assert learning in text_of(placeholder(policy, view_of(policy), "maps"))


def test_the_table_has_the_seeds_columns_names_first() -> None:
    html = page(VISITORS["undecided"])
    (head, *_) = re.findall(r"<thead>(.*?)</thead>", html, re.DOTALL)
    columns = ["Cookie name(s)", "Purposes", "Function and location", "Service provider's name", "Lifetime"]
    assert re.findall(r"<th scope=\"col\">(.*?)</th>", head) == [
        column.replace("'", "&#39;") for column in columns
    ]
    row = text_of(re.findall(r"<tr><th scope=\"row\">.*?</tr>", html, re.DOTALL)[0])
    assert (
        " ".join(row.split())
        == "_pk_id.* To tell a first visit from a return Audience measurement (every page) Riverton Library 13 months"
    )
    unsaid = Policy([Category("a", cookies=["x"])], controller="We")
    bare = Renderer(unsaid).page(view_of(unsaid), own="/cookies", next=None, language="en")
    assert "x not stated not stated not stated not stated" in text_of(bare)


def test_cookie_names_are_written_from_left_to_right_everywhere() -> None:
    html = Renderer(POLICIES["arabic"]).page(
        view_of(POLICIES["arabic"]), own="/cookies", next=None, language="ar"
    )
    assert '<html lang="ar" dir="rtl">' in html
    assert '<code dir="ltr" translate="no">_pk_id.*</code>' in html
    assert '<span aria-hidden="true">→</span>' in html


def test_a_text_in_another_language_says_so() -> None:
    """WCAG 3.1.2: ours that are not translated, and the site's."""
    html = Renderer(POLICIES["german"]).page(
        view_of(POLICIES["german"], changed={"statistik": AT}), own="/cookies", next=None, language="de"
    )
    assert '<span lang="en" dir="ltr">Refuse all</span>' in html
    assert '<span lang="en" dir="ltr">See the cookie</span>' in html
    assert '<span lang="en" dir="ltr">13 months</span>' in html
    # Inside an English sentence the page's own language is the foreign one, but for an English day.
    assert re.search(
        r'of <span lang="de" dir="ltr"><time datetime="[0-9-]*" lang="en">23 November 2025<', html
    )
    assert "<h3>Reichweitenmessung" in html
    foreign = Renderer(POLICIES["german"]).page(
        view_of(POLICIES["german"]), own="/cookies", next=None, language="fr"
    )
    assert '<h3><span lang="de" dir="ltr">Reichweitenmessung' in foreign
    assert "Tout refuser" in foreign
    assert '<span lang="en"' not in foreign


def placeholder(policy: Policy, view: VisitorView, key: str, **options: Any) -> str:
    where: dict[str, Any] = {"action": "/cookies", "next": "/film#top", "language": "en", **options}
    return str(Renderer(policy).placeholder(view, key, **where))


def test_a_placeholder_says_who_would_learn_of_the_visit_and_accepts_its_category() -> None:
    html = placeholder(POLICY, VISITORS["undecided"], "video")
    assert "Embedded video" in html
    assert "Would learn of your visit: YouTube (Google Ireland Ltd)." in text_of(html)
    assert form_fields(html, "accept") == {
        "category": ["video"],
        "next": ["/film#consentgate-place-video"],
        "action": ["accept"],
    }
    assert "<link" not in html
    assert 'href="/s.css"' in placeholder(POLICY, VISITORS["undecided"], "video", stylesheet="/s.css")
    assert placeholder(POLICY, VISITORS["accepted"], "video") == ""
    assert placeholder(POLICY, VISITORS["undecided"], "necessary") == ""
    with pytest.raises(PolicyError, match="unknown category"):
        placeholder(POLICY, VISITORS["undecided"], "film")


def test_a_placeholder_explains_what_a_signal_denies() -> None:
    html = placeholder(POLICY, VISITORS["denied"], "video")
    assert "Not shown: your browser’s opt-out signal is honoured." in text_of(html)
    assert "(Global Privacy Control)" in html
    assert "<button" not in html
    silent = view_of(POLICY, denied=frozenset({"video"}))
    assert "(" not in text_of(placeholder(POLICY, silent, "video")).replace("(Google Ireland Ltd)", "")


def test_a_placeholder_names_a_provider_once_and_may_know_none() -> None:
    policy = Policy(
        [
            Category("a", cookies=[Cookie("x", provider="Ads"), Cookie("y", provider="Ads"), "z"]),
            Category("b", cookies=["w"], description="They help."),
            Category("n", basis=Basis.NECESSARY, cookies=["sid"]),
        ]
    )
    assert "Would learn of your visit: Ads." in text_of(placeholder(policy, view_of(policy), "a"))
    assert "Would learn" not in placeholder(policy, view_of(policy), "b")


def test_the_forms_alone_have_no_heading_of_first_rank() -> None:
    html = RENDERER.form(
        VISITORS["partly"], action="/cookies", next="/legal", language="fr", stylesheet="/s.css"
    )
    assert html.startswith('<div class="consentgate consentgate-form" lang="fr" dir="ltr">')
    assert "<h1" not in html
    assert "Enregistré." in html
    assert form_fields(html, "answer")["next"] == ["/legal"]
    assert '<link rel="stylesheet" href="/s.css">' in html
