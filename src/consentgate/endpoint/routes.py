"""The visitor's page, and the choices posted to it.

This WSGI application behind the gate records a choice through the visit; the gate sets the cookie.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIEnvironment

from webob import Request

from consentgate.catalogue.catalogue import Catalogue
from consentgate.consent.opt_out import gpc_json
from consentgate.headers.documents import media_type_of
from consentgate.headers.origin import is_origin_of, is_same_origin
from consentgate.i18n.messages import available_languages
from consentgate.rendering.assets import SCRIPT_NAME, script, stylesheet
from consentgate.rendering.html import Renderer
from consentgate.visit import Visit

from .choices import JSON, Refused, parse_choice, read_body, resolve, valid_next
from .page_csp import page_csp_field
from .reports import LARGEST_BODY as LARGEST_REPORT
from .reports import SEVERAL, SINGLE, parse_reports
from .state import state_of, wants_json

_HTML = "text/html; charset=utf-8"
_NO_STORE = ("Cache-Control", "no-store")
_NOSNIFF = ("X-Content-Type-Options", "nosniff")


@dataclass(frozen=True, slots=True)
class Answered:
    """A response of the endpoint: status, fields and body."""

    status: str
    media_type: str
    body: bytes
    fields: tuple[tuple[str, str], ...] = field(default=(_NO_STORE,))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send the response; without the body to HEAD."""
        described = [("Content-Type", self.media_type), ("Content-Length", str(len(self.body)))]
        # A 204 and a 304 describe no content (RFC 9110 15.3.5, 15.4.5).
        headers = [*(described if self.media_type else ()), _NOSNIFF, *self.fields]
        start_response(self.status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [self.body]


class Endpoint:
    """Answer requests at and under the preferences path.

    Args:
        policy: the published policy.
        path: the preferences path.
        trusted_origins: other origins whose pages may post choices, as `check_origins` gives them.
        renderer: renders page and banner.
        page_csp: directives that a site's own page layout needs: ``"img-src 'self' data:"``.

    Raises:
        PolicyError: *page_csp* is malformed.
    """

    def __init__(
        self,
        policy: Catalogue,
        path: str,
        trusted_origins: frozenset[str],
        renderer: Renderer,
        *,
        page_csp: str = "",
    ) -> None:
        self._policy = policy
        self._path = path
        self._trusted_origins = trusted_origins
        self._renderer = renderer
        # R67, R68, R72: no frames, nothing from other hosts, no caching. "same-origin", since without a
        # referrer browsers send `Origin: null` with the page's own form.
        self._page_fields = (
            _NO_STORE,
            ("Content-Security-Policy", page_csp_field(page_csp)),
            ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "same-origin"),
            ("X-Robots-Tag", "noindex"),
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; nothing a visitor sends makes this raise."""
        try:
            answered = self._answer(Request(environ))
        except Refused as refused:
            answered = Answered(
                refused.status,
                "text/plain; charset=utf-8",
                f"{refused.why}\n".encode(),
                (_NO_STORE, *refused.fields),
            )
        return answered(environ, start_response)

    def _answer(self, request: Request) -> Answered:
        below = request.environ.get("PATH_INFO", "")[len(self._path) :].strip("/")
        shown = {
            "": self._show,
            "banner": self._banner,
            stylesheet()[0]: self._style,
            SCRIPT_NAME: self._script,
        }
        if below == "reports":
            return self._take_reports(request)
        if below not in shown:
            raise Refused("404 Not Found", "There is no such page here.")
        if request.method in ("GET", "HEAD"):
            return shown[below](request)
        if request.method == "POST" and not below:
            return self._choose(request)
        methods = "GET, HEAD" if below else "GET, HEAD, POST"
        raise Refused("405 Method Not Allowed", f"Use {methods}.", ("Allow", methods))

    def _style(self, request: Request) -> Answered:
        # The name changes with the content, so caches may keep it for good.
        forever = ("Cache-Control", "public, max-age=31536000, immutable")
        return Answered("200 OK", "text/css; charset=utf-8", stylesheet()[1], (forever,))

    def _script(self, request: Request) -> Answered:
        # Sites write its name into their pages, so it cannot change: browsers revalidate, and get a 304.
        tag, content = script()
        fields = (("Cache-Control", "public, max-age=3600, must-revalidate"), ("ETag", tag))
        if tag in request.environ.get("HTTP_IF_NONE_MATCH", ""):
            return Answered("304 Not Modified", "", b"", fields)
        return Answered("200 OK", "text/javascript; charset=utf-8", content, fields)

    def _show(self, request: Request) -> Answered:
        visit = Visit.from_environ(request.environ)
        if wants_json(request):
            return self._state(visit)
        asked = _query(request)
        languages = available_languages(self._policy.strings)
        wanted = asked.get("lang")
        with self._renderer.within(request.environ):
            page = self._renderer.page(
                visit._view(),
                own=visit.preferences_url,
                next=valid_next(asked.get("next", "")),
                language=wanted if wanted in languages else visit._page_language,
                languages=languages,
                pinned=wanted in languages,
            )
        return Answered("200 OK", _HTML, page.encode(), self._page_fields)

    def _banner(self, request: Request) -> Answered:
        """Return the banner alone, for the script that inserts it into static pages."""
        visit = Visit.from_environ(request.environ)
        next_page = valid_next(_query(request).get("next", "")) or visit.preferences_url
        with self._renderer.within(request.environ):
            banner = visit.banner(next=next_page)
        return Answered("200 OK", _HTML, str(banner).encode(), self._page_fields)

    def _state(self, visit: Visit, ignored: tuple[str, ...] = ()) -> Answered:
        state: dict[str, object] = {**state_of(self._policy, visit)}
        if ignored:
            state["ignored"] = list(ignored)
        return Answered("200 OK", JSON, json.dumps(state).encode())

    def _choose(self, request: Request) -> Answered:
        """Record a posted choice; redirect a form, and answer JSON with the state."""
        environ = request.environ
        visit = Visit.from_environ(environ)
        self._check_origin(environ, visit)
        choice = parse_choice(environ.get("CONTENT_TYPE", ""), read_body(environ))
        resolved = resolve(choice, self._policy)
        if resolved.ignored:
            visit._gate._warn(_IGNORED, ", ".join(resolved.ignored), about="")
        if not visit._choose(resolved.answers, answers_all=resolved.answers_all):
            raise Refused("409 Conflict", _ANSWERS_WITHHELD)
        if choice.in_json:
            return self._state(visit, resolved.ignored)
        location = valid_next(choice.next) or visit.preferences_url
        return Answered(
            "303 See Other", "text/plain; charset=utf-8", b"", (_NO_STORE, ("Location", location))
        )

    def _take_reports(self, request: Request) -> Answered:
        """Answer browsers' reports of requests to other hosts with 204, whether or not any is used."""
        environ = request.environ
        if request.method != "POST":
            raise Refused("405 Method Not Allowed", "Use POST.", ("Allow", "POST"))
        media_type = media_type_of(environ.get("CONTENT_TYPE", ""))
        if media_type not in (SINGLE, SEVERAL):
            raise Refused("415 Unsupported Media Type", f"Send {SINGLE} or {SEVERAL}.")
        origin, host = environ.get("HTTP_ORIGIN"), environ.get("HTTP_HOST", "")
        site = environ.get("HTTP_SEC_FETCH_SITE")
        # Chromium sends no Sec-Fetch-Site with report-to, Firefox no Origin with report-uri.
        if site not in (None, "same-origin") or (origin is not None and not is_origin_of(origin, host)):
            raise Refused("403 Forbidden", "This report did not come from a page of this site.")
        body = read_body(environ, LARGEST_REPORT)
        visit = Visit.from_environ(environ)
        visit._gate._learn_hosts(parse_reports(media_type, body, host))
        return Answered("204 No Content", "", b"")

    def _check_origin(self, environ: WSGIEnvironment, visit: Visit) -> None:
        """Raise `Refused` for a choice that another site's page posts."""
        origin, host = environ.get("HTTP_ORIGIN"), environ.get("HTTP_HOST")
        scheme = environ.get("wsgi.url_scheme", "http")
        if not is_same_origin(
            environ.get("HTTP_SEC_FETCH_SITE"), origin, host, self._trusted_origins, scheme
        ):
            visit._gate._warn(_REFUSED_POST, repr(origin), repr(host), repr(scheme), about="")
            raise Refused("403 Forbidden", "This choice did not come from a page of this site.")


class GpcResource:
    """The resource ``/.well-known/gpc.json``: this site honours Global Privacy Control."""

    def __init__(self, updated: date | None) -> None:
        self._answered = Answered(
            "200 OK", JSON, gpc_json(updated), (("Cache-Control", "public, max-age=86400"),)
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer GET and HEAD; 405 to other methods."""
        if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            return self._answered(environ, start_response)
        refused = Answered(
            "405 Method Not Allowed",
            "text/plain; charset=utf-8",
            b"Use GET, HEAD.\n",
            (("Allow", "GET, HEAD"),),
        )
        return refused(environ, start_response)


def _query(request: Request) -> dict[str, str]:
    """Return the query's fields; the first of each name."""
    query = request.environ.get("QUERY_STRING", "").encode("latin-1").decode("utf-8", "replace")
    return dict(reversed(parse_qsl(query, keep_blank_values=True)))


_ANSWERS_WITHHELD = (
    "The browser held back your earlier answers, as it does in frames on other sites: refuse all, save all "
    "answers at once, or open this site in a tab of its own."
)

_IGNORED = "a posted choice names categories that are not declared, or no longer: %s; they were ignored"

_REFUSED_POST = (
    "a posted choice was refused: it has Origin %s, Host %s, scheme %s. Behind a proxy, put the middleware "
    "that reads its forwarded fields (such as ProxyFix with x_proto=1, x_host=1) outside the gate; list "
    "other origins of the site in trusted_origins"
)
