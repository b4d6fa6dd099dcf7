"""Write the results kept into docs/topics/performance.md, between its markers: python -m benchmarks.report."""

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent.parent / "docs" / "topics"


def _rows(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _beside_the_floor(unit: str, costs: dict[str, dict[str, float]]) -> str:
    floor = costs["floor"]
    rows = [
        [name, *(f"{row[each]:,.0f} ({row[each] / floor[each]:.2f})" for each in floor)]
        for name, row in costs.items()
    ]
    return _rows([f"{unit} (x floor)".lstrip(), *floor], rows)


def _growth(curves: dict[str, Any]) -> str:
    rows = []
    for name, curve in curves.items():
        (first, least), (last, most) = curve["points"][0], curve["points"][-1]
        rows.append(
            [
                name,
                f"{first:,} to {last:,}",
                f"{least / 1000:,.1f} to {most / 1000:,.1f}",
                f"{curve['exponent']:z.2f}",
            ]
        )
    return _rows(["", "from, to", "us per request", "exponent"], rows)


def _memory(held: dict[str, float]) -> str:
    return _rows(["after", "KiB"], [[name, f"{value:,}"] for name, value in held.items()])


def _imports(quick: dict[str, float]) -> str:
    return (
        f"`import consentgate` takes {quick['consentgate']:.0f} ms where `import itsdangerous` takes "
        f"{quick['itsdangerous']:.0f}: {quick['ratio']:.1f} x, since a name is loaded when it is first asked "
        f"for. `from consentgate import Policy`, and with it all that a gate needs, takes "
        f"{quick['all of it']:.0f} ms: {quick['ratio of all']:.1f} x."
    )


def _measures(results: dict[str, dict[str, float]]) -> str:
    measures = list(next(iter(results.values())))
    return _rows(
        ["", *measures], [[name, *(str(row[each]) for each in measures)] for name, row in results.items()]
    )


SECTIONS: dict[str, Callable[[Any], str]] = {
    "table": partial(_beside_the_floor, "ns"),
    "instructions": partial(_beside_the_floor, ""),
    "growth": _growth,
    "memory": _memory,
    "imports": _imports,
    "served": _measures,
    "whole": _measures,
}


def main() -> None:
    """Replace what stands between the markers."""
    results = json.loads((DOCS / "performance.json").read_text())
    page = DOCS / "performance.md"
    text = page.read_text()
    for name, written in SECTIONS.items():
        between = f"<!-- {name} -->\n{written(results[name])}\n<!-- /{name} -->"
        text = re.sub(
            rf"<!-- {name} -->.*<!-- /{name} -->", lambda _, new=between: new, text, flags=re.DOTALL
        )
    page.write_text(text)


if __name__ == "__main__":
    main()
