"""Lines that make the browser forget: R8, R10, R37 to R39, R45."""

from hypothesis import given
from hypothesis import strategies as st

from consentgate import Category, Cookie, Policy
from consentgate.gate.expiry import MOST_LINES, MOST_OCTETS, expired_line, expiring_lines
from consentgate.headers.cookie import cookie_name
from consentgate.headers.set_cookie import is_deletion
from tests.conftest import NOW
from tests.strategies import ANY_TEXT, cookie_names

MANY = Policy(
    [Category("statistical", cookies=["n*", Cookie("t"), Cookie("t", domain="example.org", path="/x")])]
)


@given(cookie_names)
def test_a_line_is_a_deletion_of_that_name_for_every_browser(name: str) -> None:
    line = expired_line(name, Cookie("*x"))
    assert cookie_name(line) == name
    assert is_deletion(line, NOW)


def test_domain_path_and_prefix_are_as_declared() -> None:
    """R37, R38, R45."""
    epoch = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
    lines = [
        (Cookie("a"), f"a=; Path=/; {epoch}"),
        (Cookie("b", domain="example.org", path="/shop"), f"b=; Path=/shop; {epoch}; Domain=example.org"),
        (Cookie("__Secure-c"), f"__Secure-c=; Path=/; {epoch}; Secure"),
        (Cookie("__host-d"), f"__host-d=; Path=/; {epoch}; Secure"),
        (Cookie("__Host-Http-e"), f"__Host-Http-e=; Path=/; {epoch}; Secure; HttpOnly"),
        (Cookie("__Http-f"), f"__Http-f=; Path=/; {epoch}; Secure; HttpOnly"),
    ]
    for cookie, line in lines:
        assert expired_line(cookie.name, cookie) == line


@given(
    st.lists(st.text("n0123456789", max_size=40).map(lambda rest: "n" + rest) | ANY_TEXT),
    st.integers(0, 1000),
)
def test_they_fit_one_response_and_can_be_written(seen: list[str], start: int) -> None:
    lines = expiring_lines(seen, MANY, {"n1"}, start)
    names = [name for name, _ in lines]
    assert len(names) == len(set(names)) <= MOST_LINES
    assert sum(len(f"Set-Cookie: {line}\r\n") for _, line in lines) <= MOST_OCTETS
    assert "n1" not in names
    assert set(names) <= set(seen)
    assert all(line.isascii() and line.isprintable() for _, line in lines)


@given(st.integers(1, 60))
def test_everything_has_its_turn(count: int) -> None:
    seen = [f"n{number}" for number in range(count)]
    expired: set[str] = set()
    turn = 0
    for _ in range(count // MOST_LINES + 2):
        lines = expiring_lines(seen, MANY, (), turn)
        turn += len(lines)
        expired |= {name for name, _ in lines}
    assert expired == set(seen)


def test_a_name_with_several_scopes_gets_one_line_at_a_time() -> None:
    """R39."""
    first, second = (expiring_lines(["t"], MANY, (), turn) for turn in (0, 1))
    assert [line for _, line in first + second] == [
        "t=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "t=; Path=/x; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Domain=example.org",
    ]


def test_what_is_too_long_to_expire_does_not_keep_others_from_it() -> None:
    assert [name for name, _ in expiring_lines(["n" * 2000, "n1"], MANY, (), 0)] == ["n1"]


def test_nothing_seen_is_nothing_to_expire() -> None:
    assert expiring_lines([], MANY, (), 3) == []
    assert expiring_lines(["undeclared"], MANY, (), 3) == []


def test_names_beyond_printable_ascii_are_not_echoed() -> None:
    policy = Policy([Category("a", cookies=["n*"])])
    for name in ("n\xe9", "n\x7f", "n\t"):
        assert expiring_lines([name], policy, (), 0) == []


def test_as_many_lines_as_fit_and_no_more() -> None:
    short = Policy([Category("a", cookies=["n*"])])
    assert len(expiring_lines([f"n{number}" for number in range(20)], short, (), 0)) == MOST_LINES
    # Each of these is 249 octets with its field's name: four of them, and not five, make 1,024 or less.
    long = Policy([Category("a", cookies=[Cookie("n*", path="/" + "p" * 150)])])
    lines = expiring_lines([f"n{number}" for number in range(20)], long, (), 0)
    size = len("Set-Cookie: \r\n") + len(lines[0][1])
    assert len(lines) == MOST_OCTETS // size < MOST_LINES
    exact = Policy([Category("a", cookies=[Cookie("n*", path="/" + "p" * (150 + 256 - size))])])
    lines = expiring_lines([f"n{number}" for number in range(20)], exact, (), 0)
    assert sum(len("Set-Cookie: \r\n") + len(line) for _, line in lines) == MOST_OCTETS
