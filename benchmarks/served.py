"""End to end: hello-world Flask under two servers, with the gate and without, in turns, under wrk."""

import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from .hello import cookie_string

COMMANDS = {
    "gunicorn": ["gunicorn", "-w", "1", "--log-level", "critical", "-b", "127.0.0.1:{port}"],
    "waitress": ["waitress-serve", "--threads=4", "--listen=127.0.0.1:{port}"],
}

_TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def served(short: bool = False) -> dict[str, dict[str, float]]:
    """Print and return the gate's share of a request, in CPU time and in throughput, by paired runs."""
    if shutil.which("wrk") is None:
        print("served: needs wrk: apt-get install wrk")
        return {}
    results = {}
    for server, command in COMMANDS.items():
        shares: list[float] = []
        rates: list[float] = []
        cpu: dict[str, list[float]] = {"bare": [], "gated": []}
        for number in range(4 if short else 8):
            pair = {}
            for kind in ("bare", "gated") if number % 2 else ("gated", "bare"):
                rate, microseconds = _measured(command, kind, 1 if short else 2)
                cpu[kind].append(microseconds)
                pair[kind] = rate, microseconds
            rates.append(100 * (1 - pair["gated"][0] / pair["bare"][0]))
            shares.append(100 * (pair["gated"][1] / pair["bare"][1] - 1))
        results[server] = {
            "bare, us CPU per request": round(min(cpu["bare"]), 1),
            "gated, us CPU per request": round(min(cpu["gated"]), 1),
            "share of CPU, median of pairs, %": round(statistics.median(shares), 1),
            "quartiles of it, +- %": round(
                (statistics.quantiles(shares)[2] - statistics.quantiles(shares)[0]) / 2, 1
            ),
            "requests lost, median of pairs, %": round(statistics.median(rates), 1),
        }
        print(f"{server}: {results[server]}")
    return results


def _measured(command: list[str], kind: str, seconds: int) -> tuple[float, float]:
    """Return requests a second, and microseconds of the server's CPU for each."""
    with serving(command, kind) as (leader, port):
        wrk = ["wrk", "-t1", "-c4", "-H", f"Cookie: {cookie_string()}", f"http://127.0.0.1:{port}/"]
        subprocess.run([*wrk, "-d1s"], check=True, capture_output=True)
        before = _cpu(leader)
        done = subprocess.run([*wrk, f"-d{seconds}s"], check=True, capture_output=True, text=True)
        used = _cpu(leader) - before
    requests = int(re.search(r"(\d+) requests in", done.stdout)[1])  # type: ignore[index]
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])  # type: ignore[index]
    return rate, used / requests * 1e6


@contextmanager
def serving(command: list[str], name: str, *, module: str = "benchmarks.hello") -> Iterator[tuple[int, int]]:
    """Serve the application of this name, and yield the server's process group and port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = [part.format(port=port) for part in command]
    program[0] = os.path.join(os.path.dirname(sys.executable), program[0])
    server = subprocess.Popen(
        [*program, f"{module}:{name}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(port)
        yield server.pid, port
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def _wait_for(port: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise SystemExit("the server did not start")


def _cpu(leader: int) -> float:
    """Return the seconds of CPU that a process and its children have used."""
    total = 0.0
    for entry in os.listdir("/proc"):
        with suppress(OSError, ValueError):
            with open(f"/proc/{int(entry)}/stat") as stat:
                fields = stat.read().rpartition(")")[2].split()
            if int(fields[2]) == leader:  # its process group
                total += (int(fields[11]) + int(fields[12])) / _TICK
    return total
