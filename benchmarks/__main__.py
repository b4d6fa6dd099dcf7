"""Measure what the gate costs, a part at a time or all of it: python -m benchmarks [part]."""

import argparse
import json
import logging
import platform
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

from .growth import growth
from .hosts import hosts
from .imports import imports
from .instructions import check_instructions, instructions
from .memory import memory
from .served import served
from .table import table
from .whole import whole

RESULTS = Path(__file__).parent.parent / "docs" / "performance.json"

PARTS: dict[str, Callable[[bool], object]] = {
    "table": table,
    "growth": growth,
    "memory": memory,
    "imports": imports,
    "instructions": instructions,
    "served": served,
    "whole": whole,
    "hosts": hosts,
}


def main() -> int:
    """Measure, print, and with --save keep the results for docs/performance.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("part", nargs="?", default="table", choices=[*PARTS, "all", "check"])
    parser.add_argument("--short", action="store_true", help="fewer rounds: for CI")
    parser.add_argument("--save", action="store_true", help=f"keep the results in {RESULTS.name}")
    arguments = parser.parse_args()
    logging.disable()
    warnings.simplefilter("ignore")
    if arguments.part == "check":
        return check_instructions()
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}")
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in PARTS if arguments.part == "all" else [arguments.part]:
        results[name] = PARTS[name](arguments.short)
    if arguments.save:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
