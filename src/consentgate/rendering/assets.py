"""Files a browser loads beside the page: the stylesheet, and the script that fetches the banner."""

import hashlib
from functools import cache
from importlib.resources import files

SCRIPT_NAME = "banner.js"
"""Name of the script under the preferences path."""


def _read_static(name: str) -> bytes:
    return files("consentgate.rendering").joinpath("static", name).read_bytes()


@cache
def stylesheet() -> tuple[str, bytes]:
    """Return the stylesheet's file name, which changes with its content, and its content."""
    content = _read_static("style.css")
    return f"style-{hashlib.sha256(content).hexdigest()[:12]}.css", content


def stylesheet_under(page: str) -> str:
    """Return the stylesheet's path, under the path of the visitor's page."""
    return f"{page}/{stylesheet()[0]}"


@cache
def script() -> tuple[str, bytes]:
    """Return the script's entity tag (RFC 9110 8.8.3) and its content."""
    content = _read_static(SCRIPT_NAME)
    return f'"{hashlib.sha256(content).hexdigest()[:12]}"', content
