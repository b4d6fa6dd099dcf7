"""Which responses a browser may turn into a document or a worker, whose requests a policy then governs."""

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
"""Values of Sec-Fetch-Dest for what has a policy of its own (Fetch, section 2.2.7)."""

# type "/" subtype, and parameters (RFC 9110 8.3.1). A comma is what several fields joined look like.
_MEDIA_TYPE = re.compile(r"[ \t]*([!#$%&'*+\-.^_`|~0-9a-z]+/[!#$%&'*+\-.^_`|~0-9a-z]+)[ \t]*(?:;[^,]*)?")

_DOCUMENTS = frozenset(("text/html", "text/xml", "text/xsl", "application/xml"))

# Browsers look into these to find what they are, and may find HTML (MIME Sniffing, section 7).
_UNKNOWN = frozenset(("*/*", "unknown/unknown", "application/unknown"))


def is_document(
    status: str, content_types: Sequence[str], sec_fetch_dest: str | None, accept: str | None
) -> bool:
    """Return whether the response may become a document, a frame or a worker.

    The media type decides, whatever asked for it: a page fetched by a script may later be shown from a cache.
    So does the destination: a worker's script has no type of its own, but not every request states one.

    Args:
        status: the response's, such as ``"200 OK"``.
        content_types: the values of all its Content-Type fields.
        sec_fetch_dest: of the request, None if it did not come.
        accept: likewise.

    >>> is_document("200 OK", ["text/html; charset=utf-8"], "empty", None)
    True
    >>> is_document("200 OK", ["image/png"], None, "text/html"), is_document("200 OK", [], None, None)
    (False, True)
    """
    if sec_fetch_dest in DESTINATIONS:
        return True
    if status.startswith("304"):
        # It has no type: a stored page is shown once more. Without a destination, pages ask for text/html.
        return sec_fetch_dest is None and "text/html" in (accept or "").lower()
    return len(content_types) != 1 or _renders(content_types[0])


def _renders(content_type: str) -> bool:
    """Return whether a browser may show a response of this one Content-Type as a document."""
    match = _MEDIA_TYPE.fullmatch(content_type.lower())
    if match is None:
        return True
    media_type = match[1]
    return (
        media_type in _DOCUMENTS
        or media_type in _UNKNOWN
        or media_type.endswith("+xml")
        # Parts with types of their own.
        or media_type.startswith("multipart/")
    )
