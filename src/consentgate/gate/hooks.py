"""The site's hooks: whether the policy applies to a request, and in which language it is answered."""

from wsgiref.types import WSGIEnvironment

from consentgate.catalogue.catalogue import Catalogue
from consentgate.events import Reporter
from consentgate.i18n.messages import available_languages

from . import log_lines
from .options import GateOptions


class SiteHooks:
    """Ask the site's callables; each gets a copy of the environ, and an error in one costs no page.

    Args:
        options: the gate's.
        policy: likewise.
        reporter: hears of errors.
    """

    def __init__(self, options: GateOptions, policy: Catalogue, reporter: Reporter) -> None:
        self._options = options
        self._policy = policy
        self._reporter = reporter

    def applies(self, environ: WSGIEnvironment) -> bool:
        """Return whether the policy applies to the request: the site's hook knows; an error counts as yes."""
        if self._options.applies is None:
            return True
        try:
            return bool(self._options.applies(dict(environ)))
        except Exception:
            self._reporter.failure("applies")
            return True

    def choose_language(self, environ: WSGIEnvironment) -> str | None:
        """Return the language the site chooses, None where the browser decides."""
        hook = self._options.language
        if not callable(hook):
            return hook
        try:
            tag = hook(dict(environ))
        except Exception:
            self._reporter.failure("language")
            return None
        return None if tag is None else self._match_language(tag)

    def _match_language(self, tag: object) -> str | None:
        """Return the language that *tag* asks for among those there are texts in (RFC 4647 3.4)."""
        from consentgate.i18n.negotiation import negotiate_language  # it loads WebOb

        languages = [*available_languages(self._policy.strings), self._policy.language]
        matched = negotiate_language(tag, languages, "") if isinstance(tag, str) else ""
        if not matched:
            shown = repr(tag)[:64], ", ".join(languages)
            self._reporter.warn("language", log_lines.LANGUAGE, *shown, about="")
        return matched or None
