"""The visitor: chooses on the site's own page, and keeps what a browser keeps."""

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webtest import AppError

from consentgate.testing import Application, Visitor
from tests.conftest import KEY, MATRIX, NOW, make_policy
from tests.strategies import accepted

POLICY = make_policy()
SITE = Application(response_headers=tuple(("Set-Cookie", line) for line in MATRIX))
SITES_OWN = "https://example.org"


def site(**options: Any) -> Any:
    return POLICY.wrap(SITE, secret_key=KEY, **options)


@given(st.lists(accepted, max_size=3))
def test_the_jar_holds_what_was_saved_last_and_nothing_else(choices: list[set[str]]) -> None:
    """P1, R8; no health check has to be suppressed."""
    cookie_of = {"statistical": "_pk_id", "internal": "theme", "third-party": "vid"}
    visitor = Visitor(site(), origin=SITES_OWN)
    visitor.get("/shop/")
    assert set(visitor.jar) == {"sid"}
    for choice in choices:
        visitor.save(*choice)
        visitor.get("/shop/")
        assert set(visitor.jar) == {"sid", "cookies_preferences", *(cookie_of[key] for key in choice)}
        assert {key for key, state in visitor.choices().items() if state == "accepted"} == choice


def test_it_answers_for_the_categories_it_names_alone() -> None:
    visitor = Visitor(site())
    assert visitor.choices() == {"statistical": "unset", "internal": "unset", "third-party": "unset"}
    visitor.accept("statistical")
    visitor.accept("internal")
    assert visitor.choices() == {"statistical": "accepted", "internal": "accepted", "third-party": "unset"}
    visitor.refuse("statistical")
    assert visitor.choices() == {"statistical": "refused", "internal": "accepted", "third-party": "unset"}
    visitor.save("third-party")
    assert visitor.choices() == {"statistical": "refused", "internal": "refused", "third-party": "accepted"}
    visitor.accept_all()
    assert set(visitor.choices().values()) == {"accepted"}
    visitor.refuse_all()
    assert set(visitor.choices().values()) == {"refused"}


def test_an_exempt_category_stays_unanswered_until_somebody_objects() -> None:
    visitor = Visitor(make_policy(exempt=True).wrap(SITE, secret_key=KEY))
    visitor.accept("internal")
    assert visitor.choices() == {"statistical": "unset", "internal": "accepted", "third-party": "unset"}
    visitor.accept_all()
    assert visitor.choices() == {"statistical": "unset", "internal": "accepted", "third-party": "accepted"}
    visitor.refuse("statistical")
    visitor.accept_all()
    assert visitor.choices()["statistical"] == "refused"


def test_cookies_end_with_its_clock(clock: Any) -> None:
    visitor = Visitor(site())
    visitor.accept_all()
    clock.now = NOW + 183 * 24 * 3600
    visitor.get("/")
    assert set(visitor.jar) == {"sid"}  # what the gate no longer finds allowed, it expires
    assert set(visitor.choices().values()) == {"unset"}


def test_the_page_may_be_elsewhere() -> None:
    moved = site(preferences_path="/privacy")
    for visitor in (Visitor(moved), Visitor(lambda *request: moved(*request), preferences_path="/privacy")):
        visitor.accept("statistical")
        assert visitor.choices()["statistical"] == "accepted"


def test_other_hosts_have_their_own_cookies() -> None:
    visitor = Visitor(site(), origin="https://www.example.org")
    visitor.get("/")
    assert "sid" in visitor.jar.cookie_string("https://www.example.org/")
    visitor.get("https://shop.example.org/")
    assert visitor.jar.cookie_string("https://example.org/") == ""
    assert len([each for each in visitor.jar.cookies if each.name == "sid"]) == 2


def test_refusals_of_the_site_are_errors_and_what_they_set_is_kept() -> None:
    broken = Application(status="500 Internal Server Error", response_headers=(("Set-Cookie", "sid=1"),))
    visitor = Visitor(POLICY.wrap(broken, secret_key=KEY))
    with pytest.raises(AppError, match="500"):
        visitor.get("/")
    assert visitor.jar == {"sid": "1"}
    with pytest.raises(AppError, match="none of these categories can be chosen"):
        visitor.save("statistics")


def test_links_and_forms_are_followed_with_the_same_jar() -> None:
    visitor = Visitor(site())
    page = visitor.get("/cookies")
    page.forms[0].submit("action", value="accept_all").follow()
    assert "cookies_preferences" in visitor.jar
    posted = visitor.post("/elsewhere", {"a": "b"})
    assert posted.request.environ["HTTP_COOKIE"].startswith("cookies_preferences=")


def test_neither_hypothesis_nor_webtest_is_loaded_until_it_is_used() -> None:
    program = """
import sys, consentgate.testing.plugin
def loaded(): return sorted({"hypothesis", "webtest"} & set(sys.modules))
from consentgate.testing import Jar, visit
assert loaded() == [], loaded()
from consentgate.testing import Visitor
assert loaded() == ["webtest"], loaded()
from consentgate.testing import tokens
assert loaded() == ["hypothesis", "webtest"], loaded()
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True)


def test_the_kits_names() -> None:
    import consentgate.testing as kit

    for name in kit.__all__:
        assert getattr(kit, name).__doc__, name
    assert dir(kit) == kit.__all__
    with pytest.raises(AttributeError, match="no attribute 'Robot'"):
        kit.Robot  # noqa: B018


# Requests as browsers make them


def echo(environ: dict[str, Any], start_response: Any) -> Any:
    """Answer with what the request says of itself; under /form with a form and a link."""
    if environ["PATH_INFO"] == "/form":
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b"<form method=post action=/posted><input name=a></form><a href=/next>n</a>"]
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({key: environ.get(key) for key in SHOWN}).encode()]


SHOWN = ("HTTP_HOST", "HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE", "HTTP_SEC_FETCH_MODE", "HTTP_SEC_FETCH_DEST")


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://shop.test", "shop.test"),
        ("https://shop.test:8443", "shop.test:8443"),
        ("http://localhost:8000", "localhost:8000"),
        ("http://127.0.0.1", "127.0.0.1"),
    ],
)
def test_host_has_no_default_port_and_fetch_metadata_tells_where_it_comes_from(
    origin: str, host: str
) -> None:
    visitor = Visitor(echo, origin=origin)
    navigation = ["navigate", "document"]
    assert list(visitor.get("/").json.values()) == [host, None, "none", *navigation]
    assert list(visitor.post("/").json.values()) == [host, origin, "same-origin", *navigation]
    page = visitor.get("/form")
    assert list(page.forms[0].submit().json.values()) == [host, origin, "same-origin", *navigation]
    assert list(page.click("n").json.values()) == [host, None, "same-origin", *navigation]


def test_no_fetch_metadata_over_plain_http() -> None:
    visitor = Visitor(echo, origin="http://shop.test")
    assert list(visitor.get("/").json.values()) == ["shop.test", None, None, None, None]
    assert list(visitor.post("/").json.values()) == ["shop.test", "http://shop.test", None, None, None]


def test_a_form_for_another_host_says_where_it_comes_from() -> None:
    visitor = Visitor(echo, origin="https://www.shop.test")
    for url, site in [
        ("https://www.shop.test/", "same-origin"),
        ("https://pay.shop.test/", "same-site"),
        ("https://www.shop.test:8443/", "same-site"),
        ("https://pay.test/", "cross-site"),
        ("http://localhost/", "cross-site"),
    ]:
        answer = visitor.post(url).json
        assert (answer["HTTP_SEC_FETCH_SITE"], answer["HTTP_ORIGIN"]) == (site, "https://www.shop.test")


def test_a_test_may_say_otherwise() -> None:
    visitor = Visitor(echo)
    framed = {"HTTP_SEC_FETCH_SITE": "cross-site", "HTTP_SEC_FETCH_DEST": "iframe"}
    answer = visitor.get("/", extra_environ=framed).json
    assert list(answer.values()) == ["localhost", None, "cross-site", "navigate", "iframe"]
    assert visitor.post("/", headers={"Origin": "null"}).json["HTTP_ORIGIN"] == "null"


def test_the_state_is_asked_for_as_scripts_do() -> None:
    seen: list[dict[str, Any]] = []

    def gated(environ: dict[str, Any], start_response: Any) -> Any:
        seen.append(dict(environ))
        return inner(environ, start_response)

    inner = site()
    Visitor(gated).choices()
    assert [seen[0][key] for key in SHOWN[2:]] == ["same-origin", "cors", "empty"]


@pytest.mark.parametrize("cookies", [{"sid": "1", "theme": "2"}, "sid=1; theme=2"])
def test_cookies_a_test_brings_along_are_in_the_jar_and_judged(cookies: Any) -> None:
    def reading(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ.get("HTTP_COOKIE", "").encode()]

    visitor = Visitor(POLICY.wrap(reading, secret_key=KEY), origin="https://shop.test", cookies=cookies)
    assert visitor.jar == {"sid": "1", "theme": "2"}
    assert visitor.get("/").text == "sid=1"
    assert visitor.jar == {"sid": "1"}


def test_cookies_that_are_none_are_refused() -> None:
    with pytest.raises(TypeError, match="cookies must be a mapping"):
        Visitor(site(), cookies=["sid=1"])  # type: ignore[arg-type]


def test_naming_no_category_is_no_choice() -> None:
    with pytest.raises(AppError, match="names at least one category"):
        Visitor(site()).accept()


def test_a_visitors_repr_shows_the_origin_and_the_jar() -> None:
    visitor = Visitor(Application(), origin="https://shop.example", cookies="sid=1")
    assert repr(visitor) == "<Visitor of https://shop.example with Jar({'sid': '1'})>"
