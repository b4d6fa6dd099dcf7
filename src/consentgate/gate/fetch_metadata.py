"""Whether a request says that its browser held the visitor's answers back."""

from wsgiref.types import WSGIEnvironment

from consentgate.headers.origin import are_answers_withheld


def withholds_answers(environ: WSGIEnvironment) -> bool:
    """Return whether the browser may have held the preferences cookie back from this request."""
    get = environ.get
    site, origin = get("HTTP_SEC_FETCH_SITE"), get("HTTP_ORIGIN")
    storage_access = get("HTTP_SEC_FETCH_STORAGE_ACCESS")
    if site != "cross-site" and origin is None and storage_access is None:
        return False  # whatever the other fields say
    return are_answers_withheld(
        get("REQUEST_METHOD", "GET"),
        site,
        get("HTTP_SEC_FETCH_MODE"),
        get("HTTP_SEC_FETCH_DEST"),
        storage_access,
        origin,
        get("HTTP_HOST"),
    )
