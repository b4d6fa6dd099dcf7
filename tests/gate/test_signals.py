"""Opt-out signals through the gate: what a browser denies is denied everywhere, and never asked."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import Basis, Category, Cookie, Event, Policy, PolicyError, Visit, testing
from consentgate.headers.cookie import has_line_break
from tests.conftest import ATTESTED, KEY, Answer, application, cookie, request
from tests.strategies import accepted, cookie_strings, names

POLICY = Policy(
    [
        Category("necessary", basis=Basis.NECESSARY, cookies=["sid", "csrftoken"]),
        Category("statistical", cookies=["_pk_id", "_pk_ses.*"], consent_mode=["analytics_storage"]),
        Category("internal", cookies=["theme"]),
        Category(
            "third-party",
            title="Advertising",
            cookies=[Cookie("vid", provider="Ads Ltd")],
            hosts=["ads.example"],
            sale_or_share=True,
            consent_mode=["ad_storage", "ad_user_data"],
        ),
    ]
)
PLAIN = Policy(
    [
        Category("necessary", basis=Basis.NECESSARY, cookies=["sid"]),
        Category("third-party", cookies=["vid"]),
    ]
)
YES = cookie(POLICY, ["statistical", "internal", "third-party"])
GPC: dict[str, Any] = {"HTTP_SEC_GPC": "1"}
SET = ["sid=1", "_pk_id=2", "theme=3", "vid=4"]


def gate(app: Any, policy: Policy = POLICY, **options: Any) -> Any:
    return policy.wrap(app, secret_key=KEY, **options)


def ask(act: Callable[[Visit], Any], options: dict[str, Any] | None = None, **extra: Any) -> Any:
    """The result of *act* on the visit."""
    message: list[Any] = []
    app = application(before=lambda environ: message.append(act(Visit.from_environ(environ))))
    request(gate(app, **(options or {})), **extra)
    return message[0]


def varies_by(answer: Answer) -> list[str]:
    return [name.strip() for value in answer.all("Vary") for name in value.split(",")]


# The signal


EXEMPT = Policy(
    [
        Category("necessary", basis=Basis.NECESSARY, cookies=["sid"]),
        Category("statistical", basis=Basis.EXEMPT, attestation=ATTESTED, cookies=["_pk_id"]),
        Category("third-party", cookies=["vid"], sale_or_share=True),
    ]
)
FAR: dict[str, Any] = {"HTTP_X_COUNTRY": "far"}
EMBEDDED: dict[str, Any] = {"HTTP_SEC_FETCH_SITE": "cross-site", "HTTP_SEC_FETCH_MODE": "cors"}


@given(st.lists(st.sampled_from([{}, GPC, FAR, EMBEDDED, GPC | FAR]), max_size=6), st.booleans())
@example([{}, GPC, {}, FAR, GPC], True)
@example([GPC, {}], True)
@example([FAR, GPC], True)
@example([GPC, EMBEDDED, GPC, {}], False)
def test_a_repeated_cookie_field_is_filtered_for_its_own_request(
    requests: list[dict[str, Any]], accepts: bool
) -> None:
    """Whatever came before with the same field: a signal, answers held back, or the policy did not apply."""
    read: list[str] = []
    app = application(before=lambda environ: read.append(environ["HTTP_COOKIE"]))
    token = f"{cookie(EXEMPT, ['third-party'])}; " if accepts else ""

    def start() -> Any:
        return gate(app, EXEMPT, applies=lambda environ: "HTTP_X_COUNTRY" not in environ)

    lasting = start()
    for extra in requests:
        for gated in (lasting, start()):
            request(gated, HTTP_COOKIE=f"{token}sid=1; _pk_id=2; vid=3; zzz=4", **extra)
    assert read[::2] == read[1::2]


@pytest.mark.parametrize("spelling", ["1", " 1", "1 ", "\t1", "0, 1", "1,1", "1, 0", "x,1 ,", ",1"])
def test_one_value_that_is_exactly_one_denies(spelling: str) -> None:
    answer = request(gate(application(*SET)), HTTP_COOKIE=YES, HTTP_SEC_GPC=spelling)
    assert answer.cookie_names == ["sid", "_pk_id", "theme"]


@pytest.mark.parametrize("spelling", ["", "0", "true", "11", "1;q=1", "?1", '"1"', "\xb9", "01", "1 1"])
def test_any_other_value_is_no_signal(spelling: str) -> None:
    answer = request(gate(application(*SET)), HTTP_COOKIE=YES, HTTP_SEC_GPC=spelling)
    assert answer.cookie_names == ["sid", "_pk_id", "theme", "vid"]


@pytest.mark.parametrize(
    ("signals", "sent", "honoured"),
    [
        (("gpc",), {"HTTP_DNT": "1"}, ()),
        (("gpc", "dnt"), {"HTTP_DNT": "1"}, ("dnt",)),
        (("dnt",), {"HTTP_DNT": "1x"}, ("dnt",)),
        (("dnt",), {"HTTP_DNT": "0"}, ()),
        (("dnt",), GPC, ()),
        (("dnt", "gpc"), {**GPC, "HTTP_DNT": "1"}, ("gpc", "dnt")),
        ([], {**GPC, "HTTP_DNT": "1"}, ()),
    ],
)
def test_only_the_signals_of_the_option_are_honoured(
    signals: Any, sent: dict[str, Any], honoured: tuple[str, ...]
) -> None:
    options: dict[str, Any] = {"signals": signals}
    assert ask(lambda visit: visit.signals, options, HTTP_COOKIE=YES, **sent) == honoured
    allows = ask(lambda visit: visit.allows("third-party"), options, HTTP_COOKIE=YES, **sent)
    assert allows is not bool(honoured)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"signals": "gpc"}, "signals must be a list of 'gpc', 'dnt', not 'gpc'"),
        ({"signals": None}, "signals must be a list of 'gpc', 'dnt', not None"),
        ({"signals": ["gcp"]}, "signals: unknown signal 'gcp'; known are 'gpc', 'dnt'"),
        ({"signals": [1]}, "signals: unknown signal 1"),
        ({"signals": [["gpc"]]}, "signals: unknown signal ['gpc']"),
        ({"gpc_json": "yes"}, "gpc_json must be True or False, not 'yes'"),
        ({"gpc_json": True, "signals": ["dnt"]}, 'add "gpc" to signals'),
    ],
)
def test_a_mistyped_option_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        gate(application(), **options)
    assert message in str(caught.value)


# It denies everywhere


def test_the_visit_says_that_it_is_denied_whatever_was_accepted() -> None:
    assert ask(
        lambda visit: (
            visit.allowed,
            visit.allows("third-party"),
            visit.allows_cookie("vid"),
            str(visit.explain("vid")),
            visit.signals,
        ),
        HTTP_COOKIE=YES,
        **GPC,
    ) == (
        ("necessary", "statistical", "internal"),
        False,
        False,
        "not admitted: denied by a signal of the browser (category 'third-party')",
        ("gpc",),
    )


def test_its_cookies_are_stripped_hidden_expired_and_reported() -> None:
    events: list[Event] = []
    seen: list[str] = []
    app = application(*SET[:3], before=lambda environ: seen.append(environ["HTTP_COOKIE"]))
    answer = request(gate(app, observer=events.append), HTTP_COOKIE=f"{YES}; vid=4; theme=3", **GPC)
    assert seen == [f"{YES}; theme=3"]
    assert "vid=; Path=/; Max-Age=0" in answer.set_cookies
    assert request(gate(application(*SET)), HTTP_COOKIE=YES, **GPC).cookie_names == ["sid", "_pk_id", "theme"]
    reported = {(event.action, event.name, event.reason) for event in events}
    assert reported == {
        ("withheld", "vid", "denied by a signal of the browser"),
        ("expired", "vid", "denied by a signal of the browser"),
    }


def test_its_hosts_are_not_let_through() -> None:
    page = application(headers=[("X-Page", "1")])

    def html(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b""]

    enforced = gate(html, third_parties="block")
    assert " ads.example" in request(enforced, HTTP_COOKIE=YES).all("Content-Security-Policy")[0]
    assert "ads.example" not in request(enforced, HTTP_COOKIE=YES, **GPC).all("Content-Security-Policy")[0]
    assert request(gate(page), HTTP_COOKIE=YES).all("Content-Security-Policy") == []


def test_consent_mode_is_complete_in_every_state() -> None:
    signals = {
        "ad_storage",
        "ad_user_data",
        "ad_personalization",
        "analytics_storage",
        "functionality_storage",
        "personalization_storage",
        "security_storage",
    }
    granted: dict[str, set[str]] = {}
    states: dict[str, dict[str, Any]] = {
        "new": {},
        "refused": {"HTTP_COOKIE": cookie(POLICY)},
        "partly": {"HTTP_COOKIE": cookie(POLICY, ["statistical"])},
        "accepted": {"HTTP_COOKIE": YES},
        "denied": {"HTTP_COOKIE": YES, **GPC},
        "withheld": {"HTTP_SEC_FETCH_SITE": "cross-site"},
        "forged": {"HTTP_COOKIE": YES.replace(".y.", ".n.")},
    }
    for state, sent in states.items():
        mode = ask(lambda visit: visit.consent_mode(), **sent)
        assert mode.keys() == signals
        assert set(mode.values()) <= {"granted", "denied"}
        granted[state] = {signal for signal, message in mode.items() if message == "granted"}
    assert granted == {
        "new": set(),
        "refused": set(),
        "partly": {"analytics_storage"},
        "accepted": {"analytics_storage", "ad_storage", "ad_user_data"},
        "denied": {"analytics_storage"},
        "withheld": set(),
        "forged": set(),
    }
    nowhere = ask(lambda visit: visit.consent_mode(), {"applies": lambda environ: False})
    assert {signal for signal, message in nowhere.items() if message == "granted"} == granted["accepted"]


def test_the_page_says_in_words_that_it_is_honoured() -> None:
    page = request(gate(application()), path="/cookies", HTTP_COOKIE=YES, **GPC).body.decode()
    assert "honoured" in page
    assert "Global Privacy Control" in page
    assert 'name="choice.third-party"' not in page
    assert "Global Privacy Control" not in request(gate(application()), path="/cookies").body.decode()


def test_json_says_the_signal_and_that_the_category_is_not_allowed() -> None:
    answer = request(
        gate(application()), path="/cookies", HTTP_COOKIE=YES, HTTP_ACCEPT="application/json", **GPC
    )
    reported = json.loads(answer.body)
    assert reported["signals"] == ["gpc"]
    assert reported["categories"]["third-party"]["allowed"] is False
    assert reported["categories"]["statistical"]["allowed"] is True
    assert reported["needs_choice"] is False


# It is not asked, and nothing says yes for it


@pytest.mark.parametrize("sent", [{}, GPC])
def test_a_denied_category_is_not_asked(sent: dict[str, Any]) -> None:
    others = cookie(Policy(POLICY.categories[:3]), ["statistical", "internal"])
    assert ask(lambda visit: visit.needs_choice, HTTP_COOKIE=others, **sent) is not bool(sent)
    assert ("<form" in ask(lambda visit: visit.banner(), HTTP_COOKIE=others, **sent)) is not bool(sent)


FORM: dict[str, Any] = {
    "CONTENT_TYPE": "application/x-www-form-urlencoded",
    "HTTP_SEC_FETCH_SITE": "same-origin",
}
POSTED = [
    "action=accept_all",
    "action=accept&category=third-party",
    "action=accept&category=third-party&category=internal",
    "action=save&category=third-party&category=statistical",
    "action=answer&choice.third-party=yes&choice.internal=no",
]


@pytest.mark.parametrize("body", POSTED)
def test_no_action_records_a_yes_for_it(body: str) -> None:
    answer = request(gate(application()), "POST", "/cookies", body=body.encode(), **FORM, **GPC)
    assert answer.status == "303 See Other"
    assert ".third-party.y." not in f".{answer.token or ''}"
    kept = f"cookies_preferences={answer.token}"
    assert ask(lambda visit: visit.state("third-party"), HTTP_COOKIE=kept) != "accepted"
    # The same without the signal records one: so the test above fails where nothing is held back.
    freely = request(gate(application()), "POST", "/cookies", body=body.encode(), **FORM)
    kept = f"cookies_preferences={freely.token}"
    assert ask(lambda visit: visit.state("third-party"), HTTP_COOKIE=kept) == "accepted"


@pytest.mark.parametrize(
    "act",
    [
        Visit.accept_all,
        lambda visit: visit.accept("third-party"),
        lambda visit: visit.accept("third-party", "internal"),
    ],
)
def test_no_method_of_the_visit_records_a_yes_for_it(act: Callable[[Visit], object]) -> None:
    def chosen(visit: Visit) -> str:
        act(visit)
        return visit.state("third-party")

    assert ask(chosen, **GPC) == "unset"
    assert ask(chosen) == "accepted"


def test_a_refusal_is_recorded_all_the_same_and_an_earlier_yes_counts_again_without_the_signal() -> None:
    answer = request(gate(application()), "POST", "/cookies", body=b"action=refuse_all", **FORM, **GPC)
    kept = f"cookies_preferences={answer.token}"
    assert ask(lambda visit: visit.state("third-party"), HTTP_COOKIE=kept) == "refused"
    accepted_internal = request(
        gate(application()),
        "POST",
        "/cookies",
        body=b"action=accept&category=internal",
        HTTP_COOKIE=cookie(POLICY, ["third-party"]),
        **FORM,
        **GPC,
    )
    kept = f"cookies_preferences={accepted_internal.token}"
    assert ask(lambda visit: visit.allows("third-party"), HTTP_COOKIE=kept) is True
    assert ask(lambda visit: visit.allows("third-party"), HTTP_COOKIE=kept, **GPC) is False


def test_its_placeholder_explains_and_has_no_button() -> None:
    denied = ask(lambda visit: visit.placeholder("third-party"), HTTP_COOKIE=YES, **GPC)
    assert "Not shown: your browser’s opt-out signal is honoured." in denied
    assert "Global Privacy Control" in denied
    assert "<button" not in denied
    assert "<form" not in denied
    assert "<button" in ask(lambda visit: visit.placeholder("third-party"))
    assert ask(lambda visit: visit.placeholder("third-party"), HTTP_COOKIE=YES) == ""


def test_an_exempt_category_that_sells_is_a_contradiction() -> None:
    with pytest.raises(PolicyError, match=r"'audience'.*sale_or_share"):
        Category("audience", basis=Basis.EXEMPT, attestation=ATTESTED, cookies=["_pk_id"], sale_or_share=True)


# Caches


@pytest.mark.parametrize("sent", [{}, GPC], ids=["absent", "there"])
def test_a_response_whose_visit_was_asked_varies_by_the_signal(sent: dict[str, Any]) -> None:
    asking = application(before=lambda environ: Visit.from_environ(environ).allows("internal"))
    assert varies_by(request(gate(asking), **sent)) == ["Cookie", "Sec-GPC"]
    both = gate(asking, signals=["dnt", "gpc"])
    assert varies_by(request(both, **sent)) == ["Cookie", "Sec-GPC", "DNT"]
    assert varies_by(request(gate(asking, signals=()), **sent)) == ["Cookie"]
    assert varies_by(request(gate(application()), **sent)) == []


@pytest.mark.parametrize("sent", [{}, GPC], ids=["absent", "there"])
def test_a_document_with_the_field_of_hosts_varies_by_the_signal(sent: dict[str, Any]) -> None:
    def html(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b""]

    assert varies_by(request(gate(html), **sent)) == ["Cookie", "Sec-GPC"]


def test_a_policy_without_such_a_category_reads_no_signal() -> None:
    asking = application(before=lambda environ: Visit.from_environ(environ).allows("third-party"))
    assert varies_by(request(gate(asking, PLAIN), **GPC)) == ["Cookie"]
    yes = cookie(PLAIN, ["third-party"])
    assert request(gate(application("vid=1"), PLAIN), HTTP_COOKIE=yes, **GPC).cookie_names == ["vid"]


def test_report_only_says_what_would_be_and_touches_nothing() -> None:
    options: dict[str, Any] = {"report_only": True}
    assert ask(lambda visit: visit.allows("third-party"), options, HTTP_COOKIE=YES, **GPC) is False
    answer = request(gate(application(*SET), **options), HTTP_COOKIE=YES, **GPC)
    assert answer.set_cookies == SET


def test_no_signal_denies_anything_where_the_policy_does_not_apply() -> None:
    nowhere: dict[str, Any] = {"applies": lambda environ: False}
    assert ask(lambda visit: visit.allows("third-party"), nowhere, **GPC) is True


# The resource


def test_the_resource_states_that_the_signal_is_honoured() -> None:
    path = "/.well-known/gpc.json"
    dated = Policy(POLICY.categories[:4], updated="2026-11-25")
    served = gate(application(status="404 Not Found"), dated, gpc_json=True)
    answer = request(served, path=path)
    assert answer.status == "200 OK"
    assert json.loads(answer.body) == {"gpc": True, "lastUpdate": "2026-11-25"}
    assert answer.all("Content-Type") == ["application/json"]
    head = request(served, "HEAD", path)
    assert (head.status, head.body) == ("200 OK", b"")
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        refused = request(served, method, path)
        assert refused.status == "405 Method Not Allowed"
        assert refused.all("Allow") == ["GET, HEAD"]
    assert request(served, path=f"{path}/").status == "404 Not Found"
    assert json.loads(request(gate(application(), gpc_json=True), path=path).body) == {"gpc": True}


def test_the_resource_is_the_hosts_not_the_mounts_and_off_unless_wanted() -> None:
    path = "/.well-known/gpc.json"
    assert request(gate(application()), path=path).body == b"body"
    served = gate(application(), gpc_json=True)
    assert request(served, path=path, SCRIPT_NAME="/shop").body == b"body"
    assert json.loads(request(served, path="/gpc.json", SCRIPT_NAME="/.well-known").body) == {"gpc": True}
    pageless = gate(application(), gpc_json=True, preferences_path=None)
    assert json.loads(request(pageless, path=path).body) == {"gpc": True}


# More signals never enlarge anything


def sent_and_read(gated: Any, seen: list[str], **sent: str) -> tuple[Counter[str], set[str]]:
    """The Set-Cookie fields that go out, and the pairs the application read."""
    fields: list[tuple[str, str]] = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", **sent}
    gated(environ, lambda status, headers, exc_info=None: fields.extend(headers))
    return Counter(value for name, value in fields if name == "Set-Cookie"), set(seen[-1].split(";"))


signal_values = st.sampled_from(["", "0", "1", "0, 1", "1x", "x"])
set_cookies = st.lists(testing.set_cookie_strings(names).filter(lambda text: not has_line_break(text)))


@given(set_cookies, accepted, cookie_strings, signal_values, signal_values)
@example(["vid=1", "sid=1"], {"third-party"}, "vid=1; sid=1", "1", "0")
@example(["vid=1", "sid=1"], {"third-party"}, "vid=1; sid=1", "0", "1")
def test_more_signals_never_enlarge_what_goes_out(
    texts: list[str], yes: set[str], cookie_string: str, gpc: str, dnt: str
) -> None:
    seen: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ.get("HTTP_COOKIE", ""))
        start_response("200 OK", [("Set-Cookie", text) for text in texts])
        return [b""]

    gated = gate(app, signals=("gpc", "dnt"))
    kept = f"{cookie(POLICY, yes)}; {cookie_string}"
    out, read = sent_and_read(gated, seen, HTTP_COOKIE=kept)
    for sent in ({"HTTP_SEC_GPC": gpc}, {"HTTP_DNT": dnt}, {"HTTP_SEC_GPC": gpc, "HTTP_DNT": dnt}):
        fewer_out, fewer_read = sent_and_read(gated, seen, HTTP_COOKIE=kept, **sent)
        assert Counter(text for text in fewer_out.elements() if text in texts) <= out
        assert all("Max-Age=0" in text for text in fewer_out - out)
        assert {pair.strip() for pair in fewer_read} <= {pair.strip() for pair in read}


@given(accepted, signal_values, signal_values)
def test_more_signals_never_allow_more(yes: set[str], gpc: str, dnt: str) -> None:
    kept = cookie(POLICY, yes)
    options: dict[str, Any] = {"signals": ("gpc", "dnt")}
    before = ask(lambda visit: visit.allowed, options, HTTP_COOKIE=kept)
    after = ask(lambda visit: visit.allowed, options, HTTP_COOKIE=kept, HTTP_SEC_GPC=gpc, HTTP_DNT=dnt)
    assert set(after) <= set(before)
    assert "necessary" in after
