"""The acceptance matrix, requirements.md section 10: one application, a real cookie jar.

Row N, a shared cache in front, is tests/gate/test_caches.py; of H the record belongs to a later issue.
"""

import http.cookiejar
from typing import Any
from wsgiref.validate import validator

import pytest
from webtest import TestApp

from consentgate import Category, Cookie, Event, Policy
from tests.conftest import KEY, MATRIX, NOW, cookie, environ_for, make_policy, request

from .test_middleware import failing

ALL_FIVE = ["sid", "_pk_id", "theme", "vid", "zzz"]
FIELDS = [
    ("Content-Type", "text/plain"),
    *(("Set-Cookie", text.replace("; Domain=example.org", "")) for text in MATRIX),
]


class Site:
    """The matrix's application behind a gate, and one visitor of it with a jar."""

    def __init__(self, policy: Policy, **options: Any) -> None:
        self.seen = ""
        self.events: list[Event] = []
        self.policy = policy
        self.headers: list[tuple[str, str]] = []
        gate = policy.wrap(validator(self._app), secret_key=KEY, observer=self.events.append, **options)
        self.app = TestApp(validator(gate), cookiejar=http.cookiejar.CookieJar(), lint=True)

    def _app(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.seen = environ.get("HTTP_COOKIE", "")
        start_response("200 OK", [*FIELDS, *self.headers])
        return [b"page"]

    def get(self) -> Any:
        return self.app.get("/shop/", status="*")

    def out(self) -> list[str]:
        """Names of the cookies that go out with a page."""
        return [text.partition("=")[0] for text in self.get().headers.getall("Set-Cookie")]

    def choose(self, **form: Any) -> Any:
        return self.app.post("/cookies", form, headers={"Sec-Fetch-Site": "same-origin"}, status="*")

    @property
    def jar(self) -> set[str]:
        return {each.name for each in self.app.cookiejar}


def scoped(exempt: bool = False, *, sale_or_share: bool = False) -> Policy:
    """The matrix's policy, `vid` without a Domain: the jar's host is no example.org."""
    policy = make_policy(exempt=exempt)
    vid = Cookie("vid", provider="Ads Ltd", path="/shop")
    third = Category("third-party", cookies=[vid], sale_or_share=sale_or_share)
    return Policy([*policy.categories[:3], third])


@pytest.fixture
def site() -> Site:
    return Site(scoped())


def test_a_first_visit_where_consent_is_needed(site: Site) -> None:
    site.headers = [("Cache-Control", "public, max-age=60")]
    response = site.get()
    assert site.jar == {"sid"}
    assert "Vary" not in response.headers
    assert response.headers["Cache-Control"] == "public, max-age=60"


def test_b_first_visit_with_an_attested_exemption() -> None:
    policy = scoped(exempt=True)
    FIELDS_B = [
        ("Content-Type", "text/plain"),
        ("Set-Cookie", "sid=1"),
        ("Set-Cookie", "_pk_id=2; Max-Age=63072000"),
    ]

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [*FIELDS_B, ("Cache-Control", "public, max-age=60")])
        return []

    answer = request(policy.wrap(validator(app), secret_key=KEY))
    assert answer.set_cookies == ["sid=1", "_pk_id=2; Max-Age=34128000"]
    assert answer.all("Cache-Control") == ["max-age=60, private"]
    # Visits do not prolong it: the same value is not set again.
    again = request(policy.wrap(validator(app), secret_key=KEY), HTTP_COOKIE="_pk_id=2")
    assert again.set_cookies == ["sid=1"]


@pytest.mark.parametrize("exempt", [False, True])
def test_c_refuse_all(exempt: bool) -> None:
    site = Site(scoped(exempt))
    response = site.choose(action="refuse_all")
    assert "Max-Age=15724800" in response.headers["Set-Cookie"]
    assert site.out() == ["sid"]
    chosen = [event for event in site.events if event.action == "chosen"]
    assert [answer.accepted for answer in chosen[0].answers] == [False, False, False]


def test_d_accept_all(site: Site) -> None:
    site.choose(action="accept_all")
    assert site.out() == ["sid", "_pk_id", "theme", "vid"]
    assert site.jar == {"sid", "_pk_id", "theme", "vid", "cookies_preferences"}


def test_e_accept_statistics_only(site: Site) -> None:
    site.choose(action="save", category="statistical")
    assert site.out() == ["sid", "_pk_id"]


def test_f_accept_all_then_a_signal() -> None:
    policy = scoped(sale_or_share=True)
    site = Site(policy)
    site.choose(action="accept_all")
    site.app.extra_environ["HTTP_SEC_GPC"] = "1"
    assert site.out()[:3] == ["sid", "_pk_id", "theme"]
    site.get()
    assert site.jar == {"sid", "_pk_id", "theme", "cookies_preferences"}
    page = site.app.get("/cookies")
    assert "honoured" in page.text
    reported = site.app.get("/cookies", headers={"Accept": "application/json"})
    assert reported.json["signals"] == ["gpc"]
    assert reported.json["needs_choice"] is False
    del site.app.extra_environ["HTTP_SEC_GPC"]
    assert site.out() == ["sid", "_pk_id", "theme", "vid"]


def test_g_accept_all_then_withdraw(site: Site) -> None:
    site.choose(action="accept_all")
    site.get()
    response = site.choose(action="refuse_all")
    # The jar sends what its paths allow: vid is seen, and expired, on the next page under /shop.
    expired = [text for text in response.headers.getall("Set-Cookie") if "Max-Age=0" in text]
    assert [text.partition("=")[0] for text in expired] == ["_pk_id", "theme"]
    again = site.get()
    assert [text for text in again.headers.getall("Set-Cookie") if "Max-Age=0" in text] == [
        "vid=; Path=/shop; Max-Age=0"
    ]
    site.get()
    assert site.jar == {"sid", "cookies_preferences"}
    assert {pair.strip().partition("=")[0] for pair in site.seen.split(";")} == {"sid", "cookies_preferences"}


def test_h_a_category_gains_a_provider_and_is_asked_again(site: Site) -> None:
    chosen = cookie(site.policy, ["statistical", "internal", "third-party"])
    changed = Policy(
        [*site.policy.categories[:3], Category("third-party", cookies=[Cookie("vid", provider="Other Ltd")])]
    )
    reported = request(
        changed.wrap(print, secret_key=KEY),
        path="/cookies",
        HTTP_COOKIE=chosen,
        HTTP_ACCEPT="application/json",
    )
    assert b'"needs_choice": true' in reported.body
    assert reported.body.count(b'"accepted"') == 2
    assert b'"third-party": {"state": "unset"' in reported.body


def test_i_six_months_later(site: Site, clock: Any) -> None:
    site.choose(action="accept_all")
    token = next(each.value for each in site.app.cookiejar if each.name == "cookies_preferences")
    lifetime = site.policy.cookie_lifetime.total_seconds()

    def out() -> list[str]:
        # The jar has a clock too: the cookie is sent as by a browser whose clock is wrong.
        site.app.cookiejar.clear()
        return [
            text.partition("=")[0]
            for text in site.app.get(
                "/shop/", headers={"Cookie": f"cookies_preferences={token}"}
            ).headers.getall("Set-Cookie")
        ]

    def is_asked() -> bool:
        """Whether the banner asks."""
        headers = {"Cookie": f"cookies_preferences={token}"}
        return "accept_all" in site.app.get("/cookies/banner", headers=headers).text

    clock.now = NOW + lifetime - 1
    assert out() == ["sid", "_pk_id", "theme", "vid"]
    assert not is_asked()
    clock.now = NOW + lifetime + 1
    assert out() == ["sid"]
    assert is_asked()


@pytest.mark.parametrize("yes", [False, True])
def test_i_a_refusal_and_an_acceptance_have_lifetimes_of_their_own(clock: Any, yes: bool) -> None:
    policy = Policy(scoped().categories[:4], cookie_lifetime="3 months", refusal_lifetime="6 months")
    site = Site(policy)
    response = site.choose(action="accept_all" if yes else "refuse_all")
    token = next(each.value for each in site.app.cookiejar if each.name == "cookies_preferences")
    assert f"Max-Age={int(policy.refusal_lifetime.total_seconds())}" in response.headers["Set-Cookie"]

    def is_asked(at: float) -> bool:
        clock.now = at
        site.app.cookiejar.clear()
        reported = site.app.get(
            "/cookies",
            headers={"Cookie": f"cookies_preferences={token}", "Accept": "application/json"},
        )
        return bool(reported.json["needs_choice"])

    lifetime = (policy.cookie_lifetime if yes else policy.refusal_lifetime).total_seconds()
    assert not is_asked(NOW + lifetime - 1)
    assert is_asked(NOW + lifetime + 1)


@pytest.mark.parametrize("kind", ["tampered", "comma-joined", "too long", "another cookie's"])
def test_j_a_preferences_cookie_that_proves_nothing(site: Site, kind: str) -> None:
    genuine = cookie(site.policy, ["statistical"])
    sent = {
        "tampered": genuine.replace(".y.", ".n."),
        "comma-joined": f"sid=1,{genuine}",
        "too long": f"cookies_preferences={'x' * 5000}",
        "another cookie's": cookie(make_policy(cookie_name="other"), ["statistical"]).replace(
            "other", "cookies_preferences"
        ),
    }[kind]
    response = site.app.get("/shop/", headers={"Cookie": sent})
    assert response.status == "200 OK"
    assert [text.partition("=")[0] for text in response.headers.getall("Set-Cookie")] == ["sid"]
    invalid = [
        event for event in site.events if event.direction == "request" and event.name == "cookies_preferences"
    ]
    assert [event.reason for event in invalid] == (
        [] if kind == "comma-joined" else ["not genuine, or no longer valid"]
    )


def test_j_several_genuine_ones_only_take_away(site: Site) -> None:
    """Design.md replaces R35's "newest": only what all of them allow passes."""
    one = cookie(site.policy, ["statistical", "internal"])
    other = cookie(site.policy, ["statistical", "third-party"])
    for sent in (f"{one}; {other}", f"{other}; {one}"):
        response = site.app.get("/shop/", headers={"Cookie": sent})
        assert [text.partition("=")[0] for text in response.headers.getall("Set-Cookie")] == ["sid", "_pk_id"]


def test_k_a_cross_site_post(site: Site) -> None:
    response = site.app.post(
        "/cookies", {"action": "accept_all"}, headers={"Sec-Fetch-Site": "cross-site"}, status=403
    )
    assert "Set-Cookie" not in response.headers
    assert site.events == []


@pytest.mark.parametrize("accepted", [[], ["statistical"], ["statistical", "internal", "third-party"]])
def test_l_report_only(accepted: list[str]) -> None:
    chosen = cookie(scoped(), accepted)
    reported = []
    for report_only in (True, False):
        site = Site(scoped(), report_only=report_only)
        response = site.app.get("/shop/", headers={"Cookie": f"{chosen}; theme=1"})
        reported.append([(event.action, event.name, event.reason) for event in site.events])
        if report_only:
            assert list(response.headers.items()) == [*FIELDS, ("Content-Length", "4")]  # the server's
            assert site.seen == f"{chosen}; theme=1"
    assert reported[0] == reported[1]


@pytest.mark.parametrize(("accepted", "names"), [([], ["sid"]), (["internal"], ["sid", "theme"])])
def test_m_an_error_after_start_response(accepted: list[str], names: list[str]) -> None:
    events: list[Event] = []
    gate = scoped().wrap(validator(failing), secret_key=KEY, observer=events.append)
    answer = request(gate, HTTP_COOKIE=cookie(scoped(), accepted))
    assert answer.status == "500 Oops"
    assert answer.cookie_names == names
    assert len(events) == len({event.name for event in events})


def test_the_matrix_is_of_five_cookies() -> None:
    assert [text.partition("=")[0] for text in MATRIX] == ALL_FIVE
    assert environ_for()["REQUEST_METHOD"] == "GET"
