"""A data portal behind its policy: log-in, languages, search, an API with a CSRF token. Pure WSGI."""

import json
import secrets
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

from consentgate.i18n.negotiation import negotiate_language
from consentgate.policy import Policy
from consentgate.visit import Visit

from .maps import MAP_HOST
from .page import Shown, draw, style
from .words import DATA_SETS, LANGUAGES

TRIED = ("csrftoken", "_pk_id.1", "recent_datasets", "undeclared_widget")
"""Names of the cookies that every page tries to set; the last one is undeclared."""

_BY_SLUG = {each.slug: each for each in DATA_SETS}


@cache
def policy(map_host: str = MAP_HOST) -> Policy:
    """Return the portal's policy, with the map at *map_host*."""
    text = files("consentgate.demo").joinpath("demo.toml").read_text("utf-8")
    return Policy.from_dict(tomllib.loads(text.replace(MAP_HOST, map_host)))


def language_of(environ: dict[str, Any]) -> str:
    """Return the language chosen in the portal, else the browser's; this is the gate's `language` hook."""
    chosen = _cookies(environ).get("django_language")
    if chosen in LANGUAGES:
        return chosen
    return negotiate_language(environ.get("HTTP_ACCEPT_LANGUAGE", ""), LANGUAGES, "en")


class Portal:
    """The portal, a WSGI application, which embeds a map from *map_host*."""

    def __init__(self, map_host: str = MAP_HOST) -> None:
        self._sessions: set[str] = set()
        self._map_host = map_host
        self._policy = policy(map_host)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        slug = path.removeprefix("/datasets/")
        if method == "GET" and (path == "/" or (path != slug and slug in _BY_SLUG)):
            return self._page(environ, slug, start_response)
        answer = {
            ("GET", "/demo.css"): self._style,
            ("GET", "/language"): self._language,
            ("POST", "/login"): self._log_in,
            ("POST", "/logout"): self._log_out,
            ("POST", "/api/datasets"): self._api,
        }.get((method, path), _nothing)
        return answer(environ, start_response)

    def _page(self, environ: WSGIEnvironment, slug: str, start_response: StartResponse) -> Iterable[bytes]:
        cookies, visit = _cookies(environ), Visit.from_environ(environ)
        recent = [each for each in cookies.get("recent_datasets", "").split("+") if each in _BY_SLUG]
        seen = list(dict.fromkeys([*([slug] if slug in _BY_SLUG else []), *recent]))
        csrf_token = cookies.get("csrftoken") or secrets.token_urlsafe(16)
        shown = Shown(
            language=language_of(environ),
            is_logged_in=cookies.get("sessionid") in self._sessions,
            search=_query(environ).get("q", [""])[0][:100],
            names=sorted(cookies),
            recent=[_BY_SLUG[each] for each in recent],
            csrf_token=csrf_token,
            tried=TRIED,
            map_host=self._map_host,
            widget_host=self._map_host.replace("localhost", "127.0.0.1"),
        )
        values = (
            f"{csrf_token}; Path=/; SameSite=Lax",
            f"{secrets.token_hex(8)}; Path=/; Max-Age=86400; SameSite=Lax",
            f"{'+'.join(seen) or 'none'}; Path=/; Max-Age=2592000; SameSite=Lax",
            "1; Path=/",
        )
        return _answer(
            start_response,
            "200 OK",
            "text/html; charset=utf-8",
            draw(self._policy, visit, shown).encode(),
            *(f"{name}={value}" for name, value in zip(TRIED, values, strict=True)),
        )

    def _style(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return _answer(start_response, "200 OK", "text/css; charset=utf-8", style())

    def _language(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        wanted = _query(environ).get("to", ["en"])[0]
        known = wanted if wanted in LANGUAGES else "en"
        return _back(start_response, f"django_language={known}; Path=/; SameSite=Lax")

    def _log_in(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        session = secrets.token_urlsafe(16)
        self._sessions.add(session)
        return _back(start_response, f"sessionid={session}; Path=/; HttpOnly; SameSite=Lax")

    def _log_out(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self._sessions.discard(_cookies(environ).get("sessionid", ""))
        return _back(start_response, "sessionid=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")

    def _api(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdigit()) or int(length[:9]) > 4096:
            return _answer(start_response, "400 Bad Request", "text/plain", b"Not a small form.\n")
        form = parse_qs(environ["wsgi.input"].read(int(length)).decode("latin-1"))
        sent = environ.get("HTTP_X_CSRFTOKEN") or form.get("csrftoken", [""])[0]
        if not sent or sent != _cookies(environ).get("csrftoken"):
            return _answer(start_response, "403 Forbidden", "text/plain", b"CSRF token missing.\n")
        body = json.dumps({"datasets": [each.slug for each in DATA_SETS]}).encode()
        return _answer(start_response, "200 OK", "application/json", body)


def _nothing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    return _answer(start_response, "404 Not Found", "text/plain", b"There is no such page.\n")


def _cookies(environ: WSGIEnvironment) -> dict[str, str]:
    pairs = (pair.strip().partition("=") for pair in environ.get("HTTP_COOKIE", "").split(";"))
    return {name: value for name, equals, value in pairs if equals}


def _query(environ: WSGIEnvironment) -> dict[str, list[str]]:
    return parse_qs(environ.get("QUERY_STRING", ""))


def _answer(
    start_response: StartResponse, status: str, media_type: str, body: bytes, *set_cookies: str
) -> Iterable[bytes]:
    cookies = [("Set-Cookie", text) for text in set_cookies]
    length = ("Content-Length", str(len(body)))
    start_response(status, [("Content-Type", media_type), length, *cookies])
    return [body]


def _back(start_response: StartResponse, set_cookie: str) -> Iterable[bytes]:
    cookies = [("Set-Cookie", set_cookie), ("Location", "/")]
    start_response("303 See Other", [("Content-Type", "text/plain"), *cookies])
    return [b""]
