"""The recorder: every count arrives, nothing is delayed, and nothing but names is kept."""

import itertools
import logging
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import Event, PolicyError
from consentgate.drift import DriftRecorder
from consentgate.drift import recorder as module
from consentgate.drift.facts import Fact, Kind, Subject, Traits, longest_lifetime
from consentgate.drift.recorder import LONGEST_LIFETIME, LONGEST_TEXT
from consentgate.drift.store import MOST_ROWS, MOST_SCOPES, read_facts
from consentgate.headers.set_cookie import StatedAttributes
from tests.strategies import ANY_TEXT

stated = st.builds(
    StatedAttributes,
    lifetime=st.none() | st.integers(-10, 10**7),
    path=st.sampled_from([None, "/", "/shop"]),
    domain=st.sampled_from([None, "example.org"]),
    secure=st.booleans(),
    http_only=st.booleans(),
    same_site=st.sampled_from(["", "lax", "strict", "none"]),
    partitioned=st.booleans(),
)
cookie_events = st.builds(
    Event,
    action=st.sampled_from(["passed", "stripped"]),
    name=st.sampled_from(["sid", "_ga", "zzz", "\xe9"]),
    category=st.sampled_from([None, "necessary"]),
    direction=st.just("response"),
    reason=st.just("a reason"),
    cookie=stated,
)
pair_events = st.builds(
    Event,
    action=st.sampled_from(["passed", "withheld"]),
    name=st.sampled_from(["sid", "_ga"]),
    category=st.sampled_from([None, "necessary"]),
    direction=st.just("request"),
    reason=st.just("a reason"),
)
host_events = st.builds(
    Event,
    action=st.just("reported"),
    name=st.sampled_from(["maps.example", "cdn.example:8443"]),
    category=st.sampled_from([None, "maps"]),
    direction=st.sampled_from(["request", "response"]),
    reason=st.just("a reason"),
    directive=st.sampled_from(["img-src", "script-src-elem"]),
)
other_events = st.builds(
    Event,
    action=st.sampled_from(["chosen", "expired"]),
    name=st.just("cookies_preferences"),
    category=st.none(),
    direction=st.just("response"),
    reason=st.just("a reason"),
)
events = st.lists(cookie_events | pair_events | host_events | other_events, max_size=30)


def sent(name: str) -> Event:
    return Event("withheld", name, None, "request", "undeclared")


def was_set(name: str, **attributes: Any) -> Event:
    return Event("passed", name, "necessary", "response", "necessary", cookie=StatedAttributes(**attributes))


def facts_of(recorder: DriftRecorder) -> dict[str, Fact]:
    assert recorder.flush(patience=5)
    return {fact.subject.name: fact for fact in read_facts(recorder.path)}


@pytest.fixture
def recorder(store: str) -> DriftRecorder:
    return DriftRecorder(store)


def is_counted(event: Event) -> bool:
    if event.action in ("chosen", "expired"):
        return False
    lifetime = event.cookie.lifetime if event.cookie else None
    return lifetime is None or lifetime > 0


def subject_of(event: Event) -> Subject:
    kind: Kind = "host" if event.action == "reported" else "set" if event.cookie else "sent"
    return Subject(kind, event.name, event.directive or event.action, event.category or "")


@given(events)
def test_every_event_of_a_cookie_or_host_is_counted(happened: list[Event]) -> None:
    with TemporaryDirectory() as folder:
        recorder = DriftRecorder(f"{folder}/drift.sqlite")
        for event in happened:
            recorder(event)
        assert recorder.flush()
        facts = read_facts(recorder.path) if os.path.exists(recorder.path) else []
    counted = [event for event in happened if is_counted(event)]
    expected = Counter(map(subject_of, counted))
    assert {fact.subject: fact.times for fact in facts} == expected
    for fact in facts:
        same = [event for event in counted if subject_of(event) == fact.subject]
        assert fact.lifetime == longest_lifetime(event.cookie and event.cookie.lifetime for event in same)


def test_the_rooms_names_are_the_same_whatever_was_imported_before() -> None:
    """A module and a function of it have one name."""
    program = """
import consentgate.drift.discover
from consentgate.drift import DriftRecorder, discover
assert callable(discover) and callable(DriftRecorder)
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_it_asks_the_gate_for_cookies_and_hosts(recorder: DriftRecorder) -> None:
    assert recorder.wants_cookies and recorder.wants_hosts


def test_the_facts_of_one_cookie(recorder: DriftRecorder) -> None:
    recorder(was_set("sid", lifetime=60, path="/", secure=True, http_only=True, same_site="lax"))
    recorder(was_set("sid", lifetime=90, path="/shop", domain="example.org", http_only=True))
    recorder(was_set("sid"))
    fact = facts_of(recorder)["sid"]
    assert (fact.subject.kind, fact.subject.verdict, fact.subject.category) == ("set", "passed", "necessary")
    assert (fact.times, fact.days, fact.lifetime) == (3, 1, 90)
    assert fact.scopes == {("/", ""), ("/shop", "example.org"), ("", "")}
    assert fact.traits == (
        Traits.SECURE | Traits.WITHOUT_SECURE | Traits.WITHOUT_HTTP_ONLY | Traits.WITHOUT_SAME_SITE
    )


def test_a_deletion_is_not_counted_as_a_cookie(recorder: DriftRecorder) -> None:
    recorder(was_set("sid", lifetime=0))
    recorder(was_set("sid", lifetime=-9))
    assert recorder.flush() and not os.path.exists(recorder.path)


@given(ANY_TEXT, ANY_TEXT)
@example("x" * 5000, "/" + "y" * 5000)
@example("\ud800\0", "/\ud800")
def test_texts_of_any_kind_are_kept_short(name: str, path: str) -> None:
    with TemporaryDirectory() as folder:
        recorder = DriftRecorder(f"{folder}/drift.sqlite")
        for _ in range(2):
            recorder(was_set(name, path=path, lifetime=10**400))
        (fact,) = facts_of(recorder).values()
    assert fact.times == 2
    assert fact.lifetime == LONGEST_LIFETIME
    assert len(fact.subject.name) <= LONGEST_TEXT
    assert all(len(text) <= LONGEST_TEXT for scope in fact.scopes for text in scope)
    assert fact.subject.name.startswith(name.encode("utf-8", "replace").decode()[: LONGEST_TEXT - 1])


def test_a_path_for_each_visitor_does_not_crowd_out_other_cookies(recorder: DriftRecorder) -> None:
    for number in range(5000):
        recorder(was_set("sid", path=f"/user/{number}"))
    recorder(was_set("other"))
    facts = facts_of(recorder)
    assert facts["sid"].times == 5000
    assert len(facts["sid"].scopes) == MOST_SCOPES
    assert facts["other"].times == 1


def test_a_million_invented_names_hide_no_real_one(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood for two days, written whenever memory is full; the real one is met now and then."""
    real = Event("reported", "maps.example", None, "request", "reported", directive="img-src")
    clock = [86400.0 * 20_000]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    recorder = DriftRecorder(store)
    for day in range(2):
        clock[0] = 86400.0 * (20_000 + day)
        for number in range(500_000):
            name = f"invented{day}-{number}.example"
            recorder(Event("reported", name, None, "request", "reported", directive="img-src"))
            if number % 1000 == 0:
                recorder(real)
            if number % 20_000 == 0:
                recorder.flush()
    facts = facts_of(recorder)
    assert len(facts) == MOST_ROWS
    assert facts["maps.example"].days == 2
    assert facts["maps.example"].times >= 900


def test_memory_is_bounded_while_nothing_can_be_written(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    serial = itertools.count()

    def full(*arguments: object, **options: object) -> None:
        recorder.note("sent", f"met meanwhile {next(serial)}", "passed", "")
        raise sqlite3.OperationalError("database or disk is full")

    recorder = DriftRecorder(store)
    monkeypatch.setattr(module, "write_facts", full)
    for number in range(10 * recorder.MOST):
        recorder(sent(f"invented{number}"))
        if number % 500 == 0:
            recorder.flush()
    assert len(recorder._counts) == recorder.MOST
    monkeypatch.undo()
    assert len(facts_of(recorder)) == recorder.MOST


def test_new_facts_are_written_within_a_second_and_counts_after_ten(
    recorder: DriftRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    recorder._forget()

    def times(name: str) -> int:
        return sum(fact.times for fact in read_facts(recorder.path) if fact.subject.name == name)

    recorder(sent("_ga"))
    assert times("_ga") == 1
    now[0] += 0.5
    recorder(sent("zzz"))
    assert times("zzz") == 0
    now[0] += 0.5
    recorder(sent("_ga"))
    assert (times("_ga"), times("zzz")) == (2, 1)
    for _ in range(9):
        now[0] += 1
        recorder(sent("_ga"))
        assert times("_ga") == 2
    now[0] += 1
    recorder(sent("_ga"))
    assert times("_ga") == 12


def test_a_wrong_path_is_an_error_at_once(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "no folder" / "drift.sqlite"):
        with pytest.raises(PolicyError, match="a drift store is a file in a folder that is there"):
            DriftRecorder(path)


@pytest.fixture
def locked(recorder: DriftRecorder) -> Iterator[sqlite3.Connection]:
    """A store that another process writes, until it is rolled back."""
    recorder(was_set("sid"))
    assert recorder.flush(patience=5)
    connection = sqlite3.connect(recorder.path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.close()


def test_a_locked_store_delays_no_response_and_loses_nothing(
    recorder: DriftRecorder, locked: sqlite3.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    slowest = 0.0
    for _ in range(5):
        recorder(was_set("sid"))
        recorder._due = 0.0
        start = time.monotonic()
        recorder(was_set("sid"))
        slowest = max(slowest, time.monotonic() - start)
    assert 0.04 < slowest < 1
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "could not be written: database is locked; counts are kept and tried again" in record.message
    locked.execute("ROLLBACK")
    assert facts_of(recorder)["sid"].times == 11


def test_while_one_thread_writes_others_go_on(recorder: DriftRecorder) -> None:
    recorder(sent("_ga"))
    with recorder._writing:
        start = time.monotonic()
        assert not recorder.flush()
        recorder(sent("_ga"))
        assert time.monotonic() - start < 1
    assert facts_of(recorder)["_ga"].times == 2


@pytest.mark.parametrize(
    "content", [b"no database, but long enough to be read as one" * 50, b"SQLite format 3\0"]
)
def test_a_corrupt_file_is_warned_of_once_and_left_alone(
    store: str, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    Path(store).write_bytes(content)
    recorder = DriftRecorder(store)
    for _ in range(3):
        recorder(sent("_ga"))
        assert not recorder.flush()
    assert Path(store).read_bytes() == content
    assert len(caplog.records) == 1
    assert f"the drift store {store} could not be written: " in caplog.text


FAILING = """
import logging, os, resource, signal, sys
from consentgate.drift import discover
path, how = sys.argv[1:]
records = []
handler = logging.Handler()
handler.emit = records.append
logging.getLogger("consentgate").addHandler(handler)

def application(environ, start_response):
    start_response("200 OK", [("Set-Cookie", "sid=1")])
    return [b"body"]

app = discover(application, path)
app({}, lambda status, headers: None)
assert app.recorder.flush(), records
if how == "full":
    # As a full disk: not one octet more may be written to any file.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
else:
    os.chmod(path, 0o444)
    os.chmod(os.path.dirname(path), 0o555)
    if os.getuid() == 0:
        os.setuid(65534)
for _ in range(3):
    sent = []
    body = app({"HTTP_COOKIE": "zzz=1"}, lambda status, headers: sent.append((status, headers)))
    assert list(body) == [b"body"]
    assert sent == [("200 OK", [("Set-Cookie", "sid=1")])]
    assert not app.recorder.flush()
assert len(records) == 1, [record.getMessage() for record in records]
print(records[0].getMessage())
if how == "full":
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert app.recorder.flush()
"""


@pytest.mark.parametrize(("how", "error"), [("full", ""), ("read-only", "readonly")])
def test_a_full_disk_or_a_read_only_file_costs_one_warning(how: str, error: str) -> None:
    with TemporaryDirectory() as folder:
        path = f"{folder}/drift.sqlite"
        command = [sys.executable, "-c", FAILING, path, how]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert f"the drift store {path} could not be written: " in done.stdout
        assert error in done.stdout
        times = {fact.subject.name: fact.times for fact in read_facts(path)}
        assert times == ({"sid": 4, "zzz": 3} if how == "full" else {"sid": 1})
        os.chmod(folder, 0o755)


COUNTING = """
import os, sys, threading
from consentgate import Event
from consentgate.drift import DriftRecorder
recorder = DriftRecorder(sys.argv[1])
event = Event("passed", "sid", "necessary", "request", "necessary")
recorder(event)
recorder(event)  # not written yet: the children are not to write it, too

def count():
    for _ in range(2000):
        recorder(event)

children = []
for _ in range(4):
    child = os.fork()
    if child == 0:
        recorder.EVERY = 0.05
        threads = [threading.Thread(target=count) for _ in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        sys.exit()  # as workers end: what is registered with atexit runs
    children.append(child)
for child in children:
    assert os.waitpid(child, 0)[1] == 0
"""


def test_processes_that_fork_and_their_threads_count_every_event(store: str) -> None:
    subprocess.run([sys.executable, "-W", "ignore", "-c", COUNTING, store], check=True)
    (fact,) = read_facts(store)
    assert fact.times == 2 + 4 * 4 * 2000


def test_a_child_forgets_what_its_parent_counted(recorder: DriftRecorder) -> None:
    """Also with a lock that a thread held which is not in the child."""
    recorder(sent("_ga"))
    recorder.flush()
    recorder(sent("_ga"))
    held = recorder._lock
    held.acquire()
    module._forget_all()
    assert recorder.flush()
    recorder(sent("_ga"))
    assert facts_of(recorder)["_ga"].times == 2
    held.release()


def test_at_exit_everything_is_written(recorder: DriftRecorder) -> None:
    recorder(sent("_ga"))
    recorder(sent("_ga"))
    module._flush_all()
    (fact,) = read_facts(recorder.path)
    assert fact.times == 2


def test_at_exit_writing_is_tried_again_for_a_while(
    recorder: DriftRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = module.write_facts
    failures = [sqlite3.OperationalError("database is locked")] * 2

    def busy(*arguments: Any, **options: Any) -> Any:
        if failures:
            raise failures.pop()
        return write(*arguments, **options)

    recorder.note("sent", "_ga", "passed", "")
    monkeypatch.setattr(module, "write_facts", busy)
    module._flush_all()
    assert [fact.times for fact in read_facts(recorder.path)] == [1]


def test_a_relative_path_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that becomes a daemon changes its folder."""
    monkeypatch.chdir(tmp_path)
    recorder = DriftRecorder("drift.sqlite")
    monkeypatch.chdir("/")
    recorder(sent("_ga"))
    assert recorder.flush(patience=5)
    assert (tmp_path / "drift.sqlite").exists()


def test_threads_of_one_process_lose_nothing(recorder: DriftRecorder) -> None:
    recorder.EVERY = 0.01

    def count() -> None:
        for number in range(3000):
            recorder(sent(f"name{number % 7}"))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(fact.times for fact in facts_of(recorder).values()) == 12_000


def test_an_interrupt_while_writing_loses_nothing(
    recorder: DriftRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a server that ends its worker does."""

    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    recorder.note("sent", "_ga", "passed", "")
    monkeypatch.setattr(module, "write_facts", interrupted)
    with pytest.raises(KeyboardInterrupt):
        recorder.flush()
    monkeypatch.undo()
    assert facts_of(recorder)["_ga"].times == 1
