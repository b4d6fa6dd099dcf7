"""Cookie pairs on their way in: those of categories a visit does not allow are withheld."""

from collections.abc import Container, Iterable

from consentgate.consent.tokens import Parts
from consentgate.consent.verdict import NAMELESS, RESERVED, Names
from consentgate.headers.cookie import BLANK, SEPARATORS, pair_spans


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
    kept: list[str] = []
    for pair in pairs:
        text, equals, _ = pair.partition("=")
        if (equals and names[text] in readable) or not (equals or pair.strip(BLANK)):
            kept.append(pair)
    return cookie_string if len(kept) == len(pairs) else ";".join(kept).lstrip(SEPARATORS)


def kept_parts(cookie_string: str, names: Names, readable: Container[str | None]) -> Parts:
    """Return the parts of *cookie_string* that `narrow` leaves.

    >>> joined("a=1; b=2; c=3; d=4", (slice(0, 3), slice(8, 18)))
    'a=1; c=3; d=4'
    """
    kept: list[slice] = []
    end = -1
    for pair in cookie_string.split(";"):
        start, end = end, end + 1 + len(pair)
        if narrow(pair, names, readable) is pair:
            if kept and kept[-1].stop == start:
                start = kept.pop().start
            kept.append(slice(max(start, 0), end))
    if kept == [slice(0, len(cookie_string))]:
        return tuple(kept)
    while kept and not (first := cookie_string[kept[0]].lstrip(SEPARATORS)):
        del kept[0]
    if kept:
        kept[0] = slice(kept[0].stop - len(first), kept[0].stop)
    return tuple(kept)


def joined(cookie_string: str, parts: Parts) -> str:
    """Return these parts of *cookie_string*, the very same string if that is all of it."""
    text = ""
    for part in parts:
        text += cookie_string[part]
    return text


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
