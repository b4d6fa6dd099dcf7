"""For pytest: the fixture `consent_visitor`, a fresh visitor of your own `consent_app`."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .visitor import Visitor


@pytest.fixture
def consent_visitor(consent_app: Any) -> "Visitor":
    """A fresh `consentgate.testing.Visitor` of what your fixture `consent_app` returns."""
    # WebTest is loaded by who uses it, not by every run of pytest.
    from .visitor import Visitor

    return Visitor(consent_app)
