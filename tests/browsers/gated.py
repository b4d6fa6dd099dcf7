"""A site behind the real gate that embeds another host in every way, with its placeholder."""

from typing import Any

from consentgate import Basis, Category, Cookie, Policy, Visit
from tests.conftest import KEY

from .embedding import PAGE, Site

NONCE_POLICY = (
    "default-src * data: blob:; script-src 'nonce-abc'; style-src * 'unsafe-inline'; worker-src 'self'; "
    "object-src 'none'"
)
"""A site's own policy against injected scripts; hosts are none of its business."""

SPACER = '<div style="height: 3000px"></div>'


class GatedSite(Site):
    """Host A behind a gate that enforces; B is the host of its category "maps".

    Attributes:
        headers: fields the application sends with its page.
        has_placeholder: whether the page asks its visit, and shows a placeholder or the embed's own text.
    """

    def __init__(self, *, domain: str = "localhost", **options: Any) -> None:
        super().__init__(domain=domain)
        self.headers: list[tuple[str, str]] = []
        self.has_placeholder = True
        self.nonce = ""
        self._options = {"third_parties": "block", "secret_key": KEY, **options}

    def declare(self, *hosts: str) -> None:
        """Declare these as the hosts of the category "maps", behind a gate made anew."""
        necessary = Category("necessary", basis=Basis.NECESSARY, cookies=["sid"])
        maps = Category("maps", title="Maps", cookies=[Cookie("_ga", provider="B Ltd")], hosts=hosts)
        sold = Category("ads", cookies=["vid"], sale_or_share=True)
        self.gate = Policy([necessary, maps, sold]).wrap(self._application, **self._options)

    def _a(self, environ: dict[str, Any], start_response: Any) -> Any:
        return self.gate(environ, start_response)

    def _application(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        path = environ["PATH_INFO"]
        self.own.append(path)
        self.destinations.append((path, environ.get("HTTP_SEC_FETCH_DEST")))
        if path in ("/accept", "/withdraw"):
            visit = Visit.from_environ(environ)
            visit.accept_all() if path == "/accept" else visit.refuse_all()
            start_response("303 See Other", [("Location", "/done"), ("Content-Type", "text/plain")])
            return [b""]
        if path == "/done":
            start_response("200 OK", [("Content-Type", "text/html"), ("Cache-Control", "no-store")])
            return [b"<!doctype html><link rel='icon' href='data:,'><title>done</title>"]
        content_type, body = self._read_static(path)
        headers = [("Content-Type", content_type)]
        if path == "/":
            body = self._page(Visit.from_environ(environ), body)
            headers += self.headers or [("Cache-Control", "no-store")]
            tag = dict(self.headers).get("ETag")
            if tag and environ.get("HTTP_IF_NONE_MATCH") == tag:
                start_response("304 Not Modified", self.headers)
                return []
        start_response("200 OK", headers)
        return [body]

    def _page(self, visit: Visit, body: bytes) -> bytes:
        text = body.decode()
        assert "<p>Text" in PAGE
        if self.has_placeholder:
            place = visit.placeholder("maps") or "<p>the map</p>"
            place = f'{SPACER}<div id="consentgate-place-maps">{place}</div>{SPACER}<p>Text'
            text = text.replace("<p>Text", place)
        if self.nonce:
            text = text.replace("<script", f'<script nonce="{self.nonce}"')
        return text.encode()
