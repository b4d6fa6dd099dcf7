"""Hello-world Flask, with the gate and without."""

from flask import Flask, Response

from consentgate import Basis, Category, Policy

from .workloads import DECLARED


def _flask() -> Flask:
    app = Flask(__name__)

    @app.get("/")
    def hello() -> Response:
        response = Response("Hello, world")
        response.set_cookie("sessionid", "1")
        response.set_cookie("_ga", "2")
        return response

    return app


bare, gated = _flask(), _flask()
_policy = Policy(
    [
        Category(key, basis=Basis.NECESSARY if key == "necessary" else Basis.CONSENT, cookies=names)
        for key, names in DECLARED.items()
    ]
)
gated.wsgi_app = _policy.wrap(gated.wsgi_app, secret_key="a key of the benchmark's")  # type: ignore[method-assign]
