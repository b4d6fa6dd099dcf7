"""Host sources: which texts are some, what to write instead, and which hosts they cover."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import PolicyError
from consentgate.headers.csp import (
    CSP_BASE,
    check_base,
    check_source,
    covers,
    csp_value,
    overlaps,
    parse_source,
    reporting_to,
)
from tests.strategies import ANY_TEXT

LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
PORTS = st.none() | st.sampled_from([80, 443, 8443, 1, 65535])


@st.composite
def sources(draw: st.DrawFn, wildcards: bool = True) -> str:
    """Host sources over a few names, so that some cover each other."""
    scheme = draw(st.sampled_from(["", "", "ws://", "wss://"]))
    star = draw(st.sampled_from(["", "*."])) if wildcards else ""
    name = draw(st.sampled_from(["b.example", "a.b.example", "c.a.b.example", "other.example"]))
    port = draw(PORTS)
    return f"{scheme}{star}{name}" + ("" if port is None else f":{port}")


def parsed(text: str) -> Any:
    source = parse_source(text)
    assert source is not None, text
    return source


@given(st.lists(LABELS, min_size=2, max_size=4).map(".".join), PORTS)
def test_a_host_is_kept_as_it_is(name: str, port: int | None) -> None:
    host = name if port is None else f"{name}:{port}"
    assert check_source("x", host) == host
    assert parsed(host)[2:] == (name, port)


@given(ANY_TEXT)
@example("maps.example\n")
@example("maps.example\r\nSet-Cookie: a=1")
@example("a..b")
@example("xn--\x80.example")
@example("\udc80.example")
def test_any_text_is_a_source_or_refused_by_name(text: str) -> None:
    try:
        source = check_source("category 'maps'", text)
    except PolicyError as error:
        assert str(error).startswith("category 'maps': ")
        assert repr(text) in str(error) or repr(text.lower()) in str(error)
    else:
        assert (
            source.isascii() and source.isprintable() and not set(source) & set(" ;,'\"@/?#").difference("/")
        )
        assert parse_source(source) is not None


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("*", "hosts are written like 'maps.example'"),
        ("*.*.example", "hosts are written like"),
        ("a.*.example", "hosts are written like"),
        ("maps*.example", "hosts are written like"),
        ("https:", "hosts are written like"),
        ("data:", "hosts are written like"),
        ("", "hosts are written like"),
        ("'self'", "hosts are written like"),
        ("'none'", "hosts are written like"),
        ("maps.example;", "hosts are written like"),
        ("maps.example, tiles.example", "hosts are written like"),
        ("maps.example tiles.example", "hosts are written like"),
        ("maps.example\r\n", "hosts are written like"),
        ("my_bucket.example", "hosts are written like"),
        ("-maps.example", "hosts are written like"),
        ("maps.example.", "hosts are written like"),
        ("[::1]", "hosts are written like"),
        ("maps.example:65536", "hosts are written like"),
        ("maps.example:0", "hosts are written like"),
        ("maps.example:*", "hosts are written like"),
        ("x" * 64 + ".example", "hosts are written like"),
        (".".join(["x" * 62] * 3) + "." + "x" * 63 + ".y", "hosts are written like"),
        ("https://maps.example", "write 'maps.example'"),
        ("//maps.example/", "write 'maps.example'"),
        ("https://user:pass@maps.example:8443/a?b#c", "write 'maps.example:8443'"),
        ("maps.example/tiles", "write 'maps.example'"),
        ("wss://live.example/socket", "write 'wss://live.example'"),
        ("ws://live.example/socket", "write 'ws://live.example'"),
        ("https://self/", "hosts are written like"),
        ("self", "option csp_base"),
        ("blob", "option csp_base"),
        ("*.com", "every host under 'com'"),
        ("stra\xdfe.example", "punycode"),
        ("b\xfccher\uff0eexample", "punycode"),
        ("\udc80.example", "punycode"),
        (5, "a host is a text such as"),
    ],
)
def test_a_host_that_is_none_is_named_with_the_mend(host: Any, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        check_source("category 'maps'", host)
    assert "category 'maps': " in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("host", "kept"),
    [
        ("Maps.Example", "maps.example"),
        ("*.tiles.example", "*.tiles.example"),
        ("wss://live.example:8443", "wss://live.example:8443"),
        ("WS://live.example", "ws://live.example"),
        ("b\xfccher.example", "xn--bcher-kva.example"),
        ("*.B\xdcCHER.example", "*.xn--bcher-kva.example"),
        ("localhost", "localhost"),
        ("*.localhost:8000", "*.localhost:8000"),
        ("127.0.0.1:8000", "127.0.0.1:8000"),
        ("maps", "maps"),
        (".".join(["x" * 62] * 4) + ".y", ".".join(["x" * 62] * 4) + ".y"),
    ],
)
def test_a_host_as_the_field_writes_it(host: str, kept: str) -> None:
    assert check_source("x", host) == kept


@given(sources(), sources(), sources(wildcards=False))
@example("*.b.example", "*.a.b.example", "c.a.b.example")
@example("b.example:80", "b.example:443", "b.example")
def test_two_that_cover_one_host_overlap(a: str, b: str, host: str) -> None:
    one, other, named = parsed(a), parsed(b), parsed(host)
    if covers(one, named) and covers(other, named):
        assert overlaps(one, other)
    assert overlaps(one, other) == overlaps(other, one)
    assert overlaps(one, one) and overlaps(one, one._replace(scheme="wss"))


@pytest.mark.parametrize(
    ("pattern", "covered", "not_covered"),
    [
        (
            "b.example",
            ["b.example", "b.example:443", "b.example:80"],
            ["a.b.example", "xb.example", "b.example:81", "wss://b.example", "ws://b.example"],
        ),
        ("*.b.example", ["a.b.example", "c.a.b.example"], ["b.example", "xb.example", "wss://a.b.example"]),
        ("b.example:8443", ["b.example:8443"], ["b.example", "b.example:443"]),
        ("wss://b.example", ["wss://b.example"], ["b.example", "ws://b.example"]),
        ("ws://b.example", ["ws://b.example", "ws://b.example:80"], ["b.example", "wss://b.example"]),
    ],
)
def test_the_hosts_a_source_covers(pattern: str, covered: list[str], not_covered: list[str]) -> None:
    assert [host for host in covered if not covers(parsed(pattern), parsed(host))] == []
    assert [host for host in not_covered if covers(parsed(pattern), parsed(host))] == []


@pytest.mark.parametrize(
    ("a", "b", "meet"),
    [
        ("*.b.example", "*.a.b.example", True),
        ("*.b.example", "*.b.example", True),
        ("*.b.example", "b.example", False),
        ("*.b.example", "*.c.example", False),
        ("b.example", "wss://b.example", True),
        ("b.example", "b.example:443", True),
        ("b.example", "b.example:8443", False),
        ("*.b.example:1", "a.b.example:2", False),
    ],
)
def test_sources_that_share_a_host(a: str, b: str, meet: bool) -> None:
    assert overlaps(parsed(a), parsed(b)) is meet is overlaps(parsed(b), parsed(a))


@pytest.mark.parametrize(
    "base",
    [
        CSP_BASE,
        "",
        "'self'",
        "'self' 'nonce-Zm9v+/_-=' 'sha256-q1Mds=' 'wasm-unsafe-eval'",
        "'self' data: blob: filesystem: mediastream:",
        "'self' https://cdn.own.example/static/ cdn.own.example:* *.own.example:8443 wss://own.example",
        "'self' maps.example:8443",
        "'self' *.maps.example",
        "'SELF' Cdn.Own.Example",
    ],
)
def test_sources_a_site_may_need_for_itself(base: str) -> None:
    assert check_base("csp_base", base, ["maps.example", "wss://live.example"]) == base


@pytest.mark.parametrize(
    "base",
    [
        "*",
        "*:443",
        "https://*",
        "https:",
        "HTTP:",
        "ws:",
        "wss:",
        "maps.example",
        "MAPS.example",
        "https://maps.example/tiles",
        "http://maps.example",
        "wss://maps.example",
        "maps.example:443",
        "maps.example:*",
        "*.example",
        "'strict-dynamic'",
        "'Strict-Dynamic'",
    ],
)
def test_a_base_that_lets_a_declared_host_through_is_refused(base: str) -> None:
    with pytest.raises(PolicyError) as caught:
        check_base("csp_base", f"'self' {base}", ["tiles.other", "maps.example"])
    assert f"csp_base: {base!r} lets through the host " in str(caught.value)
    assert check_base("csp_base", base, [])


def test_a_base_is_held_against_every_host_below_a_wildcard() -> None:
    for base in ("a.tiles.example", "*.tiles.example", "*.a.tiles.example", "*.example"):
        with pytest.raises(PolicyError, match=r"lets through the host '\*\.tiles\.example'"):
            check_base("csp_base", base, ["*.tiles.example"])
    check_base("csp_base", "tiles.example", ["*.tiles.example"])
    with pytest.raises(PolicyError, match="lets through"):
        check_base("csp_base", "dev.example:*", ["dev.example:8443"])
    check_base("csp_base", "dev.example", ["dev.example:8443"])


@pytest.mark.parametrize(
    ("base", "message"),
    [
        ("'self'; script-src *", "';' would end the list of sources"),
        ("'self', *", "',' would end the list"),
        ("'self'\nX: 1", "'\\n' would end the list"),
        ("'self'\r", "'\\r' would end the list"),
        ("self", "'self' is not a source: write 'self'"),
        ("Unsafe-Inline", "write 'Unsafe-Inline'"),
        ("'self' data", "'data' is not a source: write data:"),
        ("'self'\tdata:", "is not a source of Content Security Policy"),
        ("'self' my_bucket.example", "'my_bucket.example' is not a source"),
        ("caf\xe9.example", "is not a source"),
        ("own.example/\xa0", "is not a source"),
        (None, "csp_base must be a text of sources such as"),
        (["'self'"], "must be a text"),
    ],
)
def test_a_mistyped_base_is_named(base: Any, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        check_base("csp_base", base, ["maps.example"])
    assert message in str(caught.value)
    assert str(caught.value).startswith("csp_base")


@given(ANY_TEXT | st.lists(sources(), max_size=3).map(" ".join), st.lists(sources(), max_size=3))
def test_a_base_that_passes_covers_no_declared_host(base: str, hosts: list[str]) -> None:
    try:
        check_base("csp_base", base, hosts)
    except PolicyError:
        return
    assert base.isascii() and not set(base) & set(";,\r\n")
    for text in base.split(" "):
        source = parse_source(text)
        assert source is None or not any(overlaps(source, parsed(host)) for host in hosts)


@given(st.lists(sources(), max_size=4))
def test_the_field_is_one_default_src(hosts: list[str]) -> None:
    value = csp_value(CSP_BASE, hosts)
    assert value.split(" ") == ["default-src", *CSP_BASE.split(" "), *hosts]
    reported = value + reporting_to("/app/cookies/reports", is_https=True).directives
    assert reported == f"{value}; report-uri /app/cookies/reports; report-to consentgate"


def test_browsers_are_asked_for_reports_as_they_deliver_them() -> None:
    on_http, on_https = (reporting_to("/a;b,c%20/reports", is_https=is_https) for is_https in (False, True))
    assert on_http.directives == "; report-uri /a%3Bb%2Cc%20/reports"
    assert on_http.fields == ()
    assert on_https.directives == "; report-uri /a%3Bb%2Cc%20/reports; report-to consentgate"
    assert on_https.fields == (("Reporting-Endpoints", 'consentgate="/a%3Bb%2Cc%20/reports"'),)
