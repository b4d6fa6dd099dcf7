"""Facts of a request that its visit needs, and the gate it passes through."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from consentgate._urls import quote_query, to_own_path
from consentgate.consent.verdict import Judge

if TYPE_CHECKING:
    from consentgate.rendering.html import Renderer


class VisitGate(Protocol):
    """The gate behind which a visit takes place."""

    @property
    def _judge(self) -> Judge: ...

    @property
    def _preferences_path(self) -> str | None: ...

    @property
    def _signal_fields(self) -> tuple[str, ...]: ...

    @property
    def _renderer(self) -> "Renderer": ...

    def _now(self) -> float: ...

    def _warn(self, message: str, *arguments: str, about: str | None = None) -> None: ...

    def _learn_hosts(self, reports: Iterable[tuple[str, str]]) -> None: ...


class RequestFacts(NamedTuple):
    """Facts of a request that its visit needs, as the server gave them.

    Attributes:
        script_name: SCRIPT_NAME.
        path_info: PATH_INFO.
        query_string: QUERY_STRING.
        method: REQUEST_METHOD.
        accept_language: HTTP_ACCEPT_LANGUAGE, None if the request has none.
        raw_path: RAW_URI or REQUEST_URI, which keep ``%2F`` and its like; "" where the server gives none.
    """

    script_name: str = ""
    path_info: str = "/"
    query_string: str = ""
    method: str = "GET"
    accept_language: str | None = None
    raw_path: str = ""

    @classmethod
    def of(cls, environ: Mapping[str, Any]) -> "RequestFacts":
        """Return the facts in *environ*; PEP 3333 allows absent values for empty ones."""
        get = environ.get
        return cls(
            get("SCRIPT_NAME", ""),
            get("PATH_INFO", ""),
            get("QUERY_STRING", ""),
            get("REQUEST_METHOD", "GET"),
            get("HTTP_ACCEPT_LANGUAGE"),
            get("RAW_URI") or get("REQUEST_URI") or "",
        )

    def own_path(self, preferences_path: str) -> str:
        """Return the preferences page's path, mount included."""
        return to_own_path(self.script_name, preferences_path)

    def page(self, own_path: str | None) -> str:
        """Return the path a visitor returns to: this page; *own_path* where this one answered a form."""
        if self.method not in ("GET", "HEAD"):
            return own_path or "/"
        page = to_own_path(self.script_name, self.path_info, self.raw_path)
        query = quote_query(self.query_string)
        return f"{page}?{query}" if query else page
