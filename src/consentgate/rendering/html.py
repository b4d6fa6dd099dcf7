"""The policy for readers: HTML, Markdown and JSON from one catalogue. The only door to Jinja2."""

import hashlib
import json
from functools import cache
from importlib.resources import files

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from consentgate._cache import BoundedCache
from consentgate.catalogue.catalogue import Catalogue
from consentgate.consent.preferences import Preferences
from consentgate.i18n.messages import SOURCE
from consentgate.i18n.texts import Message

from .text import BASES, COLUMNS, RIGHT_TO_LEFT, TITLE, Format, Speaker, markdown, published, rows
from .view import VisitorView


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
        self._environments = BoundedCache(self._made_environment, size=32, longest=8)

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
            return "\n".join(markdown(self._policy, speaker))
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

    def banner(self, view: VisitorView, *, action: str, next: str, page: str | None, language: str) -> Markup:
        """Return the question for the top of a page, empty when there is nothing to ask.

        Args:
            view: the visitor's answers.
            action: path its form posts to.
            next: path to return to after the choice.
            page: path of the visitor's page, None if there is none.
            language: of the banner.
        """
        if not view.asked:
            return Markup("")
        template = self._environment(language).get_template("banner.html")
        return Markup(
            template.render(
                asked=[each for each in self._policy.categories if each.key in view.asked],
                action=action,
                next_page=next,
                page=page,
                stylesheet=None if page is None else f"{page}/{stylesheet()[0]}",
            )
        )

    def demo(self, **context: object) -> str:
        """Return the demo portal's page."""
        template = self._environment(SOURCE).get_template("demo.html")
        return template.render(stylesheet=stylesheet()[0], **context)


def _loader(templates: object) -> BaseLoader:
    ours = PackageLoader("consentgate.rendering")
    if templates is None:
        return ours
    theirs = templates if isinstance(templates, BaseLoader) else FileSystemLoader(str(templates))
    return ChoiceLoader([theirs, ours])


@cache
def stylesheet() -> tuple[str, bytes]:
    """Return the stylesheet's file name, which changes with its content, and its content."""
    content = files("consentgate.rendering").joinpath("static", "style.css").read_bytes()
    return f"style-{hashlib.sha256(content).hexdigest()[:12]}.css", content
