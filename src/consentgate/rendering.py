"""The policy for readers: HTML, Markdown and JSON from one catalogue. The only door to Jinja2."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Literal

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from .catalogue import Catalogue
from .category import Basis, Category, Cookie
from .lifetime import lifetime_text
from .preferences import Preferences

Format = Literal["markdown", "html", "json"]

NOT_STATED = "not stated"

COLUMNS = (
    "Service provider's name",
    "Function and location",
    "Cookie name(s)",
    "Purposes",
    "Lifetime",
)

BASES = {
    Basis.NECESSARY: "Always active: the site does not work without these cookies.",
    Basis.CONSENT: "Set only if you accept.",
    Basis.EXEMPT: "Set unless you refuse. Declared exempt from consent by the site operator.",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: cookies with the same texts, under their several names."""

    provider: str
    function: str
    names: tuple[str, ...]
    purpose: str
    lifetime: str

    @property
    def cells(self) -> tuple[str, ...]:
        """The texts under `COLUMNS`."""
        return (self.provider, self.function, ", ".join(self.names), self.purpose, self.lifetime)


def rows(category: Category) -> list[Row]:
    """Return the table of a category, in the order its cookies are declared."""
    grouped: dict[tuple[str, str, str, str], list[str]] = {}
    for cookie in category.cookies:
        names = grouped.setdefault(_texts(cookie), [])
        if cookie.name not in names:
            names.append(cookie.name)
    return [
        Row(provider, function, tuple(names), purpose, lifetime)
        for (provider, function, purpose, lifetime), names in grouped.items()
    ]


def _texts(cookie: Cookie) -> tuple[str, str, str, str]:
    function = f"{cookie.function} ({cookie.location})" if cookie.location else cookie.function
    texts = (cookie.provider, function, cookie.purpose, lifetime_text(cookie.lifetime))
    provider, function, purpose, lifetime = (text.strip() or NOT_STATED for text in texts)
    return provider, function, purpose, lifetime


@cache
def _environment() -> Environment:
    """Return Jinja2's environment, made when the first page is asked for. It escapes everything."""
    environment = Environment(
        loader=PackageLoader("consentgate"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(columns=COLUMNS, bases=BASES, rows=rows, date=_date, day=_day)
    return environment


def render(policy: Catalogue, output: Format) -> str:
    """Return *policy* as ``"html"`` (a fragment), ``"markdown"`` or ``"json"``."""
    if output == "html":
        return _environment().get_template("policy.html").render(policy=policy)
    if output == "markdown":
        return "\n".join(_markdown(policy))
    return json.dumps(published(policy), indent=2, ensure_ascii=False) + "\n"


def render_page(
    policy: Catalogue,
    preferences: Preferences,
    *,
    action: str,
    stylesheet: str,
    status: str = "",
) -> str:
    """Return the visitor's page: the policy, and the form on which to choose.

    Args:
        policy: what is published.
        preferences: what the visitor has answered; a category is ticked only if it was accepted (R6).
        action: path the form posts to.
        stylesheet: path of the stylesheet.
        status: what has just happened, announced to the visitor (WCAG 4.1.3).
    """
    days = [answer.at for answer in preferences.answers]
    lifetime = int(policy.cookie_lifetime.total_seconds())
    return (
        _environment()
        .get_template("page.html")
        .render(
            policy=policy,
            answers={answer.category: answer for answer in preferences.answers},
            last_chosen=max(days, default=None),
            asked_again=min(days) + lifetime if days else None,
            action=action,
            stylesheet=stylesheet,
            status=status,
        )
    )


def render_banner(
    policy: Catalogue, action: str | None, *, next_page: str = "", page: str | None = None
) -> Markup:
    """Return the banner, its form posting to *action*; empty when there is no action to ask for."""
    if action is None:
        return Markup("")
    template = _environment().get_template("banner.html")
    return Markup(
        template.render(
            policy=policy,
            asked=[each for each in policy.categories if each.can_be_chosen and each.basis is Basis.CONSENT],
            action=action,
            next_page=next_page,
            page=page,
            stylesheet=None if page is None else f"{page}/{stylesheet()[0]}",
        )
    )


def _date(at: int) -> Markup:
    """Return a Unix second as a date that people and programs can read, in UTC."""
    return _day(datetime.fromtimestamp(at, UTC).date())


# strftime's names follow the process's locale, which is not the page's language.
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def _day(day: date) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(
        day.isoformat(), f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    )


def render_demo(**context: object) -> str:
    """Return the demo portal's page."""
    template = _environment().get_template("demo.html")
    return template.render(stylesheet=stylesheet()[0], **context)


@cache
def stylesheet() -> tuple[str, bytes]:
    """Return the stylesheet's file name, which changes with its content, and its content."""
    content = files("consentgate").joinpath("templates", "style.css").read_bytes()
    return f"style-{hashlib.sha256(content).hexdigest()[:12]}.css", content


def published(policy: Catalogue) -> dict[str, object]:
    """Return all that *policy* publishes, ready for JSON."""
    return {
        "title": policy.title,
        "controller": policy.controller,
        "contact": policy.contact,
        "privacy_url": policy.privacy_url,
        "updated": None if policy.updated is None else policy.updated.isoformat(),
        "cookie_name": policy.cookie_name,
        "cookie_lifetime": lifetime_text(policy.cookie_lifetime),
        "categories": [
            {
                "key": category.key,
                "title": category.title,
                "description": category.description,
                "basis": category.basis.value,
                "cookies": [
                    {
                        "name": cookie.name,
                        "provider": cookie.provider,
                        "function": cookie.function,
                        "location": cookie.location,
                        "purpose": cookie.purpose,
                        "lifetime": lifetime_text(cookie.lifetime),
                        "domain": cookie.domain,
                        "path": cookie.path,
                    }
                    for cookie in category.cookies
                ],
            }
            for category in policy.categories
        ],
    }


def _markdown(policy: Catalogue) -> Iterator[str]:
    yield f"# {_inert(policy.title or 'Cookies policy')}\n"
    for category in policy.categories:
        yield f"## {_inert(category.title)}\n"
        if category.description:
            yield f"{_inert(category.description)}\n"
        yield f"{BASES[category.basis]}\n"
        if not category.cookies:
            yield "No cookies of this kind are declared.\n"
            continue
        yield _line(COLUMNS)
        yield _line(("---",) * len(COLUMNS))
        for row in rows(category):
            yield _line(tuple(map(_inert, row.cells)))
        yield ""


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _inert(text: str) -> str:
    """Return *text* for a line of Markdown, with nothing in it that Markdown or HTML would act on."""
    one_line = " ".join(text.split())
    return re.sub(r"([\\|*<>&`\[\]#])", r"\\\1", one_line)
