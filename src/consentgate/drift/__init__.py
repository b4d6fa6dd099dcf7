"""Cookies and hosts that were seen, beside those a policy declares: `DriftRecorder` and `discover`."""

from typing import TYPE_CHECKING

from consentgate._late import late

if TYPE_CHECKING:
    from .discover import discover as discover
    from .recorder import DriftRecorder as DriftRecorder
else:
    __getattr__ = late(__name__, {"discover": ["discover"], "recorder": ["DriftRecorder"]})

__all__ = ["DriftRecorder", "discover"]


def __dir__() -> list[str]:
    return __all__
