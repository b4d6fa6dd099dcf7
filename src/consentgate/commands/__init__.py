"""The longer commands of the command line, one module each, and how every command complains."""

import sys
from collections.abc import Iterable

MISUSE = 2
"""The exit status of wrong usage."""


def complain(lines: Iterable[str]) -> None:
    """Print *lines* to standard error, each under the program's name."""
    for line in lines:
        print(f"consentgate: {line}", file=sys.stderr)
