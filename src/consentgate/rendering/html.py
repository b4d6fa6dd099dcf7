"""The policy for readers: HTML, Markdown and JSON from one catalogue. The only door to Jinja2."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Literal

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from .catalogue import Catalogue
from .category import Basis, Category, Cookie
from .lifetime import lifetime_text, measured
from .memo import Remembered
from .messages import MONTHS, SOURCE, UNITS, Words, mark
from .preferences import Preferences
from .texts import Message, in_language

RIGHT_TO_LEFT = ("ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi")
"""Languages written from right to left."""

Format = Literal["markdown", "html", "json"]

NOT_STATED = mark("not stated")

TITLE = mark("Cookies policy")

COLUMNS = (
    mark("Service provider's name"),
    mark("Function and location"),
    mark("Cookie name(s)"),
    mark("Purposes"),
    mark("Lifetime"),
)

BASES = {
    Basis.NECESSARY: mark("Always active: the site does not work without these cookies."),
    Basis.CONSENT: mark("Set only if you accept."),
    Basis.EXEMPT: mark("Set unless you refuse. Declared exempt from consent by the site operator."),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: cookies with the same texts, under their several names."""

    provider: str
    function: str
    location: str
    names: tuple[str, ...]
    purpose: str
    lifetime: timedelta | str | None


def rows(category: Category) -> list[Row]:
    """Return the table of a category, in the order its cookies are declared."""
    grouped: dict[tuple[object, ...], list[Cookie]] = {}
    for cookie in category.cookies:
        texts = (cookie.provider, cookie.function, cookie.location, cookie.purpose, cookie.lifetime)
        grouped.setdefault(texts, []).append(cookie)
    return [
        Row(
            first.provider,
            first.function,
            first.location,
            tuple(dict.fromkeys(cookie.name for cookie in cookies)),
            first.purpose,
            first.lifetime,
        )
        for cookies in grouped.values()
        for first in cookies[:1]
    ]


class Speaker:
    """One language's view of a policy: its own texts, and ours around them."""

    def __init__(self, policy: Catalogue, language: str) -> None:
        self.language = language
        self.words = Words(language, policy.strings)
        self._own = policy.language

    def say(self, message: str) -> str:
        """Return a message of ours, one with nothing to fill in."""
        return self.words.gettext(message) % {}

    def plain(self, text: str) -> str:
        """Return a text of the site's, or of ours among them, in this language or else its own."""
        if isinstance(text, Message):
            return self.say(text)
        return in_language(text, self.language) or text

    def own(self, text: str) -> Markup:
        """Return it as HTML; marked as of its own language, where it could not be had in this one."""
        spoken = self.plain(text)
        foreign = self.language != self._own and spoken is text and not isinstance(text, Message)
        if foreign and text.strip():
            return Markup('<span lang="{}">{}</span>').format(self._own, text)
        return escape(spoken)

    def lifetime(self, lifetime: timedelta | str | None) -> str:
        """Return a lifetime in words."""
        if lifetime is None:
            return self.say(NOT_STATED)
        measure = measured(lifetime)
        if measure is None:
            return self.say(mark("session"))
        count, unit = measure
        return self.words.ngettext(*UNITS[unit], count) % {"num": count}

    def day(self, day: date) -> Markup:
        """Return a day that people and programs can read."""
        month = self.say(MONTHS[day.month - 1])
        # The first of a month has a form of its own in French, and not only there.
        first, other = mark("1 %(month)s %(year)d"), mark("%(day)d %(month)s %(year)d")
        text = self.words.gettext(first if day.day == 1 else other)
        words = text % {"day": day.day, "month": month, "year": day.year}
        return Markup('<time datetime="{}">{}</time>').format(day.isoformat(), words)

    def date(self, at: int) -> Markup:
        """Return the day of a Unix second, in UTC."""
        return self.day(datetime.fromtimestamp(at, UTC).date())

    def cells(self, row: Row, show: Callable[[str], str]) -> list[str]:
        """Return the texts of a row under `COLUMNS`, each as *show* gives it."""
        not_stated = self.say(NOT_STATED)
        function = show(row.function) if row.function.strip() else not_stated
        return [
            row.provider.strip() or not_stated,
            self._located(function, row.location, show),
            ", ".join(row.names),
            show(row.purpose) if row.purpose.strip() else not_stated,
            self.lifetime(row.lifetime),
        ]

    def _located(self, function: str, location: str, show: Callable[[str], str]) -> str:
        return function + " (" + show(location) + ")" if location.strip() else function


class Renderer:
    """Draws one policy, from our templates or a site's own, in any language.

    Args:
        policy: what is published.
        templates: a folder or a loader, whose templates come before ours.
    """

    nothing = Markup("")

    def __init__(self, policy: Catalogue, templates: object = None) -> None:
        self._policy = policy
        self._loader = _loader(templates)
        # A site's callable may take its languages from visitors: there are so many, and no more.
        self._environments = Remembered(self._made_environment, size=32, longest=8)

    def _environment(self, language: str) -> Environment:
        """Return Jinja2's environment for a language, made when first asked for."""
        return self._environments[language]

    def _made_environment(self, language: str) -> Environment:
        """Return a new environment; it escapes everything."""
        environment = Environment(
            loader=self._loader,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        environment.policies["ext.i18n.trimmed"] = True
        speaker = Speaker(self._policy, language)
        words = speaker.words
        # The extension takes a message for markup; a site's wording of it is text like any other.
        environment.install_gettext_callables(  # type: ignore[attr-defined]  # by the extension
            lambda message: str(escape(words.gettext(message))), words.ngettext, newstyle=True
        )
        environment.filters.update(own=speaker.own, plain=speaker.plain, day=speaker.day, date=speaker.date)
        environment.globals.update(
            policy=self._policy,
            title=self._policy.title or Message(TITLE),
            columns=COLUMNS,
            bases=BASES,
            rows=rows,
            cells=lambda row: speaker.cells(row, speaker.own),
            language=language,
            direction="rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr",
        )
        return environment

    def render(self, output: Format, language: str) -> str:
        """Return the policy as ``"html"`` (a fragment), ``"markdown"`` or ``"json"``."""
        if output == "html":
            return self._environment(language).get_template("policy.html").render()
        speaker = Speaker(self._policy, language)
        if output == "markdown":
            return "\n".join(_markdown(self._policy, speaker))
        return json.dumps(published(self._policy, speaker), indent=2, ensure_ascii=False) + "\n"

    def page(
        self,
        preferences: Preferences,
        *,
        action: str,
        stylesheet: str,
        saved: bool,
        language: str,
    ) -> str:
        """Return the visitor's page: the policy, and the form on which to choose.

        Args:
            preferences: what the visitor has answered; a category is ticked only if it was accepted (R6).
            action: path the form posts to.
            stylesheet: path of the stylesheet.
            saved: whether a choice has just been saved, which is announced (WCAG 4.1.3).
            language: of the page.
        """
        days = [answer.at for answer in preferences.answers]
        lifetime = int(self._policy.cookie_lifetime.total_seconds())
        template = self._environment(language).get_template("page.html")
        return template.render(
            answers={answer.category: answer for answer in preferences.answers},
            last_chosen=max(days, default=None),
            asked_again=min(days) + lifetime if days else None,
            action=action,
            stylesheet=stylesheet,
            saved=saved,
        )

    def banner(self, *, action: str, next_page: str, page: str | None, language: str) -> Markup:
        """Return the question for the top of a page.

        Args:
            action: path its form posts to.
            next_page: path to return to after the choice.
            page: path of the visitor's page, None if there is none.
            language: of the banner.
        """
        template = self._environment(language).get_template("banner.html")
        asked = [each for each in self._policy.categories if each.key in self._policy.digests]
        return Markup(
            template.render(
                asked=[each for each in asked if each.basis is Basis.CONSENT],
                action=action,
                next_page=next_page,
                page=page,
                stylesheet=None if page is None else f"{page}/{stylesheet()[0]}",
            )
        )

    def demo(self, **context: object) -> str:
        """Return the demo portal's page."""
        template = self._environment(SOURCE).get_template("demo.html")
        return template.render(stylesheet=stylesheet()[0], **context)


def _loader(templates: object) -> BaseLoader:
    ours = PackageLoader("consentgate")
    if templates is None:
        return ours
    theirs = templates if isinstance(templates, BaseLoader) else FileSystemLoader(str(templates))
    return ChoiceLoader([theirs, ours])


@cache
def stylesheet() -> tuple[str, bytes]:
    """Return the stylesheet's file name, which changes with its content, and its content."""
    content = files("consentgate").joinpath("templates", "style.css").read_bytes()
    return f"style-{hashlib.sha256(content).hexdigest()[:12]}.css", content


def published(policy: Catalogue, speaker: Speaker) -> dict[str, object]:
    """Return all that *policy* publishes, ready for JSON, in the speaker's language."""
    plain = speaker.plain
    return {
        "title": plain(policy.title),
        "controller": policy.controller,
        "contact": policy.contact,
        "privacy_url": policy.privacy_url,
        "updated": None if policy.updated is None else policy.updated.isoformat(),
        "cookie_name": policy.cookie_name,
        "cookie_lifetime": lifetime_text(policy.cookie_lifetime),
        "language": speaker.language,
        "categories": [
            {
                "key": category.key,
                "title": plain(category.title),
                "description": plain(category.description),
                "basis": category.basis.value,
                "cookies": [
                    {
                        "name": cookie.name,
                        "provider": cookie.provider,
                        "function": plain(cookie.function),
                        "location": plain(cookie.location),
                        "purpose": plain(cookie.purpose),
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


def _markdown(policy: Catalogue, speaker: Speaker) -> Iterator[str]:
    plain, say = speaker.plain, speaker.say
    yield f"# {_inert(plain(policy.title or Message(TITLE)))}\n"
    for category in policy.categories:
        yield f"## {_inert(plain(category.title))}\n"
        if category.description:
            yield f"{_inert(plain(category.description))}\n"
        yield f"{say(BASES[category.basis])}\n"
        if not category.cookies:
            yield say(mark("No cookies of this kind are declared.")) + "\n"
            continue
        yield _line([say(column) for column in COLUMNS])
        yield _line(["---"] * len(COLUMNS))
        for row in rows(category):
            yield _line([_inert(cell) for cell in speaker.cells(row, plain)])
        yield ""


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _inert(text: str) -> str:
    """Return *text* for a line of Markdown, with nothing in it that Markdown or HTML would act on."""
    one_line = " ".join(text.split())
    return re.sub(r"([\\|*<>&`\[\]#])", r"\\\1", one_line)
