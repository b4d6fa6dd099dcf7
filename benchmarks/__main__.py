"""Measure what the gate costs, a part at a time or all of it: python -m benchmarks [part]."""

import argparse
import logging
import platform
import sys
import warnings
from collections.abc import Callable

from .frameworks import frameworks
from .growth import growth
from .hosts import hosts
from .imports import imports
from .instructions import check_instructions, instructions
from .memory import memory
from .recorder import recorder
from .served import served
from .table import table
from .whole import whole

PARTS: dict[str, Callable[[bool], object]] = {
    "table": table,
    "frameworks": frameworks,
    "growth": growth,
    "memory": memory,
    "imports": imports,
    "recorder": recorder,
    "instructions": instructions,
    "served": served,
    "whole": whole,
    "hosts": hosts,
}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("part", nargs="?", default="table", choices=[*PARTS, "all", "check"])
    parser.add_argument("--short", action="store_true", help="fewer rounds: for CI")
    arguments = parser.parse_args()
    logging.disable()
    warnings.simplefilter("ignore")
    if arguments.part == "check":
        return check_instructions()
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}")
    for name in PARTS if arguments.part == "all" else [arguments.part]:
        PARTS[name](arguments.short)
    return 0


if __name__ == "__main__":
    sys.exit(main())
