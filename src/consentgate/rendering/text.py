"""The policy as text: its table, its texts in one language, Markdown and JSON."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from markupsafe import Markup, escape

from consentgate.catalogue.catalogue import Catalogue
from consentgate.catalogue.category import Basis, Category, Cookie
from consentgate.catalogue.lifetimes import lifetime_text, measured
from consentgate.i18n.messages import COOKIES_SHOWN, MONTHS, SOURCE, UNITS, Words, mark
from consentgate.i18n.texts import Message, in_language

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


class Localizer:
    """One language's view of a policy: its own texts, and ours around them."""

    def __init__(self, policy: Catalogue, language: str) -> None:
        self.language = language
        self.direction = direction_of(language)
        self._words = Words(language, policy.strings)
        self._own = policy.language

    def say(self, message: str, **values: object) -> Markup:
        """Return a message of ours as HTML, filled in; marked as English where it is not translated."""
        text = escape(self._words.gettext(message))
        if self._words.has(message):
            return text % values
        # Inside an English sentence, the page's own language is the foreign one.
        marked = {name: marked_as(self.language, value) for name, value in values.items()}
        return marked_as(SOURCE, text % marked)

    def say_plain(self, message: str, **values: object) -> str:
        """Return a message of ours as text, for an attribute or a title."""
        return self._words.gettext(message) % values

    def plain(self, text: str) -> str:
        """Return a text of the site's, or of ours among them, in this language or else its own."""
        if isinstance(text, Message):
            return self.say_plain(text)
        return in_language(text, self.language) or text

    def own(self, text: str) -> Markup:
        """Return it as HTML; marked as of its own language, where it could not be had in this one."""
        if isinstance(text, Message):
            return self.say(text)
        spoken = self.plain(text)
        if self.language != self._own and spoken is text and text.strip():
            return marked_as(self._own, text)
        return escape(spoken)

    def lifetime(self, lifetime: timedelta | str | None) -> str:
        """Return a lifetime in words."""
        if lifetime is None:
            return self.say_plain(NOT_STATED)
        measure = measured(lifetime)
        if measure is None:
            return self.say_plain(mark("session"))
        count, unit = measure
        return self._words.ngettext(*UNITS[unit], count) % {"num": count}

    def lifetime_html(self, lifetime: timedelta | str | None) -> Markup:
        """Return a lifetime in words, as HTML."""
        text = self.lifetime(lifetime)
        return escape(text) if self._words.has(NOT_STATED) else marked_as(SOURCE, text)

    def see_cookies(self, count: int) -> Markup:
        """Return the words on which a category's table opens."""
        text = escape(self._words.ngettext(*COOKIES_SHOWN, count) % {"num": count})
        return text if self._words.has(COOKIES_SHOWN[0]) else marked_as(SOURCE, text)

    def day(self, day: date) -> Markup:
        """Return a day that people and programs can read."""
        month = self.say_plain(MONTHS[day.month - 1])
        # The first of a month has a form of its own in French, and not only there.
        first, other = mark("1 %(month)s %(year)d"), mark("%(day)d %(month)s %(year)d")
        text = self._words.gettext(first if day.day == 1 else other)
        words = text % {"day": day.day, "month": month, "year": day.year}
        spoken = self.language if self._words.has(MONTHS[day.month - 1]) else SOURCE
        foreign = Markup("") if spoken == self.language else Markup(' lang="{}"').format(spoken)
        return Markup('<time datetime="{}"{}>{}</time>').format(day.isoformat(), foreign, words)

    def date(self, at: int) -> Markup:
        """Return the day of a Unix second, in UTC."""
        return self.day(datetime.fromtimestamp(at, UTC).date())

    def titles(self, categories: Iterable[Category]) -> Markup:
        """Return the titles of categories, as a list in a sentence."""
        return Markup(", ").join(self.own(category.title) for category in categories)

    def stated(self, text: str) -> Markup:
        """Return a text of the site's as HTML, or that it is not stated."""
        return self.own(text) if text.strip() else self.say(NOT_STATED)

    def cells(self, row: Row, show: Callable[[str], str]) -> list[str]:
        """Return the texts of a row under `COLUMNS`, each as *show* gives it."""
        not_stated = self.say_plain(NOT_STATED)
        function = show(row.function) if row.function.strip() else not_stated
        return [
            row.provider.strip() or not_stated,
            function + " (" + show(row.location) + ")" if row.location.strip() else function,
            ", ".join(row.names),
            show(row.purpose) if row.purpose.strip() else not_stated,
            self.lifetime(row.lifetime),
        ]


def direction_of(language: str) -> Literal["ltr", "rtl"]:
    """Return which way a language is written."""
    return "rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr"


def marked_as(language: str, text: object) -> Markup:
    """Return *text* as HTML, marked as written in *language* (WCAG 3.1.2)."""
    return Markup('<span lang="{}" dir="{}">{}</span>').format(language, direction_of(language), text)


def to_json(policy: Catalogue, localizer: Localizer) -> dict[str, object]:
    """Return all that *policy* publishes, ready for JSON, in the localizer's language."""
    plain = localizer.plain
    return {
        "site": plain(policy.site),
        "title": plain(policy.title),
        "controller": policy.controller,
        "contact": policy.contact,
        "privacy_url": policy.privacy_url,
        "updated": None if policy.updated is None else policy.updated.isoformat(),
        "cookie_name": policy.cookie_name,
        "cookie_lifetime": lifetime_text(policy.cookie_lifetime),
        "refusal_lifetime": lifetime_text(policy.refusal_lifetime),
        "language": localizer.language,
        "categories": [
            {
                "key": category.key,
                "title": plain(category.title),
                "description": plain(category.description),
                "basis": category.basis.value,
                "hosts": list(category.hosts),
                "sale_or_share": category.sale_or_share,
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


def markdown(policy: Catalogue, localizer: Localizer) -> Iterator[str]:
    """Yield the policy as lines of Markdown."""
    plain, say = localizer.plain, localizer.say_plain
    yield f"# {_escape_markdown(plain(policy.title or Message(TITLE)))}\n"
    for category in policy.categories:
        yield f"## {_escape_markdown(plain(category.title))}\n"
        if category.description:
            yield f"{_escape_markdown(plain(category.description))}\n"
        yield f"{say(BASES[category.basis])}\n"
        if category.hosts:
            hosts = ", ".join(map(_escape_markdown, category.hosts))
            yield f"{say(mark('Also uses other hosts:'))} {hosts}.\n"
        elif not category.cookies:
            yield say(mark("No cookies of this kind are declared.")) + "\n"
        if not category.cookies:
            continue
        yield _line([say(column) for column in COLUMNS])
        yield _line(["---"] * len(COLUMNS))
        for row in rows(category):
            yield _line([_escape_markdown(cell) for cell in localizer.cells(row, plain)])
        yield ""


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escape_markdown(text: str) -> str:
    """Return *text* for a line of Markdown, with nothing in it that Markdown or HTML would act on."""
    one_line = " ".join(text.split())
    return re.sub(r"([\\|*<>&`\[\]#])", r"\\\1", one_line)
