"""Draw docs/topics/performance.svg from the results kept: python -m benchmarks.plot; needs matplotlib."""

import json
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "consentgate"
from matplotlib import pyplot  # noqa: E402  # the backend comes first

DOCS = Path(__file__).parent.parent / "docs" / "topics"
CURVES = {
    "exact names in the policy": "names in the policy (exact)",
    "patterns, names never seen": "patterns in the policy, names never seen",
    "Set-Cookie fields": "Set-Cookie fields",
    "distinct tokens before": "distinct tokens seen before",
    "Cookie field, KiB: ordinary pairs": "Cookie field, KiB",
}


def main() -> None:
    """Draw what each contender adds, and how the gate's cost grows."""
    results = json.loads((DOCS / "performance.json").read_text())
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    _bars(left, results["table"])
    _curves(right, results["growth"])
    figure.savefig(DOCS / "performance.svg", metadata={"Date": None})


def _bars(axes: Any, table: dict[str, dict[str, float]]) -> None:
    names = [name for name in table if name != "noop"]
    added = [max(table[name]["W2"], 100) / 1000 for name in names]
    colours = ["#2a6" if name in ("plain", "default") else "#789" for name in names]
    axes.barh(names[::-1], added[::-1], color=colours[::-1])
    axes.set_xscale("log")
    axes.set_title("W2, a returning visitor: microseconds added per request")


def _curves(axes: Any, curves: dict[str, Any]) -> None:
    for name, label in CURVES.items():
        points = curves[name]["points"]
        xs, ys = [x for x, _ in points], [y / 1000 for _, y in points]
        axes.plot(xs, ys, marker="o", markersize=3, label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_title("Microseconds per request, as each of these grows")
    axes.legend(fontsize=7)


if __name__ == "__main__":
    main()
