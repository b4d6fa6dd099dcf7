"""Memory held after a million distinct tokens, forgeries and names."""

import gc
import time
import tracemalloc
from typing import Any

from .contenders import Default
from .growth import _application
from .workloads import DECLARED, ENVIRON, HEAD, PREFERENCES


def memory(short: bool = False) -> dict[str, float]:
    """Print and return KiB held more than before, for each kind of flood, in one gate one after the other."""
    count = 20_000 if short else 1_000_000
    contender = Default(DECLARED)
    app = contender.wrap(_application)
    now = int(time.time())

    def ask(cookie_string: str, fields: Any = HEAD) -> None:
        app({**ENVIRON, "HTTP_COOKIE": cookie_string, "bench.fields": fields}, lambda *arguments: None)

    floods = {
        "genuine tokens": lambda n: ask(f"a=b; {PREFERENCES}={contender.token(['statistical'], now - n)}"),
        "forged tokens": lambda n: ask(f"a=b; {PREFERENCES}=1.x.{n:043d}"),
        "cookie names sent": lambda n: ask(f"name{n}=1"),
        "cookie names set": lambda n: ask("a=b", [("Set-Cookie", f"name{n}=1")]),
        "long names": lambda n: ask(f"{n:060d}=1", [("Set-Cookie", f"{n:060d}=1; Path=/{n:0200d}")]),
        "fields sent twice": lambda n: [ask(f"a={n}; " + "sessionid=1; b=2; " * 8) for _ in range(2)],
        "field names": lambda n: ask("a=b", [(f"X-{n}", "1")]),
    }
    held = {}
    ask("a=b")
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for name, flood in floods.items():
        for number in range(count):
            flood(number)
        gc.collect()
        held[name] = round((tracemalloc.get_traced_memory()[0] - before) / 1024)
        print(f"after {count:,} distinct {name:20} {held[name]:7,} KiB held in all")
    tracemalloc.stop()
    return held
