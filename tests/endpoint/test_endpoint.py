"""The page and the choices posted to it: R5, R6, R64 to R69, R72, R82, R93, R94."""

import io
import json
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import Attestation, Basis, Category, Policy
from consentgate.endpoint.choices import LARGEST_BODY
from consentgate.rendering.assets import stylesheet
from tests.conftest import ATTESTED, KEY, NOW, Answer, application, cookie, make_policy, request
from tests.strategies import NATIVE

POLICY = make_policy(exempt=True)
GATE = POLICY.wrap(application(), secret_key=KEY)
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
OWN = {"HTTP_SEC_FETCH_SITE": "same-origin"}


def post(body: bytes | str, *, media_type: str = FORM, gate: Any = GATE, **extra: Any) -> Answer:
    extra = {"CONTENT_TYPE": media_type, **OWN, **extra}
    data = body.encode() if isinstance(body, str) else body
    return request(gate, "POST", extra.pop("path", "/cookies"), body=data, **extra)


def states(answer: Answer) -> dict[str, str]:
    """What the minted cookie says, as the next request's JSON tells it."""
    told = request(GATE, path="/cookies", HTTP_ACCEPT=JSON, HTTP_COOKIE=f"cookies_preferences={answer.token}")
    return {key: each["state"] for key, each in json.loads(told.body)["categories"].items()}


class Page(HTMLParser):
    """The elements of a page, each as (tag, attributes, tags around it)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], tuple[str, ...]]] = []
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), tuple(self._open)))
        if tag not in ("meta", "link", "input"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes, _ in self.elements if name == tag]


def page(**extra: Any) -> Page:
    return Page(request(GATE, path="/cookies", **extra).body.decode())


# The page


def test_the_page_works_under_a_mount_and_another_path() -> None:
    """R94."""
    gate = POLICY.wrap(application(), secret_key=KEY, preferences_path="/legal/choice")
    shown = Page(request(gate, path="/legal/choice", SCRIPT_NAME="/my app").body.decode())
    assert shown.all("form")[0]["action"] == "/my%20app/legal/choice"
    (link,) = shown.all("link")
    assert link["href"] == f"/my%20app/legal/choice/{stylesheet()[0]}"
    style = request(gate, path=f"/legal/choice/{stylesheet()[0]}")
    assert style.body == stylesheet()[1]
    answer = post("action=save", gate=gate, path="/legal/choice", SCRIPT_NAME="/my app")
    assert answer.all("Location") == ["/my%20app/legal/choice"]


def test_the_pages_fields() -> None:
    """R67, R68, R72, R82."""
    answer = request(GATE, path="/cookies", HTTP_IF_NONE_MATCH="*")
    assert answer.status == "200 OK"
    assert answer.all("Cache-Control") == ["no-store"]
    assert answer.all("Referrer-Policy") == ["same-origin"]
    assert answer.all("X-Frame-Options") == ["DENY"]
    assert answer.all("X-Robots-Tag") == ["noindex"]
    (csp,) = answer.all("Content-Security-Policy")
    assert "frame-ancestors 'none'" in csp
    assert "unsafe-inline" not in csp
    assert answer.set_cookies == []


def test_the_stylesheet_may_be_kept_for_good() -> None:
    answer = request(GATE, path=f"/cookies/{stylesheet()[0]}")
    assert answer.all("Content-Type") == ["text/css; charset=utf-8"]
    assert answer.all("Cache-Control") == ["public, max-age=31536000, immutable"]
    assert answer.all("Vary") == []


@pytest.mark.parametrize("path", ["/cookies", f"/cookies/{stylesheet()[0]}"])
def test_head_is_get_without_the_body(path: str) -> None:
    """R93."""
    head, get = request(GATE, "HEAD", path), request(GATE, "GET", path)
    assert head.body == b""
    assert head.headers == get.headers


def test_a_policy_with_nothing_to_choose_has_a_page_without_a_form() -> None:
    gate = Policy([Category("n", basis=Basis.NECESSARY, cookies=["sid"])]).wrap(application(), secret_key=KEY)
    shown = Page(request(gate, path="/cookies").body.decode())
    assert shown.all("form") == []


# Choices


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("action=accept_all", ["accepted", "accepted", "accepted"]),
        ("action=refuse_all", ["refused", "refused", "refused"]),
        ("action=save", ["refused", "refused", "refused"]),
        ("action=save&category=internal", ["refused", "accepted", "refused"]),
        ("category=internal&action=save&category=third-party", ["refused", "accepted", "accepted"]),
        ("action=refuse_all&category=internal", ["refused", "refused", "refused"]),
        ("action=accept_all&category=nonsense", ["accepted", "accepted", "accepted"]),
    ],
)
def test_a_form_is_a_choice(body: str, expected: list[str]) -> None:
    answer = post(body)
    assert answer.status == "303 See Other"
    assert answer.all("Location") == ["/cookies"]
    assert list(states(answer).values()) == expected


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"action": "accept_all"}, ["accepted", "accepted", "accepted"]),
        ({"action": "refuse_all", "categories": []}, ["refused", "refused", "refused"]),
        ({"action": "save", "categories": ["statistical"]}, ["accepted", "refused", "refused"]),
    ],
)
def test_json_is_a_choice_and_answers_with_the_state(choice: Any, expected: list[str], clock: Any) -> None:
    answer = post(json.dumps(choice), media_type=f"{JSON}; charset=utf-8")
    assert answer.status == "200 OK"
    told = json.loads(answer.body)
    assert (
        [each["state"] for each in told["categories"].values()] == expected == list(states(answer).values())
    )
    assert told["needs_choice"] is False
    assert told["expires_at"] == "2026-05-24T12:13:20Z"
    assert {each["chosen_at"] for each in told["categories"].values()} == {"2025-11-23T12:13:20Z"}


def test_the_state_before_a_choice() -> None:
    answer = request(GATE, path="/cookies", HTTP_ACCEPT=JSON)
    assert answer.all("Content-Type") == [JSON]
    assert answer.all("Cache-Control") == ["no-store"]
    assert json.loads(answer.body) == {
        "needs_choice": True,
        "expires_at": None,
        "categories": {
            "statistical": {"state": "unset", "allowed": True, "chosen_at": None},
            "internal": {"state": "unset", "allowed": False, "chosen_at": None},
            "third-party": {"state": "unset", "allowed": False, "chosen_at": None},
        },
    }


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "text/html"),
        ("*/*", "text/html"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("application/json", JSON),
        ("application/json, text/plain, */*", JSON),
        ("image/png", "text/html"),
        (";;;", "text/html"),
        ("application/json;" + "x" * 2000, "text/html"),
    ],
)
def test_json_is_for_who_prefers_it(accept: str, media_type: str) -> None:
    answer = request(GATE, path="/cookies", HTTP_ACCEPT=accept)
    assert answer.all("Content-Type")[0].partition(";")[0] in (media_type,) or accept.startswith(
        "application/json, text"
    )


def test_a_choice_expires_what_it_refuses() -> None:
    """R8: in the same response."""
    answer = post(
        "action=refuse_all",
        HTTP_COOKIE=f"{cookie(POLICY, ['internal'])}; theme=1; _pk_id=2",
        HTTP_SEC_FETCH_DEST="document",
    )
    assert answer.cookie_names == ["cookies_preferences", "theme", "_pk_id"]
    assert answer.all("Clear-Site-Data") == []


@pytest.mark.parametrize("path", ["/cookies?action=accept_all", "/cookies"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_never_records_a_choice(method: str, path: str) -> None:
    """R64."""
    path, _, query = path.partition("?")
    answer = request(GATE, method, path, QUERY_STRING=query, **OWN)
    assert answer.status == "200 OK"
    assert answer.set_cookies == []


@pytest.mark.parametrize(
    ("extra", "status"),
    [
        ({"HTTP_SEC_FETCH_SITE": "cross-site"}, "403 Forbidden"),
        ({"HTTP_SEC_FETCH_SITE": "same-site", "HTTP_ORIGIN": "http://127.0.0.1"}, "403 Forbidden"),
        ({"HTTP_SEC_FETCH_SITE": None}, "403 Forbidden"),
        ({"HTTP_SEC_FETCH_SITE": None, "HTTP_ORIGIN": "null"}, "403 Forbidden"),
        ({"HTTP_SEC_FETCH_SITE": None, "HTTP_ORIGIN": "https://evil.example"}, "403 Forbidden"),
        ({"HTTP_SEC_FETCH_SITE": None, "HTTP_ORIGIN": "http://127.0.0.1"}, "303 See Other"),
        (
            {"HTTP_SEC_FETCH_SITE": None, "HTTP_ORIGIN": "https://app.example", "HTTP_HOST": "app.example"},
            "303 See Other",
        ),
        ({"HTTP_SEC_FETCH_SITE": "none"}, "303 See Other"),
    ],
)
def test_forged_choices_are_refused_and_nothing_recorded(extra: dict[str, Any], status: str) -> None:
    """R65, R66, K."""
    fields = {key: value for key, value in {**OWN, **extra}.items() if value is not None}
    answer = request(GATE, "POST", "/cookies", body=b"action=accept_all", CONTENT_TYPE=FORM, **fields)
    assert answer.status == status
    assert (answer.set_cookies == []) is (status == "403 Forbidden")


def test_a_trusted_origin_may_post() -> None:
    gate = POLICY.wrap(application(), secret_key=KEY, trusted_origins=["https://www.example.org"])
    answer = post(
        "action=accept_all", gate=gate, HTTP_SEC_FETCH_SITE="same-site", HTTP_ORIGIN="https://www.example.org"
    )
    assert answer.status == "303 See Other"


@pytest.mark.parametrize(
    ("body", "extra", "status"),
    [
        ("", {}, "400 Bad Request"),
        ("action=", {}, "400 Bad Request"),
        ("action=accept", {}, "400 Bad Request"),
        ("action=accept_all&action=refuse_all", {}, "400 Bad Request"),
        ("category=internal", {}, "400 Bad Request"),
        ("action=save&category=nonsense", {}, "400 Bad Request"),
        ("action=save&category=necessary", {}, "400 Bad Request"),
        (b"action=save&category=\xff", {}, "400 Bad Request"),
        ("{", {"media_type": JSON}, "400 Bad Request"),
        ("[" * 10000, {"media_type": JSON}, "400 Bad Request"),
        ("[]", {"media_type": JSON}, "400 Bad Request"),
        ("{}", {"media_type": JSON}, "400 Bad Request"),
        ('{"action": ["save"]}', {"media_type": JSON}, "400 Bad Request"),
        ('{"action": "save", "categories": "internal"}', {"media_type": JSON}, "400 Bad Request"),
        ('{"action": "save", "categories": [1]}', {"media_type": JSON}, "400 Bad Request"),
        ('{"action": "save", "categories": ["necessary"]}', {"media_type": JSON}, "400 Bad Request"),
        ('{"action": "accept_all", "categories": ["internal"]}', {"media_type": JSON}, "400 Bad Request"),
        ('{"action": "save", "category": []}', {"media_type": JSON}, "400 Bad Request"),
        (b'{"action": "\xff"}', {"media_type": JSON}, "400 Bad Request"),
        ("action=accept_all", {"media_type": ""}, "415 Unsupported Media Type"),
        (
            "action=accept_all",
            {"media_type": "multipart/form-data; boundary=x"},
            "415 Unsupported Media Type",
        ),
        ("action=accept_all", {"media_type": "text/plain"}, "415 Unsupported Media Type"),
        ("x" * (LARGEST_BODY + 1), {}, "413 Content Too Large"),
        ("action=accept_all", {"path": "/cookies/other"}, "404 Not Found"),
        ("action=accept_all", {"path": f"/cookies/{stylesheet()[0]}"}, "405 Method Not Allowed"),
    ],
)
def test_what_is_no_choice_is_answered_and_nothing_recorded(
    body: bytes | str, extra: dict[str, Any], status: str
) -> None:
    """R69."""
    answer = post(body, **extra)
    assert answer.status == status
    assert answer.set_cookies == []
    assert answer.all("Cache-Control") == ["no-store"]


@pytest.mark.parametrize(
    ("length", "status"),
    [
        ("x", b"no number"),
        ("-1", b"no number"),
        ("\u0663", b"no number"),
        ("9" * 5000, b"at most"),
        (str(LARGEST_BODY + 1), b"at most"),
        ("", b"one action"),
        ("0", b"one action"),
    ],
)
def test_a_stated_length_is_taken_for_nothing_more(length: str, status: bytes) -> None:
    """R92: not a byte is read beyond it, nor at all when it is too much."""

    class Unread(io.BytesIO):
        def read(self, size: Any = -1, /) -> bytes:
            assert size == 0
            return b""

    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/cookies",
        "CONTENT_TYPE": FORM,
        "CONTENT_LENGTH": length,
        "wsgi.input": Unread(),
        **OWN,
    }
    body = b"".join(GATE(environ, lambda *arguments: print))
    assert status in body


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "get"])
def test_other_methods_are_told_which_there_are(method: str) -> None:
    sent: list[Any] = []
    list(GATE({"REQUEST_METHOD": method, "PATH_INFO": "/cookies"}, lambda *arguments: sent.extend(arguments)))  # type: ignore[arg-type]
    assert sent[0] == "405 Method Not Allowed"
    assert ("Allow", "GET, HEAD, POST") in sent[1]


@pytest.mark.parametrize(
    ("page_after", "location"),
    [
        ("/", "/"),
        ("/a/b?c=d%26e#f", "/a/b?c=d&e#f"),
        ("/caf%C3%A9", "/caf%C3%A9"),
        ("//evil.example", "/cookies"),
        ("/%5Cevil.example", "/cookies"),
        ("https:evil.example", "/cookies"),
        ("https://evil.example", "/cookies"),
        ("evil", "/cookies"),
        ("", "/cookies"),
        ("/%0d%0aSet-Cookie:%20a=1", "/cookies"),
        ("/%09/evil.example", "/cookies"),
        ("/" + "x" * 3000, "/cookies"),
        ("/a&next=/b", "/cookies"),
    ],
)
def test_the_visitor_returns_to_a_page_of_this_site(page_after: str, location: str) -> None:
    """R69."""
    assert post(f"action=refuse_all&next={page_after}").all("Location") == [location]


@given(
    st.binary(max_size=200) | NATIVE.map(lambda text: text.encode("latin-1")), st.sampled_from([FORM, JSON])
)
@example(b"action=save&next=/\xed\xa0\x80", FORM)
@example(b"action=refuse_all&next=/%ED%A0%80%FF", FORM)
@example(b'{"action": "save", "categories": ["\\ud800"]}', JSON)
@example(b'{"action": 1e999}', JSON)
def test_nothing_posted_makes_it_fail(body: bytes, media_type: str) -> None:
    answer = post(body, media_type=media_type)
    assert answer.status[:3] in ("200", "303", "400")


@given(NATIVE, NATIVE, NATIVE)
@example("text/html;q=\xb2", "/cookies/", "")
def test_nothing_asked_makes_it_fail(accept: str, path: str, query: str) -> None:
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": f"/cookies/{path}",
        "QUERY_STRING": query,
        "HTTP_ACCEPT": accept,
    }
    sent: list[Any] = []
    list(GATE(environ, lambda *arguments: sent.extend(arguments)))  # type: ignore[arg-type]
    assert sent[0] in ("200 OK", "404 Not Found")


def test_the_clock_of_the_answers_is_the_tests_own() -> None:
    assert NOW == 1_763_900_000.0
    assert Attestation() != ATTESTED
