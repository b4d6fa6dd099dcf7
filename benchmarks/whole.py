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
        pairs = _pairs(cookies, 3 if short else 40)
        del pairs[: len(pairs) // 20]  # not warm yet
        bare = statistics.median(pair[0] for pair in pairs)
        # In blocks, whose spread says how much of it is noise.
        size = len(pairs) // 20
        blocks = [pairs[start : start + size] for start in range(0, size * 20, size)]
        shares = [100 * statistics.median(gated - alone for alone, gated in block) / bare for block in blocks]
        low, middle, high = statistics.quantiles(shares)
        results[visitor] = {
            "pairs": len(pairs),
            "bare, us CPU": round(bare / 1000, 1),
            "added, us CPU": round(bare * middle / 1e5, 2),
            "share, %": round(middle, 2),
            "quartiles of 20 blocks, %": f"{low:.2f} to {high:.2f}",
        }
        print(f"{visitor}: {results[visitor]}")
    return results


def _pairs(cookies: str, seconds: int) -> list[list[int]]:
    """Return nanoseconds of CPU, bare and gated, of requests that follow each other."""
    with serving(_COMMAND, "app", module="benchmarks.turns") as (_, port):
        site = f"http://127.0.0.1:{port}"
        header = ["-H", f"Cookie: {cookies}"] if cookies else []
        subprocess.run(["wrk", "-t1", "-c1", f"-d{seconds}s", *header, site], check=True, capture_output=True)
        with urllib.request.urlopen(site + SAMPLES) as response:
            pairs: list[list[int]] = json.load(response)
    return pairs
