"""The site's hooks: whether the policy applies to a request, and in which language it is answered."""

from collections.abc import Callable
from wsgiref.types import WSGIEnvironment

from consentgate.catalogue.catalogue import Catalogue
from consentgate.events import Reporter
from consentgate.i18n.messages import available_languages

from . import log_lines

Hook = Callable[[WSGIEnvironment], object]


class SiteHooks:
    """Ask the site's callables; each gets a copy of the environ, and an error in one costs no page.

    Args:
        policy: the gate's.
        reporter: hears of errors.
    """

    def __init__(self, policy: Catalogue, reporter: Reporter) -> None:
        self._policy = policy
        self._reporter = reporter

    def applies(self, hook: Hook, environ: WSGIEnvironment) -> bool:
        """Return whether the policy applies to the request: the *hook* knows; an error counts as yes."""
        try:
            return bool(hook(dict(environ)))
        except Exception:
            self._reporter.hook_failure("applies")
            return True

    def choose_language(self, hook: Hook, environ: WSGIEnvironment) -> str | None:
        """Return the language that the site's *hook* chooses, None where the browser decides."""
        try:
            tag = hook(dict(environ))
        except Exception:
            self._reporter.hook_failure("language")
            return None
        return None if tag is None else self._match_language(tag)

    def _match_language(self, tag: object) -> str | None:
        """Return the language that *tag* asks for among those there are texts in (RFC 4647 3.4)."""
        from consentgate.i18n.negotiation import negotiate_language  # it loads WebOb

        languages = list(dict.fromkeys((*available_languages(self._policy.strings), self._policy.language)))
        matched = negotiate_language(tag, languages, "") if isinstance(tag, str) else ""
        if not matched:
            self._reporter.warn(log_lines.LANGUAGE, repr(tag), ", ".join(languages), about="")
        return matched or None
