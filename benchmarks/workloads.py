"""The requests that are timed, and what has to come out of each."""

import io
import itertools
import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Fields = list[tuple[str, str]]

DECLARED: dict[str, list[str]] = {
    "necessary": ["sessionid", "csrftoken"],
    "functional": ["lang", "theme", "tz", "pref_*"],
    "statistical": ["_ga", "_ga_*", "_gid", "_gat*", "_pk_id.*", "_pk_ses.*", "_hj*"],
    "marketing": ["_fbp", "_fbc", "_gcl_*", "_uet*", "IDE", "fr", "ads_*"],
}
"""A site's policy: category to names, the first necessary, the others for consent."""


def large(names: int) -> dict[str, list[str]]:
    """Return a policy of so many names, a quarter of them patterns."""
    choose = random.Random(names)
    made = iter(lambda: "".join(choose.choices(string.ascii_lowercase, k=10)), "")
    words = list(itertools.islice(dict.fromkeys(itertools.islice(made, 2 * names + 10)), names))
    declared: dict[str, list[str]] = {"necessary": list(DECLARED["necessary"])}
    gated = ("functional", "statistical", "marketing")
    declared |= {key: [] for key in gated}
    for number, word in enumerate(words):
        name = f"{word}*" if number % 4 == 0 else word
        declared[gated[number % 3]].append(name)
    return declared


HEAD: Fields = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Length", "2"),
    ("Cache-Control", "no-store"),
    ("X-Frame-Options", "DENY"),
    ("Vary", "Cookie"),
    ("X-Content-Type-Options", "nosniff"),
]
SENT = [
    ("sessionid", "q8w7e6r5t4y3u2i1o0p9a8s7d6f5g4h3"),
    ("csrftoken", "Zx81" * 16),
    ("lang", "en-GB"),
    ("_ga", "GA1.2.1234567890.1700000000"),
    ("_ga_ABCDEF1234", "GS1.1.1700000000.3.1.1700000500.0.0.0"),
    ("_gid", "GA1.2.987654321.1700000000"),
    ("_pk_id.1.1fff", "5c1d3f9d2b0a4c11.1700000000.1.1700000500."),
    ("cart", "6f1e9c0b-7a51-4a3e-9b77-0d4f1c2ab3de" * 2),
    ("tz", "Europe/Rome"),
]
PREFERENCES = "cookies_preferences"
_serial = itertools.count()


@dataclass(frozen=True)
class Workload:
    """One kind of request.

    Attributes:
        name: W1 to W6.
        says: what happens in it.
        sets: gives the names of the cookies the application sets.
        token: what the visitor's preferences cookie is: none, known, new, forged, or a forged one of 4 KB.
        asks: whether the application asks for consent.
        tiny: how many two-octet cookies come along, in place of the usual ones.
        declared: the policy.
    """

    name: str
    says: str
    sets: Callable[[], list[str]]
    token: str = "known"
    asks: bool = False
    tiny: int = 0
    declared: Callable[[], dict[str, list[str]]] = lambda: DECLARED

    def environ(self, token: str) -> dict[str, Any]:
        """Return one request: new strings each time, so that no hash is already known."""
        number = next(_serial)
        environ = {**ENVIRON}
        if self.token != "none":
            pairs = [(f"a{each:03d}", "b") for each in range(self.tiny)] or list(SENT)
            pairs.insert(len(pairs) // 2, (PREFERENCES, token))
            environ["HTTP_COOKIE"] = "; ".join([f"{name}={value}" for name, value in pairs])
        fields = [
            ("Set-Cookie", f"{name}=v{number}; Path=/; Max-Age=3600; SameSite=Lax") for name in self.sets()
        ]
        environ["bench.fields"] = HEAD + fields
        environ["bench.asks"] = self.asks
        return environ


def _unseen() -> list[str]:
    """Names nobody has seen yet: some that a pattern matches, and one that none does."""
    number = f"{next(_serial):07x}"
    patterns = itertools.islice(_PATTERNS, 5)
    return [*(pattern.replace("*", number) for pattern in patterns), f"undeclared{number}"]


def _patterns_of_large() -> Iterator[str]:
    return itertools.cycle([name for names in large(2000).values() for name in names if "*" in name])


_PATTERNS = _patterns_of_large()

WORKLOADS = {
    each.name: each
    for each in (
        Workload("W1", "nobody known, nothing set", lambda: [], token="none"),
        Workload("W2", "returning, one necessary cookie set", lambda: ["sessionid"]),
        Workload("W2r", "W2, and the application asks for consent", lambda: ["sessionid"], asks=True),
        Workload(
            "W3",
            "six Set-Cookie, half of them refused, patterns",
            lambda: ["sessionid", "csrftoken", "_ga_ABCDEF1234", "_fbp", "_gcl_au", "pref_layout"],
        ),
        Workload("W4", "a visitor never seen before", lambda: ["sessionid", "_ga"], token="new"),
        Workload(
            "W5",
            "500 cookies, forged token of 4 KB",
            lambda: ["sessionid", "_ga"],
            token="forged 4K",
            tiny=499,
        ),
        Workload("W5b", "forged token of ordinary size", lambda: ["sessionid", "_ga"], token="forged"),
        Workload(
            "W6", "2,000 names and patterns, six never-seen names", _unseen, declared=lambda: large(2000)
        ),
    )
}

ENVIRON: dict[str, Any] = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/shop/item/42",
    "QUERY_STRING": "ref=mail",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "8000",
    "REMOTE_ADDR": "10.0.0.7",
    "HTTP_HOST": "shop.example",
    "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64) Firefox/131.0",
    "HTTP_ACCEPT": "text/html,application/xhtml+xml",
    "HTTP_ACCEPT_LANGUAGE": "en-GB,en;q=0.5",
    "HTTP_ACCEPT_ENCODING": "gzip, br",
    "HTTP_CONNECTION": "keep-alive",
    "HTTP_SEC_FETCH_DEST": "image",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.input": io.BytesIO(b""),
    "wsgi.errors": io.StringIO(),
    "wsgi.multithread": False,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """The application behind every contender."""
    if environ["bench.asks"]:
        environ["bench.ask"](environ)
    start_response("200 OK", environ["bench.fields"])
    return [b"ok"]


def expected(workload: Workload, fields: Fields) -> list[str]:
    """Return the names that must come out: by the slow rule, for who accepted statistics."""
    allowed = {"necessary", "statistical"} if workload.token in ("known", "new") else {"necessary"}
    kept = []
    for name in (value.partition("=")[0] for key, value in fields if key == "Set-Cookie"):
        found = [key for key, names in workload.declared().items() for each in names if _matches(each, name)]
        if found and found[0] in allowed:
            kept.append(name)
    return kept


def _matches(declared: str, name: str) -> bool:
    prefix, star, suffix = declared.partition("*")
    if not star:
        return declared == name
    return name.startswith(prefix) and name.endswith(suffix) and len(name) >= len(prefix + suffix)
