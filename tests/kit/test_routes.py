"""Routes and cookies as a test writes them: taken, or refused with the mend."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentgate.testing.driving import Route, cookie_pairs, cookies_in, drive, environ_for
from consentgate.testing.routes import check_routes

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("written", "route"),
    [
        ("/shop?a=b", Route("GET", "/shop?a=b")),
        (("delete", "/cart"), Route("DELETE", "/cart")),
        (("POST", "/login", {"name": "ann", "pin": 1}), Route("POST", "/login", b"name=ann&pin=1")),
        (("POST", "/tags", {"tag": ["a", "b c"]}), Route("POST", "/tags", b"tag=a&tag=b+c")),
        (("POST", "/tags", [("tag", "a"), ("tag", "b")]), Route("POST", "/tags", b"tag=a&tag=b")),
        (("PUT", "/note", "é"), Route("PUT", "/note", b"\xc3\xa9")),
        (("PUT", "/note", b"\xff"), Route("PUT", "/note", b"\xff")),
    ],
)
def test_a_route_is_a_path_or_a_method_with_a_path_and_a_body(written: Any, route: Route) -> None:
    assert check_routes([written]) == [route]


@pytest.mark.parametrize(
    ("routes", "mend"),
    [
        ("/", r"routes must be paths such as \('/', '/shop'\), in a list or tuple, not '/'"),
        (b"/", "in a list or tuple"),
        ((), "in a list or tuple"),
        (None, "in a list or tuple"),
        ({"/"}, "in a list or tuple"),
        (["shop"], "which begin with '/', not 'shop'"),
        ([("POST", "login", {})], "which begin with '/', not 'login'"),
        ([("POST", 1, {})], "which begin with '/', not 1"),
        ([1], r"1 is not a route such as '/shop', \('DELETE', '/cart'\) or"),
        ([("POST",)], "is not a route such as"),
        ([("POST", "/", {}, {})], "is not a route such as"),
        ([["POST", "/"]], "is not a route such as"),
        ([("/login", "POST")], "a tuple is a method, a path and a body"),
        ([(1, "/")], "a tuple is a method, a path and a body"),
        ([("GET", "/search", {"q": "tea"})], "GET has no body: put the fields into the path"),
        ([("POST", "/", 1)], "a body is a form's fields such as .* not 1"),
        ([("POST", "/", [1])], "a body is a form's fields such as"),
        ([("POST", "/", [(1, 2, 3)])], "a body is a form's fields such as"),
    ],
)
def test_a_route_that_is_none_is_refused_with_the_mend(routes: Any, mend: str) -> None:
    with pytest.raises(TypeError, match=mend):
        check_routes(routes)


def test_a_form_is_posted_as_the_sites_own() -> None:
    environ = environ_for(Route("POST", "/login", b"name=ann"), HTTP_HOST="shop.test")
    assert environ["CONTENT_TYPE"] == FORM and environ["CONTENT_LENGTH"] == "8"
    assert environ["wsgi.input"].read() == b"name=ann"
    assert environ["HTTP_SEC_FETCH_SITE"] == "same-origin"
    assert environ["HTTP_ORIGIN"] == "https://shop.test"
    typed = environ_for("/?a=b")
    assert "HTTP_ORIGIN" not in typed and typed["HTTP_SEC_FETCH_SITE"] == "none"
    assert typed["QUERY_STRING"] == "a=b"


NAMES = st.text("abc_-[]", min_size=1)
VALUES = st.text('abc=,"', max_size=5)


@given(st.dictionaries(NAMES, VALUES))
def test_a_mapping_and_its_cookie_string_are_the_same(cookies: dict[str, str]) -> None:
    text = "; ".join(f"{name}={value}" for name, value in cookies.items())
    assert cookie_pairs(cookies) == cookie_pairs(text) == list(cookies.items()) == list(cookies_in(text))


@pytest.mark.parametrize(
    ("cookies", "mend"),
    [
        (1, r"must be a mapping such as \{'sessionid': '1'\} or a Cookie string"),
        ([("a", "1")], "must be a mapping"),
        ({"a": 1}, "'a' with the value 1 is not a cookie a browser sends"),
        ({1: "a"}, "1 with the value 'a' is not a cookie"),
        ({"": "1"}, "the name not empty"),
        ({"a=b": "1"}, "without '='"),
        ({"a": "1; b=2"}, "';'"),
        ("a=1\r\nb", "control character"),
        ("nameless", "the name not empty"),
    ],
)
def test_cookies_that_are_none_are_refused_with_the_mend(cookies: Any, mend: str) -> None:
    with pytest.raises(TypeError, match=mend):
        cookie_pairs(cookies)


def test_fields_changed_after_the_response_started_are_written_down() -> None:
    def application(environ: Any, start_response: Any) -> Any:
        fields = [("X-First", "1")]
        start_response("200 OK", fields)
        fields.append(("X-Late", "2"))
        return []

    answer = drive(application, environ_for("/"))
    assert answer.headers == [("X-First", "1")]
    assert answer.late == [[("X-First", "1"), ("X-Late", "2")]]
