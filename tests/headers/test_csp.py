"""Host sources: which texts are some, what to write instead, and which hosts they cover."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import PolicyError
from consentgate.headers.csp import checked_source, covers, overlaps, parse_source
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
    assert checked_source("x", host) == host
    assert parsed(host)[2:] == (name, port)


@given(ANY_TEXT)
@example("maps.example\n")
@example("maps.example\r\nSet-Cookie: a=1")
@example("a..b")
@example("xn--\x80.example")
@example("\udc80.example")
def test_any_text_is_a_source_or_refused_by_name(text: str) -> None:
    try:
        source = checked_source("category 'maps'", text)
    except PolicyError as error:
        assert str(error).startswith("category 'maps': ")
        assert repr(text) in str(error) or repr(text.lower()) in str(error)
    else:
        assert (
            source.isascii() and source.isprintable() and not set(source) & set(" ;,'\"@/?#").difference("/")
        )
        assert parse_source(source) is not None


@pytest.mark.parametrize(
    ("host", "said"),
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
        (".".join(["x" * 60] * 5), "hosts are written like"),
        ("https://maps.example", "write 'maps.example'"),
        ("//maps.example/", "write 'maps.example'"),
        ("https://user:pass@maps.example:8443/a?b#c", "write 'maps.example:8443'"),
        ("maps.example/tiles", "write 'maps.example'"),
        ("wss://live.example/socket", "write 'wss://live.example'"),
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
def test_a_host_that_is_none_is_named_with_the_mend(host: Any, said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        checked_source("category 'maps'", host)
    assert "category 'maps': " in str(caught.value)
    assert said in str(caught.value)


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
    ],
)
def test_a_host_as_the_field_writes_it(host: str, kept: str) -> None:
    assert checked_source("x", host) == kept


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
        ("ws://b.example", ["wss://b.example", "ws://b.example"], ["b.example"]),
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
