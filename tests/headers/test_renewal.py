"""Cookies that are set again with the value they came with (R27)."""

import pytest
from hypothesis import example, given

from consentgate.headers.cookie import sets_again
from consentgate.testing.jar import Jar
from tests.conftest import NOW
from tests.strategies import ANY_TEXT, NATIVE, set_cookie_strings

HOME = "https://www.example.org/"


@given(set_cookie_strings | NATIVE)
@example("a\t=b")
@example("a=")
@example(" a = b=c ; Path=/")
def test_a_browser_that_stored_a_cookie_sends_what_sets_it_again(line: str) -> None:
    jar = Jar()
    jar.store(line, HOME, now=NOW)
    if jar.cookies and jar.cookies[0].name and jar.cookies[0].path == "/":
        assert sets_again(line, jar.cookie_string(HOME, now=NOW))
    assert not sets_again(line, "")


@given(ANY_TEXT, ANY_TEXT)
def test_any_two_texts_are_compared(line: str, cookie_string: str) -> None:
    assert sets_again(line, cookie_string) in (True, False)


@pytest.mark.parametrize(
    ("line", "cookie_string", "again"),
    [
        ("a=1; Max-Age=60", "a=1", True),
        ("a=2", "a=1", False),
        ("a=2", "a=1; a=2", True),
        ("A=1", "a=1", False),
        ("a = 1 ; Path=/", "b=2; a=1", True),
        ('a="1"', "a=1", False),
        ("=1", "=1", False),
        ("1", "1", False),
        ("a=1\x07", "a=1\x07", False),
        ("a=1\xa0", "a=1\xa0", True),
        ("a=1\xa0", "a=1", False),
    ],
)
def test_the_value_is_compared_byte_by_byte(line: str, cookie_string: str, again: bool) -> None:
    assert sets_again(line, cookie_string) is again
