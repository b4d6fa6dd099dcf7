"""A hello-world request of each framework, bare and gated, in one process: how much the gate adds to it."""

import statistics
import time
from typing import Any

from .contenders import SECRET, App, Default
from .timing import timed
from .workloads import DECLARED, ENVIRON, PREFERENCES, SENT

BATCH = 50


def _flask() -> App:
    from flask import Flask

    app = Flask("hello", static_folder=None)
    app.add_url_rule("/shop/item/42", view_func=lambda: "Hello, world", endpoint="hello")
    found: App = app
    return found


def _django() -> App:
    from django.conf import settings

    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF="benchmarks.hello_urls", SECRET_KEY=SECRET)
        import django

        django.setup()
    from django.core.handlers.wsgi import WSGIHandler

    found: App = WSGIHandler()
    return found


def _pyramid() -> App:
    from pyramid.config import Configurator
    from pyramid.response import Response

    with Configurator() as config:
        config.add_route("hello", "/shop/item/42")
        config.add_view(lambda request: Response("Hello, world"), route_name="hello")
        found: App = config.make_wsgi_app()
    return found


FRAMEWORKS = {"Flask": _flask, "Django": _django, "Pyramid": _pyramid}


def frameworks(short: bool = False) -> dict[str, dict[str, float]]:
    """Print and return microseconds of a hello-world request, and those the gate adds, for two visitors."""
    results: dict[str, dict[str, float]] = {}
    contender = Default(DECLARED)
    token = contender.token(["statistical"], int(time.time()) - 1000)
    cookies = "; ".join(f"{name}={value}" for name, value in [*SENT, (PREFERENCES, token)])
    for name, make in FRAMEWORKS.items():
        bare = make()
        gated = contender.wrap(bare)
        for visitor, extra in {"new": {}, "returning": {"HTTP_COOKIE": cookies}}.items():
            pairs = [_pair(bare, gated, {**ENVIRON, **extra}) for _ in range(20 if short else 200)]
            alone = statistics.median(first for first, _ in pairs) / 1000
            added = statistics.median(second - first for first, second in pairs) / 1000
            results[f"{name}, {visitor}"] = {"bare": alone, "added": added}
            print(f"{name:8} {visitor:10} {alone:7.1f} us, the gate adds {added:5.1f}: {added / alone:.1%}")
    return results


def _pair(bare: App, gated: App, environ: dict[str, Any]) -> tuple[float, float]:
    """Return nanoseconds of a bare request and of a gated one, measured one after the other."""
    first = timed(bare, [{**environ} for _ in range(BATCH)])
    return first, timed(gated, [{**environ} for _ in range(BATCH)])
