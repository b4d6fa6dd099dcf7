"""The gate's Content-Security-Policy of declared hosts: on which responses, with which words."""

import random
import sys
import time
from collections.abc import Iterable
from typing import Any
from wsgiref.validate import validator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import Basis, Category, Cookie, Event, Policy, PolicyError, Visit
from consentgate.endpoint.reports import Sampler
from consentgate.gate import start_response
from consentgate.headers.csp import CSP_BASE
from tests.conftest import (
    ATTESTED,
    KEY,
    MATRIX,
    Answer,
    application,
    cookie,
    environ_for,
    make_policy,
    request,
)
from tests.strategies import accepted, cookie_strings, response_headers

FIELD, REPORT_FIELD = "Content-Security-Policy", "Content-Security-Policy-Report-Only"

POLICY = Policy(
    [
        Category("necessary", basis=Basis.NECESSARY, cookies=["sid"], hosts=["cdn.example"]),
        Category(
            "statistical",
            basis=Basis.EXEMPT,
            attestation=ATTESTED,
            cookies=["_pk_id"],
            hosts=["stats.example"],
        ),
        Category("maps", cookies=[Cookie("tile")], hosts=["maps.example", "*.tiles.example"]),
        Category("videos", hosts=["video.example", "wss://live.example"]),
        Category("internal", cookies=["theme"]),
    ]
)
NECESSARY_ONLY = Policy(
    [
        Category("necessary", basis=Basis.NECESSARY, cookies=["sid"], hosts=["cdn.example"]),
        Category("internal", cookies=["theme"]),
    ]
)
NO = cookie(POLICY)
MAPS = cookie(POLICY, ["maps"])
HTML: dict[str, Any] = {"content_types": ["text/html; charset=utf-8"]}


def serving(
    *,
    content_types: Iterable[str] = ("text/html",),
    status: str = "200 OK",
    headers: Iterable[tuple[str, str]] = (),
    asks: bool = False,
) -> Any:
    """An application that answers with these fields."""
    fields = [*(("Content-Type", each) for each in content_types), *headers]

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if asks:
            Visit.from_environ(environ).allows("maps")
        start_response(status, list(fields))
        return [b""]

    return app


def gate(app: Any, policy: Policy = POLICY, **options: Any) -> Any:
    options.setdefault("third_parties", "block")
    return policy.wrap(app, secret_key=KEY, **options)


def fields_of(gated: Any, **extra: Any) -> list[tuple[str, str]]:
    """The fields a server gets; odd Content-Types included, which a validator would refuse."""
    sent: list[tuple[str, str]] = []
    gated(environ_for(**extra), lambda status, headers, exc_info=None: sent.extend(headers))
    return sent


def values(fields: Iterable[tuple[str, str]], name: str) -> list[str]:
    return [value for key, value in fields if key.lower() == name.lower()]


def field_for(**extra: Any) -> str:
    """The one field of a page behind an enforcing gate."""
    (value,) = values(fields_of(gate(serving()), **extra), FIELD)
    return value


# The field


def test_the_field_lists_the_hosts_of_necessary_and_of_allowed_categories() -> None:
    assert field_for() == f"default-src {CSP_BASE} cdn.example stats.example"
    assert field_for(HTTP_COOKIE=NO) == f"default-src {CSP_BASE} cdn.example"
    assert field_for(HTTP_COOKIE=cookie(POLICY, ["maps", "statistical"])) == (
        f"default-src {CSP_BASE} cdn.example stats.example maps.example *.tiles.example"
    )
    assert field_for(HTTP_COOKIE=cookie(POLICY, ["videos"])) == (
        f"default-src {CSP_BASE} cdn.example video.example wss://live.example"
    )


@given(cookie_strings, accepted)
@example("cookies_preferences=forged", set())
@example(f"{MAPS}; {NO}", set())
def test_a_host_is_never_listed_without_consent_whatever_is_sent(cookie_string: str, yes: set[str]) -> None:
    kept = cookie(POLICY, yes & {"internal"})
    value = field_for(HTTP_COOKIE=f"{kept}; {cookie_string}")
    assert "maps.example" not in value
    assert "video.example" not in value
    assert value.startswith(f"default-src {CSP_BASE} cdn.example")


def test_a_choice_made_in_the_request_counts_in_its_response() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        visit = Visit.from_environ(environ)
        if environ["PATH_INFO"] == "/yes":
            visit.accept("maps")
        else:
            visit.refuse_all()
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b""]

    gated = gate(app)
    assert "maps.example" in values(fields_of(gated, path="/yes"), FIELD)[0]
    assert "maps.example" not in values(fields_of(gated, path="/no", HTTP_COOKIE=MAPS), FIELD)[0]


def test_answers_that_the_browser_held_back_allow_nothing() -> None:
    value = field_for(HTTP_SEC_FETCH_SITE="cross-site", HTTP_SEC_FETCH_MODE="navigate", method="POST")
    assert value == f"default-src {CSP_BASE} cdn.example"


# Which responses carry it


@pytest.mark.parametrize(
    "content_types",
    [
        ["text/html"],
        ["TEXT/HTML; charset=utf-8"],
        ["application/xhtml+xml"],
        ["image/svg+xml"],
        ["text/xml"],
        ["application/xml"],
        ["text/xsl"],
        ["application/atom+xml"],
        ["*/*"],
        ["unknown/unknown"],
        ["application/unknown"],
        [],
        [""],
        ["html"],
        ["text/plain, text/html"],
        ["text/plain", "text/html"],
        ["multipart/x-mixed-replace"],
    ],
)
def test_every_type_that_browsers_render_carries_it(content_types: list[str]) -> None:
    gated = gate(serving(content_types=content_types))
    for dest in ({}, {"HTTP_SEC_FETCH_DEST": "empty"}, {"HTTP_SEC_FETCH_DEST": "image"}):
        assert len(values(fields_of(gated, **dest), FIELD)) == 1


@pytest.mark.parametrize(
    "dest",
    ["document", "iframe", "frame", "object", "embed", "worker", "sharedworker", "serviceworker"],
)
@pytest.mark.parametrize("content_type", ["text/javascript", "image/png", "application/json"])
def test_every_destination_with_a_policy_of_its_own_carries_it(dest: str, content_type: str) -> None:
    gated = gate(serving(content_types=[content_type]))
    assert len(values(fields_of(gated, HTTP_SEC_FETCH_DEST=dest), FIELD)) == 1


@pytest.mark.parametrize("content_type", ["text/plain", "image/png", "text/css", "application/json"])
@pytest.mark.parametrize("dest", [None, "empty", "image", "script", "style", "font", "video"])
def test_nothing_else_is_touched(content_type: str, dest: str | None) -> None:
    headers = [("Content-Type", content_type), ("Cache-Control", "public, max-age=60"), ("X-Own", "1")]
    gated = gate(serving(content_types=[], headers=headers))
    extra = {} if dest is None else {"HTTP_SEC_FETCH_DEST": dest}
    assert fields_of(gated, HTTP_COOKIE=MAPS, **extra) == headers


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "500 Oops", "206 Partial Content"])
def test_every_status_carries_it(status: str) -> None:
    assert len(values(fields_of(gate(serving(status=status))), FIELD)) == 1


@pytest.mark.parametrize(
    ("extra", "carries"),
    [
        ({"HTTP_SEC_FETCH_DEST": "document"}, True),
        ({"HTTP_SEC_FETCH_DEST": "iframe"}, True),
        ({"HTTP_SEC_FETCH_DEST": "worker"}, True),
        ({"HTTP_SEC_FETCH_DEST": "image", "HTTP_ACCEPT": "text/html"}, False),
        ({"HTTP_SEC_FETCH_DEST": "empty"}, False),
        ({"HTTP_ACCEPT": "text/html,*/*;q=0.8"}, True),
        ({"HTTP_ACCEPT": "image/webp,*/*"}, False),
        ({}, False),
    ],
)
def test_a_304_carries_it_where_a_stored_page_is_shown_again(extra: dict[str, Any], carries: bool) -> None:
    gated = gate(serving(content_types=[], status="304 Not Modified"))
    fields = fields_of(gated, HTTP_COOKIE=MAPS, **extra)
    assert bool(values(fields, FIELD)) is carries
    assert values(fields, "Vary") == (["Cookie"] if carries else [])
    if carries:
        assert "maps.example" in values(fields, FIELD)[0]


def test_an_error_after_the_start_carries_it_once() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        try:
            raise RuntimeError
        except RuntimeError:
            start_response("500 Oops", [("Content-Type", "text/html")], sys.exc_info())
        return [b""]

    assert len(request(gate(validator(app))).all(FIELD)) == 1


def test_the_preferences_page_has_it_beside_its_own() -> None:
    own, ours = request(gate(application()), path="/cookies").all(FIELD)
    assert "default-src 'none'" in own
    assert ours == f"default-src {CSP_BASE} cdn.example stats.example"


# Report or block


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"third_parties": "block"}, FIELD),
        ({"third_parties": "report"}, REPORT_FIELD),
        ({"third_parties": "block", "report_only": True}, REPORT_FIELD),
        ({"third_parties": "report", "report_only": True}, REPORT_FIELD),
    ],
)
def test_it_blocks_only_where_the_site_says_so(options: dict[str, Any], name: str) -> None:
    fields = fields_of(gate(serving(), **options))
    assert [key for key, _ in fields if key.startswith("Content-Security")] == [name]


def test_reporting_is_the_default() -> None:
    fields = fields_of(POLICY.wrap(serving(), secret_key=KEY))
    assert len(values(fields, REPORT_FIELD)) == 1
    assert values(fields, FIELD) == []


def test_report_only_adds_its_field_and_tells_caches_nothing() -> None:
    headers = [("Content-Type", "text/html"), ("Cache-Control", "public, max-age=60")]
    gated = gate(serving(content_types=[], headers=headers), report_only=True)
    fields = fields_of(gated, HTTP_COOKIE=MAPS)
    assert fields[:2] == headers
    assert [key for key, _ in fields[2:]] == [REPORT_FIELD]
    asking = gate(serving(asks=True), report_only=True)
    assert values(fields_of(asking), "Vary") == ["Cookie"]


# Caches


@pytest.mark.parametrize(
    ("extra", "is_private"),
    [({}, True), ({"HTTP_COOKIE": NO}, False), ({"HTTP_COOKIE": MAPS}, True)],
    ids=["exempt", "refused", "accepted"],
)
@pytest.mark.parametrize("third_parties", ["block", "report"])
def test_documents_vary_and_are_private_once_such_a_host_is_listed(
    extra: dict[str, Any], is_private: bool, third_parties: str
) -> None:
    headers = [("Cache-Control", "public, max-age=60")]
    fields = fields_of(gate(serving(headers=headers), third_parties=third_parties), **extra)
    assert values(fields, "Vary") == ["Cookie"]
    assert values(fields, "Cache-Control") == ["max-age=60, private" if is_private else "public, max-age=60"]


def test_hosts_of_necessary_categories_alone_leave_pages_in_shared_caches() -> None:
    headers = [("Content-Type", "text/html"), ("Cache-Control", "public, max-age=60")]
    gated = gate(serving(content_types=[], headers=headers), NECESSARY_ONLY)
    fields = fields_of(gated, HTTP_COOKIE=cookie(NECESSARY_ONLY, ["internal"]))
    assert fields == [*headers, (FIELD, f"default-src {CSP_BASE} cdn.example")]


def test_no_store_is_enough_for_caches() -> None:
    fields = fields_of(gate(serving(headers=[("Cache-Control", "no-store")])), HTTP_COOKIE=MAPS)
    assert values(fields, "Cache-Control") == ["no-store"]


told = st.sampled_from(
    ["public", "max-age=60", "private", "no-store", "no-cache", "s-maxage=9", 'private="x']
)
cache_fields = st.lists(
    st.tuples(st.just("Cache-Control"), st.lists(told, max_size=3).map(", ".join))
    | st.tuples(st.just("Vary"), st.sampled_from(["Cookie", "*", "Accept", "accept, cookie", ""]))
    | st.tuples(
        st.sampled_from(["Expires", "Surrogate-Control", "X-Own"]), st.sampled_from(["0", "max-age=9"])
    ),
    max_size=4,
)


@given(cache_fields, st.sampled_from([POLICY, NECESSARY_ONLY]), st.booleans())
def test_a_page_with_nothing_to_judge_says_the_same_in_fewer_steps(
    headers: list[tuple[str, str]], policy: Policy, report_only: bool
) -> None:
    """The long way is taken where the policy applies request by request."""
    app = serving(headers=headers)
    always: dict[str, Any] = {"applies": lambda environ: True, "applies_vary": ()}
    short = fields_of(gate(app, policy, report_only=report_only))
    assert short == fields_of(gate(app, policy, report_only=report_only, **always))


# The application's own policy


def test_the_applications_own_policy_stays_byte_for_byte_and_before_ours() -> None:
    own = [
        ("Content-Type", "text/html"),
        ("content-security-policy", "script-src 'nonce-abc' 'strict-dynamic'; report-to own"),
        (REPORT_FIELD, "default-src 'self'"),
        ("Reporting-Endpoints", 'own="/own"'),
    ]
    fields = fields_of(gate(serving(content_types=[], headers=own)))
    assert fields[:4] == own
    assert [key for key, _ in fields[4:]] == [FIELD, "Cache-Control", "Vary"]


@given(response_headers.filter(lambda fields: not any(c in v for _, v in fields for c in "\r\n\0")))
def test_fields_that_set_no_cookie_and_tell_caches_nothing_are_kept(fields: list[tuple[str, str]]) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", list(fields))
        return [b""]

    reported = {"cache-control", "vary", "surrogate-control", "expires", "pragma"}
    own = [field for field in fields if "cookie" not in field[0].lower() and field[0].lower() not in reported]
    own = [field for field in own if "cach" not in field[0].lower() and "acc" not in field[0].lower()]
    sent = fields_of(gate(app, report_only=True))
    assert [field for field in sent if field in own] == own


# Gates inside gates


def two_gates(inner: dict[str, Any], outer: dict[str, Any], policy: Policy = POLICY) -> list[tuple[str, str]]:
    return fields_of(gate(gate(serving(), **inner), policy, **outer), HTTP_COOKIE=MAPS)


def test_two_equal_gates_send_one_field() -> None:
    assert len(values(two_gates({}, {}), FIELD)) == 1


def test_two_unequal_gates_send_both_fields() -> None:
    other = Policy(
        [
            Category("necessary", basis=Basis.NECESSARY, cookies=["sid"]),
            Category("ads", hosts=["ads.example"]),
        ],
        cookie_name="others",
    )
    first, second = values(two_gates({}, {"undeclared": "report"}, other), FIELD)
    assert first == f"default-src {CSP_BASE} cdn.example maps.example *.tiles.example"
    assert second == f"default-src {CSP_BASE}"


# Where the policy does not apply


def test_no_field_is_sent_where_the_policy_does_not_apply() -> None:
    fields = fields_of(gate(serving(), applies=lambda environ: False), HTTP_COOKIE=MAPS)
    assert values(fields, FIELD) == []


@pytest.mark.parametrize("applies", [True, False])
@pytest.mark.parametrize(
    ("applies_vary", "cache_control", "vary"),
    [
        (None, "max-age=60, private", ["Cookie"]),
        (["X-Country"], "public, max-age=60", ["Cookie, X-Country"]),
        ([], "public, max-age=60", ["Cookie"]),
    ],
)
def test_a_page_without_the_field_does_not_serve_a_visitor_who_needs_it(
    applies: bool, applies_vary: Any, cache_control: str, vary: list[str]
) -> None:
    """A cache must not keep a page made where the policy does not apply for where it does."""
    app = serving(headers=[("Cache-Control", "public, max-age=60")])
    gated = gate(app, applies=lambda environ: applies, applies_vary=applies_vary)
    fields = fields_of(gated, HTTP_COOKIE=NO)
    assert bool(values(fields, FIELD)) is applies
    assert values(fields, "Cache-Control") == [cache_control]
    assert values(fields, "Vary") == vary


# An error of ours


def fail(*arguments: object, **options: object) -> None:
    raise RuntimeError("ours")


@pytest.mark.parametrize("third_parties", ["block", "report"])
@pytest.mark.parametrize(("policy", "vary"), [(POLICY, ["Cookie"]), (NECESSARY_ONLY, [])])
def test_an_error_of_ours_lists_necessary_hosts_alone(
    third_parties: str,
    policy: Policy,
    vary: list[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    lasting = "tile=1; Expires=Fri, 31 Dec 2038 23:59:59 GMT"
    app = serving(headers=[("Set-Cookie", lasting), ("Set-Cookie", "sid=1")])
    gated = gate(app, policy, third_parties=third_parties)
    monkeypatch.setattr(start_response, "rewrite_response_headers", fail)
    fields = fields_of(gated, HTTP_COOKIE=MAPS)
    assert values(fields, "Set-Cookie") == ["sid=1"]
    name = FIELD if third_parties == "block" else REPORT_FIELD
    assert values(fields, name) == [f"default-src {CSP_BASE} cdn.example"]
    assert values(fields, "Vary") == vary
    assert values(fields, "Cache-Control") == []
    assert "judging a response failed" in caplog.text


def test_an_error_of_ours_leaves_other_responses_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    lasting = "tile=1; Expires=Fri, 31 Dec 2038 23:59:59 GMT"
    gated = gate(serving(content_types=["text/plain"], headers=[("Set-Cookie", lasting)]))
    monkeypatch.setattr(start_response, "rewrite_response_headers", fail)
    assert fields_of(gated, HTTP_COOKIE=MAPS) == [("Content-Type", "text/plain")]


# No hosts, no byte


@given(response_headers.filter(lambda fields: not any(c in v for _, v in fields for c in "\r\n\0")), accepted)
def test_without_declared_hosts_the_option_changes_not_a_byte(
    fields: list[tuple[str, str]], yes: set[str]
) -> None:
    policy = make_policy()

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", list(fields))
        return [b""]

    kept = cookie(policy, yes)
    plain, blocking = (
        fields_of(policy.wrap(app, secret_key=KEY, third_parties=option), HTTP_COOKIE=kept)
        for option in ("report", "block")
    )
    assert plain == blocking
    assert not [name for name, _ in plain if name.startswith(("Content-Security", "Reporting"))] or fields


def test_a_page_without_declared_hosts_is_the_very_same() -> None:
    headers = [("Content-Type", "text/html"), ("Cache-Control", "public, max-age=60")]
    gated = gate(serving(content_types=[], headers=headers), make_policy())
    assert fields_of(gated, HTTP_SEC_FETCH_DEST="document") == headers


# Options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"third_parties": "blocked"}, "third_parties must be 'report' or 'block', not 'blocked'"),
        ({"third_parties": True}, "third_parties must be 'report' or 'block', not True"),
        ({"third_parties": ["block"]}, "third_parties must be"),
        ({"csp_base": "'self' https:"}, "csp_base: 'https:' lets through the host"),
        ({"csp_base": "'self' 'strict-dynamic'"}, "csp_base: \"'strict-dynamic'\" lets through the host"),
        ({"csp_base": "'self' a.tiles.example"}, "csp_base: 'a.tiles.example' lets through"),
        ({"csp_base": "'self' *"}, "csp_base: '*' lets through"),
        ({"csp_base": "self"}, "csp_base: 'self' is not a source: write 'self'"),
        ({"csp_base": "'self'; script-src *"}, "csp_base: ';' would end the list of sources"),
        ({"csp_base": "'self', *"}, "csp_base: ',' would end the list of sources"),
        ({"csp_base": "'self'\r\nX: y"}, "csp_base: '\\r' would end the list of sources"),
        ({"csp_base": None}, "csp_base must be a text of sources"),
        ({"csp_base": ["'self'"]}, "csp_base must be a text of sources"),
    ],
)
def test_a_mistyped_option_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        gate(serving(), **options)
    assert message in str(caught.value)


def test_the_base_is_the_sites() -> None:
    fields = fields_of(gate(serving(), csp_base="'self' own-cdn.example"), HTTP_COOKIE=NO)
    assert values(fields, FIELD) == ["default-src 'self' own-cdn.example cdn.example"]


# Reports are asked for only for who wants them


class Hosts(list[Event]):
    """An observer that wants to know of hosts."""

    wants_hosts = True

    def __call__(self, event: Event) -> None:
        self.append(event)


def asking(**extra: Any) -> Answer:
    app = validator(serving())
    return request(gate(app, observer=Hosts(), **extra.pop("options", {})), **extra)


def test_browsers_are_asked_for_reports_where_an_observer_wants_them() -> None:
    answer = asking()
    assert answer.all(FIELD)[0].endswith("; report-uri /cookies/reports")
    assert answer.all("Reporting-Endpoints") == []
    answer = asking(**{"wsgi.url_scheme": "https"})
    assert answer.all(FIELD)[0].endswith("; report-uri /cookies/reports; report-to consentgate")
    assert answer.all("Reporting-Endpoints") == ['consentgate="/cookies/reports"']


def test_reports_go_to_the_mount() -> None:
    answer = asking(SCRIPT_NAME="/a;b, c", options={"preferences_path": "/privacy"})
    assert answer.all(FIELD)[0].endswith("; report-uri /a%3Bb%2C%20c/privacy/reports")


def test_they_are_asked_for_in_report_only_too() -> None:
    assert "report-uri" in asking(options={"report_only": True}).all(REPORT_FIELD)[0]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"observer": lambda event: None},
        {"observer": [Hosts(), lambda event: None], "preferences_path": None},
    ],
    ids=["none", "one that does not want them", "no page"],
)
def test_no_reports_are_asked_for_without_such_an_observer(options: dict[str, Any]) -> None:
    fields = fields_of(gate(serving(), **options), **{"wsgi.url_scheme": "https"})
    assert "report" not in values(fields, FIELD)[0]
    assert values(fields, "Reporting-Endpoints") == []


def test_fewer_are_asked_while_nothing_new_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    gated = gate(serving(), observer=Hosts())
    draws = [number / 100 for number in range(100)]

    def share_asked(after: float) -> float:
        asked = 0
        monkeypatch.setattr(time, "monotonic", lambda: started + after + 1)
        for draw in draws:
            monkeypatch.setattr(random, "random", lambda draw=draw: draw)
            asked += "report-uri" in values(fields_of(gated), FIELD)[0]
        return asked / len(draws)

    started = gated._host_reports._sampler.started
    assert share_asked(0) == 1
    assert share_asked(1200) == 0.25
    assert share_asked(7200) == 0.01  # the draw of zero
    gated._host_reports._sampler = Sampler(started, started + 7200)
    assert share_asked(7200) == 0.05


@given(st.sets(st.sampled_from(["statistical", "maps", "videos", "internal"])))
def test_the_field_is_made_once_for_visitors_alike(yes: set[str]) -> None:
    gated = gate(serving())
    kept = cookie(POLICY, yes)
    first, second = (values(fields_of(gated, HTTP_COOKIE=kept), FIELD)[0] for _ in range(2))
    assert first == second
    info = gated._hosts._fields.cache_info()
    assert info.misses == 1


def test_the_matrix_still_goes_through_with_hosts_declared() -> None:
    app = serving(headers=[("Set-Cookie", text) for text in MATRIX])
    assert [text.split("=")[0] for text in values(fields_of(gate(app)), "Set-Cookie")] == ["sid", "_pk_id"]
