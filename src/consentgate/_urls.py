"""Percent-encoding of what stands in an environ: a path, a query, a reference (RFC 3986)."""

from urllib.parse import quote, unquote_to_bytes

_PATH_SAFE = "/!$&'()*+,;=:@~"
_QUERY_SAFE = _PATH_SAFE + "?%"
_REFERENCE_SAFE = _PATH_SAFE + "?#%[]"
"""Characters that need no encoding, besides letters, digits and ``_.-~`` (RFC 3986 3.3, 3.4)."""


def quote_path(path: str) -> str:
    """Return a path, a native string (PEP 3333), percent-encoded.

    >>> quote_path("/caf\\xc3\\xa9 1")
    '/caf%C3%A9%201'
    """
    return quote(path.encode("latin-1"), safe=_PATH_SAFE)


def to_own_path(script_name: str, path: str, raw_uri: str = "") -> str:
    """Return a path of this site for a reference: one slash first, percent-encoded, mount included.

    Args:
        script_name: the mount, as PEP 3333 gives it.
        path: the path below the mount, likewise.
        raw_uri: the request target as the browser wrote it, if the server gives it: it keeps ``%2F``
            and its like, and is taken where it says the same.

    >>> to_own_path("//other.example", "/cookies")
    '/other.example/cookies'
    >>> to_own_path("", "/a/b", "/a%2Fb?c=d")
    '/a%2Fb'
    """
    whole = script_name + path
    raw_path = raw_uri.partition("?")[0]
    if raw_path.isascii() and unquote_to_bytes(raw_path) == whole.encode("latin-1"):
        quoted = quote(raw_path, safe=_PATH_SAFE + "%")
    else:
        quoted = quote_path(whole)
    return "/" + quoted.lstrip("/")


def quote_query(query: str) -> str:
    """Return a query, a native string, with what is encoded in it left as it is."""
    return quote(query.encode("latin-1"), safe=_QUERY_SAFE)


def quote_reference(reference: str) -> str:
    """Return a path with its query and fragment, any text, with what is encoded in it left as it is."""
    return quote(reference, safe=_REFERENCE_SAFE)
