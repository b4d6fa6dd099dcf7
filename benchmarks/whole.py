"""The gate's share of a whole request: both kinds in turns in one process, so that noise meets both alike."""

import json
import shutil
import statistics
import subprocess
import urllib.request

from .hello import cookie_string
from .served import COMMANDS, serving
from .turns import SAMPLES

_COMMAND = [*COMMANDS["gunicorn"], "-k", "benchmarks.turns.Worker"]


def whole(short: bool = False) -> dict[str, dict[str, float]]:
    """Print and return the share, for somebody new and for somebody who has answered."""
    if shutil.which("wrk") is None:
        print("whole: needs wrk: apt-get install wrk")
        return {}
    results = {}
    for visitor, cookies in {"nobody known": "", "five cookies": cookie_string()}.items():
        # Each round uses a new process: memory layout alone can change the result by a tenth.
        rounds = [_medians(_pairs(cookies)) for _ in range(2 if short else 24)]
        bare = statistics.median(alone for alone, _ in rounds)
        shares = [100 * added / alone for alone, added in rounds]
        low, middle, high = statistics.quantiles(shares)
        results[visitor] = {
            "processes": len(rounds),
            "bare, us CPU": round(bare / 1000, 1),
            "added, us CPU": round(statistics.median(added for _, added in rounds) / 1000, 2),
            "share, %": round(middle, 2),
            "quartiles, %": f"{low:.2f} to {high:.2f}",
        }
        print(f"{visitor}: {results[visitor]}")
    return results


def _medians(pairs: list[list[int]]) -> tuple[float, float]:
    """Return what a bare request takes, and what the gate adds to the next one."""
    del pairs[: len(pairs) // 10]  # not warm yet
    return statistics.median(alone for alone, _ in pairs), statistics.median(
        gated - alone for alone, gated in pairs
    )


def _pairs(cookies: str) -> list[list[int]]:
    """Return nanoseconds of CPU, bare and gated, of requests that follow each other."""
    with serving(_COMMAND, "app", module="benchmarks.turns") as (_, port):
        site = f"http://127.0.0.1:{port}"
        header = ["-H", f"Cookie: {cookies}"] if cookies else []
        subprocess.run(["wrk", "-t1", "-c1", "-d4s", *header, site], check=True, capture_output=True)
        with urllib.request.urlopen(site + SAMPLES) as response:
            pairs: list[list[int]] = json.load(response)
    return pairs
