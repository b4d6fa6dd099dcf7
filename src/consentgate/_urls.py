"""Percent-encoding of what stands in an environ: a path, a query, a reference (RFC 3986)."""

from urllib.parse import quote

_PATH_SAFE = "/!$&'()*+,;=:@~"
_QUERY_SAFE = _PATH_SAFE + "?%"
_REFERENCE_SAFE = _PATH_SAFE + "?#%[]"
"""What may stand as it is, besides letters, digits and ``_.-~`` (RFC 3986 3.3, 3.4)."""


def quote_path(path: str) -> str:
    """Return a path, a native string (PEP 3333), percent-encoded.

    >>> quote_path("/caf\\xc3\\xa9 1")
    '/caf%C3%A9%201'
    """
    return quote(path.encode("latin-1"), safe=_PATH_SAFE)


def quote_query(query: str) -> str:
    """Return a query, a native string, with what is encoded in it left as it is."""
    return quote(query.encode("latin-1"), safe=_QUERY_SAFE)


def quote_reference(reference: str) -> str:
    """Return a path with its query and fragment, any text, with what is encoded in it left as it is."""
    return quote(reference, safe=_REFERENCE_SAFE)
