"""The application that test_servers.py serves, behind discover; DRIFT_STORE names the store."""

import os
from typing import Any

from consentgate.drift import discover


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Set one cookie."""
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "sid=1; Path=/; HttpOnly")])
    return [body]


app = discover(application, os.environ.get("DRIFT_STORE", "drift.sqlite"))
