"""Hold the testing kit's jar to what real browsers stored: python -m tools.check_jar FOLDER.

FOLDER holds `browsers.json` and `deletions.json`: Set-Cookie fields, each with what Chromium and Firefox
did. Exits 1 when the jar stores what Chromium did not, or the other way round, in more rows than are known.
"""

import base64
import json
import re
import sys
import time
from pathlib import Path

from consentgate.testing import Jar

KNOWN_NAMES = 9
"""Rows where a line break meets a blank, or one stands in a status line: how HTTP is read, not cookies."""

KNOWN_DELETIONS = 0

_TEMPLATE = re.compile(r"@(IMF|NS|R850|ASC)([+-][0-9]+)@")
_FORMATS = {
    "IMF": "%a, %d %b %Y %H:%M:%S GMT",
    "NS": "%a, %d-%b-%Y %H:%M:%S GMT",
    "R850": "%A, %d-%b-%y %H:%M:%S GMT",
    "ASC": "%a %b %e %H:%M:%S %Y",
}


def text(encoded: str) -> str:
    """Return bytes kept as base64 as a native string."""
    return base64.b64decode(encoded).decode("latin-1")


def names_that_differ(path: Path) -> list[str]:
    """Return a line for each field of which jar and Chromium do not store the same."""
    differ = []
    for row in json.loads(path.read_text())["vectors"]:
        field = text(row["header_name_b64"]), text(row["set_cookie_b64"])
        jar = Jar()
        jar.store_response([field], f"https://{row['host']}/", now=time.time())
        stored = sorted((text(cookie["name_b64"]), text(cookie["value_b64"])) for cookie in row["stored"])
        if sorted((cookie.name, cookie.value) for cookie in jar.cookies) != stored:
            differ.append(f"{row['id']}: {field!r:.160}: Chromium stored {stored!r:.80}, the jar {jar!r:.80}")
    return differ


def deletions_that_differ(path: Path) -> list[str]:
    """Return a line for each field that only one of jar and Chromium takes for a deletion."""
    differ = []
    for row in json.loads(path.read_text()):
        now = time.time()
        line = row.get("template") or text(row["set_cookie_b64"])
        if row.get("stores_until", now + 86400) < now + 86400:
            continue  # a date of when the browsers were asked, which has come since
        fields = [("Set-Cookie", rendered(line, now))]
        fields += [(name, rendered(value, now)) for name, value in row.get("extra_headers", ())]
        done = verdict(row["name"], fields, now)
        if done != row["chromium"]["verdict"]:
            differ.append(f"{row['id']}: {fields!r:.200}: Chromium {row['chromium']}, the jar {done}")
    return differ


def verdict(name: str, fields: list[tuple[str, str]], now: float) -> str:
    """Return what the jar does: ``stores``, ``deletes`` or ``ignored``."""
    url = "https://www.example.org/"
    empty, full = Jar(), Jar()
    full.put(name, "held", url)
    full.store(f"{name}=held; Secure; Path=/; Domain=example.org", url)
    full.store(f"{name}=held; Secure; Path=/; Partitioned", url)
    held = len(full.cookies)
    for jar in (empty, full):
        jar.store_response(fields, url, now=now)
    if empty:
        return "stores"
    return "ignored" if len(full.cookies) == held else "deletes"


def rendered(value: str, now: float) -> str:
    """Return *value* with each placeholder replaced by a date: ``@IMF-60@`` is a minute ago."""

    def date(match: re.Match[str]) -> str:
        return time.strftime(_FORMATS[match[1]], time.gmtime(now + int(match[2])))

    return _TEMPLATE.sub(date, value)


def main(arguments: list[str]) -> int:
    """Print what differs; return 1 if it is more than what is known."""
    (folder,) = map(Path, arguments)
    names = names_that_differ(folder / "browsers.json")
    deletions = deletions_that_differ(folder / "deletions.json")
    for line in names + deletions:
        print(line)
    print(f"names: {len(names)} differ, {KNOWN_NAMES} known")
    print(f"deletions: {len(deletions)} differ, {KNOWN_DELETIONS} known")
    return int(len(names) > KNOWN_NAMES or len(deletions) > KNOWN_DELETIONS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
