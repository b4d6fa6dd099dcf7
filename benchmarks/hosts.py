"""What a document costs more where other hosts are declared."""

import time
from typing import Any

from consentgate import Basis, Category, Policy, PreferencesSerializer

from .workloads import ENVIRON, HEAD, PREFERENCES

KEY = "a key of the benchmarks, long enough"
HOSTS = {"maps": ["maps.example", "*.tiles.example"], "videos": ["video.example", "wss://live.example"]}
CEILING = 5.0
"""Microseconds that declared hosts may add to a document."""


def policy(*, hosts: bool) -> Policy:
    """Return a site's policy, with other hosts or without."""
    return Policy(
        [
            Category("necessary", basis=Basis.NECESSARY, cookies=["sessionid"]),
            *(
                Category(key, cookies=[f"{key}_*"], hosts=named if hosts else ())
                for key, named in HOSTS.items()
            ),
        ]
    )


def document(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """The application: a page that sets nothing and asks nothing."""
    start_response("200 OK", HEAD)
    return [b"ok"]


class Documents:
    """Documents behind one gate, for a visitor who answered or one who did not."""

    def __init__(self, *, hosts: bool, returning: bool) -> None:
        declared = policy(hosts=hosts)
        self.gate = declared.wrap(document, secret_key=KEY, third_parties="block")
        token = PreferencesSerializer(declared, secret_key=KEY).dumps(declared.choose(["maps"]))
        self._cookie = f"sessionid=1; {PREFERENCES}={token}" if returning else ""
        self.fields: list[tuple[str, str]] = []

    def environ(self) -> dict[str, Any]:
        """Return one request for a document."""
        environ = {**ENVIRON, "HTTP_SEC_FETCH_DEST": "document"}
        return {**environ, "HTTP_COOKIE": self._cookie} if self._cookie else environ

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        self.fields = headers

    def microseconds(self, requests: int, rounds: int) -> float:
        """Return microseconds per document, in the best of so many rounds."""
        best = float("inf")
        for _ in range(rounds):
            environs = [self.environ() for _ in range(requests)]
            start = time.process_time()
            for environ in environs:
                self.gate(environ, self._start)
            best = min(best, time.process_time() - start)
        return best / requests * 1e6


def hosts(short: bool = False) -> dict[str, dict[str, float]]:
    """Print and return microseconds per document, without and with declared hosts."""
    requests, rounds = (500, 20) if short else (2000, 50)
    results = {}
    for name, returning in (("new", False), ("returning", True)):
        without, with_hosts = (
            Documents(hosts=declared, returning=returning).microseconds(requests, rounds)
            for declared in (False, True)
        )
        added = with_hosts - without
        results[name] = {"without": without, "with": with_hosts, "added": added}
        print(
            f"{name:10} without hosts {without:.2f} us, with {with_hosts:.2f} us, added {added:.2f} us"
            f"{'  TOO MUCH' * (added > CEILING)}"
        )
    return results
