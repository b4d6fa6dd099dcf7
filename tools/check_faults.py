"""Hold the faults found in 0.1.0 to what is right: python -m tools.check_faults FOLDER.

FOLDER holds `faults.py`, which runs each of them as a small input. Exits 1 when one is not right.
"""

import importlib.util
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from consentgate import PolicyError

PRIVATE = "max-age=600, private"


def _fields(result: Any) -> dict[str, str]:
    return dict(result)


RIGHT: dict[str, Callable[[Any], bool]] = {
    "f01": lambda names: names == ["sessionid=2"],
    "f02": lambda results: results == [[("Content-Type", "text/plain")], [("X-New", "2")]],
    "f03": lambda cookies: cookies == [],
    "f04": lambda fields: _fields(fields)["Cache-Control"] == PRIVATE,
    "f05": lambda fields: "Cookie" in _fields(fields)["Vary"],
    "f06": lambda body: body == b"sessionid",
    "f07": lambda cookies: cookies == [],
    # The objection to the exempt category stands: accepting all answers for what needs consent.
    "f08": lambda choices: (choices["statistics"], choices["ads"]) == ("accepted", "accepted"),
    "f09": lambda words: words == ["Advertising"],
    "f10": lambda lines: lines >= 20,
    "f11": lambda lines: "_ga=; Path=/wiki; Max-Age=0" in lines,
    "f12": lambda cookies: len(cookies) == 1 and cookies[0].endswith("; Max-Age=0"),
    "f13": lambda media_type: media_type == "application/json",
    "f14": lambda statuses: statuses == ["303 See Other"] * 3,
    # A gate for each of the three requests in zh-hant: one warning each; fr-ca is French.
    "f15": lambda levels: levels == ["WARNING"] * 3,
    "f16": lambda size: size < 256 * 400,
    "f17": lambda message: [level for level, _ in message] == ["WARNING"] * 3,
    "f18": lambda visit: visit is None,
    "f19": lambda error: isinstance(error, PolicyError) and "ASGI" in str(error),
    "f20": lambda location: location == "/other.example/cookies",
    "f21": lambda error: isinstance(error, ValueError) and "line break" in str(error),
    "f22": lambda button: 'value="refuse_all"' in button,
    "f23": lambda result: result[0] == ["shop.test"] and result[1]["audience"] == "unset",
}


def main(arguments: list[str]) -> int:
    """Print each case that is not right; return 1 if there is one."""
    (folder,) = map(Path, arguments)
    spec = importlib.util.spec_from_file_location("faults", folder / "faults.py")
    assert spec is not None and spec.loader is not None
    faults = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(faults)
    log = logging.getLogger("consentgate")
    log.addHandler(logging.NullHandler())
    log.propagate = False
    cases = {name[:3]: case for name, case in vars(faults).items() if name[:1] == "f" and name[1:3].isdigit()}
    wrong = [name for name in sorted(RIGHT) if not _is_right(name, cases[name])]
    print(f"faults: {len(RIGHT)} run, {len(wrong)} not right; {len(cases.keys() - RIGHT.keys())} not known")
    return int(bool(wrong) or cases.keys() != RIGHT.keys())


def _is_right(name: str, case: Callable[[], Any]) -> bool:
    try:
        result = case()
    except Exception as error:
        result = error
    if RIGHT[name](result):
        return True
    print(f"{case.__name__}: {result!r:.400}")
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
