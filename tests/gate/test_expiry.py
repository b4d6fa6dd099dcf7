"""Lines that make the browser forget (R8, R10, R37 to R39, R45), and the scopes they are written for."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import Category, Cookie, Policy
from consentgate.gate import expiry
from consentgate.gate.expiry import (
    LARGEST_ADDITION,
    RequestTarget,
    Scope,
    SeenScopes,
    declared_scopes,
    default_path,
    list_scopes,
    scope_of,
    size_of,
    write_expiries,
    write_expiry,
)
from consentgate.headers.cookie import cookie_name
from consentgate.headers.set_cookie import Deletion, classify_deletion, find_refusal
from consentgate.testing import Jar
from tests.conftest import NOW
from tests.strategies import ANY_TEXT, NATIVE, TOKEN_CHARACTERS, set_cookie_strings

HOST = "www.shop.example.org"
ROOT = Scope(None, "/")

scopes = st.builds(
    Scope,
    st.sampled_from([None, "example.org", "shop.example.org"]),
    st.sampled_from(["/", "/x", "/shop/y"]),
    st.booleans(),
)
cookie_names = st.builds(
    str.__add__,
    st.sampled_from(["", "", "__Host-", "__secure-", "__Http-", "__Host-Http-"]),
    st.text(TOKEN_CHARACTERS, min_size=1, max_size=40),
)


@given(cookie_names, scopes)
def test_a_line_is_a_deletion_of_that_name_for_every_browser(name: str, scope: Scope) -> None:
    line = write_expiry(name, scope)
    assert cookie_name(line) == name
    assert classify_deletion(line, NOW) is Deletion.CERTAIN
    assert scope_of(line) == scope


@given(cookie_names, st.booleans(), st.lists(scopes, max_size=3), st.booleans())
def test_browsers_accept_every_line_for_the_scopes_listed(
    name: str, partitioned: bool, seen: list[Scope], widely: bool
) -> None:
    """A deletion that breaks a prefix's rules is ignored (R38, R45)."""
    policy = Policy([Category("a", cookies=[Cookie(name, partitioned=partitioned)])])
    for scope in list_scopes(name, policy, seen, RequestTarget("/app", HOST, widely)):
        line = write_expiry(name, scope)
        assert find_refusal(line, name) == ""
        jar = Jar()
        jar.store(line.replace("Max-Age=0", "Max-Age=9"), f"https://{HOST}/", now=NOW)
        assert name in jar
        jar.store(line, f"https://{HOST}/", now=NOW)
        assert name not in jar


@pytest.mark.parametrize(
    ("name", "scope", "line"),
    [
        ("a", ROOT, "a=; Path=/; Max-Age=0"),
        ("b", Scope("example.org", "/shop"), "b=; Path=/shop; Max-Age=0; Domain=example.org"),
        ("__Secure-c", ROOT, "__Secure-c=; Path=/; Max-Age=0; Secure"),
        ("__host-d", ROOT, "__host-d=; Path=/; Max-Age=0; Secure"),
        ("__Host-Http-e", ROOT, "__Host-Http-e=; Path=/; Max-Age=0; Secure; HttpOnly"),
        ("__Http-f", ROOT, "__Http-f=; Path=/; Max-Age=0; Secure; HttpOnly"),
        ("g", Scope(None, "/", True), "g=; Path=/; Max-Age=0; SameSite=None; Partitioned; Secure"),
    ],
)
def test_domain_path_and_prefix_are_as_declared(name: str, scope: Scope, line: str) -> None:
    """R37, R38, R45."""
    assert write_expiry(name, scope) == line


DECLARED = Policy(
    [
        Category(
            "a",
            cookies=[
                "plain",
                Cookie("wide", domain="example.org"),
                Cookie("both"),
                Cookie("both", domain="example.org", path="/x"),
                Cookie("part", partitioned=True),
                "__Host-sid",
                Cookie("__Host-part", partitioned=True),
                "n*",
            ],
        )
    ]
)


def listed(
    name: str,
    *seen: Scope,
    mount: str = "",
    host: str | None = HOST,
    widely: bool = False,
) -> list[Scope]:
    return list(list_scopes(name, DECLARED, seen, RequestTarget(mount, host, widely)))


def test_a_declaration_without_domain_is_host_only() -> None:
    assert listed("plain") == [ROOT]
    assert listed("n123") == [ROOT]
    assert listed("wide") == [Scope("example.org", "/")]
    assert listed("both") == listed("both", mount="/") == [ROOT, Scope("example.org", "/x")]
    assert listed("part") == declared_scopes(DECLARED, "part") == [Scope(None, "/", True)]


def test_after_a_choice_the_host_and_its_parents_are_tried_too() -> None:
    """Scripts set cookies there; a declared domain says it all."""
    parents = ["www.shop.example.org", "shop.example.org", "example.org"]
    assert listed("plain", widely=True) == [ROOT, *(Scope(domain, "/") for domain in parents)]
    assert listed("wide", widely=True) == [Scope("example.org", "/")]
    assert listed("part", widely=True)[1:] == [Scope(domain, "/", True) for domain in parents]
    assert listed("plain", widely=True, host="localhost:8000") == [ROOT]
    assert listed("plain", widely=True, host="127.0.0.1") == [ROOT]
    assert listed("plain", widely=True, host=None) == [ROOT]


def test_the_mounts_path_is_tried_after_the_declared_ones() -> None:
    assert listed("plain", mount="/app") == [ROOT, Scope(None, "/app")]
    assert listed("wide", mount="/app") == [Scope("example.org", "/"), Scope("example.org", "/app")]
    assert listed("plain", mount="/") == [ROOT]


def test_scopes_seen_come_last_and_none_twice() -> None:
    seen = Scope("example.org", "/wiki")
    assert listed("plain", ROOT, seen, mount="/app") == [ROOT, Scope(None, "/app"), seen]


def test_a_host_prefix_has_one_scope() -> None:
    assert listed("__Host-part", widely=True, mount="/wiki") == [Scope(None, "/", True)]
    assert listed("__Host-sid", Scope("example.org", "/x"), mount="/app", widely=True) == [ROOT]


def test_an_undeclared_cookie_has_no_scope_but_those_seen() -> None:
    assert listed("zzz", widely=True, mount="/app") == []


@given(
    st.lists(
        st.tuples(
            st.text("n0123456789", max_size=40).map("n{}".format) | ANY_TEXT | NATIVE,
            st.lists(scopes, max_size=4),
        ),
        max_size=60,
    ),
    st.integers(0, LARGEST_ADDITION),
    st.integers(0, 1000),
)
def test_lines_fit_their_room_and_can_be_written(
    several: list[tuple[str, list[Scope]]], room: int, turn: int
) -> None:
    lines = list(write_expiries(several, {"n1"}, room, turn))
    assert sum(len(f"Set-Cookie: {line}\r\n") for _, line in lines) <= room
    assert all(size_of(line) == len(f"Set-Cookie: {line}\r\n") for _, line in lines)
    possible = {(name, write_expiry(name, scope)) for name, each in several for scope in each}
    assert set(lines) <= possible
    for name, line in lines:
        assert name != "n1"
        assert line.isascii() and line.isprintable() and name == name.strip(" \t")


@given(st.integers(1, 120), st.integers(1, 3), st.integers(0, 50))
@example(1, 1, 7)
def test_every_line_has_its_turn(names: int, count: int, start: int) -> None:
    """However many there are: a few more on each response."""
    several = [
        (f"n{number}", [Scope("example.org", f"/{path}") for path in range(count)]) for number in range(names)
    ]
    wanted = {(name, write_expiry(name, scope)) for name, each in several for scope in each}
    written: set[tuple[str, str]] = set()
    turn = start
    for _ in range(len(wanted) * 70 // LARGEST_ADDITION + 2):
        lines = list(write_expiries(several, (), LARGEST_ADDITION, turn))
        assert len(set(lines)) == len(lines)
        written |= set(lines)
        turn += len(lines)
    assert written == wanted


def test_the_likeliest_scope_of_every_cookie_comes_first() -> None:
    far = Scope("example.org", "/")
    several = [("a", [ROOT, far]), ("b", [ROOT]), ("c", [far, ROOT])]
    lines = list(write_expiries(several, (), LARGEST_ADDITION, 0))
    assert [line for _, line in lines] == [
        "a=; Path=/; Max-Age=0",
        "b=; Path=/; Max-Age=0",
        "c=; Path=/; Max-Age=0; Domain=example.org",
        "a=; Path=/; Max-Age=0; Domain=example.org",
        "c=; Path=/; Max-Age=0",
    ]
    assert list(write_expiries(several, (), LARGEST_ADDITION, 7)) == [*lines[2:], *lines[:2]]


def test_the_room_is_filled_to_the_octet() -> None:
    line = write_expiry("n1", ROOT)
    several = [(f"n{number}", [ROOT]) for number in range(9)]
    for room, count in ((0, 0), (size_of(line) - 1, 0), (size_of(line), 1), (3 * size_of(line), 3)):
        assert len(list(write_expiries(several, (), room, 0))) == count
    many = [(f"n{number:02d}", [ROOT]) for number in range(99)]
    size = size_of(write_expiry("n00", ROOT))
    assert len(list(write_expiries(many, (), LARGEST_ADDITION, 0))) == LARGEST_ADDITION // size
    alone = "n" * (LARGEST_ADDITION - size_of(write_expiry("", ROOT)))
    assert len(list(write_expiries([(alone, [ROOT])], (), LARGEST_ADDITION, 0))) == 1


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_a_line_that_never_fits_keeps_no_other_from_its_turn(turn: int) -> None:
    """A visitor's name under a declared pattern may have 4,096 octets."""
    several = [("n" * 3100, [ROOT]), ("n1", [ROOT]), ("n2", [ROOT])]
    assert {name for name, _ in write_expiries(several, (), LARGEST_ADDITION, turn)} == {"n1", "n2"}


def test_nothing_to_forget_is_nothing_to_write() -> None:
    assert list(write_expiries([], (), LARGEST_ADDITION, 3)) == []
    assert list(write_expiries([("a", [])], (), LARGEST_ADDITION, 3)) == []
    assert list(write_expiries([("a", [ROOT])], {"a"}, LARGEST_ADDITION, 3)) == []


@pytest.mark.parametrize("name", ["n\xe9", "n\x7f", "n\t", " n", "n\r\nX: 1", "n\ud800"])
def test_names_that_cannot_be_written_are_left_alone(name: str) -> None:
    assert list(write_expiries([(name, [ROOT])], (), LARGEST_ADDITION, 0)) == []


@given(set_cookie_strings)
def test_a_scope_is_where_a_jar_stores_the_cookie(line: str) -> None:
    jar = Jar()
    url = "https://www.example.org/wiki/start"
    jar.store(line, url, now=0)
    scope = scope_of(line)
    for cookie in jar.cookies:
        assert (scope.path or default_path("/wiki/start")) == cookie.path
        assert scope.domain == (None if cookie.host_only else cookie.domain)


@given(st.text("/ab", max_size=12))
def test_the_default_path_is_that_of_a_jar(path: str) -> None:
    """RFC 6265bis 5.1.4."""
    jar = Jar()
    jar.store("a=1", f"https://www.example.org/{path}")
    assert default_path(f"/{path}") == jar.cookies[0].path
    assert default_path("x") == default_path("a/b") == "/"


def test_seen_scopes_are_four_a_name_and_bounded() -> None:
    seen = SeenScopes()
    assert seen.of("a") == ()
    several = [Scope(None, f"/{number}") for number in range(SeenScopes.MOST + 2)]
    assert [seen.add("a", scope) for scope in several] == [True] * 4 + [False] * 2
    assert seen.of("a") == tuple(several[:4])
    assert not seen.add("a", several[0])
    longest = "/" + "p" * (SeenScopes.LONGEST_SCOPE - 2)
    assert [seen.add("c", Scope(None, path)) for path in (longest, longest + "p")] == [True, False]
    assert not seen.add("b", Scope(None, "/" + "x" * SeenScopes.LONGEST_SCOPE))
    assert not seen.add("x" * (SeenScopes.LONGEST_SCOPE + 1), ROOT)
    assert seen.of("b") == ()
    for number in range(3 * SeenScopes.SIZE):
        assert seen.add(f"n{number}", ROOT)
        assert len(seen._scopes) <= SeenScopes.SIZE
    assert seen.of("a") == ()


@pytest.mark.caches
def test_parsed_scopes_are_cached_within_bounds() -> None:
    for number in range(1500):
        scope_of(f"a=1; Path=/{number}")
        scope_of(f"a=1; Path=/{number:0300d}")
        assert len(expiry._SCOPES) <= 512
    assert not any(len(unparsed) > 256 for unparsed in expiry._SCOPES)


def test_room_is_counted_with_field_name_and_line_end() -> None:
    sizes = [size_of("x" * length) for length in range(3)]
    assert sizes[0] == len("Set-Cookie: \r\n")
    assert all(after - before == 1 for before, after in pairwise(sizes))
