"""The policy as text: its table, its texts in one language, Markdown and JSON."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from markupsafe import Markup, escape

from consentgate.catalogue.catalogue import Catalogue
from consentgate.catalogue.category import Basis, Category, Cookie
from consentgate.catalogue.lifetimes import lifetime_text, measure_lifetime
from consentgate.i18n.messages import COOKIES_SHOWN, MONTHS, N_, SOURCE, UNITS, Translations
from consentgate.i18n.texts import Message, in_language

RIGHT_TO_LEFT = ("ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi")
"""Languages written from right to left."""


Format = Literal["markdown", "html", "json"]


NOT_STATED = N_("not stated")


TITLE = N_("Cookies policy")


COLUMNS = (
    N_("Service provider's name"),
    N_("Function and location"),
    N_("Cookie name(s)"),
    N_("Purposes"),
    N_("Lifetime"),
)


BASES = {
    Basis.NECESSARY: N_("Always active: the site does not work without these cookies."),
    Basis.CONSENT: N_("Set only if you accept."),
    Basis.EXEMPT: N_("Set unless you refuse. Declared exempt from consent by the site operator."),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: the cookies that share all texts."""

    provider: str
    function: str
    location: str
    names: tuple[str, ...]
    purpose: str
    lifetime: timedelta | str | None


def make_rows(category: Category) -> list[Row]:
    """Return the rows of a category's table, in the order its cookies are declared."""
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
    """Look up a policy's texts and this package's messages in one language."""

    def __init__(self, policy: Catalogue, language: str) -> None:
        self.language = language
        self.direction = direction_of(language)
        self._words = Translations(language, policy.strings)
        self._own = policy.language

    def say(self, message: str, **values: object) -> Markup:
        """Return a message as HTML with its values; marked as English if it is not translated."""
        text = escape(self._words.gettext(message))
        if self._words.has(message):
            return text % values
        # The sentence is English, so the values in it are marked with the page's language.
        marked = {name: marked_as(self.language, value) for name, value in values.items()}
        return marked_as(SOURCE, text % marked)

    def say_plain(self, message: str, **values: object) -> str:
        """Return a message as plain text, for an attribute or a title."""
        return self._words.gettext(message) % values

    def plain(self, text: str) -> str:
        """Return a text of the site, or a `Message` among them, in this language; else in its own."""
        if isinstance(text, Message):
            return self.say_plain(text)
        return in_language(text, self.language) or text

    def own(self, text: str) -> Markup:
        """Return a text of the site as HTML; marked with its own language if it is not translated."""
        if isinstance(text, Message):
            return self.say(text)
        found = self.plain(text)
        if self.language != self._own and found is text and text.strip():
            return marked_as(self._own, text)
        return escape(found)

    def lifetime(self, lifetime: timedelta | str | None) -> str:
        """Return a lifetime in words."""
        if lifetime is None:
            return self.say_plain(NOT_STATED)
        measure = measure_lifetime(lifetime)
        if measure is None:
            return self.say_plain(N_("session"))
        count, unit = measure
        return self._words.ngettext(*UNITS[unit], count) % {"num": count}

    def lifetime_html(self, lifetime: timedelta | str | None) -> Markup:
        """Return a lifetime in words, as HTML."""
        text = self.lifetime(lifetime)
        return escape(text) if self._words.has(NOT_STATED) else marked_as(SOURCE, text)

    def see_cookies(self, count: int) -> Markup:
        """Return the label that opens a category's table."""
        text = escape(self._words.ngettext(*COOKIES_SHOWN, count) % {"num": count})
        return text if self._words.has(COOKIES_SHOWN[0]) else marked_as(SOURCE, text)

    def day(self, day: date) -> Markup:
        """Return a day as a ``time`` element."""
        month = self.say_plain(MONTHS[day.month - 1])
        # Some languages, French among them, write the first of a month differently.
        first, other = N_("1 %(month)s %(year)d"), N_("%(day)d %(month)s %(year)d")
        text = self._words.gettext(first if day.day == 1 else other)
        words = text % {"day": day.day, "month": month, "year": day.year}
        used = self.language if self._words.has(MONTHS[day.month - 1]) else SOURCE
        foreign = Markup("") if used == self.language else Markup(' lang="{}"').format(used)
        return Markup('<time datetime="{}"{}>{}</time>').format(day.isoformat(), foreign, words)

    def date(self, at: int) -> Markup:
        """Return the day of a Unix second, in UTC."""
        return self.day(datetime.fromtimestamp(at, UTC).date())

    def titles(self, categories: Iterable[Category]) -> Markup:
        """Return the titles of categories, as a list in a sentence."""
        return Markup(", ").join(self.own(category.title) for category in categories)

    def stated(self, text: str) -> Markup:
        """Return a text of the site as HTML, or "not stated" if it is empty."""
        return self.own(text) if text.strip() else self.say(NOT_STATED)

    def cells(self, row: Row) -> list[str]:
        """Return the texts of a row under `COLUMNS`, without markup."""
        not_stated, plain = self.say_plain(NOT_STATED), self.plain
        function = plain(row.function) if row.function.strip() else not_stated
        return [
            row.provider.strip() or not_stated,
            f"{function} ({plain(row.location)})" if row.location.strip() else function,
            ", ".join(row.names),
            plain(row.purpose) if row.purpose.strip() else not_stated,
            self.lifetime(row.lifetime),
        ]


def direction_of(language: str) -> Literal["ltr", "rtl"]:
    """Return the direction in which a language is written."""
    return "rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr"


def marked_as(language: str, text: object) -> Markup:
    """Return *text* as HTML that is marked as *language* (WCAG 3.1.2)."""
    return Markup('<span lang="{}" dir="{}">{}</span>').format(language, direction_of(language), text)


def to_json(policy: Catalogue, localizer: Localizer) -> dict[str, object]:
    """Return *policy* as a JSON object, with its texts in the localizer's language."""
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


def to_markdown(policy: Catalogue, localizer: Localizer) -> Iterator[str]:
    """Yield the policy as lines of Markdown."""
    plain, say = localizer.plain, localizer.say_plain
    yield f"# {_escape_markdown(plain(policy.title or Message(TITLE)))}\n"
    for category in policy.categories:
        yield f"## {_escape_markdown(plain(category.title))}\n"
        if category.description:
            yield f"{_escape_markdown(plain(category.description))}\n"
        yield f"{say(BASES[category.basis])}\n"
        if category.hosts:
            hosts = ", ".join(_escape_markdown(host) for host in category.hosts)
            yield f"{say(N_('Also uses other hosts:'))} {hosts}.\n"
        if not category.cookies:
            if not category.hosts:
                yield say(N_("No cookies of this kind are declared.")) + "\n"
            continue
        yield _line([say(column) for column in COLUMNS])
        yield _line(["---"] * len(COLUMNS))
        for row in make_rows(category):
            yield _line([_escape_markdown(cell) for cell in localizer.cells(row)])
        yield ""


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escape_markdown(text: str) -> str:
    """Return *text* on one line, with the characters escaped that Markdown or HTML would act on."""
    one_line = " ".join(text.split())
    return re.sub(r"([\\|*<>&`\[\]#])", r"\\\1", one_line)
