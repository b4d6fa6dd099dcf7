"""The drift store: facts in an SQLite file that several processes write."""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .facts import Fact, Kind, Subject, Traits

MOST_ROWS = 1000
"""Rows of each kind that are kept."""

MOST_SCOPES = 4
"""Scopes kept for each name, since an application may use another Path for each visitor."""

MOST_WELL_KNOWN = 500

_APPLICATION_ID = 0x63676472  # "cgdr", in the file's header
_VERSION = 1

_SCHEMA = f"""
CREATE TABLE seen (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    verdict TEXT NOT NULL,
    category TEXT NOT NULL,
    times INTEGER NOT NULL,
    days INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    lifetime INTEGER,
    traits INTEGER NOT NULL,
    PRIMARY KEY (kind, name, verdict, category)
) WITHOUT ROWID;
CREATE TABLE scope (
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    domain TEXT NOT NULL,
    PRIMARY KEY (name, path, domain)
) WITHOUT ROWID;
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {_VERSION};
"""

# SQLite's max() of two values is NULL as soon as one of them is.
_UPSERT = """
INSERT INTO seen VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?)
ON CONFLICT (kind, name, verdict, category) DO UPDATE SET
    times = times + excluded.times,
    days = days + (excluded.last > last),
    first = min(first, excluded.first),
    last = max(last, excluded.last),
    lifetime = coalesce(max(lifetime, excluded.lifetime), lifetime, excluded.lifetime),
    traits = traits | excluded.traits
"""

_ADD_SCOPE = f"""
INSERT OR IGNORE INTO scope SELECT :name, :path, :domain
WHERE (SELECT count(*) FROM scope WHERE name = :name) < {MOST_SCOPES}
"""

# Anyone can invent names, but rarely the same ones on two days or as often as real ones.
_EVICT = """
DELETE FROM seen WHERE (kind, name, verdict, category) IN (
    SELECT kind, name, verdict, category FROM seen WHERE kind = :kind
    ORDER BY days > 1, times, last LIMIT (SELECT max(count(*) - :kept, 0) FROM seen WHERE kind = :kind)
)
"""
_EVICT_SCOPES = "DELETE FROM scope WHERE name NOT IN (SELECT name FROM seen WHERE kind = 'set')"

_WELL_KNOWN = """
SELECT kind, name FROM seen GROUP BY kind, name ORDER BY max(days) > 1 DESC, sum(times) DESC LIMIT ?
"""

_ALL = "SELECT kind, name, verdict, category, times, days, first, last, lifetime, traits FROM seen"

WellKnown = frozenset[tuple[Kind, str]]
"""(kind, name) of the subjects seen on two days or most often."""


def write_facts(path: str, facts: Iterable[Fact], *, patience: float) -> WellKnown:
    """Add *facts*, each of one day, to the store at *path*, which is created if it does not exist.

    Args:
        path: the file.
        facts: the facts counted since the last write.
        patience: seconds to wait for another process that writes.

    Returns:
        The kinds and names that count as well known from now on.

    Raises:
        sqlite3.Error: the file is busy, full, read-only, not a drift store, or of another version.
    """
    facts = list(facts)
    connection = sqlite3.connect(path, timeout=patience, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = NORMAL")
        _prepare(connection, path)
        with _transaction(connection):
            connection.executemany(_UPSERT, map(_row, facts))
            scopes = [
                {"name": fact.subject.name, "path": path, "domain": domain}
                for fact in facts
                for path, domain in sorted(fact.scopes)
            ]
            connection.executemany(_ADD_SCOPE, scopes)
            kinds = {fact.subject.kind for fact in facts}
            kept = [{"kind": kind, "kept": MOST_ROWS} for kind in sorted(kinds)]
            evicted = connection.executemany(_EVICT, kept)
            if evicted.rowcount > 0:
                connection.execute(_EVICT_SCOPES)
            return frozenset(connection.execute(_WELL_KNOWN, [MOST_WELL_KNOWN]))
    finally:
        connection.close()


def read_facts(path: str | os.PathLike[str]) -> list[Fact]:
    """Return the facts in the store at *path*, without changing it.

    Raises:
        OSError: there is no such file.
        sqlite3.Error: the file is not a drift store, or of another version.
    """
    name = os.fspath(path)
    if not os.path.isfile(name):
        raise FileNotFoundError(f"{name}: no such file: nothing was recorded there yet")
    try:
        return _read(name, "mode=ro")
    except sqlite3.OperationalError:
        # SQLite shares a file with writers only where it may write itself; else read it as immutable.
        return _read(name, "immutable=1")


def _read(path: str, mode: str) -> list[Fact]:
    uri = f"{Path(path).absolute().as_uri()}?{mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=5, isolation_level=None)
    try:
        _check(connection, path)
        return list(_facts(connection))
    finally:
        connection.close()


def _facts(connection: sqlite3.Connection) -> Iterator[Fact]:
    scopes: dict[str, set[tuple[str, str]]] = {}
    for name, path, domain in connection.execute("SELECT name, path, domain FROM scope"):
        scopes.setdefault(name, set()).add((path, domain))
    for *subject, times, days, first, last, lifetime, traits in connection.execute(_ALL):
        about = Subject(*subject)
        seen_in = frozenset(scopes.get(about.name, ()) if about.kind == "set" else ())
        yield Fact(about, times, days, first, last, lifetime, Traits(traits), seen_in)


def _row(fact: Fact) -> tuple[object, ...]:
    return (*fact.subject, fact.times, fact.first, fact.last, fact.lifetime, int(fact.traits))


def _prepare(connection: sqlite3.Connection, path: str) -> None:
    """Create the tables of a new file; raise an error if the file is not a drift store."""
    if not _is_new(connection):
        _check(connection, path)
        return
    connection.execute("PRAGMA journal_mode = WAL")
    with _transaction(connection):
        # Another process may have created them in the meantime.
        if _is_new(connection):
            for statement in filter(str.strip, _SCHEMA.split(";")):
                connection.execute(statement)


def _is_new(connection: sqlite3.Connection) -> bool:
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return not tables


def _check(connection: sqlite3.Connection, path: str) -> None:
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application_id != _APPLICATION_ID:
        raise sqlite3.DatabaseError(f"{path}: not a drift store")
    if version != _VERSION:
        raise sqlite3.DatabaseError(
            f"{path}: a drift store of version {version}, this consentgate reads version {_VERSION}"
        )


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with suppress(sqlite3.Error):  # on some errors SQLite has rolled back by itself
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
