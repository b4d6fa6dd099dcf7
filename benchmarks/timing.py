"""Nanoseconds of processor time added per request: interleaved rounds, and the best moments of each."""

import gc
import statistics
import time
from collections.abc import Callable
from typing import Any

from .contenders import CONTENDERS, Contender, forged
from .workloads import Workload, application, expected

NOW = int(time.time())


class Entry:
    """One contender at one workload."""

    def __init__(self, name: str, workload: Workload, declared: dict[str, list[str]] | None = None) -> None:
        self.name, self.workload = name, workload
        self.contender: Contender = CONTENDERS[name](declared or workload.declared())
        self.app, self.base = self.contender.wrap(application), self.contender.base(application)
        self._known = self.contender.token(["statistical"], NOW - 1000)
        self._made = 0
        self.batch = 32
        self.samples: list[tuple[float, float]] = []

    def environ(self, *, base: bool = False) -> dict[str, Any]:
        """Return a request of its own making."""
        kind, token = self.workload.token, self._known
        if kind == "new":
            self._made += 1
            token = self.contender.token(["statistical"], NOW - self._made % 10_000_000)
        elif kind.startswith("forged"):
            token = forged(token, kind)
        environ = self.workload.environ(token)
        environ["bench.ask"] = (lambda environ: True) if base else self.contender.ask
        return environ

    def check(self) -> None:
        """Fail if what it claims to gate is not gated."""
        if not self.contender.gates:
            return
        environ, sent = self.environ(), []
        for _ in self.app(environ, lambda status, headers, exc_info=None: sent.extend(headers)):
            pass
        want = expected(self.workload, environ["bench.fields"])
        # Lines that the gate adds to expire cookies are not counted.
        lines = [value for name, value in sent if name.lower() == "set-cookie" and "Max-Age=0" not in value]
        kept = [value.partition("=")[0] for value in lines]
        if kept != want:
            raise SystemExit(f"{self.name}, {self.workload.name}: lets {kept} through, not {want}")

    def calibrate(self) -> None:
        """Make batches of about a millisecond and a half."""
        once = min(timed(self.app, [self.environ() for _ in range(4)]) for _ in range(3))
        self.batch = max(2, min(64, int(1_500_000 / once)))

    def round(self) -> None:
        """Time the base and the contender, one after the other."""
        base = timed(self.base, [self.environ(base=True) for _ in range(self.batch)])
        self.samples.append((base, timed(self.app, [self.environ() for _ in range(self.batch)])))

    @property
    def added(self) -> float:
        """Nanoseconds added: the mean of the lowest 4 % of each side."""
        return _lowest([own for _, own in self.samples]) - _lowest([base for base, _ in self.samples])


def _lowest(values: list[float]) -> float:
    return statistics.mean(sorted(values)[: max(1, len(values) // 25)])


def _sink(status: str, headers: Any, exc_info: Any = None) -> Callable[[bytes], object]:
    return print


def timed(app: Any, environs: list[dict[str, Any]]) -> float:
    """Return nanoseconds per request."""
    start = time.thread_time_ns()
    for environ in environs:
        body = app(environ, _sink)
        for _ in body:
            pass
        if hasattr(body, "close"):
            body.close()
    return (time.thread_time_ns() - start) / len(environs)


def run(entries: list[Entry], rounds: int) -> None:
    """Time all *entries* in turns, so many rounds, without the garbage collector's."""
    for entry in entries:
        entry.check()
        entry.calibrate()
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds):
            for entry in entries[:: 1 if number % 2 else -1]:
                entry.round()
            if number % 20 == 0:
                gc.collect()
    finally:
        gc.enable()
