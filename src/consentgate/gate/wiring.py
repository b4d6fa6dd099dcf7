"""Checks of the application a gate is put around."""

import functools
import inspect
from typing import Any

from consentgate.errors import PolicyError


def check_application(app: Any) -> None:
    """Check that *app* can be a WSGI application (PEP 3333).

    Raises:
        PolicyError: it cannot be called, or it is an ASGI application.
    """
    if not callable(app):
        raise PolicyError(f"app must be a WSGI application, not {app!r}")
    if is_asgi(app):
        raise PolicyError(
            f"app is an ASGI application, and a gate is WSGI middleware: {app!r}; "
            "put a2wsgi between them: policy.wrap(a2wsgi.ASGIMiddleware(app), secret_key=...)"
        )


def is_asgi(app: Any) -> bool:
    """Return whether *app* is called as ASGI applications are: with three arguments, or awaited."""
    function = app
    while isinstance(function, functools.partial):
        function = function.func
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):
        return True
    try:
        parameters = inspect.signature(app).parameters.values()
    except (TypeError, ValueError):  # some callables in C have no signature
        return False
    required = [
        each
        for each in parameters
        if each.default is each.empty and each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
    ]
    return len(required) == 3


def is_flask_object(app: Any) -> bool:
    """Return whether *app* is a Flask object itself, and not its `wsgi_app`."""
    return any(each.__module__ == "flask.app" for each in type(app).__mro__)
