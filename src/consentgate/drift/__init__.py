"""Cookies and hosts that were seen, beside those a policy declares: `DriftRecorder` and `discover`."""

from .discover import discover
from .recorder import DriftRecorder

__all__ = ["DriftRecorder", "discover"]
