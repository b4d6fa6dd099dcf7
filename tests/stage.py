"""Sites and visitors to look at: every state of page, banner, form and placeholder, at an address of its own.

`/page/library/partly/fr` is the page of the library's policy for a visitor who has answered a part of it, in
French; `/banner/...` is the site's front page, with the banner; `/form/...` the forms in the site's own
layout; `/place/...` an embed that waits for its category.
"""

from datetime import timedelta
from typing import Any

from markupsafe import Markup

from consentgate import Basis, Category, Cookie, Policy, Preferences
from consentgate.consent.preferences import UNDECIDED, Answer
from consentgate.i18n.texts import translated
from consentgate.rendering.assets import stylesheet
from consentgate.rendering.html import Renderer
from consentgate.rendering.view import VisitorView

from .conftest import ATTESTED, NOW

DAY = 86400


def both(en: str, fr: str) -> str:
    """A text in the library's two languages."""
    return translated({"en": en, "fr": fr})


def library() -> Policy:
    """A town's library: one category of each kind, and two that need consent."""
    site = "Riverton Library"
    return Policy(
        [
            Category(
                "audience",
                title=both("Audience measurement", "Mesure d’audience"),
                description=both(
                    "They count visits, so that we know which pages are read. The figures name nobody.",
                    "Ils comptent les visites, pour savoir quelles pages sont lues. "
                    "Les chiffres ne désignent personne.",
                ),
                basis=Basis.EXEMPT,
                attestation=ATTESTED,
                cookies=[
                    Cookie(
                        "_pk_id.*",
                        provider=site,
                        function=both("Audience measurement", "Mesure d’audience"),
                        location=both("every page", "toutes les pages"),
                        purpose=both(
                            "To tell a first visit from a return",
                            "Distinguer une première visite d’un retour",
                        ),
                        lifetime="13 months",
                    ),
                    Cookie(
                        "_pk_ses.*",
                        provider=site,
                        function=both("Audience measurement", "Mesure d’audience"),
                        location=both("every page", "toutes les pages"),
                        purpose=both(
                            "To tell one visit from the next", "Distinguer une visite de la suivante"
                        ),
                        lifetime="30 minutes",
                    ),
                ],
            ),
            Category(
                "preferences",
                title=both("Preferences", "Préférences"),
                description=both(
                    "They remember your branch and how you like lists sorted.",
                    "Ils retiennent votre médiathèque et l’ordre de vos listes.",
                ),
                cookies=[
                    Cookie(
                        "branch",
                        provider=site,
                        function=both("Opening hours", "Horaires"),
                        purpose=both("To show your branch first", "Montrer d’abord votre médiathèque"),
                        lifetime="1 year",
                    ),
                    Cookie(
                        "list_order",
                        provider=site,
                        function=both("Catalogue", "Catalogue"),
                        location=both("search results", "résultats de recherche"),
                        purpose=both(
                            "To sort lists as you did last time", "Trier les listes comme la dernière fois"
                        ),
                        lifetime="1 year",
                    ),
                ],
            ),
            Category(
                "video",
                title=both("Embedded video", "Vidéos intégrées"),
                description=both(
                    "They let us show readings from YouTube, which then learns that you watched them.",
                    "Ils permettent de montrer des lectures hébergées par YouTube, qui apprend alors que "
                    "vous les regardez.",
                ),
                cookies=[
                    Cookie(
                        "VISITOR_INFO1_LIVE",
                        provider="YouTube (Google Ireland Ltd)",
                        function=both("Readings", "Lectures"),
                        purpose=both(
                            "To choose the video’s quality and remember how you play it",
                            "Choisir la qualité de la vidéo et retenir vos réglages",
                        ),
                        lifetime="6 months",
                    )
                ],
            ),
            Category(
                "necessary",
                title=both("Necessary", "Nécessaires"),
                description=both(
                    "They keep you logged in and your forms safe.",
                    "Ils maintiennent votre connexion et la sécurité des formulaires.",
                ),
                basis=Basis.NECESSARY,
                cookies=[
                    Cookie(
                        "sid",
                        provider=site,
                        function=both("Authentication", "Authentification"),
                        purpose=both(
                            "To remember you from one page to the next",
                            "Se souvenir de vous d’une page à l’autre",
                        ),
                        lifetime="session",
                    )
                ],
            ),
        ],
        site=both(site, "Médiathèque de Riverton"),
        controller=site,
        contact="privacy@riverton.example",
        privacy_url="/privacy",
        updated="2026-11-23",
    )


KINDS = ("Audience measurement", "Preferences", "Embedded video", "Maps", "Social sharing", "Live chat")
KINDS = (*KINDS, "Advertising", "Personalisation")


def many(*, long: bool = False) -> Policy:
    """Eight categories with sixty cookies; with names of a hundred characters, if asked for."""
    categories = [Category("necessary", title="Necessary", basis=Basis.NECESSARY, cookies=["sid"])]
    for at, kind in enumerate(KINDS):
        cookies = [
            Cookie(
                f"_{at}{number}_" + "a8f5f167f44f4964e6c998dee827110c" * 3 if long else f"_{at}_{number}",
                provider=f"Provider {number} Ltd",
                function="Measurement",
                purpose="To tell visits apart and to see which pages are read first",
                lifetime=timedelta(days=1 + number),
            )
            for number in range(8 if at < 4 else 7)
        ]
        exempt: dict[str, Any] = {"basis": Basis.EXEMPT, "attestation": ATTESTED} if at == 0 else {}
        description = f"They help us with {kind.lower()}."
        category = Category(f"c{at}", title=kind, description=description, cookies=cookies, **exempt)
        categories.append(category)
    return Policy(categories, site="Riverton Library", controller="Riverton Library", updated="2026-11-23")


def german() -> Policy:
    """Long words, and a language that our own words are not in."""
    return Policy(
        [
            Category(
                "statistik",
                title="Reichweitenmessung und "
                "Donaudampfschifffahrtsgesellschaftskapitänsmützenzählungsverordnung",
                description="Wir messen, welche Seiten der Stadtbibliothek wie häufig aufgerufen werden.",
                cookies=[
                    Cookie(
                        "_pk_id.*",
                        provider="Matomo-Auftragsverarbeitungsgesellschaft mbH & Co. KG",
                        function="Reichweitenmessung",
                        purpose="Unterscheidung wiederkehrender Besucherinnen und Besucher",
                        lifetime="13 months",
                    )
                ],
            ),
        ],
        site="Stadtbibliothek Garmisch-Partenkirchen",
        title="Datenschutzeinstellungen und Cookie-Richtlinie der Stadtbibliothek",
        controller="Stadtbibliothek Garmisch-Partenkirchen",
        contact="+49 8821 910 0",
        language="de",
    )


def arabic() -> Policy:
    """A language written from right to left, with our words for part of it."""
    return Policy(
        [
            Category(
                "statistics",
                title="إحصاءات",
                description="لعد الزيارات.",
                cookies=[Cookie("_pk_id.*", provider="Matomo", purpose="لعد الزيارات", lifetime="13 months")],
            )
        ],
        site="مكتبة ريفرتون",
        controller="مكتبة ريفرتون",
        language="ar",
        strings={
            "ar": {
                "Cookies on %(site)s": "ملفات تعريف الارتباط في %(site)s",
                "Refuse all": "رفض الكل",
                "Accept all": "قبول الكل",
                "Refuse": "رفض",
                "Accept": "قبول",
                "Save my choices": "حفظ اختياراتي",
                "Choose cookies one by one": "اختيار الملفات واحدًا واحدًا",
                "Back to %(site)s": "العودة إلى %(site)s",
                "Your choices": "اختياراتك",
            }
        },
    )


POLICIES = {
    "library": library(),
    "many": many(),
    "long": many(long=True),
    "german": german(),
    "arabic": arabic(),
}


def answered(policy: Policy, at: int, **message: bool) -> Preferences:
    """The answers *said*, category by category, given at this Unix second."""
    return Preferences(tuple(Answer(key, yes, at, policy.digests[key]) for key, yes in message.items()))


def view_of(policy: Policy, preferences: Preferences = UNDECIDED, **more: Any) -> VisitorView:
    """A visitor with these answers, as a visit shows one."""
    unanswered = [
        each.key
        for each in policy.categories
        if each.basis is Basis.CONSENT and each.key in policy.digests and not preferences.answer(each.key)
    ]
    denied = more.get("denied", frozenset())
    allowed = {
        each.key
        for each in policy.categories
        if each.basis is Basis.NECESSARY
        or (each.key not in denied and preferences.accepts(each.key))
        or (each.basis is Basis.EXEMPT and not preferences.refuses(each.key))
    }
    return VisitorView(
        preferences=preferences,
        allowed=frozenset(allowed),
        asked=tuple(key for key in unanswered if key not in denied),
        **{"now": NOW, **more},
    )


def visitors(policy: Policy) -> dict[str, VisitorView]:
    """A visitor in each state, by its name."""
    consent = [each.key for each in policy.categories if each.basis is Basis.CONSENT]
    exempt = [each.key for each in policy.categories if each.basis is Basis.EXEMPT]
    now, before = int(NOW) - 1, int(NOW) - 40 * DAY
    first, others = consent[0], consent[1:]
    yes, no = dict.fromkeys(consent, True), dict.fromkeys([*exempt, *consent], False)
    rest = dict.fromkeys(others, True)
    return {
        "undecided": view_of(policy),
        "accepted": view_of(policy, answered(policy, now, **yes)),
        "refused": view_of(policy, answered(policy, now, **no)),
        "later": view_of(policy, answered(policy, before, **yes)),
        "partly": view_of(policy, answered(policy, now, **dict.fromkeys(exempt, False), **{first: True})),
        "changed": view_of(policy, answered(policy, before, **rest), changed={first: before}),
        "added": view_of(policy, answered(policy, before, **dict.fromkeys(others, False))),
        "denied": view_of(policy, denied=frozenset(consent[-1:]), signals=("gpc",)),
    }


STATES = tuple(visitors(POLICIES["library"]))

SITE = """<!doctype html>
<html lang="{language}" dir="{direction}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Riverton Library</title><link rel="stylesheet" href="/site.css"></head>
<body>{banner}
<header><p>Riverton Library</p></header>
<main><h1>{heading}</h1>{content}</main>
<footer><p><a href="/cookies">Cookies</a></p></footer>
</body></html>"""

SITE_CSS = """:root { color-scheme: light dark; --consentgate-width: 60rem; }
body { background: light-dark(#fff, #151a17); color: light-dark(#1c2621, #eef3f0); font: 1.0625rem/1.5 Georgia, serif; margin: 0; }
header { background: light-dark(#1f3d2b, #17301f); color: #fff; font-size: 1.375rem; }
header, main, footer { padding: 0.25rem max(1rem, calc(50% - 29rem)); }
a { color: light-dark(#1f3d2b, #9fd8b4); }"""  # noqa: E501


def text_of(kind: str, renderer: Renderer, view: VisitorView, language: str) -> str:
    """The document under an address of this kind."""
    here = "/page" if kind == "form" else "/"
    if kind == "page":
        return renderer.page(view, own="/cookies", next="/", language=language, languages=["en", "fr"])
    banner, content = Markup(""), Markup("<p>Open until seven.</p>")
    if kind == "banner":
        banner = renderer.banner(view, action="/cookies", next=here, page="/cookies", language=language)
    elif kind == "form":
        style = f"/cookies/{stylesheet()[0]}"
        content = renderer.form(view, action="/cookies", next=here, language=language, stylesheet=style)
    else:
        style = f"/cookies/{stylesheet()[0]}"
        key = next(
            key for key in renderer._policy.digests if renderer._policy.category(key).basis == "consent"
        )
        key = max(view.denied, default=key)
        content = renderer.placeholder(
            view, key, action="/cookies", next=here, language=language, stylesheet=style
        )
    direction = "rtl" if language == "ar" else "ltr"
    heading = "Cookies on Riverton Library" if kind == "form" else "Riverton Library"
    return SITE.format(
        language=language, direction=direction, banner=banner, heading=heading, content=content
    )


def stage(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Serve what its docstring says."""
    path = environ["PATH_INFO"]
    name, css = stylesheet()
    if path == f"/cookies/{name}":
        media_type, body = "text/css", css
    elif path == "/site.css":
        media_type, body = "text/css", SITE_CSS.encode()
    elif path.count("/") == 4:
        kind, site, state, language = path.removeprefix("/").split("/")
        policy = POLICIES[site]
        text = text_of(kind, Renderer(policy), visitors(policy)[state], language)
        media_type, body = "text/html; charset=utf-8", text.encode()
    else:
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"nothing here"]
    start_response("200 OK", [("Content-Type", media_type), ("Content-Length", str(len(body)))])
    return [body]
