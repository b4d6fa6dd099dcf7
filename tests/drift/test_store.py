"""The file: what goes in comes out, added up; it is bounded, and no other file is touched."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentgate.drift import store as module
from consentgate.drift.facts import Fact, Subject, add_up
from consentgate.drift.store import MOST_ROWS, MOST_SCOPES, read_facts, write_facts

from .conftest import facts


def write(path: str, *several: Fact) -> frozenset[tuple[str, str]]:
    return write_facts(path, several, patience=5)


def sent(name: str, day: int = 1, times: int = 1) -> Fact:
    return Fact(Subject("sent", name, "withheld", ""), times, 1, day, day)


def names(path: str) -> set[str]:
    return {fact.subject.name for fact in read_facts(path)}


@given(st.lists(st.tuples(st.integers(20_000, 20_003), st.lists(facts(day=0), max_size=5)), max_size=5))
def test_a_store_holds_the_sum_of_all_that_was_written(flushes: list[tuple[int, list[Fact]]]) -> None:
    flushes = sorted(flushes, key=lambda flush: flush[0])
    batches = [add_up(fact._replace(first=day, last=day) for fact in some) for day, some in flushes]
    expected = {fact.subject: fact for fact in add_up(fact for batch in batches for fact in batch)}
    with TemporaryDirectory() as folder:
        path = f"{folder}/drift.sqlite"
        for batch in batches:
            write(path, *batch)
        if not batches:
            return
        stored = {fact.subject: fact for fact in read_facts(path)}
    assert stored.keys() == expected.keys()
    for subject, fact in stored.items():
        assert fact._replace(scopes=frozenset(), days=0) == expected[subject]._replace(
            scopes=frozenset(), days=0
        )
        assert expected[subject].days <= fact.days <= len(batches)
        assert len(fact.scopes) <= MOST_SCOPES


def test_days_are_counted_as_they_come(store: str) -> None:
    for day in (1, 1, 2, 2, 5):
        write(store, sent("_ga", day))
    (fact,) = read_facts(store)
    assert (fact.times, fact.days, fact.first, fact.last) == (5, 3, 1, 5)


def test_scopes_are_kept_for_cookies_that_are_set_and_few_of_them(store: str) -> None:
    subject = Subject("set", "sid", "passed", "necessary")
    for number in range(MOST_SCOPES + 3):
        fact = Fact(subject, 1, 1, 1, 1, scopes=frozenset([(f"/user/{number}", "")]))
        write(store, fact, sent("sid"))
    by_kind = {fact.subject.kind: fact for fact in read_facts(store)}
    assert len(by_kind["set"].scopes) == MOST_SCOPES
    assert by_kind["sent"].scopes == frozenset()


def test_names_seen_on_one_day_and_seldom_are_dropped_first(store: str) -> None:
    """Anyone can invent a name; hardly the same one on two days."""
    write(store, sent("real, on two days", day=1))
    write(store, sent("real, on two days", day=2), sent("real, often", day=3, times=40))
    for batch in range(5):
        names_of_batch = (f"invented{batch}-{number}" for number in range(MOST_ROWS))
        write(store, *(sent(name, day=3, times=5) for name in names_of_batch))
        assert len(names(store)) == MOST_ROWS
    assert {"real, on two days", "real, often"} <= names(store)


def test_a_flood_of_names_that_are_sent_evicts_none_that_is_set(store: str) -> None:
    is_set = Fact(Subject("set", "rare", "passed", ""), 1, 1, 1, 1, scopes=frozenset([("/", "")]))
    write(store, is_set)
    write(store, *(sent(f"invented{number}", day=2, times=9) for number in range(3 * MOST_ROWS)))
    assert is_set in read_facts(store)


def test_the_scopes_of_what_is_evicted_go_too(store: str) -> None:
    def is_set(name: str) -> Fact:
        return Fact(Subject("set", name, "passed", ""), 1, 1, 1, 1, scopes=frozenset([("/", "")]))

    write(store, *(is_set(f"invented{number}") for number in range(MOST_ROWS + 10)))
    with sqlite3.connect(store) as connection:
        assert connection.execute("SELECT count(*) FROM scope").fetchone() == (MOST_ROWS,)
    connection.close()


def test_names_that_are_not_new_any_more_are_returned(store: str) -> None:
    assert write(store, sent("_ga"), sent("zzz")) == {("sent", "_ga"), ("sent", "zzz")}


def test_a_file_of_another_program_is_not_touched(tmp_path: Path) -> None:
    path = str(tmp_path / "application.sqlite")
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE users (name)")
    connection.close()
    before = Path(path).read_bytes()
    with pytest.raises(sqlite3.DatabaseError, match="not a drift store"):
        write(path, sent("_ga"))
    with pytest.raises(sqlite3.DatabaseError, match="not a drift store"):
        read_facts(path)
    assert Path(path).read_bytes() == before


def test_a_store_of_another_version_is_not_touched(store: str) -> None:
    write(store, sent("_ga"))
    with sqlite3.connect(store) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    for use in (lambda: write(store, sent("zzz")), lambda: read_facts(store)):
        with pytest.raises(sqlite3.DatabaseError, match="version 99, this consentgate reads version 1"):
            use()


def test_no_file_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nothing was recorded there yet"):
        read_facts(tmp_path / "none.sqlite")
    assert not (tmp_path / "none.sqlite").exists()


def test_a_failed_write_leaves_nothing_behind(store: str) -> None:
    write(store, sent("_ga"))
    broken = sent("zzz")._replace(times=2**70)  # no 64-bit number
    with pytest.raises(OverflowError):
        write(store, sent("new"), broken)
    assert names(store) == {"_ga"}


def test_a_reader_that_may_not_write_reads() -> None:
    """As another user, in a folder that is not its own."""
    program = """
import os, sys
from pathlib import Path
from consentgate.drift.store import read_facts
os.chmod(sys.argv[1], 0o444)
os.chmod(Path(sys.argv[1]).parent, 0o555)
if os.getuid() == 0: os.setuid(65534)
print([fact.subject.name for fact in read_facts(sys.argv[1])])
"""
    with TemporaryDirectory() as folder:
        path = f"{folder}/drift.sqlite"
        write(path, sent("_ga"))
        done = subprocess.run(
            [sys.executable, "-c", program, path], capture_output=True, text=True, check=False
        )
        os.chmod(folder, 0o755)
    assert done.stdout == "['_ga']\n", done.stderr


def test_a_reader_that_cannot_share_the_file_reads_it_alone(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = module._read

    def refusing(path: str, mode: str) -> list[Fact]:
        if mode == "mode=ro":
            raise sqlite3.OperationalError("unable to open database file")
        return read(path, mode)

    write(store, sent("_ga"))
    monkeypatch.setattr(module, "_read", refusing)
    assert names(store) == {"_ga"}


def test_two_that_make_it_at_once_make_one(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables are there by the time the second has the lock."""
    answers = iter([True, False])
    write(store, sent("_ga"))
    monkeypatch.setattr(module, "_is_new", lambda connection: next(answers))
    write(store, sent("zzz"))
    assert names(store) == {"_ga", "zzz"}
