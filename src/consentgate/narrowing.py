"""Cookie pairs on their way in: those of categories a visit does not allow are withheld."""

from collections.abc import Container, Iterable

from .grammar import BLANK, pair_spans
from .verdict import NAMELESS, RESERVED, Names


def narrow(cookie_string: str, names: Names, readable: Container[str | None]) -> str:
    """Return *cookie_string* without the pairs *readable* does not hold; the very same if it holds all.

    What is kept keeps its bytes, order and duplicates (R9); nothing between two semicolons is nobody's
    cookie.

    Args:
        cookie_string: the value of the Cookie field.
        names: the policy's memo of names.
        readable: keys of the categories whose cookies may be read.
    """
    pairs = cookie_string.split(";")
    kept = [
        pair
        for pair in pairs
        if (names[parts[0]] in readable if (parts := pair.partition("="))[1] else not pair.strip(BLANK))
    ]
    return cookie_string if len(kept) == len(pairs) else ";".join(kept).lstrip(BLANK + ";")


LONG = 1024
"""Characters of a Cookie field from which on `only` is quicker than `narrow`."""


def only(cookie_string: str, few: Iterable[str]) -> str:
    """Return what `narrow` leaves of *cookie_string* when *few* are all the names that may be read.

    Looks for the names, not at the pairs. Nothing between two semicolons is left out as well.
    """
    spans = sorted(
        {span for name in few if name in cookie_string for span in pair_spans(cookie_string, name)}
    )
    kept = ";".join([cookie_string[start:end] for start, end in spans]).lstrip(BLANK)
    return cookie_string if len(kept) == len(cookie_string) else kept


def withheld(
    cookie_string: str, names: Names, readable: Container[str | None]
) -> list[tuple[str, str | None]]:
    """Return name and category key of each pair in *cookie_string* that `narrow` leaves out."""
    found: list[tuple[str, str | None]] = []
    for pair in cookie_string.split(";"):
        text, equals, _ = pair.partition("=")
        key = names[text] if equals else NAMELESS
        if key not in readable and (equals or text.strip(BLANK)):
            found.append((text.strip(BLANK), key))
    return found


def spared(cookie_string: str, names: Names) -> list[tuple[str, str | None]]:
    """Return name and category key, None, of each undeclared pair in *cookie_string*."""
    pairs = (pair.partition("=") for pair in cookie_string.split(";"))
    return [(text.strip(BLANK), None) for text, equals, _ in pairs if equals and names[text] is None]


def not_allowed(cookie_string: str, names: Names, allowed: Container[str | None]) -> list[tuple[str, str]]:
    """Return name and category key of each declared cookie in *cookie_string* that is not allowed."""
    found: list[tuple[str, str]] = []
    for pair in cookie_string.split(";"):
        text, equals, _ = pair.partition("=")
        key = names[text] if equals else NAMELESS
        if key is not None and key not in allowed and key not in (NAMELESS, RESERVED):
            found.append((text.strip(BLANK), key))
    return found
