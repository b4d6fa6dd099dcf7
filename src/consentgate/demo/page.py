"""The portal's page: data sets, and a panel that shows the gate's verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from consentgate.consent.verdict import Reason
from consentgate.policy import Policy
from consentgate.visit import Visit

from .maps import MAP_COOKIE
from .words import DATA_SETS, OUTCOMES, TEXTS, DataSet


@dataclass(frozen=True, slots=True)
class Shown:
    """The content of one page of the portal.

    Attributes:
        language: ``"en"`` or ``"fr"``.
        is_logged_in: whether the visitor is logged in.
        search: the visitor's search words, empty for none.
        names: cookies the portal may read.
        recent: data sets the visitor looked at, from the portal's cookie.
        csrf_token: the token for its forms.
        tried: names of the cookies this answer tries to set.
        map_host: the other host whose map the page embeds.
        widget_host: a host that no category declares, from which the page asks a picture.
    """

    language: str
    is_logged_in: bool
    search: str
    names: Sequence[str]
    recent: Sequence[DataSet]
    csrf_token: str
    tried: Sequence[str]
    map_host: str
    widget_host: str


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("consentgate.demo"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def style() -> bytes:
    """Return the portal's stylesheet."""
    return files("consentgate.demo").joinpath("static", "demo.css").read_bytes()


def draw(policy: Policy, visit: Visit, shown: Shown) -> str:
    """Return the portal's page."""
    language = shown.language
    wanted = shown.search.casefold()
    found = [
        each for each in DATA_SETS if wanted in f"{each.title[language]} {each.summary[language]}".casefold()
    ]
    return (
        _environment()
        .get_template("portal.html")
        .render(
            text=TEXTS[language],
            outcomes=[_outcome(policy, visit, name, language) for name in shown.tried],
            map_outcome=_outcome(policy, visit, MAP_COOKIE, language),
            widget_outcome=OUTCOMES[language][Reason.UNDECLARED],
            found=found,
            shown=shown,
            visit=visit,
        )
    )


def _outcome(policy: Policy, visit: Visit, name: str, language: str) -> tuple[str, str, bool, str]:
    """Return a cookie's name, its category's title, whether it passes, and the reason in words."""
    verdict = visit.explain(name)
    kind = TEXTS[language]["no_kind"]
    if verdict.category is not None:
        title = policy.category(verdict.category).title
        kind = getattr(title, "translations", {}).get(language, title)
    return name, kind, verdict.admitted, OUTCOMES[language].get(verdict.reason, str(verdict))
