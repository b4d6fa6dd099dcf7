"""The page and the choices posted to it: R5, R6, R64 to R69, R72, R82, R93, R94."""

import io
import json
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import Basis, Category, Policy
from consentgate.endpoint.choices import LARGEST_BODY
from consentgate.rendering.assets import stylesheet
from tests.conftest import KEY, Answer, application, cookie, make_policy, request
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
    """The answers in the new cookie, as the JSON of the next request shows them."""
    reported = request(
        GATE, path="/cookies", HTTP_ACCEPT=JSON, HTTP_COOKIE=f"cookies_preferences={answer.token}"
    )
    return {key: each["state"] for key, each in json.loads(reported.body)["categories"].items()}


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
        ("action=accept_all", ["unset", "accepted", "accepted"]),  # an exempt one needs no consent
        ("action=refuse_all", ["refused", "refused", "refused"]),
        ("action=save", ["refused", "refused", "refused"]),
        ("action=save&category=internal", ["refused", "accepted", "refused"]),
        ("category=internal&action=save&category=third-party", ["refused", "accepted", "accepted"]),
        ("action=refuse_all&category=internal", ["refused", "refused", "refused"]),
        ("action=accept_all&category=nonsense", ["unset", "accepted", "accepted"]),
        ("action=save&categories=internal", ["refused", "accepted", "refused"]),
        ("action=save&category=necessary", ["refused", "refused", "refused"]),
        ("action=save&category=internal&category=renamed", ["refused", "accepted", "refused"]),
        ("action=accept&category=internal", ["unset", "accepted", "unset"]),
        ("action=accept&category=internal&category=statistical", ["accepted", "accepted", "unset"]),
        ("action=refuse&category=internal", ["unset", "refused", "unset"]),
        ("action=answer&choice.internal=yes&choice.third-party=no", ["unset", "accepted", "refused"]),
        ("action=answer&choice.internal=yes&choice.gone=no", ["unset", "accepted", "unset"]),
        ("action=answer&choice.internal=yes&category=third-party", ["unset", "accepted", "unset"]),
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
        ({"action": "accept_all", "categories": ["internal"]}, ["unset", "accepted", "accepted"]),
        (
            {"action": "answer", "choices": {"internal": True, "third-party": False}},
            ["unset", "accepted", "refused"],
        ),
        ({"action": "accept", "categories": ["internal"]}, ["unset", "accepted", "unset"]),
        ({"action": "refuse", "category": "internal"}, ["unset", "refused", "unset"]),
        ({"action": "save", "categories": "internal"}, ["refused", "accepted", "refused"]),
        ({"action": "refuse_all", "categories": []}, ["refused", "refused", "refused"]),
        ({"action": "save", "categories": ["statistical"]}, ["accepted", "refused", "refused"]),
    ],
)
def test_json_is_a_choice_and_answers_with_the_state(choice: Any, expected: list[str], clock: Any) -> None:
    answer = post(json.dumps(choice), media_type=f"{JSON}; charset=utf-8")
    assert answer.status == "200 OK"
    reported = json.loads(answer.body)
    assert (
        [each["state"] for each in reported["categories"].values()]
        == expected
        == list(states(answer).values())
    )
    asked = [reported["categories"][key]["state"] for key in ("internal", "third-party")]
    assert reported["needs_choice"] is ("unset" in asked)
    assert reported["expires_at"] == "2026-05-24T12:13:20Z"
    days = {each["chosen_at"] for each in reported["categories"].values() if each["state"] != "unset"}
    assert days == {"2025-11-23T12:13:20Z"}


def test_the_state_before_a_choice() -> None:
    answer = request(GATE, path="/cookies", HTTP_ACCEPT=JSON)
    assert answer.all("Content-Type") == [JSON]
    assert answer.all("Cache-Control") == ["no-store"]
    assert json.loads(answer.body) == {
        "needs_choice": True,
        "expires_at": None,
        "signals": [],
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
        ("text/html, application/json", "text/html"),
        ("text/html;q=0.5, application/json", JSON),
        ("application/json;q=0, */*", "text/html"),
        ("image/png", "text/html"),
        (";;;", "text/html"),
        ("application/json;" + "x" * 2000, "text/html"),
    ],
)
def test_json_is_for_clients_that_name_it(accept: str, media_type: str) -> None:
    answer = request(GATE, path="/cookies", HTTP_ACCEPT=accept)
    assert answer.all("Content-Type")[0].partition(";")[0] == media_type


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
        ("action=refuse&category=necessary", {}, "400 Bad Request"),
        ("action=refuse&category=gone", {}, "400 Bad Request"),
        ("action=answer&choice.gone=yes", {}, "400 Bad Request"),
        ("action=answer&choice.internal=maybe", {}, "400 Bad Request"),
        ("action=answer&choice.necessary=no", {}, "400 Bad Request"),
        ('{"action": "answer", "choices": {"internal": "yes"}}', {"media_type": JSON}, "400 Bad Request"),
        ('{"action": "answer", "choices": ["internal"]}', {"media_type": JSON}, "400 Bad Request"),
        ('{"action": "save", "unknown": 1}', {"media_type": JSON}, "400 Bad Request"),
        ("action=accept_all&action=refuse_all", {}, "400 Bad Request"),
        ("category=internal", {}, "400 Bad Request"),
        ("action=save&category=nonsense", {}, "400 Bad Request"),
        (b"action=save&category=\xff", {}, "400 Bad Request"),
        ("{", {"media_type": JSON}, "400 Bad Request"),
        ("[" * 10000, {"media_type": JSON}, "400 Bad Request"),
        ("[]", {"media_type": JSON}, "400 Bad Request"),
        ("{}", {"media_type": JSON}, "400 Bad Request"),
        ('{"action": ["save"]}', {"media_type": JSON}, "400 Bad Request"),
        ('{"action": "save", "categories": [1]}', {"media_type": JSON}, "400 Bad Request"),
        (b'{"action": "\xff"}', {"media_type": JSON}, "400 Bad Request"),
        ("action=accept_all", {"media_type": ""}, "415 Unsupported Media Type"),
        ("action=accept_all", {"media_type": "multipart/form-data; boundary=x"}, "400 Bad Request"),
        ("action=accept_all", {"media_type": "multipart/form-data"}, "400 Bad Request"),
        ("action=accept_all", {"media_type": "text/plain"}, "415 Unsupported Media Type"),
        ("x" * (LARGEST_BODY + 1), {}, "413 Content Too Large"),
        ("action=accept_all", {"path": "/cookies/other"}, "404 Not Found"),
        ("action=accept_all", {"path": f"/cookies/{stylesheet()[0]}"}, "405 Method Not Allowed"),
    ],
)
def test_no_choice_is_recorded_from_a_request_that_is_none(
    body: bytes | str, extra: dict[str, Any], status: str
) -> None:
    """R69."""
    answer = post(body, **extra)
    assert answer.status == status
    assert answer.set_cookies == []
    assert answer.all("Cache-Control") == ["no-store"]


BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"


def multipart(*fields: tuple[str, str]) -> bytes:
    """A form as fetch sends FormData."""
    parts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields]
    return ("".join(parts) + f"--{BOUNDARY}--\r\n").encode()


MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def test_form_data_of_a_script_is_a_form() -> None:
    body = multipart(("action", "answer"), ("choice.internal", "yes"), ("next", "/shop"))
    answer = post(body, media_type=MULTIPART)
    assert answer.status == "303 See Other"
    assert answer.all("Location") == ["/shop"]
    assert states(answer)["internal"] == "accepted"


def test_a_file_is_no_choice() -> None:
    body = multipart(("action", "accept_all")).replace(b'name="action"', b'name="action"; filename="x"')
    assert post(body, media_type=MULTIPART).status == "400 Bad Request"


@given(st.data())
def test_a_broken_multipart_body_is_a_bad_request(data: st.DataObject) -> None:
    whole = multipart(("action", "accept_all"), ("category", "internal"))
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    broken = whole[:start] + data.draw(st.binary(max_size=8)) + whole[end:]
    assert post(broken, media_type=MULTIPART).status in ("303 See Other", "400 Bad Request")


def test_a_chunked_body_is_read_to_its_end() -> None:
    """HTTP/1.1 chunked requests state no length; servers that undo the chunks say so."""
    chunked = {"wsgi.input_terminated": True, "CONTENT_TYPE": FORM, **OWN}
    body = io.BytesIO(b"action=accept&category=internal")
    answer = request(GATE, "POST", "/cookies", **{"wsgi.input": body}, **chunked)
    assert states(answer)["internal"] == "accepted"
    large = io.BytesIO(b"x" * (LARGEST_BODY + 1))
    answer = request(GATE, "POST", "/cookies", **{"wsgi.input": large}, **chunked)
    assert answer.status == "413 Content Too Large"


def test_categories_that_are_gone_are_left_out_and_named_in_json() -> None:
    answer = post('{"action": "accept", "categories": ["internal", "gone"]}', media_type=JSON)
    assert json.loads(answer.body)["ignored"] == ["gone"]
    assert states(answer)["internal"] == "accepted"


def test_an_answer_can_be_taken_back() -> None:
    chosen = cookie(POLICY, ["internal"])
    for body, media_type in (
        ("action=answer&choice.internal=unset&choice.statistical=unset", FORM),
        ('{"action": "answer", "choices": {"internal": null, "statistical": null}}', JSON),
    ):
        answer = post(body, media_type=media_type, HTTP_COOKIE=chosen)
        assert states(answer) == {"statistical": "unset", "internal": "unset", "third-party": "refused"}


FRAMED = {"HTTP_SEC_FETCH_STORAGE_ACCESS": "none"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("action=accept&category=internal", "409 Conflict"),
        ("action=refuse&category=internal", "409 Conflict"),
        ("action=answer&choice.internal=no", "409 Conflict"),
        ("action=accept_all", "409 Conflict"),
        ("action=refuse_all", "303 See Other"),
        ("action=save&category=internal", "303 See Other"),
    ],
)
def test_a_part_of_the_answers_is_not_recorded_where_the_browser_held_them_back(
    body: str, status: str
) -> None:
    """In a frame on another site: a part would replace the answers that are there."""
    answer = post(body, **FRAMED)
    assert answer.status == status
    assert (answer.set_cookies == []) is (status == "409 Conflict")
    assert post(body, HTTP_COOKIE=cookie(POLICY), **FRAMED).status == "303 See Other"


def test_a_refused_post_is_logged_once_with_its_origin_and_host(caplog: pytest.LogCaptureFixture) -> None:
    gate = POLICY.wrap(application(), secret_key=KEY)
    for port in range(300):
        post(
            "action=accept_all",
            gate=gate,
            HTTP_SEC_FETCH_SITE="cross-site",
            HTTP_ORIGIN=f"http://intranet:{port}",
        )
    (line,) = [record.getMessage() for record in caplog.records]
    assert "'http://intranet:0'" in line and "'127.0.0.1'" in line and "ProxyFix" in line


@pytest.mark.parametrize(
    ("length", "status"),
    [
        ("x", b"not a number"),
        ("-1", b"not a number"),
        ("\u0663", b"not a number"),
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
def test_other_methods_get_an_allow_field(method: str) -> None:
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
