"""The Content Security Policy of our own pages, and the sources a site's layout adds to it."""

import re

from consentgate.errors import PolicyError

_OWN = {
    "default-src": ("'none'",),
    "img-src": ("'self'",),
    "style-src": ("'self'",),
    "form-action": ("'self'",),
    "base-uri": ("'none'",),
    "frame-ancestors": ("'none'",),
}
"""No frames, no script, nothing from other hosts."""

_EXTENDABLE = (
    "connect-src",
    "font-src",
    "form-action",
    "frame-src",
    "img-src",
    "manifest-src",
    "media-src",
    "script-src",
    "style-src",
    "worker-src",
)

_SOURCE = re.compile(r"[!-+\--:<-~]+")
"""Printable ASCII without a comma or a semicolon."""

_KEYWORDS = ("self", "unsafe-inline", "unsafe-eval", "strict-dynamic", "unsafe-hashes", "wasm-unsafe-eval")


def page_csp_field(page_csp: str = "") -> str:
    """Return the field's value: our own policy, with the sources of *page_csp* added.

    Args:
        page_csp: directives as in the field itself.

    Raises:
        PolicyError: a directive is malformed, or would allow framing or weaken ``default-src``.

    >>> page_csp_field("img-src data:; script-src 'self'").split("; ")[1:3]
    ["img-src 'self' data:", "style-src 'self'"]
    >>> page_csp_field("img-src data:; script-src 'self'").split("; ")[-1]
    "script-src 'self'"
    """
    if not isinstance(page_csp, str):
        raise PolicyError(f"page_csp must be a text such as \"img-src 'self' data:\", not {page_csp!r}")
    directives = dict(_OWN)
    for directive in filter(str.strip, page_csp.split(";")):
        name, *sources = directive.split()
        name = name.lower()
        _check(name, sources)
        directives[name] = tuple(dict.fromkeys([*directives.get(name, ()), *sources]))
    return "; ".join(" ".join((name, *sources)) for name, sources in directives.items())


def _check(name: str, sources: list[str]) -> None:
    if name not in _EXTENDABLE:
        raise PolicyError(
            f"page_csp: {name!r} can't be added to; name one of {', '.join(_EXTENDABLE)} before its sources, "
            "as in page_csp=\"img-src 'self' data:\""
        )
    if not sources:
        raise PolicyError(f"page_csp: {name} needs a source, as in \"{name} 'self'\"")
    for source in sources:
        if source.lower() in _KEYWORDS:
            raise PolicyError(f"page_csp: write {source} in single quotes, as in \"{name} '{source}'\"")
        if source.lower() == "'none'" or not _SOURCE.fullmatch(source):
            raise PolicyError(f"page_csp: {source!r} is no source that can be added to {name}")
