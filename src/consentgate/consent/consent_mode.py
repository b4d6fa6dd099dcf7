"""Google Consent Mode: the seven signals for the categories that a visit allows."""

from collections.abc import Container
from typing import Literal

from consentgate.catalogue.catalogue import Catalogue
from consentgate.catalogue.category import CONSENT_MODE_SIGNALS


def consent_mode(catalogue: Catalogue, allowed: Container[str]) -> dict[str, Literal["granted", "denied"]]:
    """Return each of Google's signals, all seven, as ``"granted"`` or ``"denied"``.

    A signal that several categories name is granted once all of them are allowed. A signal that no category
    names is denied.

    Args:
        catalogue: the categories with the signals they grant.
        allowed: keys of the categories the visit allows.

    >>> from consentgate.catalogue.category import Category
    >>> catalogue = Catalogue([Category("statistical", cookies=["_ga"], consent_mode=["analytics_storage"])])
    >>> [signal for signal, state in consent_mode(catalogue, {"statistical"}).items() if state == "granted"]
    ['analytics_storage']
    """
    named = {signal for each in catalogue.categories for signal in each.consent_mode}
    denied = {
        signal
        for category in catalogue.categories
        if category.key not in allowed
        for signal in category.consent_mode
    }
    granted = named - denied
    return {signal: "granted" if signal in granted else "denied" for signal in CONSENT_MODE_SIGNALS}
