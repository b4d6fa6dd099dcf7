"""Reports of browsers: the real ones read, everything else survived, no address kept."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate.endpoint.reports import (
    DIRECTIVES,
    FIRST_HOUR,
    LARGEST_BODY,
    MAX_REPORTS,
    QUIET,
    SEVERAL,
    SINGLE,
    HostReport,
    Sampler,
    parse_reports,
)
from consentgate.headers.csp import check_source

OWN = "shop.example"


def single(**members: Any) -> bytes:
    """A report-uri body, of a page of our own unless said otherwise."""
    report = {
        "document-uri": "https://shop.example/basket?user=7#top",
        "effective-directive": "img-src",
        "blocked-uri": "https://pixel.example/p.gif?user=7",
    }
    return json.dumps(
        {"csp-report": {**report, **{k.replace("_", "-"): v for k, v in members.items()}}}
    ).encode()


def several(*blocked: str, kind: str = "csp-violation") -> bytes:
    """A report-to body, one report for each blocked URL."""
    reports = [
        {
            "type": kind,
            "age": 10,
            "url": "https://shop.example/basket",
            "body": {
                "documentURL": "https://shop.example/basket",
                "blockedURL": url,
                "effectiveDirective": "script-src-elem",
                "disposition": "report",
            },
        }
        for url in blocked
    ]
    return json.dumps(reports).encode()


def hosts(body: bytes, media_type: str = SINGLE, own: str = OWN) -> list[str]:
    return [report.host for report in parse_reports(media_type, body, own)]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=10) | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
TEXTS = st.sampled_from(
    [
        "https://shop.example/",
        "https://pixel.example/p.gif",
        "https://pixel.example:8443",
        "wss://live.example/socket",
        "inline",
        "eval",
        "data",
        "img-src",
        "script-src-elem",
        "https://user:secret@pixel.example/",
        "https://<script>/",
    ]
)
MEMBERS = st.sampled_from(
    [
        "document-uri",
        "documentURL",
        "blocked-uri",
        "blockedURL",
        "effective-directive",
        "effectiveDirective",
        "violated-directive",
        "type",
    ]
)
VIOLATIONS = st.dictionaries(MEMBERS, TEXTS | JSON, max_size=8)
BODIES = st.one_of(
    st.binary(max_size=200),
    JSON.map(lambda document: json.dumps(document).encode()),
    VIOLATIONS.map(lambda violation: json.dumps({"csp-report": violation}).encode()),
    st.lists(VIOLATIONS, max_size=4).map(
        lambda each: json.dumps([{"type": "csp-violation", "body": violation} for violation in each]).encode()
    ),
)


@given(st.sampled_from([SINGLE, SEVERAL]) | st.text(max_size=30), BODIES, st.just(OWN) | st.text(max_size=20))
@example(SINGLE, b"[" * 60_000, OWN)
@example(SEVERAL, b'{"a":' * 10_000, OWN)
@example(SINGLE, b'{"csp-report": {"document-uri": ' + b"9" * 5_000 + b"}}", OWN)
@example(SINGLE, b"\xff\xfe[\x00]\x00", OWN)
@example(SEVERAL, b'[{"type": ["csp-violation"], "body": 5}, 5, null]', OWN)
def test_any_body_is_survived_and_only_hosts_that_could_be_declared_are_kept(
    media_type: str, body: bytes, own: str
) -> None:
    for report in parse_reports(media_type, body, own):
        assert report.directive in DIRECTIVES
        assert check_source("", report.host) == report.host
        assert "*" not in report.host and report.host != own


def test_reports_of_report_uri_are_read() -> None:
    assert parse_reports(SINGLE, single(), OWN) == [HostReport("pixel.example", "img-src")]
    assert parse_reports("Application/CSP-Report ; charset=utf-8", single(), OWN) == [
        HostReport("pixel.example", "img-src")
    ]


def test_reports_of_report_to_are_read_each_host_once() -> None:
    body = several("https://a.example/1", "https://b.example/", "https://a.example/2")
    assert parse_reports(SEVERAL, body, OWN) == [
        HostReport("a.example", "script-src"),
        HostReport("b.example", "script-src"),
    ]
    alone = json.dumps(json.loads(body)[0]).encode()
    assert parse_reports(SEVERAL, alone, OWN) == [HostReport("a.example", "script-src")]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://pixel.example", "pixel.example"),
        ("https://pixel.example?x", "pixel.example"),
        ("https://pixel.example#x", "pixel.example"),
        ("HTTPS://Pixel.Example/", "pixel.example"),
        ("https://pixel.example:443/", "pixel.example"),
        ("http://pixel.example:80/", "pixel.example"),
        ("http://pixel.example:443/", "pixel.example:443"),
        ("https://pixel.example:8443/", "pixel.example:8443"),
        ("wss://live.example/socket", "wss://live.example"),
        ("ws://live.example:8000/", "ws://live.example:8000"),
        ("http://127.0.0.1:8000/", "127.0.0.1:8000"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example"),
    ],
)
def test_a_blocked_address_is_kept_as_the_host_to_declare(url: str, host: str) -> None:
    assert hosts(single(blocked_uri=url)) == [host]


@pytest.mark.parametrize(
    "url",
    [
        "inline",
        "eval",
        "wasm-eval",
        "data",
        "blob",
        "self",
        "",
        "https",
        "chrome-extension://abcdef/x.js",
        "https://user:secret@pixel.example/",
        "https://[2001:db8::1]/",
        "https://b\xfccher.example/",
        "https://<script>alert(1)</script>/",
        "https://pixel.example\n/",
        "https://pixel.example:99999/",
        "https://pixel.example\\@shop.example/",
        "https://" + "x" * 300 + ".example/",
        "https://shop.example/redirected",
        "https://shop.example:443/redirected",
        5,
        None,
        ["https://pixel.example/"],
    ],
)
def test_addresses_without_another_host_are_left_out(url: Any) -> None:
    assert hosts(single(blocked_uri=url)) == []


@pytest.mark.parametrize(
    ("page", "own", "is_ours"),
    [
        ("https://shop.example/", "shop.example", True),
        ("https://shop.example/", "SHOP.example:443", True),
        ("http://shop.example/", "shop.example:80", True),
        ("http://shop.example:8000/", "shop.example:8000", True),
        ("http://[::1]:8000/", "[::1]:8000", True),
        ("https://shop.example/", "shop.example:8000", False),
        ("https://other.example/", "shop.example", False),
        ("https://shop.example.other/", "shop.example", False),
        ("https://xshop.example/", "shop.example", False),
        ("about:srcdoc", "shop.example", False),
        (None, "shop.example", False),
        ("https://shop.example/", "", False),
    ],
)
def test_only_our_own_pages_report(page: Any, own: str, is_ours: bool) -> None:
    assert bool(hosts(single(document_uri=page), own=own)) is is_ours


@pytest.mark.parametrize(
    ("stated", "directive"),
    [
        ("script-src-elem", "script-src"),
        ("style-src-attr", "style-src"),
        ("default-src", "default-src"),
        ("IMG-SRC", "img-src"),
        ("frame-ancestors", None),
        ("img-src https://x", "img-src"),
        ("<b>", None),
        (5, None),
        ("", None),
    ],
)
def test_a_directive_is_one_of_the_known(stated: Any, directive: str | None) -> None:
    found = parse_reports(SINGLE, single(effective_directive=stated), OWN)
    assert [report.directive for report in found] == ([directive] if directive else [])


def test_an_older_browser_names_the_directive_otherwise() -> None:
    body = single(effective_directive=None, violated_directive="font-src 'self' data:")
    assert parse_reports(SINGLE, body, OWN) == [HostReport("pixel.example", "font-src")]


@pytest.mark.parametrize("media_type", ["application/json", "text/plain", "", "application/csp-reportx"])
def test_other_media_types_are_not_read(media_type: str) -> None:
    assert hosts(single(), media_type) == hosts(several("https://a.example/"), media_type) == []


def test_other_kinds_of_reports_are_left_out() -> None:
    assert hosts(several("https://a.example/", kind="deprecation"), SEVERAL) == []
    assert hosts(several("https://a.example/"), SINGLE) == hosts(single(), SEVERAL) == []


def test_bodies_and_lists_have_a_largest_size() -> None:
    many = [f"https://h{number}.example/" for number in range(MAX_REPORTS + 5)]
    assert len(hosts(several(*many), SEVERAL)) == MAX_REPORTS
    body = single()
    assert hosts(body + b" " * (LARGEST_BODY - len(body))) == ["pixel.example"]
    assert hosts(body + b" " * (LARGEST_BODY - len(body) + 1)) == []


# Recorded from Chromium 156 and Firefox 153 by tools/record_reports.py: a page that uses another host.
VECTORS = json.loads(Path(__file__).with_name("reports.json").read_text())


@pytest.mark.parametrize("browser", ["Chromium", "Firefox"])
@pytest.mark.parametrize("media_type", [SINGLE, SEVERAL])
def test_the_reports_of_real_browsers_are_read(browser: str, media_type: str) -> None:
    vectors = [each for each in VECTORS if (each["browser"], each["media_type"]) == (browser, media_type)]
    found = set()
    for vector in vectors:
        reports = parse_reports(media_type, json.dumps(vector["body"]).encode(), vector["own_host"])
        assert reports and {report.host for report in reports} == {vector["other_host"]}
        found |= {report.directive for report in reports}
    kinds = ("script", "style", "img", "font", "media", "frame", "connect")
    assert found == {f"{kind}-src" for kind in kinds}


def test_the_reports_of_real_browsers_hold_addresses_that_are_not_kept() -> None:
    for vector in VECTORS:
        body = json.dumps(vector["body"])
        assert f"{vector['own_host']}/" in body
        read = repr(parse_reports(vector["media_type"], body.encode(), vector["own_host"]))
        assert "/" not in read and vector["own_host"] not in read


# How often to ask

SECONDS = st.floats(0, 1e9)


@given(SECONDS, st.lists(SECONDS), SECONDS, st.floats(0, 1, exclude_max=True))
def test_the_share_stays_within_its_bounds_whatever_is_new(
    started: float, news: list[float], later: float, draw: float
) -> None:
    sampler = Sampler(started)
    for moment in sorted(news):
        sampler = sampler.learned(started + moment)
    now = started + later
    share = sampler.share(now)
    assert 1 / 1024 <= share <= (1 if now - started <= FIRST_HOUR else 1 / 20)
    assert sampler.share(now + QUIET) <= share
    assert sampler.asks(now, draw) == (draw < share)
    assert sampler.asks(now, 0.0)


@given(SECONDS)
def test_at_first_every_response_asks(started: float) -> None:
    assert Sampler(started).share(started) == 1
    assert Sampler(started).asks(started, 0.999999)


def test_fewer_ask_while_nothing_new_comes_and_more_when_something_does() -> None:
    sampler = Sampler(0)
    assert [sampler.share(n * QUIET) for n in range(4)] == [1, 1 / 2, 1 / 4, 1 / 8]
    assert sampler.share(QUIET - 1) == 1
    sampler = sampler.learned(3 * QUIET)
    assert sampler.share(3 * QUIET) == 1
    assert Sampler(0, heard=FIRST_HOUR).share(FIRST_HOUR) == 1
    assert sampler.share(FIRST_HOUR + 1) == 1 / 20 / 2**3
    sampler = sampler.learned(FIRST_HOUR + 1)
    assert sampler.share(FIRST_HOUR + 1) == 1 / 20
    assert sampler.share(FIRST_HOUR + 1 + QUIET) == 1 / 40
    assert sampler.share(10**9) == 1 / 1024


def test_a_clock_that_goes_back_breaks_nothing() -> None:
    assert Sampler(1000, heard=2000).share(0) == 1
