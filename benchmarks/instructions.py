"""Instructions per request under callgrind: the same on a noisy machine, so CI may judge by them."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from .table import OURS

RECORDED = Path(__file__).parent / "instructions.json"
ALLOWED = 1.15
"""How much more than recorded is still none of CI's business."""

WORKLOADS = ("W1", "W2", "W2r", "W3", "W4", "W5", "W5b", "W6")
FEW, MANY = 40, 240

_PROGRAM = """
import gc, logging, sys, warnings
warnings.simplefilter("ignore"); logging.disable(); gc.disable()
from benchmarks.timing import Entry, timed
from benchmarks.workloads import WORKLOADS
entry = Entry(sys.argv[1], WORKLOADS[sys.argv[2]])
environs = [entry.environ() for _ in range(300)]
timed(entry.app, environs[: int(sys.argv[3])])
"""


def _total(contender: str, workload: str, requests: int) -> int:
    """Return all instructions of a process that makes 300 requests and serves so many."""
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
            [*command, contender, workload, str(requests)],
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
    contenders = ("plain", "default") if short else OURS
    workloads = WORKLOADS[::3] if short else WORKLOADS
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
    """Compare a few with those recorded; return 1 if one has grown by more than 15 %."""
    recorded = json.loads(RECORDED.read_text())
    if recorded["interpreter"] != interpreter():
        print(
            f"instructions were recorded on {recorded['interpreter']}, this is {interpreter()}: not compared"
        )
        return 0
    grown = 0
    for contender, counts in instructions(short=True).items():
        for workload, count in counts.items():
            ratio = count / recorded["counts"][contender][workload]
            grown += ratio > ALLOWED
            print(f"{contender:8} {workload:4} {ratio:.3f} x recorded{'  TOO MUCH' * (ratio > ALLOWED)}")
    return int(grown > 0)


def record(counts: dict[str, dict[str, int]]) -> None:
    """Keep *counts* as what to compare with."""
    RECORDED.write_text(json.dumps({"interpreter": interpreter(), "counts": counts}, indent=1) + "\n")
