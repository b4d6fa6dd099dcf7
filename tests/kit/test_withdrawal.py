"""Behind a log-in, with forms, and after a refusal: what the assertion shows there."""

from typing import Any

import pytest

from consentgate import Basis, Category, Cookie, Policy, Visit
from consentgate.testing import (
    Application,
    Visitor,
    assert_all_declared,
    assert_enforced,
    assert_transparent,
    visit,
)
from consentgate.testing.driving import Route
from consentgate.testing.trial import Trial
from consentgate.testing.withdrawal import (
    Session,
    assert_a_newer_choice_counts,
    assert_a_refusal_empties_the_jar,
)
from tests.conftest import ATTESTED, MATRIX, make_policy
from tests.kit.test_assertions import Leaky, failure, gate

pytestmark = pytest.mark.usefixtures("quickly")

POLICY = make_policy()
ACCOUNT = ("POST", "/account", {"language": "fr"})


def members(environ: dict[str, Any], start_response: Any) -> Any:
    """A site that counts and remembers only visitors who are logged in, when they post their settings."""
    fields = [("Content-Type", "text/plain")]
    if environ["PATH_INFO"] == "/login" and environ["REQUEST_METHOD"] == "POST":
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        fields += [("Set-Cookie", "sid=ann; Path=/")] if body == b"name=ann" else []
    if environ["PATH_INFO"] == "/account" and environ["REQUEST_METHOD"] == "POST":
        is_known = "sid=ann" in environ.get("HTTP_COOKIE", "")
        assert environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])) == b"language=fr"
        fields += [("Set-Cookie", "_pk_id=1; Path=/"), ("Set-Cookie", "zzz=1")] if is_known else []
    start_response("200 OK", fields)
    return [b"ok"]


def test_pages_behind_a_log_in_are_tried_with_the_cookies_of_a_visitor() -> None:
    site = gate(members)
    visitor = Visitor(site)
    visitor.post("/login", {"name": "ann"})
    assert_enforced(site, application=members, routes=[ACCOUNT], cookies=visitor.jar)
    assert_transparent(site, members, routes=[ACCOUNT], cookies="sid=ann")
    assert_transparent(site, members, routes=[ACCOUNT], environ={"HTTP_COOKIE": "sid=ann"})
    message = failure(Leaky(members), routes=["/", ACCOUNT], cookies="sid=ann")
    assert message.startswith("POST /account: the response sets the cookie '_pk_id'")
    assert message.endswith("Cookie: sid=ann")


def test_without_the_log_in_nothing_would_be_shown() -> None:
    assert "pass what it needs, such as a log-in's cookie" in failure(gate(members), routes=[ACCOUNT])


def test_undeclared_cookies_of_a_form_are_reported() -> None:
    with pytest.raises(AssertionError, match=r'# POST /account\n\[\[category.cookie\]\]\nname = "zzz"'):
        assert_all_declared(gate(members), [ACCOUNT], cookies={"sid": "ann"})


def test_cookies_brought_along_are_judged_like_any() -> None:
    def reading(environ: dict[str, Any], start_response: Any) -> Any:
        names = sorted(pair.partition("=")[0] for pair in environ.get("HTTP_COOKIE", "").split("; "))
        lines = [("Set-Cookie", "theme=1"), *(("Set-Cookie", "sid=2") for name in names if name == "theme")]
        start_response("200 OK", lines)
        return []

    brought = {"theme": "1", "sid": "1", "zzz": "1"}
    assert_enforced(gate(reading), application=reading, cookies=brought)
    assert_enforced(gate(reading, filter_requests=False), application=reading, cookies=brought)
    assert_enforced(gate(reading, undeclared="report"), application=reading, cookies=brought)


def test_cookies_the_trial_itself_sends_are_refused_with_the_mend() -> None:
    site = gate(members)
    with pytest.raises(TypeError, match=r"which the trial itself sends: cookies='...' adds yours to it"):
        assert_enforced(site, environ={"HTTP_COOKIE": "sid=1"})
    with pytest.raises(
        TypeError, match="'cookies_preferences', the preferences cookie, of which the trial sends"
    ):
        assert_enforced(site, cookies="cookies_preferences=1")


SITE = Application(response_headers=tuple(("Set-Cookie", line) for line in MATRIX))
MANY = Policy(
    [
        Category("statistics", cookies=["_ga", "_ga_*"]),
        Category("video", cookies=[Cookie("player", partitioned=True), "__Secure-video", "__Host-video"]),
        Category("ads", cookies=[Cookie("ad", domain="site.test", path="/shop")]),
    ]
)
WWW = {"HTTP_HOST": "www.site.test", "SERVER_NAME": "www.site.test"}


@pytest.mark.parametrize(
    "environ", [{}, WWW, {"HTTP_HOST": "127.0.0.1:8000"}, {"wsgi.url_scheme": "http", **WWW}]
)
def test_a_hundred_cookies_are_gone_a_few_responses_after_a_refusal(environ: dict[str, str]) -> None:
    application = Application(response_headers=(("Set-Cookie", "_ga=1; Path=/shop"),))
    assert_enforced(gate(application, MANY), routes=["/", "/shop/cart"], environ=environ)


def trial(application: Any, app: Any = None, policy: Policy = MANY, **options: Any) -> Trial:
    inner = gate(application, policy, **options)
    return Trial(app(inner) if app else inner, inner, None, [], {})


def test_a_page_elsewhere_or_none_is_no_hindrance() -> None:
    """A visitor may refuse in another place; then the next pages expire."""
    application = Application(response_headers=(("Set-Cookie", "_ga=1"),))

    def without_the_page(inner: Any) -> Any:
        def app(environ: dict[str, Any], start_response: Any) -> Any:
            if environ["REQUEST_METHOD"] == "POST":
                start_response("404 Not Found", [("Set-Cookie", "cookies_preferences=; Max-Age=0")])
                return []
            return inner(environ, start_response)

        return app

    assert_a_refusal_empties_the_jar(trial(application, without_the_page))
    assert_enforced(gate(application, MANY, preferences_path=None))
    assert_enforced(gate(application, MANY, expire_unaccepted=False))


def test_a_secure_preferences_cookie_over_http_is_no_hindrance() -> None:
    """Browsers refuse it there; a visitor may have made the choice over https."""
    inner = gate(
        Application(response_headers=(("Set-Cookie", "theme=1"),)), make_policy(cookie_name="__Host-choice")
    )
    assert_a_refusal_empties_the_jar(Trial(inner, inner, None, [Route()], {"wsgi.url_scheme": "http", **WWW}))


def test_cookies_that_stay_are_named_with_the_places_they_are_in() -> None:
    class Keeping(Leaky):
        """Strips as the real one, and lets no line of its own through."""

        def __init__(self) -> None:
            super().__init__(SITE)
            self.policy, self.options = MANY, gate(SITE, MANY).options
            self._real = gate(SITE, MANY)

        def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
            def started(status: str, headers: Any, *rest: Any) -> Any:
                return start_response(status, [each for each in headers if "Max-Age=0" not in each[1]], *rest)

            return self._real(environ, started)

    keeping: Any = Keeping()
    keeping.serializer = keeping._real.serializer
    with pytest.raises(AssertionError) as caught:
        assert_a_refusal_empties_the_jar(Trial(keeping, keeping, None, [], WWW))
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("after a refusal and some more responses the browser still sends 28 cookies")
    assert "  _ga: Path=/; host-only" in lines and "  _ga: Path=/; Domain=site.test" in lines
    assert len(lines) == 11


def test_a_policy_of_exempt_categories_alone_is_tried_too() -> None:
    category = Category("audience", basis=Basis.EXEMPT, attestation=ATTESTED, cookies=["_pk_id"])
    application = Application(response_headers=(("Set-Cookie", "_pk_id=1"),))
    assert_enforced(gate(application, Policy([category])), application=application, environ=WWW)


def test_a_newer_choice_counts_wherever_the_cookie_may_be_stored() -> None:
    for policy in (
        make_policy(),
        make_policy(cookie_domain=".shop.test"),
        make_policy(cookie_domain="a.b.test"),
    ):
        assert_a_newer_choice_counts(trial(SITE, policy=policy))
    assert_a_newer_choice_counts(trial(SITE, policy=make_policy(cookie_name="__Host-choice")))
    assert_a_newer_choice_counts(trial(SITE, preferences_path=None))


def test_a_session_keeps_and_sends_as_a_browser_does() -> None:
    session = Session(Application(response_headers=(("Set-Cookie", "a=1; Path=/shop"),)), WWW)
    shop = Route(path="/shop/?q=tea")
    assert session.url_of(shop) == "https://www.site.test/shop/"
    session.ask(shop)
    assert session.names_sent(shop) == {"a"} and session.names_sent(Route()) == set()


def test_a_stand_in_visit_whose_answers_were_held_back() -> None:
    policy = make_policy(exempt=True)
    assert visit(policy).allows("statistical") and visit(policy).needs_choice
    framed = visit(policy, answers_withheld=True)
    assert not framed.allows("statistical") and not framed.needs_choice
    assert "need no consent" in visit(policy).form() and "need no consent" not in framed.form()
    framed.accept("statistical")
    assert not framed.allows("statistical")
    framed.refuse_all()
    assert framed.state("statistical") == "refused"
    assert isinstance(framed, Visit)
