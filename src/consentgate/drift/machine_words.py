"""Find the machine-made part of a cookie's name: numbers, hexadecimal digits, UUIDs, ids.

The result is a guess from one name; `grouping` uses a star only if at least two names differ there.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_WORD = re.compile(r"%[0-9A-Fa-f]{2}|[A-Za-z0-9]+")
_NUMBERED = re.compile(r"([A-Za-z]*?)([0-9]+(?:[0-9A-Fa-f]*|[A-Za-z]))")
"""A word that ends in a number: ``TS01a2b3c4``."""

_HASHED = re.compile(r".*?([0-9a-f]{16,}|[0-9A-F]{16,})")
"""A word that ends in a hash: ``SSESSf4658104df0a88b5``."""

_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_UNPRONOUNCEABLE = re.compile(
    r"[bcdfghjklmnpqrstvwxz]{4,}|q(?!u)|[jvwxz][bcdfghjklmnpqrstvwxz]", re.IGNORECASE
)


class _Run(NamedTuple):
    start: int
    end: int
    is_certain: bool
    """Whether it alone is an id, such as eight hexadecimal digits; a short number is not."""


def is_unpronounceable(word: str) -> bool:
    """Return whether *word* holds a sequence of letters that is rare in words.

    >>> is_unpronounceable("NWQZKHKHNW"), is_unpronounceable("session")
    (True, False)
    """
    return _UNPRONOUNCEABLE.search(word) is not None


def find_machine_made(name: str) -> tuple[int, int] | None:
    """Return where the machine-made part of *name* starts and ends, None if it has none.

    The part reaches from the first machine-made word to the last, and includes adjacent numbers.

    >>> names = ("_ga_5C2V8LB6VY", "_pk_id.1.1fff", "_gat_UA-1234-5")
    >>> [name[slice(*find_machine_made(name))] for name in names]
    ['5C2V8LB6VY', '1.1fff', '1234-5']
    >>> find_machine_made("csrftoken") is None
    True
    """
    runs = sorted(_runs(name))
    certain = [run for run in runs if run.is_certain] or runs
    if not certain:
        return None
    start, end = certain[0].start, certain[-1].end
    for run in reversed(runs):  # adjacent numbers before it
        if run.end == start - 1 and name[run.start : run.end].isdigit():
            start = run.start
    for run in runs:  # adjacent numbers behind it
        if run.start == end + 1 and name[run.start : run.end].isdigit():
            end = run.end
    return start, end


def _runs(name: str) -> Iterator[_Run]:
    """Yield the parts of *name* that look machine-made."""
    uuids = [_Run(*match.span(), True) for match in _UUID.finditer(name)]
    yield from uuids
    for match in _WORD.finditer(name):
        if match[0][0] != "%" and not any(uuid.start <= match.start() < uuid.end for uuid in uuids):
            run = _run_of(name, *match.span())
            if run is not None:
                yield run


def _run_of(name: str, start: int, end: int) -> _Run | None:
    """Return the machine-made part of the word of *name* between *start* and *end*."""
    word = name[start:end]
    hashed, numbered = _HASHED.fullmatch(word), _NUMBERED.fullmatch(word)
    if hashed and _has_digit(hashed[1]):
        return _Run(start + hashed.start(1), end, True)
    # A name that begins with letters keeps them: a star never replaces a whole name.
    is_whole_word = start > 0 or not (numbered and numbered[1])
    if is_whole_word and (_is_id(word) or _is_id_of_letters(word, name[:start])):
        return _Run(start, end, True)
    if word.isdigit():
        return _Run(start, end, len(word) >= 4)
    if start > 0 and len(word) == 4 and _has_digit(word) and _HEX.fullmatch(word):
        return _Run(start, end, False)
    if numbered and numbered[1] and len(numbered[2]) >= 3:
        return _Run(start + len(numbered[1]), end, len(numbered[2]) >= 5)
    return None


def _is_id(word: str) -> bool:
    """Return whether *word*, of ASCII letters and digits, is an id."""
    digits = sum(map(str.isdigit, word))
    letters = len(word) - digits
    if not letters:
        return len(word) >= 4
    if not digits:
        vowels = sum(character in "aeiouAEIOU" for character in word)
        return len(word) >= 12 and vowels <= len(word) // 8
    changes = sum(one.isdigit() != other.isdigit() for one, other in pairwise(word))
    is_mixed = digits >= 3 and letters >= 3 and not _NUMBERED.fullmatch(word)
    return (
        (len(word) >= 8 and (is_mixed or _HEX.fullmatch(word) is not None))
        or (len(word) >= 6 and changes >= 2)
        or (len(word) >= 16 and digits >= 2 and not _NUMBERED.fullmatch(word))
    )


def _is_id_of_letters(word: str, before: str) -> bool:
    """Return whether *word* is an id in capitals behind a separator: ``_ga_NWQZKHKHNW``."""
    return (
        len(word) >= 8
        and word.isupper()
        and before[-1:] in ("_", "-", ".")
        and before != before.upper()
        and is_unpronounceable(word)
    )


def _has_digit(word: str) -> bool:
    return any(map(str.isdigit, word))
