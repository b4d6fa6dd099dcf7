"""Visits for unit tests, without a gate."""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING
from wsgiref.types import WSGIEnvironment

from consentgate.catalogue.catalogue import Catalogue
from consentgate.consent.preferences import Preferences, answers_to
from consentgate.consent.tokens import TokenResult
from consentgate.consent.verdict import Judge
from consentgate.visit import Visit

if TYPE_CHECKING:
    from consentgate.rendering.html import Renderer


class _NoGate:
    """The minimal gate of a visit without a gate."""

    def __init__(self, policy: Catalogue, preferences_path: str | None) -> None:
        self._judge = Judge(policy)
        self._preferences_path = preferences_path
        self._signal_fields: tuple[str, ...] = ()

    @property
    def _renderer(self) -> "Renderer":
        from consentgate.rendering.html import Renderer

        return Renderer(self._judge.catalogue)

    def _now(self) -> float:
        return time.time()

    def _learn_hosts(self, reports: Iterable[tuple[str, str]]) -> None:
        """Keep nothing: nobody listens."""

    def _warn(self, message: str, *arguments: str, about: str | None = None) -> None:
        pass


def visit(
    policy: Catalogue,
    accepted: Iterable[str] = (),
    *,
    refused: Iterable[str] = (),
    environ: WSGIEnvironment | None = None,
    preferences_path: str | None = "/cookies",
    answers_withheld: bool = False,
) -> Visit:
    """Return the visit of a visitor who accepted and refused these categories, and has not answered the rest.

    It records choices like the visit in an environ: put it there as ``consentgate.visit``.

    >>> from consentgate import Category, Policy
    >>> policy = Policy([Category("statistical", cookies=["_ga"])])
    >>> visit(policy).needs_choice, visit(policy, ["statistical"]).allows("statistical")
    (True, True)

    Args:
        policy: the policy visited under.
        accepted: keys of the categories accepted.
        refused: keys of those refused.
        environ: the request's environ; the banner returns to its page.
        preferences_path: the path of the preferences page, for the banner.
        answers_withheld: whether the browser held the visitor's answers back, as it does in frames on
            other sites. Exempt categories are off then, and nothing is asked.

    Raises:
        PolicyError: an unknown category, or a necessary one refused.
    """
    answers = {**dict.fromkeys(accepted, True), **dict.fromkeys(refused, False)}
    preferences = Preferences(answers_to(policy, answers, int(time.time())))
    tokens = TokenResult(preferences)
    situation = tokens.situation._replace(withheld=answers_withheld)
    return Visit(_NoGate(policy, preferences_path), dict(environ or {}), tokens, situation)
