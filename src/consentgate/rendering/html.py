"""The policy and a visitor's answers as HTML: page, forms, banner, placeholder."""

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from types import SimpleNamespace
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from markupsafe import Markup

from consentgate._cache import BoundedCache
from consentgate.catalogue.catalogue import Catalogue
from consentgate.catalogue.category import Category
from consentgate.consent.preferences import first_end
from consentgate.i18n.languages import name_of
from consentgate.i18n.messages import N_

from .assets import stylesheet_under
from .states import confirmation_of, has_just_answered, question_of, statuses_of
from .templating import FOLDER, make_environment, request_context
from .text import BASES, COLUMNS, Format, Localizer, direction_of, make_rows, to_json, to_markdown
from .view import VisitorView

SIGNAL_NAMES = {"gpc": "Global Privacy Control", "dnt": "Do Not Track"}
"""Name in `VisitorView.signals` -> name of the opt-out signal for visitors."""

DONE = "#consentgate-done"
"""Fragment that a choice in the banner returns to: the confirmation."""


class Renderer:
    """Render one policy in any language, from this package's templates or a site's own.

    Args:
        policy: the published policy.
        templates: a folder, a loader or an environment of Jinja2; its templates come first.

    Raises:
        PolicyError: *templates* can't be used.
    """

    nothing: ClassVar[Markup] = Markup("")

    def __init__(self, policy: Catalogue, templates: object = None) -> None:
        self._policy = policy
        self._environment = make_environment(templates)
        # A site's `language` hook may return any text that a visitor sends, so this cache is bounded.
        self._localizers: BoundedCache[str, Localizer] = BoundedCache(
            lambda language: Localizer(policy, language), size=32, longest=8
        )

    def within(self, environ: Mapping[str, Any]) -> AbstractContextManager[object]:
        """Return the context that a framework's template helpers need for this request, as Flask's do."""
        return request_context(self._environment, environ)

    def render(self, output: Format, language: str) -> str:
        """Return the policy as ``"html"`` (a fragment), ``"markdown"`` or ``"json"``."""
        if output == "html":
            return self._draw("policy.html", language)
        localizer = self._localizers[language]
        if output == "markdown":
            return "\n".join(to_markdown(self._policy, localizer))
        return json.dumps(to_json(self._policy, localizer), indent=2, ensure_ascii=False) + "\n"

    def page(
        self,
        view: VisitorView,
        *,
        own: str,
        next: str | None,
        language: str,
        languages: Sequence[str] = (),
        pinned: bool = False,
    ) -> str:
        """Return the visitor's page: the answers so far, the open questions, and the forms to answer them.

        Args:
            view: the visitor.
            own: root-absolute path of the page, to which its forms post.
            next: path of the page the visitor came from, None if it is not known.
            language: of the page.
            languages: every available language; the page links to the others.
            pinned: whether the visitor asked for this language on the page.
        """
        where = {} if next is None else {"next": next}
        here = {**where, "lang": language} if pinned else where
        return self._draw(
            "page.html",
            language,
            **self._form_of(view, language, own, f"{own}?{urlencode(here)}" if here else None),
            **self._heading(language),
            stylesheet=stylesheet_under(own),
            back=next or own[: own.rindex("/")] + "/",
            came_from=next,
            languages=[
                (code, name_of(code), direction_of(code), f"{own}?{urlencode({**where, 'lang': code})}")
                for code in languages
                if code != language
            ],
        )

    def form(
        self, view: VisitorView, *, action: str, next: str | None, language: str, stylesheet: str | None
    ) -> Markup:
        """Return the page's forms and texts for a layout of the site's own, without a heading of first rank.

        Args:
            view: the visitor.
            action: path the forms post to.
            next: path of the page they stand on, to return to; None leads to our own page.
            language: of the forms.
            stylesheet: path of the stylesheet, None if the site has its own.
        """
        form = self._form_of(view, language, action, next)
        drawn = self._draw("form.html", language, **form, stylesheet=stylesheet, came_from=None)
        return Markup(drawn)

    def banner(self, view: VisitorView, *, action: str, next: str, page: str | None, language: str) -> Markup:
        """Return the banner: the open question, or the confirmation of a choice just made, or empty markup.

        Args:
            view: the visitor.
            action: path its form posts to.
            next: path of the page it stands on, to return to after the choice.
            page: path of the visitor's page, None if there is none.
            language: of the banner.
        """
        question = question_of(self._policy, view)
        if question is None and not has_just_answered(view):
            return self.nothing
        shared = {
            "action": action,
            "next": next.partition("#")[0] + DONE,
            "page": None if page is None else f"{page}?{urlencode({'next': next})}",
            "stylesheet": None if page is None else stylesheet_under(page),
            **self._heading(language),
        }
        if question is None:
            outcome = confirmation_of(statuses_of(self._policy, view))
            return Markup(self._draw("done.html", language, outcome=outcome, **shared))
        return Markup(self._draw("banner.html", language, question=question, **shared))

    def placeholder(
        self,
        view: VisitorView,
        category_key: str,
        *,
        action: str,
        next: str,
        language: str,
        stylesheet: str | None = None,
    ) -> Markup:
        """Return the placeholder of an embed; empty markup once its category is allowed.

        Args:
            view: the visitor.
            category_key: key of the category that the embed belongs to.
            action: path its form posts to.
            next: path of the page it stands on; the choice returns to ``#consentgate-place-KEY`` there.
            language: of its words.
            stylesheet: path of the stylesheet, None if the page has it already.

        Raises:
            PolicyError: an unknown category; the message lists the known keys.
        """
        category = self._policy.category(category_key)
        if category.key in view.allowed:
            return self.nothing
        drawn = self._draw(
            "placeholder.html",
            language,
            category=category,
            learning=_list_recipients(category),
            is_denied=category.key in view.denied,
            signals=_names_of(view.signals),
            action=action,
            next=f"{next.partition('#')[0]}#consentgate-place-{category.key}",
            stylesheet=stylesheet,
        )
        return Markup(drawn)

    def _form_of(self, view: VisitorView, language: str, action: str, next: str | None) -> dict[str, object]:
        """Return the template variables of the page's forms and texts."""
        statuses = statuses_of(self._policy, view)
        return {
            "statuses": statuses,
            "outcome": confirmation_of(statuses),
            "has_saved": has_just_answered(view),
            "signals": _names_of(view.signals),
            "asked_again": first_end(view.preferences, self._policy),
            "contact_href": contact_href(self._policy.contact),
            "action": action,
            "next": next,
        }

    def _heading(self, language: str) -> dict[str, object]:
        """Return the heading, as HTML for an ``h1`` or ``h2`` and as plain text."""
        localizer, site, title = self._localizers[language], self._policy.site, self._policy.title
        on_site = N_("Cookies on %(site)s")
        named = localizer.say(on_site, site=localizer.own(site)) if site else localizer.say(N_("Cookies"))
        plain = localizer.say_plain(on_site if site else "Cookies", site=localizer.plain(site))
        return {
            "heading": named,
            "plain_heading": plain,
            "title": localizer.own(title) if title else named,
            "plain_title": localizer.plain(title) if title else plain,
        }

    def _draw(self, name: str, language: str, **values: object) -> str:
        """Return the rendered template; its variables are the attributes of ``consentgate``."""
        localizer = self._localizers[language]
        known = SimpleNamespace(
            policy=self._policy,
            say=localizer.say,
            say_plain=localizer.say_plain,
            see_cookies=localizer.see_cookies,
            plain=localizer.plain,
            own=localizer.own,
            stated=localizer.stated,
            titles=localizer.titles,
            date=localizer.date,
            day=localizer.day,
            lifetime=localizer.lifetime_html,
            columns=COLUMNS,
            bases=BASES,
            rows=make_rows,
            language=language,
            direction=localizer.direction,
            **values,
        )
        return self._environment.get_template(f"{FOLDER}/{name}").render(consentgate=known)


def _names_of(signals: Sequence[str]) -> str:
    return ", ".join(SIGNAL_NAMES.get(signal, signal) for signal in signals)


def _list_recipients(category: Category) -> list[str]:
    """Return the providers and hosts that learn of a visit once the embed is loaded, each once."""
    providers = (cookie.provider.strip() for cookie in category.cookies)
    return list(dict.fromkeys([*filter(None, providers), *category.hosts]))


_MAIL = re.compile(r"[^\s@/:]+@[^\s@/:]+")
_TELEPHONE = re.compile(r"\+?[0-9][0-9 ()./-]{4,}")


def contact_href(contact: str) -> str | None:
    """Return the address a contact leads to, None for any other text.

    >>> contact_href("us@example.org"), contact_href("+33 1 23 45"), contact_href("12 High Street")
    ('mailto:us@example.org', 'tel:+3312345', None)
    >>> contact_href("https://example.org/contact"), contact_href("javascript:alert(1)")
    ('https://example.org/contact', None)
    """
    if _MAIL.fullmatch(contact):
        return f"mailto:{quote(contact, safe='@+.-_')}"
    if _TELEPHONE.fullmatch(contact):
        return f"tel:{re.sub('[^0-9+]', '', contact)}"
    is_link = re.match(r"https?://|/(?![/\\])", contact) and not re.search(r"\s", contact)
    return contact if is_link else None
