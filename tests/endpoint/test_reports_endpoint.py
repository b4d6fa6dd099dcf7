"""Browsers' reports posted to the gate: what is taken, what is refused, what observers hear of it."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import Basis, Category, ConsentGate, Event, Policy
from consentgate.drift import DriftRecorder
from consentgate.drift.store import read_facts
from consentgate.endpoint.reports import LARGEST_BODY, SEVERAL, SINGLE
from consentgate.gate.host_reports import MAX_KNOWN_HOSTS
from tests.conftest import KEY, Answer, application, request

from .test_reports import several, single

POLICY = Policy(
    [
        Category("necessary", basis=Basis.NECESSARY, cookies=["sid"]),
        Category("maps", hosts=["maps.example"]),
    ]
)
RECORDED = json.loads(Path(__file__).with_name("reports.json").read_text())
SECRETS = ("https://", "http://", "?", "user=7", "/basket", "p.gif", "#top")


class Hosts:
    """An observer that wants to know of hosts."""

    wants_hosts = True

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)


def gate(*observers: Any, policy: Policy = POLICY, **options: Any) -> ConsentGate:
    return policy.wrap(application(), secret_key=KEY, observer=list(observers), **options)


def post(gated: Any, body: bytes, media_type: str = SINGLE, method: str = "POST", **extra: Any) -> Answer:
    sent: dict[str, Any] = {"HTTP_HOST": "shop.example", "CONTENT_TYPE": media_type, **extra}
    return request(gated, method, "/cookies/reports", body=body, **sent)


def reported(body: bytes, media_type: str = SINGLE, **extra: Any) -> list[tuple[str, str, str | None]]:
    """Host, directive and category of each event that a body leads to."""
    hosts = Hosts()
    assert post(gate(hosts), body, media_type, **extra).status == "204 No Content"
    assert {event.action for event in hosts.events} <= {"reported"}
    return [(event.name, event.directive, event.category) for event in hosts.events]


# Accepted reports


def test_one_report_is_one_event() -> None:
    assert reported(single()) == [("pixel.example", "img-src", None)]


def test_a_list_of_reports_is_an_event_for_each_host() -> None:
    body = several("https://pixel.example/a", "https://maps.example/b", "https://pixel.example/c")
    assert reported(body, SEVERAL) == [
        ("pixel.example", "script-src", None),
        ("maps.example", "script-src", "maps"),
    ]
    assert reported(body, f"{SEVERAL.upper()}; charset=utf-8") == reported(body, SEVERAL)


def test_the_answer_has_no_content_and_is_kept_by_nobody() -> None:
    answer = post(gate(Hosts()), single())
    assert (answer.status, answer.body) == ("204 No Content", b"")
    assert answer.all("Content-Type") == answer.all("Content-Length") == []
    assert answer.all("Cache-Control") == ["no-store"]
    assert answer.set_cookies == []


@pytest.mark.parametrize("number", range(len(RECORDED)))
def test_every_report_that_real_browsers_sent_is_taken(number: int) -> None:
    recorded = RECORDED[number]
    body = json.dumps(recorded["body"]).encode()
    events = reported(body, recorded["media_type"], HTTP_HOST=recorded["own_host"])
    assert {host for host, _, _ in events} == {recorded["other_host"]}


def test_an_event_is_words_and_holds_no_address() -> None:
    hosts = Hosts()
    gated = gate(hosts)
    post(gated, single())
    post(gated, several("https://maps.example/tile?user=7"), SEVERAL)
    assert [str(event) for event in hosts.events] == [
        "request: host 'pixel.example' reported, img-src: undeclared",
        "request: host 'maps.example' (maps) reported, script-src: declared",
    ]
    for event in hosts.events:
        assert not [secret for secret in SECRETS if secret in repr(event)]


@given(st.text(max_size=40), st.text("?#/@:;user7 ", max_size=20))
@example("https://user:7@pixel.example/p.gif?user=7", "")
def test_whatever_is_blocked_no_event_holds_an_address(blocked: str, path: str) -> None:
    for url in (blocked, f"https://pixel.example/{path}", f"https://pixel.example{path}"):
        for host, directive, _ in reported(single(blocked_uri=url)):
            assert set(host) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-:[]/")
            assert "/" not in host.removeprefix("wss://").removeprefix("ws://")
            assert directive == "img-src"


# Refused reports


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused(method: str) -> None:
    answer = post(gate(Hosts()), b"", method=method)
    assert answer.status == "405 Method Not Allowed"
    assert answer.all("Allow") == ["POST"]


@pytest.mark.parametrize(
    "media_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", "", "multipart/a"]
)
def test_other_media_types_are_refused(media_type: str) -> None:
    assert post(gate(Hosts()), single(), media_type).status == "415 Unsupported Media Type"


def test_a_body_of_more_than_64_kib_is_refused_unread() -> None:
    hosts = Hosts()
    padded = single().ljust(LARGEST_BODY)
    assert post(gate(hosts), padded).status == "204 No Content"
    assert post(gate(hosts), padded + b" ").status == "413 Content Too Large"
    assert len(hosts.events) == 1

    class Unread(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise AssertionError("read")

    for length in ("70000", "99999999999"):
        unread: dict[str, Any] = {"CONTENT_LENGTH": length, "wsgi.input": Unread()}
        answer = post(gate(hosts), b"", **unread)
        assert answer.status == "413 Content Too Large"


@pytest.mark.parametrize(
    "extra",
    [
        {"HTTP_SEC_FETCH_SITE": "cross-site"},
        {"HTTP_SEC_FETCH_SITE": "same-site"},
        {"HTTP_SEC_FETCH_SITE": "none"},
        {"HTTP_ORIGIN": "https://other.example"},
        {"HTTP_ORIGIN": "null"},
        {"HTTP_ORIGIN": "https://shop.example.other.example"},
        {"HTTP_ORIGIN": "https://shop.example:8443"},
        {"HTTP_ORIGIN": "https://shop.example", "HTTP_SEC_FETCH_SITE": "cross-site"},
        {"HTTP_ORIGIN": "https://other.example", "HTTP_SEC_FETCH_SITE": "same-origin"},
    ],
)
def test_a_report_from_another_site_is_refused(extra: dict[str, Any]) -> None:
    hosts = Hosts()
    assert post(gate(hosts), single(), **extra).status == "403 Forbidden"
    assert hosts.events == []


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"HTTP_SEC_FETCH_SITE": "same-origin"},
        {"HTTP_ORIGIN": "https://shop.example"},
        {"HTTP_ORIGIN": "http://shop.example"},
        {"HTTP_ORIGIN": "https://shop.example", "HTTP_SEC_FETCH_SITE": "same-origin"},
    ],
)
def test_a_report_of_a_page_of_this_site_is_taken(extra: dict[str, Any]) -> None:
    assert len(reported(single(), **extra)) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b"\xff\xfe",
        b'{"csp-report": []}',
        b'{"csp-report": {"document-uri": 5}}',
        single(document_uri="https://other.example/"),
        single(blocked_uri="https://shop.example/go"),
        single(blocked_uri="inline"),
        single(blocked_uri="https://<script>/"),
        single(blocked_uri="https://a b.example/"),
        single(blocked_uri="https://pixel.example:99999/"),
        single(effective_directive="report-uri"),
        single(effective_directive="<b>"),
    ],
)
@pytest.mark.parametrize("media_type", [SINGLE, SEVERAL])
def test_a_forged_or_broken_report_is_harmless(body: bytes, media_type: str) -> None:
    assert reported(body, media_type) == []


@given(
    st.binary(max_size=200) | st.just(single()), st.sampled_from([SINGLE, SEVERAL, "", "a/b"]), st.booleans()
)
def test_nothing_that_is_posted_raises(body: bytes, media_type: str, forged: bool) -> None:
    extra = {"HTTP_ORIGIN": "https://other.example"} if forged else {}
    assert post(gate(Hosts()), body, media_type, **extra).status[:3] in ("204", "403", "415")


# Observers


def test_only_observers_that_want_hosts_get_reports() -> None:
    others: list[Event] = []
    first, second = Hosts(), Hosts()
    gated = gate(others.append, first, second)
    assert post(gated, single()).status == "204 No Content"
    assert others == []
    assert len(first.events) == len(second.events) == 1


def test_a_drift_recorder_beside_another_observer_keeps_the_host(tmp_path: Path) -> None:
    recorder = DriftRecorder(tmp_path / "drift.sqlite")
    gated = gate(recorder, lambda event: None)
    post(gated, single())
    post(gated, several("https://maps.example/tile?user=7"), SEVERAL)
    assert recorder.flush(patience=5)
    facts = {fact.subject.name: fact.subject for fact in read_facts(recorder.path)}
    assert {name: (each.kind, each.verdict) for name, each in facts.items()} == {
        "pixel.example": ("host", "img-src"),
        "maps.example": ("host", "script-src"),
    }


def test_an_observer_that_fails_keeps_neither_the_browser_nor_the_others_waiting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Failing(Hosts):
        def __call__(self, event: Event) -> None:
            raise RuntimeError("full disk")

    second = Hosts()
    assert post(gate(Failing(), second), single()).status == "204 No Content"
    assert len(second.events) == 1
    assert "the observer failed" in caplog.text


def test_reports_are_taken_where_nobody_wants_them_and_where_the_policy_does_not_apply() -> None:
    """Pages in caches go on asking."""
    assert post(gate(), single()).status == "204 No Content"
    hosts = Hosts()
    assert post(gate(hosts, applies=lambda environ: False), single()).status == "204 No Content"
    assert len(hosts.events) == 1


def test_reports_are_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", "consentgate"):
        post(gate(Hosts()), single())
    assert "pixel.example" not in caplog.text


# Invented hosts


def test_invented_hosts_stay_within_the_bound() -> None:
    """One body names a hundred; each is new, and is forgotten as the next thousand come."""
    gated = gate(Hosts())
    largest = 0
    for batch in range(30):
        urls = [f"https://h{batch}-{number}.example/" for number in range(100)]
        post(gated, several(*urls), SEVERAL)
        largest = max(largest, len(gated._host_reports._known))
    assert 100 < largest <= MAX_KNOWN_HOSTS


def test_the_bound_holds_for_any_number() -> None:
    """A million is the same, and takes long."""
    gated = gate()
    gated._learn_hosts((f"h{number}.example", "img-src") for number in range(50_000))
    assert len(gated._host_reports._known) <= MAX_KNOWN_HOSTS
    gated = gate()
    for number in range(MAX_KNOWN_HOSTS):
        gated._learn_hosts([(f"h{number}.example", "img-src")])
    assert len(gated._host_reports._known) == MAX_KNOWN_HOSTS
    gated._learn_hosts([("one.example", "img-src")])
    assert len(gated._host_reports._known) == 1


def test_a_hundred_reports_of_one_body_are_read() -> None:
    urls = [f"https://h{number}.example/" for number in range(150)]
    assert len(reported(several(*urls), SEVERAL)) == 100


def test_only_what_is_new_keeps_the_share_up() -> None:
    gated = gate(Hosts())
    assert gated._host_reports._sampler.heard is None
    post(gated, single())
    first = gated._host_reports._sampler.heard
    assert first is not None
    post(gated, single())
    assert gated._host_reports._sampler.heard == first
    post(gated, single(effective_directive="frame-src"))
    assert gated._host_reports._sampler.heard > first


def test_a_flood_neither_silences_browsers_nor_makes_each_report() -> None:
    gated = gate(Hosts())
    hour = gated._host_reports._sampler.started + 3601
    for number in range(3000):
        gated._learn_hosts([(f"h{number}.example", "img-src")])
    assert gated._host_reports._sampler.learned(hour).share(hour) == 0.05
    assert gated._host_reports._sampler.share(hour + 10**9) > 0
