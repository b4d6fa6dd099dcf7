"""The faults of 0.1.0, each with its whole kind."""

import io
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from email.utils import formatdate
from typing import Any

import bottle
import pytest
import webob
import werkzeug
from django.core.handlers.wsgi import get_str_from_wsgi
from django.http import parse_cookie
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.middleware.proxy_fix import ProxyFix

from consentgate import Basis, Category, ConsentGate, Cookie, Policy, PolicyError, Visit
from consentgate.testing import Jar
from consentgate.testing.driving import drive
from tests.conftest import KEY, MATRIX, application, cookie, environ_for, make_policy, request
from tests.strategies import sane_response_headers

POLICY = make_policy(exempt=True)
SAME = {"HTTP_SEC_FETCH_SITE": "same-origin"}
FORM = {"CONTENT_TYPE": "application/x-www-form-urlencoded", **SAME}


def gate(app: Any, policy: Policy = POLICY, **options: Any) -> ConsentGate:
    return policy.wrap(app, secret_key=KEY, **options)


def setting(*set_cookies: str) -> Any:
    """An application that nobody polices."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Set-Cookie", text) for text in set_cookies])
        return []

    return app


def names_out(app: Any, environ: dict[str, Any]) -> list[str]:
    """The names of the cookies in the last response that *app* starts for this environ."""
    answer = drive(app, environ)
    return [value.partition("=")[0] for name, value in answer.headers if name.lower() == "set-cookie"]


# 1: a request that is tried again


class Once(Exception):
    """The first try's failure."""


TRIES = ("fails before", "fails after", "dropped", "lazy and dropped", "finished")


@given(st.lists(st.sampled_from(TRIES), min_size=1, max_size=3), st.booleans())
@example(["fails before"], False)
@example(["lazy and dropped", "dropped"], True)
def test_a_request_is_gated_however_often_it_is_tried(tries: list[str], copied: bool) -> None:
    """Retry middleware, forwarding, an iterable dropped before it started."""
    remaining = list(tries)

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        kind = remaining.pop(0) if remaining else "finished"
        if kind == "fails before":
            raise Once

        def lazily() -> Iterator[bytes]:
            start_response("200 OK", [("Set-Cookie", text) for text in MATRIX])
            yield b"body"

        if kind == "lazy and dropped":
            return lazily()
        start_response("200 OK", [("Set-Cookie", text) for text in MATRIX])
        if kind == "fails after":
            raise Once
        return [b"body"]

    gated = gate(app)
    environ = environ_for()
    sent: list[Any] = []
    for kind in tries:
        with suppress(Once):
            iterable = gated(environ, lambda status, headers, exc_info=None: sent.append(headers) or print)
            if kind == "finished":
                list(iterable)
        environ = dict(environ) if copied else environ
    for fields in sent:
        assert tuple(value for name, value in fields if name == "Set-Cookie") == MATRIX[:2]
    assert names_out(gated, environ) == ["sid", "_pk_id"]


def test_an_application_that_forwards_inside_itself_is_gated_and_its_choice_kept() -> None:
    """The environ goes through the same gate again while the first call is in progress."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/old":
            return gated({**environ, "PATH_INFO": "/new"}, start_response)
        Visit.from_environ(environ).accept("internal")
        start_response("200 OK", [("Set-Cookie", text) for text in MATRIX])
        return [b""]

    gated = gate(app)
    assert names_out(gated, environ_for(path="/old")) == ["sid", "_pk_id", "theme", "cookies_preferences"]


@pytest.mark.parametrize("lazy", [False, True])
def test_an_inner_equal_gate_strips_by_itself(lazy: bool) -> None:
    sent: list[list[str]] = []

    def between(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        def listening(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            sent.append([value.partition("=")[0] for name, value in headers if name == "Set-Cookie"])
            return start_response(status, headers)

        return inner(environ, listening)

    inner = gate(application(*MATRIX, lazy=lazy))
    assert names_out(gate(between), environ_for()) == ["sid", "_pk_id"]
    assert sent == [["sid", "_pk_id"]]


def test_an_inner_equal_gate_that_only_reports_strips_nothing() -> None:
    inner = gate(application(*MATRIX), report_only=True)
    assert names_out(gate(inner, report_only=True), environ_for()) == ["sid", "_pk_id", "theme", "vid", "zzz"]


@pytest.mark.parametrize(
    ("path", "status"),
    [(None, "200 OK"), ("/cookies", "200 OK"), ("/.well-known/gpc.json", "200 OK"), ("/cookies/x", "404")],
)
def test_a_request_may_lack_what_would_be_empty(path: str | None, status: str) -> None:
    """PEP 3333 allows SCRIPT_NAME, PATH_INFO and QUERY_STRING to be absent."""
    environ = environ_for()
    for name in ("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING"):
        del environ[name]
    if path is not None:
        environ["PATH_INFO"] = path
    answer = drive(gate(setting("sid=1", "theme=1"), gpc_json=True), environ)
    assert answer.status.startswith(status)
    assert (("Set-Cookie", "sid=1") in answer.headers) is (path is None)


def test_a_control_character_in_a_field_is_no_line_break() -> None:
    answer = request(gate(application(headers=[("X-Odd", "a\x85b")])))
    assert answer.all("X-Odd") == ["a\x85b"]


# 2, 3: trusting the application's header object


class Lying(list[Any]):
    """A list that lies about its length."""

    def __len__(self) -> int:
        return 0

    def __getitem__(self, at: Any) -> Any:
        raise AssertionError("a slice of it is not what it holds")


MAKERS: list[Callable[[list[tuple[str, str]]], Any]] = [
    list,
    tuple,
    iter,
    Lying,
    lambda fields: (field for field in fields),
    lambda fields: zip([name for name, _ in fields], [value for _, value in fields], strict=True),
    lambda fields: [list(field) for field in fields],
    lambda fields: dict(enumerate(fields)).values(),
]


@given(sane_response_headers, st.sampled_from(MAKERS))
def test_any_iterable_of_pairs_is_gated_like_a_list(fields: list[tuple[str, str]], make: Any) -> None:
    def app(headers: Any) -> Any:
        def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            start_response("200 OK", headers)
            return []

        return application

    sent: list[Any] = []
    for headers in (list(fields), make(fields)):
        gate(app(headers))(environ_for(), lambda status, sent_fields, exc_info=None: sent.append(sent_fields))
    assert type(sent[1]) is list
    assert sent[0] == sent[1]
    assert all(type(field) is tuple for field in sent[1])


@pytest.mark.parametrize("fields", [[], [("Set-Cookie", "sid=1")], [("Set-Cookie", "_fbp=1")]])
def test_fields_added_after_start_response_do_not_go_out(fields: list[tuple[str, str]]) -> None:
    """wsgiref and Werkzeug's server send the list late."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", fields)
        fields.insert(0, ("Set-Cookie", "theme=late"))
        return []

    sent: list[Any] = []
    gate(app)(environ_for(), lambda status, headers, exc_info=None: sent.append(headers))
    assert ("Set-Cookie", "theme=late") not in sent[0]


# 4, 5: what caches are told

PUBLIC = [("Cache-Control", "public, max-age=600")]


@pytest.mark.parametrize("country", ["FR", "US"])
@pytest.mark.parametrize(
    ("vary", "cache_control", "varies"),
    [
        (None, "max-age=600, private", []),
        (("X-Country",), "public, max-age=600", ["X-Country"]),
        ((), "public, max-age=600", []),
    ],
)
def test_caches_know_that_the_site_decides_where_the_policy_applies(
    country: str, vary: Any, cache_control: str, varies: list[str]
) -> None:
    """Whoever is let off is somebody the cache does not know."""
    app = application("zzz=1", headers=PUBLIC)
    gated = gate(
        app,
        applies=lambda environ: environ.get("HTTP_X_COUNTRY") == "FR",
        applies_vary=vary,
        undeclared="report",
    )
    answer = request(gated, HTTP_X_COUNTRY=country)
    assert answer.all("Cache-Control") == [cache_control]
    assert answer.all("Vary") == varies


def test_a_page_that_asked_depends_on_where_the_policy_applies_too() -> None:
    app = application(before=lambda environ: Visit.from_environ(environ).needs_choice, headers=PUBLIC)
    gated = gate(app, applies=lambda environ: True, applies_vary=["X-Country"])
    assert request(gated).all("Vary") == ["Cookie, X-Country"]
    accepted = cookie(POLICY, ["internal"])
    judged = gate(
        application("sid=1", "theme=2", headers=PUBLIC), applies=lambda environ: True, applies_vary=["X"]
    )
    answer = request(judged, HTTP_COOKIE=accepted)
    assert (answer.cookie_names, answer.all("Vary")) == (["sid", "theme"], ["X"])
    plain = gate(application("sid=1", headers=PUBLIC), applies=lambda environ: True)
    assert request(plain).headers[1:] == [*PUBLIC, ("Set-Cookie", "sid=1")]


def test_while_only_reporting_caches_know_of_questions_and_choices() -> None:
    asked = gate(
        application("_pk_id=1", before=lambda environ: Visit.from_environ(environ).banner(), headers=PUBLIC),
        report_only=True,
    )
    assert request(asked).all("Vary") == ["Cookie, Accept-Language"]
    assert request(asked).all("Cache-Control") == ["public, max-age=600"]
    chose = gate(
        application(before=lambda environ: Visit.from_environ(environ).refuse_all(), headers=PUBLIC),
        report_only=True,
    )
    assert request(chose).all("Cache-Control") == ["max-age=600, private"]


# 6: code that runs before the request is filtered


def bottle_reads(environ: dict[str, Any]) -> list[str]:
    return list(bottle.BaseRequest(environ).cookies)


def bottle_keeps(environ: dict[str, Any]) -> list[str]:
    return list(environ.get("bottle.request", bottle.LocalRequest(environ)).cookies)


def webob_reads(environ: dict[str, Any]) -> list[str]:
    return list(webob.Request(environ).cookies)


def werkzeug_reads(environ: dict[str, Any]) -> list[str]:
    kept = environ.get("werkzeug.request")
    return list((kept or werkzeug.Request(environ)).cookies)


def django_reads(environ: dict[str, Any]) -> list[str]:
    # As WSGIRequest.COOKIES does, which needs settings besides.
    return list(parse_cookie(get_str_from_wsgi(environ, "HTTP_COOKIE", "")))


READERS = [bottle_reads, bottle_keeps, webob_reads, werkzeug_reads, django_reads]


@pytest.mark.parametrize("reads", READERS)
@pytest.mark.parametrize("where", ["language", "applies", "outside"])
def test_nothing_a_framework_parsed_before_reaches_the_application(reads: Any, where: str) -> None:
    seen: list[list[str]] = []
    app = application(before=lambda environ: seen.append(reads(environ)))

    def hook(environ: dict[str, Any]) -> Any:
        reads(environ)
        return True if where == "applies" else None

    hooks = {where: hook} if where != "outside" else {}
    gated = gate(app, **hooks)

    def outside(environ: dict[str, Any], start_response: Any) -> Any:
        if where == "outside":
            reads(environ)
            assert len(werkzeug.Request(environ, populate_request=True).cookies) == 3
        return gated(environ, start_response)

    environ = environ_for(HTTP_COOKIE="sid=1; theme=2; zzz=3")
    drive(outside, environ)
    assert seen == [["sid"]]


# 7: absence that the browser caused

CROSS_SITE = [
    {"HTTP_SEC_FETCH_SITE": "cross-site", "HTTP_SEC_FETCH_MODE": "navigate", "HTTP_SEC_FETCH_DEST": "iframe"},
    {"HTTP_SEC_FETCH_SITE": "cross-site", "HTTP_SEC_FETCH_MODE": "no-cors", "HTTP_SEC_FETCH_DEST": "image"},
    {"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_SEC_FETCH_STORAGE_ACCESS": "none"},
    {"HTTP_ORIGIN": "http://other.example"},
    {"HTTP_ORIGIN": "null"},
    {
        "REQUEST_METHOD": "POST",
        "HTTP_SEC_FETCH_SITE": "cross-site",
        "HTTP_SEC_FETCH_MODE": "navigate",
        "HTTP_SEC_FETCH_DEST": "document",
    },
]


@pytest.mark.parametrize("extra", CROSS_SITE)
def test_missing_answers_allow_nothing_where_the_browser_held_them_back(extra: dict[str, str]) -> None:
    """Return from a payment, frames, pictures, plain http."""
    asked: list[Any] = []

    def ask(environ: dict[str, Any]) -> None:
        visit = Visit.from_environ(environ)
        asked.append((visit.needs_choice, str(visit.banner())))

    gated = gate(application(*MATRIX, before=ask, headers=PUBLIC))
    answer = request(gated, HTTP_COOKIE="sid=1; theme=2", **extra)
    assert answer.cookie_names == ["sid"], "nothing exempt is set, nothing is expired"
    assert asked == [(False, "")]
    assert answer.all("Cache-Control") == ["no-store"]
    with_answers = request(gated, HTTP_COOKIE=cookie(POLICY, ["statistical"]), **extra)
    assert with_answers.cookie_names == ["sid", "_pk_id"]
    unasked = request(gate(application(*MATRIX, headers=PUBLIC)), **extra)
    assert unasked.all("Cache-Control") == ["public, max-age=600"]


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none", "cross-site", None])
def test_a_plain_navigation_carries_its_answers(site: str | None) -> None:
    extra = {
        "HTTP_SEC_FETCH_SITE": site,
        "HTTP_SEC_FETCH_MODE": "navigate",
        "HTTP_SEC_FETCH_DEST": "document",
    }
    present = {key: value for key, value in extra.items() if value is not None}
    assert request(gate(application(*MATRIX)), **present).cookie_names == ["sid", "_pk_id"]


# 8: a newer choice supersedes the ones it was made over


@pytest.mark.parametrize(
    ("older", "newer", "host"),
    [
        (None, "site.test", "www.site.test"),
        ("site.test", None, "www.site.test"),
        ("www.site.test", "site.test", "www.site.test"),
        (".site.test", "www.site.test", "www.site.test"),
        (None, None, "www.site.test"),
    ],
)
def test_a_newer_choice_counts_whatever_domain_the_older_one_had(
    older: str | None, newer: str | None, host: str
) -> None:
    """The domain changed, or a sibling host planted a no."""
    jar, url = Jar(), f"https://{host}/cookies"

    def post(policy: Policy, action: str) -> None:
        sent = jar.cookie_string(url)
        more = {"HTTP_COOKIE": sent} if sent else {}
        answer = request(
            gate(application(), policy),
            "POST",
            "/cookies",
            body=f"action={action}".encode(),
            HTTP_HOST=host,
            **{"wsgi.url_scheme": "https"},
            **FORM,
            **more,
        )
        jar.store_response(answer.headers, url)

    post(make_policy(cookie_domain=older), "refuse_all")
    post(make_policy(cookie_domain=newer), "accept_all")
    (pair,) = jar.cookie_string(url).split("; ")
    serializer = gate(application(), make_policy()).serializer
    assert {each.accepted for each in serializer.loads(pair.partition("=")[2]).answers} == {True}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:8000", "intranet", "", "a b.example"])
def test_a_host_without_a_domain_gets_one_line(host: str) -> None:
    answer = request(
        gate(application()),
        "POST",
        "/cookies",
        body=b"action=accept_all",
        HTTP_HOST=host,
        HTTP_COOKIE=cookie(POLICY),
        **FORM,
    )
    assert answer.cookie_names == ["cookies_preferences"]


def test_nothing_is_ended_for_a_visitor_without_a_genuine_cookie() -> None:
    answer = request(
        gate(application()),
        "POST",
        "/cookies",
        body=b"action=accept_all",
        HTTP_HOST="www.site.test",
        HTTP_COOKIE="cookies_preferences=forged",
        **FORM,
    )
    assert answer.cookie_names == ["cookies_preferences"]


# 10, 11: a refusal leaves no cookie behind


@pytest.mark.parametrize("dest", [None, "document", "empty", "iframe"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_every_response_but_a_passive_subresources_expires(dest: str | None, method: str) -> None:
    """Single-page applications make no navigation."""
    extra = {} if dest is None else {"HTTP_SEC_FETCH_DEST": dest, **SAME}
    chosen = cookie(POLICY)
    answer = request(gate(application()), method, HTTP_COOKIE=f"{chosen}; theme=1", **extra)
    assert answer.cookie_names == ["theme"]


def test_a_script_s_cookie_on_a_parent_domain_goes_with_the_refusal() -> None:
    """`_ga`, set by a script on the parent domain, is the commonest there is."""
    policy = Policy([Category("statistics", cookies=["_ga"])])
    answer = request(
        gate(application(), policy),
        "POST",
        "/cookies",
        body=b"action=refuse_all",
        HTTP_HOST="www.shop.example.org",
        HTTP_COOKIE="_ga=1",
        **FORM,
    )
    assert answer.set_cookies[1:] == [
        "_ga=; Path=/; Max-Age=0",
        "_ga=; Path=/; Max-Age=0; Domain=www.shop.example.org",
        "_ga=; Path=/; Max-Age=0; Domain=shop.example.org",
        "_ga=; Path=/; Max-Age=0; Domain=example.org",
    ]


def test_wider_scopes_are_tried_on_the_page_the_choice_leads_to_and_a_minute_on(clock: Any) -> None:
    policy = Policy([Category("statistics", cookies=["_ga"])])
    gated = gate(application(), policy)
    chosen = cookie(policy, at=clock.now)
    for seconds, lines in ((0, 3), (59, 3), (60, 1)):
        clock.now += seconds
        answer = request(gated, HTTP_HOST="www.site.test", HTTP_COOKIE=f"{chosen}; _ga=1")
        assert len(answer.set_cookies) == lines
        clock.now -= seconds


def test_a_cookie_goes_from_the_path_and_domain_it_was_seen_on_and_the_mount(
    caplog: pytest.LogCaptureFixture,
) -> None:
    policy = Policy([Category("statistics", cookies=["_ga"])])
    gated = gate(application("_ga=1; Path=/elsewhere; Domain=site.test"), policy)
    seen = {"HTTP_HOST": "www.site.test", "SCRIPT_NAME": "/wiki"}
    request(gated, HTTP_COOKIE=cookie(policy, ["statistics"]), **seen)
    (line,) = lines_of(caplog)
    assert line.startswith("the cookie '_ga' is set with Path=/elsewhere and Domain=site.test, and declared")
    environ = {**seen, "HTTP_COOKIE": f"{cookie(policy, at=1.0)}; _ga=1", "HTTP_SEC_FETCH_DEST": "document"}
    refusing = gate(application(), policy)
    refusing._seen_scopes = gated._seen_scopes
    assert request(refusing, **environ).set_cookies == [
        "_ga=; Path=/; Max-Age=0",
        "_ga=; Path=/wiki; Max-Age=0",
        "_ga=; Path=/elsewhere; Max-Age=0; Domain=site.test",
    ]


def test_the_mount_is_written_as_a_path_in_which_no_attribute_ends() -> None:
    answer = request(gate(application()), HTTP_COOKIE="theme=1", SCRIPT_NAME="/a;b c")
    assert answer.set_cookies[-1] == "theme=; Path=/a%3Bb%20c; Max-Age=0"


@pytest.mark.parametrize(("seconds", "lines"), [(-60, 1), (60, 0)])
def test_nothing_is_expired_on_a_response_that_shared_caches_may_keep(
    seconds: int, lines: int, clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    expires = ("Expires", formatdate(clock.now + seconds, usegmt=True))
    answer = request(gate(application(headers=[expires])), HTTP_COOKIE="theme=1")
    assert len(answer.set_cookies) == lines
    assert caplog.records == []


def test_a_partitioned_cookie_is_expired_as_such() -> None:
    policy = Policy([Category("embeds", cookies=[Cookie("frame", partitioned=True)])])
    answer = request(gate(application(), policy), HTTP_COOKIE=f"{cookie(policy)}; frame=1")
    assert answer.set_cookies[0] == "frame=; Path=/; Max-Age=0; SameSite=None; Partitioned; Secure"


def test_a_refused_cookie_that_keeps_coming_is_logged_once(
    clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    gated, chosen = gate(application()), cookie(POLICY, at=clock.now)
    for seconds, lines in ((0, 0), (60, 0), (61, 1), (500, 1)):
        clock.now += seconds
        request(gated, HTTP_COOKIE=f"{chosen}; theme=1")
        assert len(caplog.records) == lines
        clock.now -= seconds
    assert "the refused cookie 'theme' is still sent a minute after" in caplog.text


# 12: deletions by the clock


@pytest.mark.parametrize("name", ["theme", "zzz"])
def test_a_deletion_by_the_server_s_clock_alone_is_made_certain(name: str) -> None:
    """As Roundup, Falcon and http.cookies write it, without Max-Age."""
    line = f"{name}=deleted; Path=/; Expires={formatdate(usegmt=True)}"
    assert request(gate(application(line))).set_cookies == [f"{line}; Max-Age=0"]


def test_a_deletion_by_the_response_s_date_alone_is_made_certain(clock: Any) -> None:
    """The Date is three days ahead of the server's clock."""
    line = f"theme=; Expires={formatdate(clock.now + 12 * 3600, usegmt=True)}"
    date = ("Date", formatdate(clock.now + 3 * 24 * 3600, usegmt=True))
    assert request(gate(application(line, headers=[date]))).set_cookies == [f"{line}; Max-Age=0"]


def test_reported_undeclared_deletions_are_no_news(caplog: pytest.LogCaptureFixture) -> None:
    lines = ["zzz=; Max-Age=0", f"yyy=; Expires={formatdate(usegmt=True)}"]
    answer = request(gate(application(*lines), undeclared="report"))
    assert answer.set_cookies == lines
    assert caplog.records == []


# 16, 17: the log


def test_names_are_cut_before_they_are_kept_or_written(caplog: pytest.LogCaptureFixture) -> None:
    gated = gate(application())
    for number in range(300):
        request(gated, HTTP_COOKIE=f"{number}{'x' * 8000}=1")
    assert len(caplog.records) <= 256
    assert sum(len(record.getMessage()) for record in caplog.records) < 256 * 400


def lines_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def test_a_token_of_another_key_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    gated = gate(application())
    for key in ("b" * 16, "c" * 16):
        request(gated, HTTP_COOKIE=cookie(POLICY, secret_key=key))
    request(gated, HTTP_COOKIE="cookies_preferences=junk")
    (line,) = lines_of(caplog)
    assert "signed with another key" in line and "secret_key_fallbacks" in line


def test_a_token_dated_ahead_is_logged_once(caplog: pytest.LogCaptureFixture, clock: Any) -> None:
    gated = gate(application())
    for seconds in (3600, 7200):
        request(gated, HTTP_COOKIE=cookie(POLICY, at=clock.now + seconds))
    (line,) = lines_of(caplog)
    assert "dated more than a minute ahead" in line


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("sid=" + "v" * 4200, "name and value exceed 4,096 octets"),
        ("sid=1\x07", "it holds a control character"),
        ("__Host-sid=1; Path=/", "asks for Secure"),
        ("__Host-sid=1; Secure; Path=/app", "asks for Path=/ and no Domain"),
        ("__Http-sid=1; Secure", "asks for HttpOnly"),
        ("sid=1; SameSite=None", "SameSite=None asks for Secure"),
    ],
)
def test_a_necessary_cookie_that_browsers_refuse_is_logged_once(
    line: str, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    names = ["sid", "__Host-sid", "__Http-sid"]
    policy = Policy([Category("necessary", basis=Basis.NECESSARY, cookies=names)])
    gated = gate(setting(line), policy)
    for _ in range(2):
        drive(gated, environ_for())
    (warning,) = lines_of(caplog)
    assert warning.startswith("browsers refuse the necessary cookie") and message in warning


@pytest.mark.parametrize("inside", [False, True])
def test_proxy_fix_inside_the_gate_is_logged_once(inside: bool, caplog: pytest.LogCaptureFixture) -> None:
    app: Any = application()
    app = gate(ProxyFix(app)) if inside else ProxyFix(gate(app))
    for _ in range(2):
        request(app, HTTP_X_FORWARDED_PROTO="https")
    assert ("ProxyFix works inside the gate" in caplog.text) is inside
    assert len(caplog.records) == inside


def test_http_beside_https_expires_nothing_and_logs_it_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    https = {"wsgi.url_scheme": "https"}
    gated = gate(application())
    request(gated, HTTP_COOKIE="sid=1", **https)
    assert request(gated, HTTP_COOKIE="theme=1").cookie_names == ["theme"]
    request(gated, HTTP_COOKIE=cookie(POLICY), **https)
    for _ in range(2):
        assert request(gated, HTTP_COOKIE="theme=1").cookie_names == []
    assert request(gated, HTTP_COOKIE="theme=1", **https).cookie_names == ["theme"]
    (line,) = lines_of(caplog)
    assert "visited over http and https" in line


def test_report_only_logs_once_each_cookie_enforcing_would_touch(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gated = gate(application("theme=1; Path=/x; Max-Age=60", "zzz=2; Max-Age=60"), report_only=True)
    for _ in range(2):
        request(gated, HTTP_COOKIE="vid=1; yyy=2; sid=3")
    lines = lines_of(caplog)
    assert [line for line in lines if not line.startswith("undeclared")] == [
        "request: cookie 'vid' (third-party) would be withheld: not accepted",
        "response: cookie 'theme' (internal) would be stripped: not accepted; Path=/x; lifetime: 1 minute",
        "response: cookie 'vid' (third-party) would be expired: not accepted",
    ]
    assert sum("undeclared cookie" in line for line in lines) == 2


# 19, 21: wiring, and text that becomes a field


async def coroutine(scope: Any, receive: Any, send: Any) -> None: ...


class Called:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


class Plain:
    def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


@pytest.mark.parametrize("app", [coroutine, Called(), Plain(), lambda scope, receive, send: None])
def test_an_asgi_application_is_refused_while_wiring(app: Any) -> None:
    with pytest.raises(PolicyError, match=r"ASGI application.*a2wsgi"):
        gate(app)


@pytest.mark.parametrize("text", ["\r\nSet-Cookie: theme=1", "\n", "\r", "\x00"])
@pytest.mark.parametrize("where", ["status", "value", "name"])
@pytest.mark.parametrize("again", [False, True])
def test_a_line_break_in_status_or_field_is_a_value_error_when_enforcing(
    text: str, where: str, again: bool, caplog: pytest.LogCaptureFixture
) -> None:
    status = "200 OK" + (text if where == "status" else "")
    field = ("X-A" + (text if where == "name" else ""), "1" + (text if where == "value" else ""))

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if not again:
            start_response(status, [field])
            return []
        start_response("200 OK", [])
        try:
            raise RuntimeError
        except RuntimeError:
            start_response(status, [field], sys.exc_info())
        return []

    if "Set-Cookie" in field[0]:
        return  # a name browsers may take for Set-Cookie is stripped
    sent: list[Any] = []
    with pytest.raises(ValueError, match="a line break or NUL in the"):
        gate(app)(environ_for(), lambda *arguments: sent.append(arguments))
    assert len(sent) == again
    for options in ({"report_only": True}, {"applies": lambda environ: False}):
        gated = gate(app, **options)
        for _ in range(2):
            gated(environ_for(), lambda *arguments: sent.append(arguments))
        assert sent[-1][:2] == (status, [field])
    assert [line.partition(" into")[0] for line in lines_of(caplog)] == [
        "the application put a line break or NUL"
    ] * 2


def test_a_set_cookie_with_a_line_break_is_stripped() -> None:
    answer = drive(gate(setting("sid=1\r\nSet-Cookie: theme=2", "sid=3")), environ_for())
    assert answer.headers == [("Set-Cookie", "sid=3")]


# 20: text of the environ that becomes a field


@given(st.text("/\\a.", max_size=12))
def test_the_way_back_is_a_path_of_this_site(script_name: str) -> None:
    environ = environ_for("POST", "/cookies", SCRIPT_NAME=script_name, CONTENT_LENGTH="17", **FORM)
    environ["wsgi.input"] = io.BytesIO(b"action=refuse_all")
    sent: list[Any] = []
    sent += drive(gate(application()), environ).starts[0]
    location = dict(sent[1])["Location"]
    assert location.startswith("/") and not location.startswith(("//", "/\\"))
