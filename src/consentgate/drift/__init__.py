"""Record the cookies and hosts that are seen, and compare them with a policy: `DriftRecorder`, `discover`."""

from .discover import discover
from .recorder import DriftRecorder

__all__ = ["DriftRecorder", "discover"]
