"""Record the cookies that a test suite meets in the test clients of Werkzeug, Django and WebTest."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from consentgate.catalogue.catalogue import Catalogue
from consentgate.drift.discover import Discovery, note_set_cookies
from consentgate.drift.families import FAMILIES, Known
from consentgate.drift.recorder import DriftRecorder
from consentgate.drift.report import Drift, Report, make_report
from consentgate.drift.store import read_facts
from consentgate.drift.table import to_table
from consentgate.gate.middleware import ConsentGate


class Response(NamedTuple):
    """The recorded part of a response."""

    set_cookies: Iterable[str]
    over_https: bool


def _werkzeug(response: Any) -> Iterator[Response]:
    for each in (*response.history, response):
        yield Response(each.headers.getlist("Set-Cookie"), each.request.scheme == "https")


def _django(response: Any) -> Iterator[Response]:
    # Django's client calls no WSGI application, so the cookies are in the HttpResponse.
    lines = (morsel.OutputString() for morsel in response.cookies.values())
    yield Response(lines, response.wsgi_request.scheme == "https")


def _webtest(response: Any) -> Iterator[Response]:
    yield Response(response.headers.getall("Set-Cookie"), response.request.scheme == "https")


CLIENTS: dict[tuple[str, str, str], Callable[[Any], Iterator[Response]]] = {
    ("werkzeug.test", "Client", "open"): _werkzeug,  # Flask's client is one
    ("django.test.client", "Client", "request"): _django,
    ("webtest", "TestApp", "do_request"): _webtest,
}
"""Module, class and method through which each client's requests go, and how its response is read."""


@contextmanager
def watching() -> Iterator[DriftRecorder]:
    """Record the cookies set behind every gate, and those seen by each installed test client."""
    with tempfile.TemporaryDirectory(prefix="consentgate-") as folder, ExitStack() as undo:
        recorder = DriftRecorder(Path(folder) / "drift.sqlite")
        for each in (_gates(recorder, undo), *_clients(recorder)):
            undo.enter_context(each)
        yield recorder


def report_of(recorder: DriftRecorder, catalogue: Catalogue) -> Report:
    """Return which cookies were set while watching, without those declared and never seen."""
    recorder.flush(patience=5)
    facts = read_facts(recorder.path) if Path(recorder.path).exists() else []
    report = make_report((fact for fact in facts if fact.subject.kind == "set"), catalogue)
    return Report(tuple(each for each in report.cookies if each.drift is not Drift.NEVER_SEEN), ())


def table_of(report: Report) -> str:
    """Return *report* as a table."""
    return to_table(report, Known(FAMILIES))


def _gates(recorder: DriftRecorder, undo: ExitStack) -> Any:
    """Return a patch that records the cookies of each gate's application before the gate strips any."""
    call = ConsentGate.__call__

    def noted(gate: Any, environ: Any, start_response: Any) -> Any:
        if not isinstance(gate.app, Discovery):
            undo.callback(setattr, gate, "app", gate.app)
            gate.app = Discovery(gate.app, recorder)
        return call(gate, environ, start_response)

    return patch.object(ConsentGate, "__call__", noted)


def _clients(recorder: DriftRecorder) -> Iterator[Any]:
    """Yield a patch for each test client that is installed."""
    for (module, kind, method), read in CLIENTS.items():
        with suppress(ImportError):
            client = getattr(import_module(module), kind)
            yield patch.object(client, method, _noted(getattr(client, method), read, recorder))


def _noted(
    method: Callable[..., Any], read: Callable[[Any], Iterator[Response]], recorder: DriftRecorder
) -> Callable[..., Any]:
    def noted(*arguments: Any, **options: Any) -> Any:
        response = method(*arguments, **options)
        for set_cookies, over_https in read(response):
            note_set_cookies(recorder, [("Set-Cookie", text) for text in set_cookies], over_https)
        recorder.flush_if_due()
        return response

    return noted
