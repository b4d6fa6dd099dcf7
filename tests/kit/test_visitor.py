"""The visitor: chooses on the site's own page, and keeps what a browser keeps."""

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
