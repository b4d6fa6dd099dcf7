"""Cookies and hosts that were seen, beside those a policy declares: `DriftRecorder` and `discover`."""

# Not late, as names of other rooms are: importing the module `discover` would put it in the function's place.
from .discover import discover
from .recorder import DriftRecorder

__all__ = ["DriftRecorder", "discover"]
