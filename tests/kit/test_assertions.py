"""The assertions: what they let pass, what they refuse and in which words, and that they show something."""

import itertools
import random
import re
from collections.abc import Iterable
from typing import Any

import pytest

from consentgate import Basis, Category, Event, Policy
from consentgate.testing import (
    Application,
    assert_all_declared,
    assert_enforced,
    assert_transparent,
    visit,
)
from consentgate.testing.asking import plain_requests
from consentgate.testing.driving import Route
from tests.conftest import KEY, MATRIX, make_policy

POLICY = make_policy()
LINES = tuple(("Set-Cookie", line) for line in MATRIX)
SITE = Application(response_headers=LINES, chunks=(b"a", b"b"))


pytestmark = pytest.mark.usefixtures("quickly")


def gate(app: Any = SITE, policy: Policy = POLICY, **options: Any) -> Any:
    return policy.wrap(app, secret_key=KEY, **options)


class Leaky:
    """A gate in name only: it has everything the kit asks for, and lets everything through."""

    def __init__(self, app: Any, allowed: Iterable[str] = ()) -> None:
        self.app, self.policy, self.serializer = app, POLICY, gate().serializer
        self._allowed = allowed

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        environ["consentgate.visit"] = visit(POLICY, self._allowed)
        return self.app(environ, start_response)


@pytest.mark.parametrize("manner", ["eager", "late", "streaming", "writing", "failing", "file_wrapper"])
@pytest.mark.parametrize("exempt", [False, True])
def test_an_application_behind_the_gate_passes(manner: Any, exempt: bool) -> None:
    """P1 to P5, for every manner of answering."""
    application = Application(manner=manner, response_headers=LINES, chunks=(b"a", b"b"))
    gated = gate(application, make_policy(exempt=exempt))
    assert_enforced(gated)
    assert_enforced(gated, application=application)
    assert_transparent(gated, application)


def test_options_are_taken_at_their_word() -> None:
    assert_enforced(gate(undeclared="report"), application=SITE)
    assert_enforced(gate(filter_requests=False), application=SITE)
    assert_enforced(gate(expire_unaccepted=False), application=SITE)
    only_eu = gate(applies=lambda environ: environ.get("HTTP_X_COUNTRY") == "FR")
    assert_enforced(only_eu, application=SITE, environ={"HTTP_X_COUNTRY": "FR"})
    with pytest.raises(AssertionError, match="it enforces nothing"):
        assert_enforced(gate(report_only=True))


def test_a_gate_inside_other_middleware() -> None:
    inner = gate()

    def framework(environ: dict[str, Any], start_response: Any) -> Any:
        return inner(environ, start_response)

    assert_enforced(framework, gate=inner, application=SITE)
    with pytest.raises(
        TypeError, match=r"is no ConsentGate: it has no app, policy, serializer.*gate=app.wsgi_app"
    ):
        assert_enforced(framework)
    assert inner.app is SITE


def failure(*arguments: Any, **options: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        assert_enforced(*arguments, **options)
    return str(caught.value)


def test_the_message_names_the_request_and_the_cookie() -> None:
    only_vid = Application(response_headers=(("Set-Cookie", MATRIX[3]),))
    assert failure(Leaky(only_vid)) == (
        "GET /: the response sets the cookie 'vid', of the category 'third-party', which the visitor has not "
        "allowed\n  Set-Cookie: vid=4; Path=/shop; Domain=example.org\n"
        "  the visitor sends: no choice\n  so allowed are: necessary"
    )


def test_undeclared_and_nameless_cookies_are_leaks() -> None:
    for line in ("zzz=1", "sid", "sid\xa0=1", "SID=1"):
        leaky = Leaky(Application(response_headers=(("Set-Cookie", "_pk_id=1"), ("Set-Cookie", line))))
        assert "which no category declares" in failure(leaky) or "_pk_id" in failure(leaky)


def test_a_policy_that_never_applies_shows_nothing() -> None:
    assert "applies to none of these requests" in failure(gate(applies=lambda environ: False))


def test_a_leak_that_happens_only_once_is_reported() -> None:
    class Once(Leaky):
        """Lets everything through in one request, the first of the generated ones."""

        # One shows that the trial is worth it; then come the plain ones.
        before = 1 + sum(1 + (each.tries != "once") for each in plain_requests(gate(), [Route()]))

        def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
            self.before -= 1
            if self.before == -1:
                return super().__call__(environ, start_response)
            real = gate()
            real.app = self.app
            return real(environ, start_response)

    assert "GET /: the response sets the cookie " in failure(Once(SITE))


def test_a_cookie_the_application_should_not_read_is_reported() -> None:
    class Blind(Leaky):
        """Strips as the real one, and filters nothing."""

        def __init__(self) -> None:
            super().__init__(SITE)
            self._real = gate(self._inner)

        def _inner(self, environ: dict[str, Any], start_response: Any) -> Any:
            environ["HTTP_COOKIE"] = environ.pop("kept", "")
            return self.app(environ, start_response)

        def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
            return self._real({**environ, "kept": environ.get("HTTP_COOKIE", "")}, start_response)

    assert re.match(r"GET /: the application reads the cookie '.*'", failure(Blind()))


def test_an_allowed_cookie_that_is_missing_altered_or_moved_is_reported() -> None:
    def changed(change: Any) -> Any:
        real = gate()

        def tampering(environ: dict[str, Any], start_response: Any) -> Any:
            def started(status: str, headers: Any, *rest: Any) -> Any:
                return start_response(status, change(list(headers)), *rest)

            return real(environ, started)

        return {"app": tampering, "gate": real, "application": SITE}

    def without_sid(headers: Any) -> Any:
        return [field for field in headers if not field[1].startswith("sid=")]

    def longer_sid(headers: Any) -> Any:
        return [(name, value.replace("sid=1", "sid=11")) for name, value in headers]

    for change in (without_sid, longer_sid):
        assert "the allowed cookie 'sid=1; Path=/' is missing or altered" in failure(**changed(change))
    assert "allowed cookies are out of order" in failure(**changed(lambda headers: headers[::-1]))


def test_values_that_differ_each_time_are_reported_by_name() -> None:
    def application(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [("Set-Cookie", f"sid={random.random()}"), ("Set-Cookie", "theme=1")])
        return []

    assert_enforced(gate(application), application=application)


@pytest.mark.parametrize("when", range(7))
def test_a_cookie_that_is_set_only_now_and_then_is_never_due(when: int) -> None:
    """As some sessions' cookies, when a second passes within a request."""
    asked = itertools.count()

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        now_and_then = [("Set-Cookie", "sid=1")] if next(asked) % 7 == when else []
        start_response("200 OK", [*now_and_then, ("Set-Cookie", "theme=1")])
        return []

    assert_enforced(gate(application), application=application)


class InPlace(Leaky):
    """Edits the very list it is given, unless everything is accepted."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        def started(status: str, headers: Any) -> Any:
            if ".n." in environ.get("HTTP_COOKIE", ".n."):
                headers[:] = [field for field in headers if field != ("Set-Cookie", "theme=1")]
            return start_response(status, headers)

        environ["consentgate.visit"] = visit(POLICY, POLICY.digests)
        return self.behind(environ, started)

    @property
    def behind(self) -> Any:
        return self.app


class Deaf(InPlace):
    """Its application cannot be recorded, and its visitors are all alike."""

    def __init__(self, app: Any) -> None:
        super().__init__(app)
        self._behind = app

    @property
    def behind(self) -> Any:
        return self._behind


@pytest.mark.parametrize(
    ("kind", "reported"), [(InPlace, "edited the application's own list"), (Deaf, "no longer sets")]
)
def test_a_list_edited_in_place_is_reported(kind: Any, reported: str) -> None:
    shared = [("Set-Cookie", "theme=1"), ("Set-Cookie", "sid=1")]

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", shared)
        return []

    assert reported in failure(kind(application), application=application)


def test_it_never_passes_for_want_of_a_cookie() -> None:
    necessary = Application(response_headers=(("Set-Cookie", "sid=1"),))
    assert "proves nothing" in failure(gate(necessary))
    assert "proves nothing" in failure(gate(), routes=["/cookies", "/cookies/json"])
    for routes in ((), "/", ["shop"]):
        with pytest.raises(TypeError, match="routes must be paths"):
            assert_enforced(gate(), routes=routes)


def test_it_never_passes_when_it_asks_another_gate() -> None:
    real, others = gate(), POLICY.wrap(SITE, secret_key="the key of somebody else")
    assert "Is `gate` the one inside `app`?" in failure(lambda *request: others(*request), gate=real)


def test_it_never_passes_when_genuine_preferences_are_not_verified() -> None:
    real = gate()

    def without_cookies(environ: dict[str, Any], start_response: Any) -> Any:
        environ.pop("HTTP_COOKIE", None)
        return real(environ, start_response)

    message = failure(without_cookies, gate=real)
    assert "the gate does not verify the preferences" in message and "change the Cookie field?" in message


def test_a_preferences_cookie_that_is_not_the_gates_is_reported() -> None:
    own = Application(response_headers=(("Set-Cookie", "cookies_preferences=x"), ("Set-Cookie", "theme=1")))
    assert "a preferences cookie was set that is not genuine: 'x'" in failure(Leaky(own, ["internal"]))


def test_choices_made_by_the_application_count_at_once() -> None:
    """R85."""
    for choice in ({"internal": True}, {"internal": False}, {"statistical": True, "third-party": False}):
        application = Application(response_headers=LINES, choice=choice)
        assert_enforced(gate(application), application=application)
        assert_enforced(gate(application))


@pytest.mark.parametrize("third_parties", ["report", "block"])
def test_the_fields_of_declared_hosts_are_no_difference(third_parties: str) -> None:
    policy = Policy([Category("maps", hosts=["maps.example"])])
    html = Application(response_headers=(("Content-Type", "text/html"), ("Content-Security-Policy", "a")))
    options = {"third_parties": third_parties, "observer": ListensForHosts()}
    assert_transparent(gate(html, policy, **options), html)
    changed = Application(response_headers=(("Content-Type", "text/html"),))
    with pytest.raises(AssertionError, match="response fields differs"):
        assert_transparent(gate(changed, policy, **options), html)
    added = Application(response_headers=(*html.response_headers, ("X-Added", "1")))
    with pytest.raises(AssertionError, match="response fields differs"):
        assert_transparent(gate(added, policy, **options), html)


class ListensForHosts:
    """An observer that makes a gate ask for reports."""

    wants_hosts = True

    def __call__(self, event: Event) -> None:
        raise AssertionError(event)


def test_transparency_names_what_differs() -> None:
    assert_transparent(gate(), SITE)
    other = Application(response_headers=LINES, chunks=(b"ab",))
    with pytest.raises(
        AssertionError, match=r"GET /: body, chunk by chunk differs: \[b'ab'\] without the gate"
    ):
        assert_transparent(gate(), other)
    with pytest.raises(AssertionError, match="status differs"):
        assert_transparent(gate(), Application(status="404 Not Found"))
    as_file = Application(manner="file_wrapper", response_headers=LINES, chunks=(b"ab",))
    with pytest.raises(AssertionError, match=r"use of wsgi\.file_wrapper differs"):
        assert_transparent(Application(response_headers=LINES, chunks=(b"ab",)), as_file)


def test_a_buffered_body_is_reported() -> None:
    class Buffering(Leaky):
        def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
            return list(super().__call__(environ, start_response))

    for manner in ("eager", "late"):
        with pytest.raises(AssertionError, match="buffered or delayed"):
            assert_transparent(Buffering(Application(manner=manner)), Application(manner=manner))


def test_an_application_that_is_never_the_same_cannot_be_compared() -> None:
    def application(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [("X-Number", str(random.random()))])
        return []

    with pytest.raises(
        AssertionError, match=r"GET /shop\?a=b: .* two equal requests are answered differently"
    ):
        assert_transparent(gate(application), application, routes=["/shop?a=b"])


@pytest.mark.parametrize("tick", range(6))
def test_a_clock_may_tick_between_two_answers(tick: int) -> None:
    """As a page's `Last-Modified` does, and a session's cookie, which is dated to the second."""
    asked = itertools.count()

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        second = "1" if next(asked) < tick else "2"
        start_response("200 OK", [("X-Second", second), ("Set-Cookie", f"sid={random.random()}")])
        return [second.encode()]

    assert_transparent(gate(application), application)


def test_an_application_that_asks_its_visit_is_given_one() -> None:
    from consentgate import Visit

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        body = Visit.from_environ(environ).banner().encode()
        start_response("200 OK", [("Content-Type", "text/html")])
        return [body]

    inner = gate(application)
    assert_transparent(inner, application, routes=["/", "/shop?a=b"])
    assert_transparent(lambda *request: inner(*request), application, gate=inner)


def test_undeclared_cookies_are_reported_as_their_declaration() -> None:
    declared = Application(response_headers=LINES[:4])
    assert_all_declared(gate(declared))
    with pytest.raises(AssertionError) as caught:
        assert_all_declared(gate(), ["/", "/shop"])
    assert str(caught.value).endswith('\n# GET /\n[[category.cookie]]\nname = "zzz"')
    with pytest.raises(AssertionError, match=r"no route of \['/cookies'\] reaches the application"):
        assert_all_declared(gate(), ["/cookies"])


def test_a_cookie_that_is_set_only_once_accepted_is_seen_too() -> None:
    from consentgate import Visit

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        allowed = Visit.from_environ(environ).allows("internal")
        start_response("200 OK", [("Set-Cookie", "extra=1")] if allowed else [])
        return []

    with pytest.raises(AssertionError, match='name = "extra"'):
        assert_all_declared(gate(application))


def test_a_policy_with_nothing_to_choose_shows_nothing() -> None:
    only = Policy([Category("necessary", basis=Basis.NECESSARY, cookies=["sid"])])
    assert "proves nothing" in failure(gate(SITE, only))
