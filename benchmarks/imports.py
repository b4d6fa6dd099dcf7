"""Import time, beside itsdangerous alone: fresh interpreters in turns."""

import statistics
import subprocess
import sys

_PROGRAM = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"


def imports(short: bool = False) -> dict[str, float]:
    """Print and return milliseconds for each, and their ratio: of the quickest quarter."""
    taken: dict[str, list[float]] = {"itsdangerous": [], "consentgate": []}
    for _ in range(10 if short else 60):
        for module, times in taken.items():
            command = [sys.executable, "-W", "ignore", "-c", _PROGRAM.format(module)]
            times.append(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    quick = {
        module: statistics.mean(sorted(times)[: len(times) // 4]) * 1000 for module, times in taken.items()
    }
    quick["ratio"] = quick["consentgate"] / quick["itsdangerous"]
    print(f"import: {', '.join(f'{name} {value:.2f}' for name, value in quick.items())} (ms, ms, x)")
    return {name: round(value, 2) for name, value in quick.items()}
