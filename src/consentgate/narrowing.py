"""Cookie pairs on their way in: those of categories a visit does not allow are withheld."""

from collections.abc import Container
from typing import NamedTuple

from .grammar import BLANK
from .verdict import NAMELESS, RESERVED, Names


class Narrowed(NamedTuple):
    """What became of a Cookie field.

    Attributes:
        cookie_string: what the application may read; the very string that came in, if that is all of it.
        withheld: name and category key of each pair left out.
        spared: likewise for each undeclared pair that was not.
    """

    cookie_string: str
    withheld: list[tuple[str, str | None]]
    spared: list[tuple[str, str | None]]


def narrow(
    cookie_string: str,
    names: Names,
    allowed: frozenset[str | None],
    believed: Container[str],
) -> Narrowed:
    """Return *cookie_string* without the pairs *allowed* does not hold, and what was withheld.

    What is kept keeps its bytes, order and duplicates (R9).

    Args:
        cookie_string: the value of the Cookie field.
        names: the policy's memo of names.
        allowed: keys of the categories allowed.
        believed: the values of the preferences cookie that verified; any other is withheld.
    """
    kept: list[str] = []
    withheld: list[tuple[str, str | None]] = []
    spared: list[tuple[str, str | None]] = []
    for pair in cookie_string.split(";"):
        text, equals, value = pair.partition("=")
        key = names[text] if equals else NAMELESS
        if key in allowed:
            kept.append(pair)
            if key is None:
                spared.append((text.strip(BLANK), key))
        elif key is RESERVED and value.strip(BLANK) in believed:
            kept.append(pair)
        elif key is NAMELESS and not pair.strip(BLANK):
            kept.append(pair)  # nothing between two semicolons: nobody's cookie
        else:
            withheld.append((text.strip(BLANK), key))
    if withheld:
        cookie_string = ";".join(kept).lstrip(BLANK + ";")
    return Narrowed(cookie_string, withheld, spared)


def not_allowed(cookie_string: str, names: Names, allowed: Container[str | None]) -> list[tuple[str, str]]:
    """Return name and category key of each declared cookie in *cookie_string* that is not allowed."""
    found: list[tuple[str, str]] = []
    for pair in cookie_string.split(";"):
        text, equals, _ = pair.partition("=")
        key = names[text] if equals else NAMELESS
        if key is not None and key not in allowed and key not in (NAMELESS, RESERVED):
            found.append((text.strip(BLANK), key))
    return found
