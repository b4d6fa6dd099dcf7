"""Instructions per request under callgrind: the same on a noisy machine, so CI may judge by them."""

import os
import platform
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from tempfile import TemporaryDirectory

from .table import OURS

INTERPRETER = "CPython 3.11.7 GCC 12.2.0"
"""The build of Python that the ceilings are meant for."""

CEILINGS = {"W1": 22_000, "W2": 40_000, "W3": 90_000, "W4": 200_000, "W6": 165_000}
"""Instructions a request of `default` is to take at most, by workload: the goal, not reached yet."""

REACHED = {"W1": 33_400, "W2": 64_200, "W3": 129_500, "W4": 319_000, "W6": 244_000}
"""Instructions a request may take until its ceiling is reached. Only lowered."""

WORKLOADS = ("W1", "W2", "W2r", "W3", "W4", "W5", "W5b", "W6")
FEW, MANY = 300, 500
"""Requests served by the two processes that are compared. Each kind of warning stops after 256."""

_PROGRAM = """
import gc, logging, sys, warnings
warnings.simplefilter("ignore"); logging.disable(); gc.disable()
from benchmarks.timing import Entry, timed
from benchmarks.workloads import WORKLOADS
entry = Entry(sys.argv[1], WORKLOADS[sys.argv[2]])
environs = [entry.environ() for _ in range(int(sys.argv[4]))]
timed(entry.app, environs[: int(sys.argv[3])])
"""


def _total(contender: str, workload: str, requests: int) -> int:
    """Return all instructions of a process that makes `MANY` requests and serves so many."""
    with TemporaryDirectory() as folder:
        command = [
            "valgrind",
            "--tool=callgrind",
            f"--callgrind-out-file={folder}/out",
            sys.executable,
            "-c",
            _PROGRAM,
        ]
        done = subprocess.run(
            [*command, contender, workload, str(requests), str(MANY)],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": "0"},
        )
    found = re.search(r"Collected : (\d+)", done.stderr)
    assert found, done.stderr
    return int(found[1])


def interpreter() -> str:
    """Return what figures are comparable on: the same build of the same Python."""
    return f"{platform.python_implementation()} {platform.python_version()} {platform.python_compiler()}"


def instructions(short: bool = False) -> dict[str, dict[str, int]]:
    """Print and return instructions per request, the application's own included."""
    if shutil.which("valgrind") is None:
        print("instructions: needs valgrind: apt-get install valgrind")
        return {}
    if short:
        return _count(("default",), tuple(CEILINGS))
    return _count(OURS, WORKLOADS)


def _count(contenders: tuple[str, ...], workloads: tuple[str, ...]) -> dict[str, dict[str, int]]:
    runs = [(each, workload) for each in contenders for workload in workloads]

    def count(run: tuple[str, str]) -> int:
        return round((_total(*run, MANY) - _total(*run, FEW)) / (MANY - FEW))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = dict(zip(runs, pool.map(count, runs), strict=True))
    counted = {each: {workload: counts[each, workload] for workload in workloads} for each in contenders}
    for contender in contenders:
        print(f"{contender:20}", "  ".join(f"{name} {count:,}" for name, count in counted[contender].items()))
    return counted


def check_instructions() -> int:
    """Compare the gate as it comes with what was reached; return 1 if a workload has become dearer."""
    if interpreter() != INTERPRETER:
        print(f"ceilings are meant for {INTERPRETER}, this is {interpreter()}: not compared")
        return 0
    return report_excess(instructions(short=True)["default"])


def report_excess(counts: dict[str, int]) -> int:
    """Print *counts* beside what was reached and the ceilings; return 1 if one is above what was reached."""
    for workload, count in counts.items():
        above = "  TOO MUCH" if count > REACHED[workload] else ""
        share = count / CEILINGS[workload]
        print(f"{workload:4} {count:9,} of {REACHED[workload]:9,}; {share:.2f} of its ceiling{above}")
    return int(any(count > REACHED[workload] for workload, count in counts.items()))
