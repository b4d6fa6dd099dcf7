"""How the cost grows: with the policy, the Cookie field, the Set-Cookie fields, and hostile shapes."""

import math
import string
import time
from collections.abc import Callable, Sequence
from typing import Any

from .contenders import Default
from .timing import timed
from .workloads import ENVIRON, HEAD, PREFERENCES

Point = tuple[int, float]
Curves = dict[str, dict[str, Any]]


def exponent(points: Sequence[Point]) -> float:
    """Return the slope of the line through the logarithms: 1 is linear, 0 is flat."""
    xs, ys = [math.log(x) for x, _ in points], [math.log(y) for _, y in points]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    above = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    return above / sum((x - mean_x) ** 2 for x in xs)


def _best(run: Callable[[], object], times: int) -> float:
    """Return the fewest nanoseconds *run* takes."""
    best = math.inf
    for _ in range(times):
        start = time.thread_time_ns()
        run()
        best = min(best, time.thread_time_ns() - start)
    return best


def _policy(exact: int = 0, patterns: int = 0) -> dict[str, list[str]]:
    names = [f"name{number:06d}" for number in range(exact)]
    names += [f"{_word(number)}*" for number in range(patterns)]
    return {"necessary": ["sessionid"], "statistical": names or ["_ga"]}


def _word(number: int) -> str:
    letters = ""
    for _ in range(5):
        number, at = divmod(number * 7919 + 13, 26)
        letters += string.ascii_lowercase[at]
    return f"{letters}{number}"


def _response(names: list[str]) -> list[tuple[str, str]]:
    return HEAD + [("Set-Cookie", f"{name}=1; Path=/") for name in names]


def _application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", environ["bench.fields"])
    return [b"ok"]


def _cost(
    declared: dict[str, list[str]], cookie_string: str, names: Callable[[int], list[str]], times: int
) -> float:
    app = Default(declared).wrap(_application)
    best = math.inf
    for number in range(times):
        environs = []
        for each in range(16):
            environ = {**ENVIRON, "bench.fields": _response(names(number * 16 + each))}
            if cookie_string:
                # Each request has a different Cookie field: the gate caches a repeated one.
                environ["HTTP_COOKIE"] = f"{cookie_string[:-8]}{number * 16 + each:08d}"
            environs.append(environ)
        best = min(best, timed(app, environs))
    return best


def _several(sizes: Sequence[int], cost: Callable[[int], float]) -> list[Point]:
    """Return the least of three passes: a machine that others use has slow minutes."""
    passes = [[cost(size) for size in sizes] for _ in range(3)]
    return [(size, min(costs)) for size, costs in zip(sizes, zip(*passes, strict=True), strict=True)]


SHAPES: dict[str, Callable[[int], str]] = {
    "ordinary pairs": lambda size: "; ".join(f"a{number:05d}=b" for number in range(size // 10)),
    "semicolons": lambda size: ";" * size,
    "blanks": lambda size: " " * size,
    "equals signs": lambda size: "=" * size,
    "the cookie's name, over and over": lambda size: PREFERENCES * (size // len(PREFERENCES)),
    "preferences, over and over": lambda size: f"{PREFERENCES}=x; " * (size // (len(PREFERENCES) + 4)),
    "preferences, each another": lambda size: "; ".join(f"{PREFERENCES}={n:06d}" for n in range(size // 28)),
    "necessary names inside values": lambda size: "sessionidx" * (size // 10),
    "one long value": lambda size: "x=" + "y" * (size - 2),
    "one long token": lambda size: f"a=b; {PREFERENCES}=1." + "A" * (size - 30),
}
"""The worst Cookie fields we could think of."""

LINES: dict[str, Callable[[int], str]] = {
    "attributes": lambda size: "_ga=1" + "; Path=/" * (size // 8),
    "semicolons": lambda size: "_ga=1" + ";" * size,
    "blanks": lambda size: "_ga=1; Max-Age=" + " " * size + "0",
    "digits": lambda size: "_ga=1; Max-Age=" + "0" * size,
    "a long name": lambda size: "x" * size + "=1",
    "quotes": lambda size: '_ga="' + '\\"' * (size // 2) + '"; Max-Age=0',
    "a date": lambda size: "_ga=1; Expires=Thu, 01 Jan 1970 00:00:00" + " GMT" * (size // 4),
    "control characters": lambda size: "_ga=1" + "\x01" * size,
}
"""The worst Set-Cookie fields."""


def growth(short: bool = False) -> Curves:
    """Print and return each curve with its exponent."""
    times = 5 if short else 25
    curves: Curves = {}

    def add(name: str, points: list[Point], fitted_from: int = 0) -> None:
        slope = exponent([point for point in points if point[0] >= fitted_from])
        curves[name] = {"points": points, "exponent": round(slope, 2)}
        shown = ", ".join(f"{x:,}: {y / 1000:,.1f} us" for x, y in points)
        print(f"{name:46} exponent {slope:z5.2f}   {shown}")

    sizes = [10, 100, 1000, 10_000, 100_000]
    known = ["sessionid", *(f"name{number:06d}" for number in range(5))]
    add("exact names in the policy", _several(sizes, lambda n: _cost(_policy(n), "", lambda _: known, times)))

    def unseen(number: int) -> list[str]:
        return [f"{_word(each)}{number}" for each in range(6)]

    add(
        "patterns, names never seen",
        _several([10, 100, 1000, 5000], lambda n: _cost(_policy(1, n), "", unseen, times)),
    )
    fields = [1, 2, 4, 8, 16, 32, 64, 128, 256]

    def several_fields(n: int) -> float:
        return _cost(_policy(256), "", lambda _: [f"name{each:06d}" for each in range(n)], times)

    add("Set-Cookie fields", _several(fields, several_fields), fitted_from=8)
    kib = [1, 2, 4, 8, 16, 32, 64]
    for name, shape in SHAPES.items():

        def sent(n: int, shape: Callable[[int], str] = shape) -> float:
            return _cost(_policy(), shape(n * 1024), lambda _: [], max(3, times // 5))

        add(f"Cookie field, KiB: {name}", _several(kib, sent), fitted_from=4)
    app = Default(_policy()).wrap(_application)
    for name, shape in LINES.items():

        def line(n: int, shape: Callable[[int], str] = shape) -> float:
            environ = {**ENVIRON, "bench.fields": [*HEAD, ("Set-Cookie", shape(n * 1024))]}
            return _best(lambda: app({**environ}, lambda *a: None), 4 * times)

        add(f"Set-Cookie field, KiB: {name}", _several(kib, line), fitted_from=4)
    add("distinct tokens before", _tokens([1, 1000, 10_000] if short else [1, 1000, 100_000, 1_000_000]))
    return curves


def _tokens(counts: list[int]) -> list[Point]:
    """Measure the cost of a new token after many others."""
    contender = Default(_policy())
    app, made = contender.wrap(_application), 0
    now = int(time.time())

    def request() -> dict[str, Any]:
        nonlocal made
        made += 1
        token = contender.token(["statistical"], now - made % 15_000_000)
        return {**ENVIRON, "HTTP_COOKIE": f"{PREFERENCES}={token}", "bench.fields": HEAD}

    points = []
    for count in counts:
        while made < count:
            app(request(), lambda *arguments: None)
        points.append((count, min(timed(app, [request() for _ in range(16)]) for _ in range(20))))
    return points
