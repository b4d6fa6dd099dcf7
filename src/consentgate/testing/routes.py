"""Check the routes given to an assertion; each error says how to mend them."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from .driving import SAFE_METHODS, Route

Body = Mapping[str, Any] | Sequence[tuple[str, Any]] | str | bytes
"""A form's fields, or a raw body."""

RouteLike = str | tuple[str, str] | tuple[str, str, Body]
"""A path to GET; or a tuple of method and path, with or without a body."""

_EXAMPLES = "'/shop', ('DELETE', '/cart') or ('POST', '/login', {'name': 'ann'})"


def check_routes(routes: Sequence[RouteLike]) -> list[Route]:
    """Return *routes* as `Route` values.

    >>> check_routes(["/", ("post", "/login", {"name": "ann"})])[1]
    Route(method='POST', path='/login', body=b'name=ann', content_type='application/x-www-form-urlencoded')

    Raises:
        TypeError: *routes* is empty, or one of them is malformed.
    """
    if isinstance(routes, str | bytes) or not isinstance(routes, Sequence) or not routes:
        raise TypeError(f"routes must be paths such as ('/', '/shop'), in a list or tuple, not {routes!r}")
    return [_checked(each) for each in routes]


def _checked(route: Any) -> Route:
    if isinstance(route, str):
        return Route(path=_check_path(route))
    if not isinstance(route, tuple) or len(route) not in (2, 3):
        raise TypeError(f"routes: {route!r} is not a route such as {_EXAMPLES}")
    method, path, *rest = route
    if not (isinstance(method, str) and method.isascii() and method.isalpha()):
        raise TypeError(f"routes: a tuple is a method, a path and a body, such as {_EXAMPLES}; not {route!r}")
    method = method.upper()
    if rest and method in SAFE_METHODS:
        raise TypeError(f"routes: {method} has no body: put the fields into the path, '/search?q=tea'")
    return Route(method, _check_path(path), _encoded(rest[0]) if rest else b"")


def _check_path(path: Any) -> str:
    if not isinstance(path, str) or not path.startswith("/"):
        raise TypeError(f"routes must be paths such as '/shop', which begin with '/', not {path!r}")
    return path


def _encoded(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    try:
        return urlencode(body, doseq=True).encode()
    except (TypeError, ValueError):
        raise TypeError(
            f"routes: a body is a form's fields such as {{'name': 'ann'}}, or str or bytes, not {body!r}"
        ) from None
