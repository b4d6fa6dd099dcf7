"""What a drift recorder costs: nanoseconds a cookie noted, and a flush."""

import statistics
import time
from collections.abc import Callable
from tempfile import TemporaryDirectory

from consentgate import Event
from consentgate.drift import DriftRecorder
from consentgate.headers.set_cookie import StatedAttributes

STATED = StatedAttributes(3600, "/", None, True, True, "lax", False)
EVENTS = [
    *(Event("passed", f"set{n}", "necessary", "response", "necessary", cookie=STATED) for n in range(4)),
    *(Event("passed", f"sent{n}", "necessary", "request", "necessary") for n in range(8)),
]


def recorder(short: bool) -> dict[str, float]:
    """Print and return nanoseconds: a note by a gate, one by discover, and flushes of 20 and 1,000 keys."""
    rounds = 20 if short else 400
    with TemporaryDirectory() as folder:
        noted = DriftRecorder(f"{folder}/drift.sqlite")

        def by_gate() -> None:
            for event in EVENTS:
                noted(event)

        def by_discover() -> None:
            for event in EVENTS:
                noted.note("sent", event.name, "passed", "")

        measured = {
            "note": _quickest(by_gate, rounds) / len(EVENTS),
            "note by discover": _quickest(by_discover, rounds) / len(EVENTS),
        }
        for keys in (20, 1000):
            other = DriftRecorder(f"{folder}/{keys}.sqlite")
            measured[f"flush of {keys}"] = _flush(other, keys, rounds // 10)
    for name, nanoseconds in measured.items():
        print(f"{name:18} {nanoseconds:12,.0f} ns")
    return measured


def _quickest(run: Callable[[], None], rounds: int) -> float:
    """Return nanoseconds: the lowest of many rounds of a hundred."""
    lowest = float("inf")
    for _ in range(rounds):
        start = time.perf_counter_ns()
        for _ in range(100):
            run()
        lowest = min(lowest, (time.perf_counter_ns() - start) / 100)
    return lowest


def _flush(recorder: DriftRecorder, keys: int, rounds: int) -> float:
    """Return nanoseconds of a flush, the median."""
    taken = []
    for _ in range(rounds):
        for number in range(keys):
            recorder.note("sent", f"name{number}", "passed", "")
        start = time.perf_counter_ns()
        recorder.flush()
        taken.append(time.perf_counter_ns() - start)
    return statistics.median(taken)
