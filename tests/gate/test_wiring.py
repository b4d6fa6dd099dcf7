"""Checks of the application a gate is put around."""

import functools
from typing import Any

import pytest
from flask import Flask

from consentgate import PolicyError
from consentgate.gate.wiring import check_application, is_asgi, is_flask_object
from tests.conftest import KEY, application, make_policy


def wsgi(environ: Any, start_response: Any) -> list[bytes]:
    return []


def wsgi_with_more(environ: Any, start_response: Any, *, debug: bool = False, level: int = 0) -> list[bytes]:
    return []


def wsgi_with_default(environ: Any, start_response: Any, exc_info: Any = None) -> list[bytes]:
    return []


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application of one coroutine."""


async def legacy_asgi(scope: Any) -> None:
    """An ASGI 2 application is awaited, too."""


def three(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application that returns an awaitable."""


class AsyncCall:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """As Starlette and Django's ASGIHandler are."""


class LegacyAsyncCall:
    async def __call__(self, scope: Any) -> None:
        """An ASGI 2 application that is an object."""


class SyncCall:
    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        return []

    def method(self, environ: Any, start_response: Any) -> list[bytes]:
        return []

    def asgi(self, scope: Any, receive: Any, send: Any) -> None:
        """Bound, it takes three arguments."""


class Responder:
    """Pyramid and others make a response of each call: the class is the application."""

    def __init__(self, environ: Any, start_response: Any) -> None:
        self.parts = [b""]


def starred(*arguments: Any) -> list[bytes]:
    return []


@pytest.mark.parametrize(
    "app",
    [
        wsgi,
        wsgi_with_more,
        wsgi_with_default,
        SyncCall(),
        SyncCall().method,
        Responder,
        starred,
        functools.partial(wsgi),
        functools.partial(three, object()),
        lambda environ, start_response: [],
        application(),
        Flask("app").wsgi_app,
        max,  # a callable in C
        make_policy().wrap(wsgi, secret_key=KEY),
    ],
)
def test_a_wsgi_application_is_taken(app: Any) -> None:
    check_application(app)
    assert not is_asgi(app)


@pytest.mark.parametrize(
    "app",
    [
        asgi,
        legacy_asgi,
        three,
        AsyncCall(),
        SyncCall().asgi,
        functools.partial(asgi),
        functools.partial(functools.partial(AsyncCall())),
        functools.partial(LegacyAsyncCall()),
    ],
)
def test_an_asgi_application_is_named_with_the_mend(app: Any) -> None:
    assert is_asgi(app)
    with pytest.raises(PolicyError, match=r"app is an ASGI application.*a2wsgi\.ASGIMiddleware"):
        check_application(app)
    with pytest.raises(PolicyError, match="ASGI"):
        make_policy().wrap(app, secret_key=KEY)


@pytest.mark.parametrize("app", [None, 5, "app", [wsgi]])
def test_an_application_that_cannot_be_called_is_named(app: Any) -> None:
    with pytest.raises(PolicyError, match="app must be a WSGI application, not"):
        check_application(app)


def test_the_key_is_checked_before_the_application_is_looked_at() -> None:
    with pytest.raises(PolicyError, match="secret_key"):
        make_policy().wrap(None, secret_key="short")  # type: ignore[arg-type]


def test_a_flask_object_differs_from_its_wsgi_app() -> None:
    class Own(Flask):
        """A site's own."""

    assert is_flask_object(Flask("app"))
    assert is_flask_object(Own("app"))
    for app in (Flask("app").wsgi_app, wsgi, SyncCall(), Responder):
        assert not is_flask_object(app)


def test_a_flask_object_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    make_policy().wrap(Flask("app"), secret_key=KEY)
    (record,) = caplog.records
    assert "write app.wsgi_app = policy.wrap(app.wsgi_app, ...)" in record.getMessage()
    caplog.clear()
    make_policy().wrap(Flask("app").wsgi_app, secret_key=KEY)
    assert caplog.records == []
