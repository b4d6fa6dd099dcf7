"""Hello-world Flask, with the gate and without."""

from flask import Flask

from .contenders import policy_of
from .workloads import DECLARED


def _flask() -> Flask:
    app = Flask(__name__)

    @app.get("/")
    def hello() -> str:
        return "Hello, world"

    return app


def cookie_string() -> str:
    """Return what somebody sends who has accepted everything."""
    value = gate.serializer.dumps(policy.choose(["functional", "statistical", "marketing"]))
    return f"sessionid=1; lang=en; theme=dark; _ga=2; {policy.cookie_name}={value}"


bare, gated = _flask(), _flask()
policy = policy_of(DECLARED)
gate = gated.wsgi_app = policy.wrap(gated.wsgi_app, secret_key="a key of the benchmark's")  # type: ignore[method-assign]
