"""ASP.NET Core's twenty consent tests (anchors.md, C), by name, each with its outcome here.

Two of its concepts do not exist here, on purpose: a hook that overrules the policy for one cookie
(OnAppendCookie, OnDeleteCookie: what is published would not be what is enforced), and a way for the
application to make the preferences cookie itself.
"""

from collections.abc import Callable
from typing import Any

import pytest

from consentgate import Policy, ResponseStarted, Visit
from tests.conftest import KEY, MATRIX, Answer, application, cookie, make_policy, request

POLICY = make_policy()
SID, PK = MATRIX[0], MATRIX[1]
ACCEPTED = cookie(POLICY, ["statistical", "internal", "third-party"])


def run(
    *set_cookies: str, act: Callable[[Visit], object] = lambda visit: None, sent: str = "", **options: Any
) -> Answer:
    app = application(*set_cookies, before=lambda environ: act(Visit.from_environ(environ)))
    extra = {"HTTP_COOKIE": sent} if sent else {}
    return request(POLICY.wrap(app, secret_key=KEY, **options), HTTP_SEC_FETCH_DEST="empty", **extra)


def test_consent_checks_off_by_default() -> None:
    """There: off until configured. Here: on, with the policy; `applies` turns them off."""
    assert run(SID, PK).cookie_names == ["sid"]
    assert run(SID, PK, applies=lambda environ: False).cookie_names == ["sid", "_pk_id"]


def test_consent_enabled_for_template_scenario() -> None:
    assert run(SID, PK).cookie_names == ["sid"]


def test_non_essential_cookies_with_options_excluded() -> None:
    """Whatever attributes a cookie has."""
    assert run(f"{PK}; HttpOnly; Secure; SameSite=Lax").set_cookies == []


def test_non_essential_cookies_can_be_allowed_via_on_append_cookie() -> None:
    """No such hook: declaring the cookie necessary is the one way, and the page says so."""
    declared = Policy.from_dict(
        {"category": [{"key": "necessary", "basis": "necessary", "cookies": ["_pk_id"]}]}
    )
    assert request(declared.wrap(application(PK), secret_key=KEY)).set_cookies == [PK]
    assert "_pk_id" in declared.render("markdown")


def test_needs_consent_does_not_prevent_essential_cookies() -> None:
    assert run(SID).set_cookies == [SID]


def test_essential_cookies_can_be_excluded_by_on_append_cookie() -> None:
    """No such hook: only the application leaves a necessary cookie out; a refusal does not."""
    assert run(SID, act=Visit.refuse_all).cookie_names == ["sid", "cookies_preferences"]


def test_has_consent_reads_request_cookie() -> None:
    asked: list[bool] = []
    run(act=lambda visit: asked.append(visit.allows("statistical")), sent=ACCEPTED)
    assert asked == [True]


def test_has_consent_ignores_invalid_request_cookie() -> None:
    asked: list[bool] = []
    run(act=lambda visit: asked.append(visit.allows("statistical")), sent=ACCEPTED[:-1] + "!")
    assert asked == [False]


def test_grant_consent_sets_cookie() -> None:
    assert run(PK, act=Visit.accept_all).cookie_names == ["_pk_id", "cookies_preferences"]


def test_grant_consent_applies_policy_to_consent_cookie() -> None:
    (line,) = run(act=Visit.accept_all, cookie_secure=True).set_cookies
    assert line.endswith("; Path=/; SameSite=Lax; Secure; HttpOnly")


def test_grant_consent_when_already_has_it_does_not_set_cookie() -> None:
    """There: nothing. Here it is a new act of the visitor's, with its own day; see test_signing for age."""
    assert run(act=Visit.accept_all, sent=ACCEPTED).cookie_names == ["cookies_preferences"]
    assert run(sent=ACCEPTED).cookie_names == []


def late(act: Callable[[Visit], object]) -> list[bytes]:
    """Run *act* after the response has started; return the Set-Cookie fields that went out."""
    sent: list[Any] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        with pytest.raises(ResponseStarted):
            act(Visit.from_environ(environ))
        return []

    gate = POLICY.wrap(app, secret_key=KEY)
    gate(
        {"REQUEST_METHOD": "GET", "PATH_INFO": "/"},
        lambda status, headers, exc_info=None: sent.extend(headers),
    )  # type: ignore[arg-type]
    return [value for name, value in sent if name == "Set-Cookie"]


def test_grant_consent_after_response_starts_sets_has_consent_but_does_not_set_cookie() -> None:
    """There: the flag is set and the cookie silently lost. Here: ResponseStarted."""
    assert late(Visit.accept_all) == []


def test_withdraw_consent_when_not_has_consent_no_ops() -> None:
    """There: nothing. Here a refusal is remembered like a yes (R11), so nobody asks again."""
    assert run(act=Visit.refuse_all).cookie_names == ["cookies_preferences"]


def test_withdraw_consent_deletes_cookie() -> None:
    """There: a cookie appended before the withdrawal survives it. Here one answer holds for the response."""
    assert run(SID, PK, act=Visit.refuse_all, sent=f"{ACCEPTED}; _pk_id=1").set_cookies[2:] == [
        "_pk_id=; Path=/; Max-Age=0"
    ]


def test_withdraw_consent_applies_policy_to_delete_cookie() -> None:
    """The withdrawal is a cookie with the same attributes as the acceptance."""
    (yes,), (no,) = (
        run(act=act, cookie_secure=True).set_cookies for act in (Visit.accept_all, Visit.refuse_all)
    )
    assert yes.partition(";")[2] == no.partition(";")[2]


def test_withdraw_consent_after_response_has_started_does_not_delete_cookie() -> None:
    assert late(Visit.refuse_all) == []


def test_delete_cookie_does_not_require_consent() -> None:
    assert run("_pk_id=; Max-Age=0", "zzz=; Max-Age=0").cookie_names == ["_pk_id", "zzz"]


def test_on_delete_cookie_can_suppress_cookie() -> None:
    """No such hook; the one deletion that is suppressed is of the gate's own cookie."""
    assert run("cookies_preferences=; Max-Age=0").set_cookies == []


def test_create_consent_cookie_matches_grant_consent_cookie() -> None:
    """There: for scripts. Here scripts post JSON, and get the same cookie as an application's choice."""
    gate = POLICY.wrap(application(), secret_key=KEY)
    posted = request(
        gate,
        "POST",
        "/cookies",
        body=b'{"action": "accept_all"}',
        CONTENT_TYPE="application/json",
        HTTP_SEC_FETCH_SITE="same-origin",
    )
    (granted,) = run(act=Visit.accept_all).set_cookies
    assert posted.set_cookies[0].partition(";")[2] == granted.partition(";")[2]


def test_create_consent_cookie_applies_policy() -> None:
    """Only the gate mints: what an application makes up under the name is stripped."""
    assert run(f"{ACCEPTED}; Path=/").set_cookies == []


@pytest.mark.parametrize("names", [["sid.C1", "sid.C2"]])
def test_cookie_policy_applies_to_cookie_auth_chunks(names: list[str]) -> None:
    """From its CookiePolicyTests: a family is allowed together."""
    policy = Policy.from_dict({"category": [{"key": "necessary", "basis": "necessary", "cookies": ["sid*"]}]})
    gate = policy.wrap(application(*(f"{name}=1" for name in names)), secret_key=KEY)
    assert request(gate).cookie_names == names
