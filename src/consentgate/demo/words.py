"""The portal's own texts and data sets, in English and French."""

from collections.abc import Mapping
from dataclasses import dataclass

from consentgate.consent.verdict import Reason

LANGUAGES = ("en", "fr")


@dataclass(frozen=True, slots=True)
class DataSet:
    """One data set of the portal.

    Attributes:
        slug: its part of an address, and of the cookie that remembers it.
        title: by language.
        summary: by language.
        rows: how many there are, by language.
    """

    slug: str
    title: Mapping[str, str]
    summary: Mapping[str, str]
    rows: Mapping[str, str]


def _data_set(slug: str, rows: str, title: tuple[str, str], summary: tuple[str, str]) -> DataSet:
    titles, summaries = (dict(zip(LANGUAGES, texts, strict=True)) for texts in (title, summary))
    counts = {"en": f"{rows} rows", "fr": f"{rows.replace(',', ' ')} lignes"}
    return DataSet(slug, titles, summaries, counts)


DATA_SETS = (
    _data_set(
        "trees",
        "48,210",
        ("Trees in streets and parks", "Arbres des rues et des parcs"),
        ("Species, height and year of planting.", "Essence, hauteur et année de plantation."),
    ),
    _data_set(
        "buses",
        "1,024",
        ("Bus stops", "Arrêts de bus"),
        ("With shelter and step-free access.", "Avec abri et accès de plain-pied."),
    ),
    _data_set(
        "air",
        "964,130",
        ("Air quality", "Qualité de l’air"),
        ("Eleven stations, every hour since 2015.", "Onze stations, chaque heure depuis 2015."),
    ),
    _data_set(
        "budget",
        "6,318",
        ("City budget", "Budget de la ville"),
        ("Every line of income and spending.", "Chaque ligne de recettes et de dépenses."),
    ),
)

TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Open data of Riverton – a demo of consentgate",
        "name": "Riverton open data",
        "other": "fr",
        "other_name": "Français",
        "log_in": "Log in",
        "log_out": "Log out",
        "user": "You are logged in.",
        "stranger": "You are not logged in.",
        "welcome": "Welcome",
        "heading": "What the city counts, for everyone",
        "lead": "Trees, buses, air and budgets: 212 data sets, free to use.",
        "search_label": "Search the data sets",
        "search": "Search",
        "newest": "Newest data sets",
        "found": "Data sets found",
        "none_found": "No data set goes by these words.",
        "all": "See them all",
        "again": "Look again",
        "again_on": "You looked at:",
        "again_off": "Accept Preferences, and the portal remembers what you looked at.",
        "map": "The trees on the map",
        "map_title": "Map of Riverton with its trees",
        "map_host": "The map comes from another host,",
        "widget_host": "A widget’s picture comes from a third host,",
        "api": "For programs",
        "api_lead": "The same list by API, protected by a CSRF token.",
        "api_call": "Call the API",
        "gate": "What the gate did with this page",
        "gate_lead": "The portal tried to set four cookies in this response.",
        "cookie": "Cookie",
        "kind": "Kind",
        "outcome": "Outcome",
        "no_kind": "none",
        "may_read": "The portal may read:",
        "reads_nothing": "no cookie at all",
        "try": "Try it",
        "try_answer": "Answer in the banner, or on the cookies page, and watch this table.",
        "try_object": "Object to the audience measurement, and keep the rest.",
        "try_rest": "Log in, change the language, search, call the API: that works whatever you answer.",
        "try_terminal": "The terminal says the same, request by request.",
        "cookies": "Cookies",
        "foot": "A made-up city. Served by consentgate demo.",
    },
    "fr": {
        "title": "Données ouvertes de Riverton – une démonstration de consentgate",
        "name": "Riverton, données ouvertes",
        "other": "en",
        "other_name": "English",
        "log_in": "Se connecter",
        "log_out": "Se déconnecter",
        "user": "Vous êtes connecté.",
        "stranger": "Vous n’êtes pas connecté.",
        "welcome": "Bienvenue",
        "heading": "Ce que la ville mesure, pour tous",
        "lead": "Arbres, bus, air et budgets : 212 jeux de données, libres d’usage.",
        "search_label": "Chercher dans les jeux de données",
        "search": "Chercher",
        "newest": "Jeux de données récents",
        "found": "Jeux de données trouvés",
        "none_found": "Aucun jeu de données ne répond à ces mots.",
        "all": "Les voir tous",
        "again": "À revoir",
        "again_on": "Vous avez consulté :",
        "again_off": "Acceptez Préférences, et le portail retiendra ce que vous consultez.",
        "map": "Les arbres sur la carte",
        "map_title": "Carte de Riverton et de ses arbres",
        "map_host": "La carte vient d’un autre serveur,",
        "widget_host": "L’image d’un gadget vient d’un troisième serveur,",
        "api": "Pour les programmes",
        "api_lead": "La même liste par API, protégée par un jeton CSRF.",
        "api_call": "Appeler l’API",
        "gate": "Ce que consentgate a fait de cette page",
        "gate_lead": "Le portail a voulu déposer quatre cookies dans cette réponse.",
        "cookie": "Cookie",
        "kind": "Catégorie",
        "outcome": "Résultat",
        "no_kind": "aucune",
        "may_read": "Le portail peut lire :",
        "reads_nothing": "aucun cookie",
        "try": "Essayez",
        "try_answer": "Répondez dans le bandeau ou sur la page des cookies, et regardez ce tableau.",
        "try_object": "Opposez-vous à la mesure d’audience, et gardez le reste.",
        "try_rest": "Connectez-vous, changez de langue, cherchez, appelez l’API : cela marche quelle que "
        "soit votre réponse.",
        "try_terminal": "Le terminal dit la même chose, requête par requête.",
        "cookies": "Cookies",
        "foot": "Une ville inventée. Servi par consentgate demo.",
    },
}

OUTCOMES: Mapping[str, Mapping[Reason, str]] = {
    "en": {
        Reason.NECESSARY: "let through: the portal needs it",
        Reason.EXEMPT: "let through: exempt, and you have not objected",
        Reason.ACCEPTED: "let through: you accepted",
        Reason.REFUSED: "held back: you said no",
        Reason.UNSET: "held back: you have not answered yet",
        Reason.UNDECLARED: "held back: nobody declared it",
    },
    "fr": {
        Reason.NECESSARY: "transmis : le portail en a besoin",
        Reason.EXEMPT: "transmis : exempté, et vous ne vous y opposez pas",
        Reason.ACCEPTED: "transmis : vous avez accepté",
        Reason.REFUSED: "retenu : vous avez dit non",
        Reason.UNSET: "retenu : vous n’avez pas encore répondu",
        Reason.UNDECLARED: "retenu : personne ne l’a déclaré",
    },
}
"""The verdict on a cookie that the portal sets, and its reason, by language."""
