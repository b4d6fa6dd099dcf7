"""Media types, and whether a browser may show a response as a document or run it as a worker."""

import re
from collections.abc import Sequence

DESTINATIONS = frozenset(
    (
        "document",
        "iframe",
        "frame",
        "fencedframe",
        "object",
        "embed",
        "worker",
        "sharedworker",
        "serviceworker",
    )
)
"""Values of Sec-Fetch-Dest for documents and workers, which have their own policy (Fetch, section 2.2.7)."""

# type "/" subtype, and parameters (RFC 9110 8.3.1). A comma means that several fields were joined.
_MEDIA_TYPE = re.compile(r"[ \t]*([!#$%&'*+\-.^_`|~0-9a-z]+/[!#$%&'*+\-.^_`|~0-9a-z]+)[ \t]*(?:;[^,]*)?")

_DOCUMENTS = frozenset(("text/html", "text/xml", "text/xsl", "application/xml"))

# Browsers sniff the content of these types, and may find HTML (MIME Sniffing, section 7).
_UNKNOWN = frozenset(("*/*", "unknown/unknown", "application/unknown"))


def media_type_of(content_type: str) -> str:
    """Return the media type of a Content-Type field, without its parameters, in lower case (RFC 9110 8.3.1).

    >>> media_type_of("Application/JSON; charset=utf-8")
    'application/json'
    """
    return content_type.partition(";")[0].strip().lower()


def is_document(
    status: str, content_types: Sequence[str], sec_fetch_dest: str | None, accept: str | None
) -> bool:
    """Return whether the response may become a document, a frame or a worker.

    Either is enough: the media type, since a page fetched by a script may later be shown from a cache; or the
    destination, since a worker's script has no media type of its own.

    Args:
        status: the response's, such as ``"200 OK"``.
        content_types: the values of all its Content-Type fields.
        sec_fetch_dest: the request's Sec-Fetch-Dest, None if it has none.
        accept: the request's Accept, likewise.

    >>> is_document("200 OK", ["text/html; charset=utf-8"], "empty", None)
    True
    >>> is_document("200 OK", ["image/png"], None, "text/html"), is_document("200 OK", [], None, None)
    (False, True)
    """
    if sec_fetch_dest in DESTINATIONS:
        return True
    if status.startswith("304"):
        # A 304 states no type: the browser shows the stored response. A page asks for text/html.
        return sec_fetch_dest is None and "text/html" in (accept or "").lower()
    return len(content_types) != 1 or _is_rendered(content_types[0])


def _is_rendered(content_type: str) -> bool:
    """Return whether a browser may show a response of this one Content-Type as a document."""
    match = _MEDIA_TYPE.fullmatch(content_type.lower())
    if match is None:
        return True
    media_type = match[1]
    return (
        media_type in _DOCUMENTS
        or media_type in _UNKNOWN
        or media_type.endswith("+xml")
        # Each part has its own type, and may be HTML.
        or media_type.startswith("multipart/")
    )
