"""Decode a policy file: octets in, the TOML table out."""

import codecs
import re
from typing import Any

from consentgate.errors import PolicyError

_WIDE = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

_JSON = re.compile(r"\s*(?:\[\s*)?\{")  # no TOML document begins with "{"


def parse_document(octets: bytes, source: str) -> dict[str, Any]:
    """Return the table that a policy file of these *octets* describes.

    A UTF-8 byte order mark at its beginning is ignored.

    Args:
        octets: the whole file.
        source: its name, for errors.

    Raises:
        PolicyError: it is not TOML in UTF-8; the message says what it seems to be, and how to mend it.

    >>> parse_document(b"title = 'Cookies policy'", "policy.toml")
    {'title': 'Cookies policy'}
    """
    import tomllib  # imported late: a policy made in Python needs no TOML

    if octets.startswith(_WIDE) or b"\0" in octets[:2]:
        raise PolicyError(f"{source}: not TOML: it is encoded in UTF-16 or UTF-32; save it as UTF-8")
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise PolicyError(f"{source}: not TOML: line {line} is not UTF-8; save the file as UTF-8") from None
    if _JSON.match(text):
        raise PolicyError(
            f"{source}: not TOML: it begins as JSON does; write it as TOML, "
            "or read it with json.load() and give that to Policy.from_dict()"
        )
    try:
        return tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError, or ValueError for a number with thousands of digits
        raise PolicyError(f"{source}: not TOML: {error}") from None
