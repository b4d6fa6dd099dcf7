"""Record what Chromium and Firefox report of another host: python -m tools.record_reports FILE.

On http they use `report-uri`, on https `report-to`. The reader is tested with tests/endpoint/reports.json.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.browsers.embedding import Browser, Site, embedding_chromium, embedding_firefox, wait_until


def record(browser: Browser, name: str, scheme: str) -> list[dict[str, Any]]:
    """Return the reports of one visit, as they were posted."""
    with Site(enforced=False, reporting=True, scheme=scheme).serving() as site:
        browser.open(site.a)
        wait_until(lambda: browser.ask("window.loaded === true"))
        wait_until(lambda: len(site.reported()) >= 7)
        return [
            {
                "browser": name,
                "own_host": site.host,
                "other_host": site.b,
                "media_type": media_type,
                "body": json.loads(body),
            }
            for media_type, body in site.reports
        ]


def main(path: str) -> None:
    """Write the reports of both browsers to *path*."""
    found = []
    for name, start in (("Chromium", embedding_chromium), ("Firefox", embedding_firefox)):
        for scheme in ("http", "https"):
            with tempfile.TemporaryDirectory() as profile, start(Path(profile)) as browser:
                found += record(browser, name, scheme)
    Path(path).write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
