"""Import time, beside itsdangerous alone: fresh interpreters in turns."""

import statistics
import subprocess
import sys

_PROGRAM = "import time; t = time.perf_counter(); {}; print(time.perf_counter() - t)"

_STATEMENTS = {
    "itsdangerous": "import itsdangerous",
    "consentgate": "import consentgate",
    "all of it": "from consentgate import Policy",
}


def imports(short: bool = False) -> dict[str, float]:
    """Print and return milliseconds for each, and their ratio: of the quickest quarter."""
    taken: dict[str, list[float]] = {name: [] for name in _STATEMENTS}
    for _ in range(10 if short else 60):
        for name, times in taken.items():
            command = [sys.executable, "-W", "ignore", "-c", _PROGRAM.format(_STATEMENTS[name])]
            times.append(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    quick = {name: statistics.mean(sorted(times)[: len(times) // 4]) * 1000 for name, times in taken.items()}
    quick["ratio"] = quick["consentgate"] / quick["itsdangerous"]
    quick["ratio of all"] = quick["all of it"] / quick["itsdangerous"]
    print(f"import: {', '.join(f'{name} {value:.2f}' for name, value in quick.items())} (ms, ms, ms, x, x)")
    return {name: round(value, 2) for name, value in quick.items()}
