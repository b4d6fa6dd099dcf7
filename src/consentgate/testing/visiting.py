"""Visits for unit tests, without a gate."""

import time
from collections.abc import Iterable
from wsgiref.types import WSGIEnvironment

from consentgate.catalogue.catalogue import Catalogue
from consentgate.consent.preferences import Preferences, answers_to
from consentgate.consent.verdict import Judge, Standing
from consentgate.visit import UNEVENTFUL, Place, Setting, Visit

NOWHERE = "", "/", "", None


def visit(
    policy: Catalogue,
    accepted: Iterable[str] = (),
    *,
    refused: Iterable[str] = (),
    environ: WSGIEnvironment | None = None,
    preferences_path: str | None = "/cookies",
) -> Visit:
    """Return the visit of somebody who accepted and refused these, and was not asked the rest.

    It takes choices, too, as the one in an environ does: put it there as ``consentgate.visit``.

    >>> from consentgate import Category, Policy
    >>> policy = Policy([Category("statistical", cookies=["_ga"])])
    >>> visit(policy).needs_choice, visit(policy, ["statistical"]).allows("statistical")
    (True, True)

    Args:
        policy: the policy visited under.
        accepted: keys of the categories accepted.
        refused: keys of those refused.
        environ: of the request, to whose page the banner leads back.
        preferences_path: where a gate would have its page, for the banner.

    Raises:
        PolicyError: an unknown category, or a necessary one refused.
    """
    answers = {**dict.fromkeys(accepted, True), **dict.fromkeys(refused, False)}
    judge = Judge(policy)
    preferences = Preferences(answers_to(policy, answers, int(time.time())))
    setting = Setting(judge=judge, clock=lambda: time.time(), preferences_path=preferences_path)
    asked = environ or {}
    path = asked.get("SCRIPT_NAME", ""), asked.get("PATH_INFO", "/"), asked.get("QUERY_STRING", "")
    return begun(setting, judge.standing(preferences), (*path, asked.get("HTTP_ACCEPT_LANGUAGE")))


def begun(setting: Setting, standing: Standing, place: Place = NOWHERE) -> Visit:
    """Return the visit of a request that has just begun, as a gate makes it."""
    visit = Visit()
    visit.setting = setting
    visit.standing = standing
    visit.place = place
    visit.course = UNEVENTFUL
    visit.told = None
    return visit
