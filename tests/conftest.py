"""Applications, gates and requests that every test builds on; both sides of a gate are policed."""

import gc
import io
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
from hypothesis import HealthCheck, settings

from consentgate import Attestation, Basis, Category, Cookie, Policy
from consentgate._cache import BoundedCache

settings.register_profile("quick", max_examples=60, deadline=None)
settings.register_profile(
    "thorough", max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
# For mutants: the same few examples each time, so that what kills one kills it again.
settings.register_profile("mutants", max_examples=40, deadline=None, derandomize=True, database=None)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "quick")
settings.load_profile(PROFILE)

KEY = "a key of the tests, long enough"
EARLIER_KEY = b"the key of the year before"
NOW = 1_763_900_000.0

ATTESTED = Attestation(
    sole_purpose=True,
    anonymous_output=True,
    no_cross_site=True,
    no_combination=True,
    no_third_party=True,
)


def make_policy(*, exempt: bool = False, **options: Any) -> Policy:
    """The policy of the acceptance matrix (requirements.md, section 10); `zzz` is in no category."""
    statistical = {"basis": Basis.EXEMPT, "attestation": ATTESTED} if exempt else {"basis": Basis.CONSENT}
    return Policy(
        [
            Category("necessary", basis=Basis.NECESSARY, cookies=["sid", "csrftoken"]),
            Category("statistical", cookies=["_pk_id", "_pk_ses.*"], **statistical),
            Category("internal", cookies=["theme"]),
            Category(
                "third-party",
                cookies=[Cookie("vid", provider="Ads Ltd", domain="example.org", path="/shop")],
            ),
        ],
        **options,
    )


@dataclass
class Answer:
    """The response as a server sends it: the outcome of the last start_response, and the body."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes
    environ: dict[str, Any] = field(repr=False)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def set_cookies(self) -> list[str]:
        return self.all("Set-Cookie")

    @property
    def cookie_names(self) -> list[str]:
        return [text.partition("=")[0].strip() for text in self.set_cookies]

    @property
    def token(self) -> str | None:
        """The preferences cookie that was minted."""
        for text in self.set_cookies:
            name, _, rest = text.partition("=")
            if name.endswith("cookies_preferences"):
                return rest.partition(";")[0]
        return None


def environ_for(method: str = "GET", path: str = "/", **extra: Any) -> dict[str, Any]:
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path, "SCRIPT_NAME": ""}
    environ["wsgi.input"] = io.BytesIO(b"")
    environ["QUERY_STRING"] = ""
    setup_testing_defaults(environ)
    environ.update(extra)
    return environ


def request(app: Any, method: str = "GET", path: str = "/", *, body: bytes = b"", **extra: Any) -> Answer:
    """Drive *app* as a strict server does: everything is checked by wsgiref.validate."""
    if body:
        extra.setdefault("wsgi.input", io.BytesIO(body))
        extra.setdefault("CONTENT_LENGTH", str(len(body)))
    environ = environ_for(method, path, **extra)
    outcome: list[Any] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        outcome[:] = [status, headers]
        return written.append

    iterable = validator(app)(environ, start_response)
    try:
        chunks = list(iterable)
    finally:
        iterable.close()
    status, headers = outcome
    return Answer(status, headers, b"".join([*written, *chunks]), environ)


def application(
    *set_cookies: str,
    status: str = "200 OK",
    headers: Iterable[tuple[str, str]] = (),
    before: Callable[[dict[str, Any]], object] = lambda environ: None,
    lazy: bool = False,
) -> Any:
    """A policed application that sets these cookies; *before* sees the environ ahead of the response."""
    fields = [("Content-Type", "text/plain"), *headers, *(("Set-Cookie", text) for text in set_cookies)]
    if status.startswith(("204", "304")):
        fields.remove(("Content-Type", "text/plain"))

    def eager_app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        before(environ)
        start_response(status, list(fields))
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else b"body"]

    def lazy_app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        before(environ)
        start_response(status, list(fields))
        yield b"bo"
        yield b"dy"

    return validator(lazy_app if lazy else eager_app)


MATRIX = (
    "sid=1; Path=/",
    "_pk_id=2; Path=/",
    "theme=3; Path=/",
    "vid=4; Path=/shop; Domain=example.org",
    "zzz=5",
)


@pytest.fixture(autouse=True, scope="session")
def empty_caches() -> None:
    """Nothing is cached from before: mutants of code that filled a cache while loading are seen, too."""
    # isinstance() would ask some objects, such as Django's settings, to load.
    for each in [each for each in gc.get_objects() if type(each) is BoundedCache]:
        each.clear()


@pytest.fixture(autouse=True)
def keep_nothing(request: pytest.FixtureRequest) -> Iterator[None]:
    """With mutants, no cache keeps a result: each test calls the functions that it depends on."""
    kept = BoundedCache.__missing__
    if PROFILE == "mutants" and request.node.get_closest_marker("caches") is None:
        BoundedCache.__missing__ = lambda self, argument: self._function(argument)  # type: ignore[method-assign]
    yield
    BoundedCache.__missing__ = kept  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def usual_logging() -> None:
    """Python's own levels: servers that run in this process may have set others."""
    logging.getLogger().setLevel(logging.WARNING)
    logging.getLogger("consentgate").setLevel(logging.NOTSET)


@pytest.fixture
def policy() -> Policy:
    return make_policy()


@contextmanager
def stopped_clock() -> Iterator[None]:
    """Stop the clock at NOW, so that two responses carry the same second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: NOW)
        yield


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clock that stands still at NOW until it is moved: clock.now += 1."""

    class Clock:
        now = NOW

    moving = Clock()
    monkeypatch.setattr(time, "time", lambda: moving.now)
    return moving


@pytest.fixture
def quickly() -> Iterator[None]:
    """The quick profile: one of the kit's trials makes as many requests as the profile says."""
    settings.load_profile("quick")
    yield
    settings.load_profile(PROFILE)


@pytest.fixture(params=[False, True], ids=["eager", "lazy"])
def lazy(request: pytest.FixtureRequest) -> bool:
    """Applications that start their response when called, and on first iteration."""
    return bool(request.param)


def cookie(policy: Policy, accepted: Iterable[str] = (), **options: Any) -> str:
    """The preferences cookie of a visitor who accepted exactly these, as a cookie pair."""
    options.setdefault("secret_key", KEY)
    from datetime import UTC, datetime

    from consentgate import PreferencesSerializer

    at = options.pop("at", None)
    chosen = policy.choose(accepted, at=None if at is None else datetime.fromtimestamp(at, UTC))
    return f"{policy.cookie_name}={PreferencesSerializer(policy, **options).dumps(chosen)}"
