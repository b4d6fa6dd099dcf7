"""DriftRecorder: an observer that counts cookies and hosts and writes the counts to a drift store."""

import atexit
import logging
import os
import threading
import time
from weakref import WeakSet

from consentgate.errors import PolicyError
from consentgate.events import Event
from consentgate.headers.set_cookie import StatedAttributes

from .facts import Fact, Kind, Subject, Traits, add_up, traits_of
from .store import MOST_SCOPES, WellKnown, write_facts

_logger = logging.getLogger("consentgate")

LONGEST_TEXT = 128
"""Characters of a name, Path or Domain; the rest is cut."""

LONGEST_LIFETIME = 100 * 365 * 24 * 3600
"""Seconds. SQLite stores 64-bit integers, but a Max-Age may have a thousand digits."""

_SESSION = -1
"""The lifetime of a cookie that states none; the maximum with a stated lifetime is the stated one."""

_VARIES = "\0"
"""Path of a cookie that is set with too many paths to keep."""

_NOTHING_STATED = tuple(StatedAttributes())[1:]

_KINDS: dict[tuple[str, str], Kind] = {
    ("passed", "response"): "set",
    ("stripped", "response"): "set",
    ("passed", "request"): "sent",
    ("withheld", "request"): "sent",
    ("reported", "request"): "host",
    ("reported", "response"): "host",
}

_Key = tuple[Kind, str, str, str, tuple[object, ...], bool]
"""Kind, name, verdict, category, the attributes stated but for the lifetime, and whether over https."""


class DriftRecorder:
    """An observer that records the cookies and hosts it sees in an SQLite file.

    Give it to a gate, ``policy.wrap(app, observer=DriftRecorder("drift.sqlite"), ...)``, and let
    ``consentgate drift drift.sqlite`` report. It keeps names, never values, addresses or URLs.

    Any number of threads and processes may write one file. Counts are held in memory and written during
    a request: new facts after a second, counts after ten, all of them at exit. A failed write is logged
    once and tried again; no response depends on it.

    Args:
        path: the file; it is created with the first fact. Its folder must exist and be writable.

    Raises:
        PolicyError: *path* is a folder, or its folder does not exist.
    """

    wants_cookies = True
    """Asks the gate for cookies that pass, too."""

    wants_hosts = True
    """Asks the gate to let browsers report other hosts."""

    MOST = 1000
    """New keys held between two flushes; further new keys are not counted."""

    EVERY = 10.0
    """Seconds between two flushes of counts."""

    SOON = 1.0
    """Seconds between two flushes of new facts, and after one that failed."""

    PATIENCE = 0.05
    """Seconds a request waits for another process that writes."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        # Servers may change the working directory after the application is loaded.
        self.path: str = os.path.abspath(os.fsdecode(path))
        if os.path.isdir(self.path) or not os.path.isdir(os.path.dirname(self.path)):
            raise PolicyError(f"a drift store is a file in a folder that is there, not {self.path!r}")
        self._well_known: WellKnown = frozenset()
        self._known: WellKnown = frozenset()
        self._has_warned = False
        self._last_flush = float("-inf")
        self._forget()
        _recorders.add(self)

    def __repr__(self) -> str:
        return f"DriftRecorder({self.path!r})"

    def _forget(self) -> None:
        """Drop all counts; after a fork, the parent writes its own."""
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._due = time.monotonic() + self.EVERY
        self._counts: dict[_Key, list[int]] = {}
        self._scopes: dict[str, int] = {}

    def __call__(self, event: Event) -> None:
        """Count the cookie or host of *event*."""
        kind = _KINDS.get((event.action, event.direction))
        if kind is not None:
            verdict = event.directive if kind == "host" else event.action
            self.note(kind, event.name, verdict, event.category or "", event.cookie)
            self.flush_if_due()

    def note(
        self,
        kind: Kind,
        name: str,
        verdict: str,
        category: str,
        stated: StatedAttributes | None = None,
        over_https: bool = False,
    ) -> None:
        """Count one cookie or host; see `Subject` for the arguments. Deletions are not counted."""
        lifetime, attributes = _SESSION, _NOTHING_STATED
        if stated is not None:
            attributes = stated[1:]
            if stated.lifetime is not None:
                lifetime = stated.lifetime
                if lifetime <= 0:
                    return
        key: _Key = (kind, name, verdict, category, attributes, over_https)
        with self._lock:
            entry = self._counts.get(key) or self._admit(key)
            entry[0] += 1
            if lifetime > entry[1]:
                entry[1] = lifetime

    def _admit(self, key: _Key) -> list[int]:
        """Return the entry of *key* with its texts cut; an unused entry if there are too many keys."""
        kind, name, verdict, category, attributes, over_https = key
        name, verdict, category = _cut(name), _cut(verdict), _cut(category)
        if kind == "set":
            attributes = self._bound_scope(name, attributes)
        key = (kind, name, verdict, category, attributes, over_https)
        entry = self._counts.get(key)
        if entry is None:
            entry = [0, _SESSION]
            # Well-known names are counted even during a flood of invented ones.
            if len(self._counts) < self.MOST or (kind, name) in self._well_known:
                self._counts[key] = entry
                if (kind, name) not in self._known:
                    self._due = min(self._due, max(time.monotonic(), self._last_flush + self.SOON))
        return entry

    def _bound_scope(self, name: str, attributes: tuple[object, ...]) -> tuple[object, ...]:
        """Return *attributes*, without Path and Domain if *name* has had too many of them."""
        path, domain, *rest = attributes
        stated = tuple(_cut(each) if isinstance(each, str) else None for each in (path, domain))
        number = self._scopes.get(name, 0)
        if number >= 2 * MOST_SCOPES:
            return (_VARIES, None, *rest)
        self._scopes[name] = number + 1
        return (*stated, *rest)

    def flush_if_due(self) -> None:
        """Write the counts if that is due."""
        if time.monotonic() >= self._due:
            self.flush()

    def flush(self, *, patience: float = PATIENCE) -> bool:
        """Write the counts, and return whether none is left. Errors of the store are logged, not raised.

        Args:
            patience: seconds to wait for another process that writes.
        """
        # During a request do not wait for a thread that writes; at exit, wait.
        if not self._writing.acquire(timeout=0 if patience <= self.PATIENCE else patience):
            return False
        try:
            with self._lock:
                counts, self._counts, self._scopes = self._counts, {}, {}
                self._last_flush = time.monotonic()
                self._due = self._last_flush + self.EVERY
            return not counts or self._write(counts, patience)
        finally:
            self._writing.release()

    def _write(self, counts: dict[_Key, list[int]], patience: float) -> bool:
        is_written = False
        try:
            day = int(time.time() // 86400)
            facts = add_up(_make_fact(key, entry, day) for key, entry in counts.items())
            self._well_known = write_facts(self.path, facts, patience=patience)
            self._known = self._well_known.union(fact.subject[:2] for fact in facts)
            is_written = True
        except Exception as error:
            self._warn(error)
        finally:
            if not is_written:
                self._put_back(counts)
        return is_written

    def _put_back(self, counts: dict[_Key, list[int]]) -> None:
        with self._lock:
            self._due = self._last_flush + self.SOON
            for key, (times, lifetime) in counts.items():
                if key in self._counts or len(self._counts) < self.MOST:
                    entry = self._counts.setdefault(key, [0, _SESSION])
                    entry[0] += times
                    entry[1] = max(entry[1], lifetime)

    def _warn(self, error: Exception) -> None:
        if not self._has_warned:
            self._has_warned = True
            _logger.warning(
                "the drift store %s could not be written: %s; counts are kept and tried again, "
                "responses are unaffected",
                self.path,
                error,
            )


def _cut(text: str) -> str:
    """Return *text* cut to `LONGEST_TEXT`; an ellipsis, which no policy accepts in a name, marks the cut.

    Surrogates are replaced, since SQLite cannot store them.
    """
    if len(text) > LONGEST_TEXT:
        text = f"{text[: LONGEST_TEXT - 1]}\u2026"
    return text.encode("utf-8", "replace").decode()


def _make_fact(key: _Key, entry: list[int], day: int) -> Fact:
    """Return the fact that *key* and *entry* describe, on *day*."""
    kind, name, verdict, category, attributes, over_https = key
    times, lifetime = entry
    fact = Fact(Subject(kind, name, verdict, category), times, 1, day, day)
    if kind != "set":
        return fact
    stated = StatedAttributes(None, *attributes)  # type: ignore[arg-type]  # all but a lifetime
    scope = (stated.path or "", stated.domain or "")
    return fact._replace(
        lifetime=None if lifetime == _SESSION else min(lifetime, LONGEST_LIFETIME),
        traits=traits_of(stated) | (Traits.OVER_HTTPS if over_https else Traits(0)),
        scopes=frozenset() if stated.path == _VARIES else frozenset([scope]),
    )


_recorders: WeakSet[DriftRecorder] = WeakSet()


def _forget_all() -> None:
    for recorder in _recorders:
        recorder._forget()


def _flush_all(patience: float = 2.0) -> None:
    """Write what is left, at exit: tried again, since SQLite may call a file busy without waiting."""
    end = time.monotonic() + patience
    for recorder in _recorders:
        while not recorder.flush(patience=patience) and time.monotonic() < end:
            time.sleep(0.05)


# Platforms without fork have no register_at_fork.
getattr(os, "register_at_fork", lambda **hooks: None)(after_in_child=_forget_all)
atexit.register(_flush_all)
