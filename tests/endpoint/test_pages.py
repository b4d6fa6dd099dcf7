"""Pages at the preferences path, by GET: the visitor's page, the banner alone, stylesheet and script."""

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import Category, Policy, PolicyError
from consentgate.endpoint.page_csp import page_csp_field
from consentgate.endpoint.routes import Endpoint
from consentgate.rendering.assets import script, stylesheet
from consentgate.rendering.html import Renderer
from tests.conftest import KEY, Answer, application, cookie, make_policy, request
from tests.strategies import ANY_TEXT, NATIVE

POLICY = make_policy(exempt=True, site="Riverton", strings={"de": {"Accept all": "Alle annehmen"}})
GATE = POLICY.wrap(application(), secret_key=KEY)


def get(query: str = "", path: str = "/cookies", **extra: Any) -> Answer:
    return request(GATE, path=path, QUERY_STRING=query, **extra)


def page(query: str = "", **extra: Any) -> str:
    return get(query, **extra).body.decode()


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [
        ("lang=fr", "en", "fr"),
        ("lang=de", "en", "de"),
        ("lang=fr&lang=en", "", "fr"),
        ("lang=it", "fr", "fr"),
        ("lang=it", "", "en"),
        ("lang=", "", "en"),
        ("lang=FR", "", "en"),
        ("lang=../../fr", "", "en"),
    ],
)
def test_an_available_language_can_be_asked_for(query: str, accepted: str, language: str) -> None:
    html = page(query, HTTP_ACCEPT_LANGUAGE=accepted)
    assert f'<html lang="{language}"' in html
    others = re.findall(r'hreflang="([a-z]+)"', html)
    assert others == [each for each in ("en", "fr", "de") if each != language]


@pytest.mark.parametrize(
    ("query", "back"),
    [
        ("next=/here%3Fa%3D1", "/here?a=1"),
        ("next=/caf%C3%A9", "/caf%C3%A9"),
        ("next=/caf\xc3\xa9", "/caf%C3%A9"),
        ("next=/a&next=/b", "/a"),
        ("next=//evil.example", "/"),
        ("next=/%5Cevil.example", "/"),
        ("next=https://evil.example", "/"),
        ("next=javascript:alert(1)", "/"),
        ("next=", "/"),
        ("", "/"),
    ],
)
def test_the_way_back_is_a_page_of_this_site(query: str, back: str) -> None:
    (found,) = re.findall(r'<nav [^>]*>\s*<a href="([^"]*)">', page(query))
    assert found == back


@given(NATIVE | ANY_TEXT | st.from_regex(r"\A(lang|next)=[ -~]{0,30}(&(lang|next)=[ -~]{0,30})?\Z"))
@example("next=%ff%fe&lang=%00")
@example("lang=fr;next=/x&&&=&%")
def test_no_query_makes_it_fail_or_leave_this_site(query: str) -> None:
    native = query.encode("utf-8", "surrogatepass").decode("latin-1")
    for path in ("/cookies", "/cookies/banner"):
        answer = get(native, path)
        assert answer.status == "200 OK"
        html = answer.body.decode()
        for href in re.findall(r'(?:href|action|name="next" value)="([^"]*)"', html):
            assert re.match(r"/(?![/\\])", href), href


def test_the_banner_alone_for_the_script() -> None:
    answer = get("next=/here%3Fa", "/cookies/banner")
    html = answer.body.decode()
    assert html.startswith('<section class="consentgate consentgate-banner"')
    assert 'value="/here?a#consentgate-done"' in html
    assert 'href="/cookies?next=%2Fhere%3Fa"' in html
    assert answer.all("Cache-Control") == ["no-store"]
    assert answer.all("X-Robots-Tag") == ["noindex"]
    assert answer.all("Content-Type") == ["text/html; charset=utf-8"]
    assert 'value="/cookies#consentgate-done"' in get("next=//evil", "/cookies/banner").body.decode()
    long_ago = cookie(POLICY, ["internal"], at=1_000_000_000)
    assert "<form" in get("", "/cookies/banner", HTTP_COOKIE=long_ago).body.decode()
    decided = cookie(POLICY, ["internal"])
    assert "consentgate-done" in get("", "/cookies/banner", HTTP_COOKIE=decided).body.decode()


def test_the_script_is_small_and_asked_for_again() -> None:
    answer = get(path="/cookies/banner.js")
    assert answer.body == script()[1]
    assert len(answer.body) < 2048
    assert answer.all("Content-Type") == ["text/javascript; charset=utf-8"]
    assert answer.all("Cache-Control") == ["public, max-age=3600, must-revalidate"]
    (tag,) = answer.all("ETag")
    again = get(path="/cookies/banner.js", HTTP_IF_NONE_MATCH=f'"other", W/{tag}')
    assert (again.status, again.body) == ("304 Not Modified", b"")
    assert again.all("ETag") == [tag]
    assert again.all("Content-Type") == []
    assert get(path="/cookies/banner.js", HTTP_IF_NONE_MATCH='"other"').status == "200 OK"


@pytest.mark.parametrize("path", ["/cookies/banner", "/cookies/banner.js", f"/cookies/{stylesheet()[0]}"])
def test_paths_below_the_page_take_no_choice(path: str) -> None:
    answer = request(GATE, "POST", path)
    assert answer.status == "405 Method Not Allowed"
    assert answer.all("Allow") == ["GET, HEAD"]
    assert get(path=f"{path}x").status == "404 Not Found"
    assert request(GATE, "HEAD", path).headers == get(path=path).headers


def test_a_browsers_signal_is_shown_as_honoured() -> None:
    """R53."""
    policy = Policy([Category("ads", title="Advertising", cookies=["ad"], sale_or_share=True)])
    gate = policy.wrap(application(), secret_key=KEY)
    html = request(gate, path="/cookies", HTTP_SEC_GPC="1").body.decode()
    assert "which this site honours: Global Privacy Control." in html
    assert 'name="choice.ads"' not in html
    assert "Global Privacy Control" not in request(gate, path="/cookies").body.decode()


def test_a_mount_is_part_of_every_address() -> None:
    html = get("next=/shop/x", SCRIPT_NAME="/my shop").body.decode()
    assert 'action="/my%20shop/cookies"' in html
    assert 'href="/my%20shop/cookies/style-' in html
    assert 'value="/my%20shop/cookies?next=%2Fshop%2Fx"' in html
    banner = get(path="/cookies/banner", SCRIPT_NAME="/my shop").body.decode()
    assert 'action="/my%20shop/cookies"' in banner


# The page's Content Security Policy


def test_the_option_reaches_the_page() -> None:
    gate = POLICY.wrap(application(), secret_key=KEY, page_csp="img-src https://logo.example")
    assert (
        "img-src 'self' https://logo.example"
        in request(gate, path="/cookies").all("Content-Security-Policy")[0]
    )


def with_page_csp(page_csp: str) -> str:
    endpoint = Endpoint(POLICY, "/cookies", frozenset(), Renderer(POLICY), page_csp=page_csp)
    gate = POLICY.wrap(endpoint, secret_key=KEY, preferences_path="/other")
    (field,) = request(gate, path="/cookies").all("Content-Security-Policy")
    return field


def test_our_own_policy_lets_nothing_run_and_nothing_frame_it() -> None:
    """R67, R68, R72."""
    assert with_page_csp("") == (
        "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


def test_a_sites_layout_adds_its_sources() -> None:
    field = with_page_csp(
        "img-src data: 'self'; Font-Src https://fonts.example;; script-src 'self' 'nonce-a1=='"
    )
    assert field == (
        "default-src 'none'; img-src 'self' data:; style-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'; font-src https://fonts.example; script-src 'self' 'nonce-a1=='"
    )


@pytest.mark.parametrize(
    ("page_csp", "message"),
    [
        ("'self' data:", "\"'self'\" can't be added to; name one of connect-src"),
        ("frame-ancestors 'self'", "'frame-ancestors' can't be added to"),
        ("default-src *", "'default-src' can't be added to"),
        ("img-src", "img-src needs a source, as in \"img-src 'self'\""),
        ("img-src self", "write self in single quotes, as in \"img-src 'self'\""),
        ("img-src 'none'", "\"'none'\" is no source that can be added to img-src"),
        ("img-src a,b", "'a,b' is no source"),
        ("img-src caf\xe9", "is no source"),
        ("img-src a\r\nSet-Cookie:\x00x", "is no source"),
        (5, "must be a text such as"),
    ],
)
def test_a_text_that_is_no_source_is_named(page_csp: Any, message: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(message)):
        page_csp_field(page_csp)


@given(ANY_TEXT | st.from_regex(r"\A(img|style)-src [ -~]*\Z"))
def test_added_sources_stay_one_field_and_keeps_the_page_from_frames(page_csp: str) -> None:
    try:
        field = page_csp_field(page_csp)
    except PolicyError:
        return
    assert field.isprintable()
    assert field.isascii()
    assert "," not in field
    assert field.count("frame-ancestors 'none'") == 1
    assert field.startswith("default-src 'none'; ")
