"""The application that test_servers.py serves, behind discover or a gate; DRIFT_STORE names the store."""

import os
from typing import Any

from consentgate.drift import DriftRecorder, discover
from tests.conftest import KEY, make_policy

STORE = os.environ.get("DRIFT_STORE", "drift.sqlite")


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Set one cookie."""
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "sid=1; Path=/; HttpOnly")])
    return [body]


discovered = discover(application, STORE)
gated = make_policy().wrap(application, secret_key=KEY, observer=DriftRecorder(STORE))
