"""Declared lifetimes through the gate: reported or held to, and exempt cookies not renewed."""

import logging
from typing import Any

import pytest
from hypothesis import event, example, given
from hypothesis import strategies as st

from consentgate import Basis, Category, Cookie, Event, Policy, PolicyError
from consentgate.headers.set_cookie import http_date
from consentgate.testing.jar import Jar
from tests.conftest import (
    ATTESTED,
    KEY,
    NOW,
    Answer,
    application,
    cookie,
    environ_for,
    request,
    stopped_clock,
)
from tests.headers.test_lifetimes import lifetime_avs

DAY = 24 * 3600
YEARS = 2 * 365 * DAY
HOME = "http://www.example.org/"

POLICY = Policy(
    [
        Category("necessary", basis=Basis.NECESSARY, cookies=[Cookie("sid", lifetime="14 days")]),
        Category(
            "audience",
            basis=Basis.EXEMPT,
            attestation=ATTESTED,
            cookies=[
                Cookie("_pk_id", lifetime="13 months"),
                Cookie("_pk_ses", lifetime="30 minutes"),
                Cookie("_pk_long", lifetime="2 years"),
            ],
        ),
        Category(
            "internal",
            cookies=[
                Cookie("theme", lifetime="30 days"),
                Cookie("draft", lifetime="session"),
                Cookie("forever", lifetime="10 years"),
                Cookie("open"),
            ],
        ),
    ]
)
YES = cookie(POLICY, ["internal", "audience"])
THEN = cookie(POLICY, ["internal", "audience"], at=NOW - 60)
LONG = [
    f"sid=1; Max-Age={YEARS}",
    f"theme=2; Path=/; Max-Age={YEARS}; Secure",
    "draft=3; Max-Age=60 ; HttpOnly",
    f"forever=4; max-age={10 * YEARS}",
    f"open=5; Max-Age={YEARS}",
]


def wrap(app: Any, **options: Any) -> Any:
    return POLICY.wrap(app, secret_key=KEY, **options)


def answer(
    *set_cookies: str, lifetimes: str = "shorten", sent: str = YES, date: str = "", **options: Any
) -> Answer:
    headers = [("Date", date)] if date else []
    gate = wrap(application(*set_cookies, headers=headers), lifetimes=lifetimes, **options)
    return request(gate, HTTP_COOKIE=sent)


def lines(caplog: pytest.LogCaptureFixture, of: str) -> list[str]:
    return [record.getMessage() for record in caplog.records if of in record.getMessage()]


# Report


def test_report_changes_nothing_and_says_each_once(caplog: pytest.LogCaptureFixture) -> None:
    gate = POLICY.wrap(application(*LONG), secret_key=KEY)
    for _ in range(3):
        assert request(gate, HTTP_COOKIE=YES).set_cookies == LONG
    assert lines(caplog, "longer than") == [
        "the cookie 'sid' is set for longer than it may live (14 days); it passed",
        "the cookie 'theme' is set for longer than it may live (30 days); it passed",
        "the cookie 'draft' is set for longer than it may live (session); it passed",
        "the cookie 'forever' is set for longer than it may live (400 days); it passed",
        "the cookie 'open' is set for longer than it may live (400 days); it passed",
    ]


def test_a_cookie_that_states_no_more_than_declared_is_not_reported(
    caplog: pytest.LogCaptureFixture,
) -> None:
    short = ["sid=1", "theme=2; Max-Age=2592000", "draft=3", "theme=2; Max-Age=0", "forever=4; Max-Age=60"]
    assert answer(*short).set_cookies == short
    assert lines(caplog, "longer than") == []


# Shorten


def test_only_cookies_that_are_not_necessary_are_shortened(caplog: pytest.LogCaptureFixture) -> None:
    assert answer(*LONG).set_cookies == [
        f"sid=1; Max-Age={YEARS}",
        f"theme=2; Path=/; Max-Age={30 * DAY}; Secure",
        "draft=3; HttpOnly",
        f"forever=4; max-age={400 * DAY}",
        f"open=5; Max-Age={400 * DAY}",
    ]
    assert [line.rpartition("; ")[2] for line in lines(caplog, "longer than")] == [
        "it passed",
        *["it was shortened"] * 4,
    ]


def test_expires_is_measured_against_the_responses_date(clock: Any) -> None:
    ahead = NOW + DAY
    text = f"theme=2; Expires={http_date(NOW + YEARS)}; Path=/"
    assert answer(text, sent=THEN).set_cookies == [f"theme=2; Expires={http_date(NOW + 30 * DAY)}; Path=/"]
    # A Date ahead makes browsers store for less: the earlier of both clocks counts.
    assert answer(text, sent=THEN, date=http_date(ahead)).set_cookies == [
        f"theme=2; Expires={http_date(NOW + 30 * DAY)}; Path=/"
    ]
    assert answer(text, sent=THEN, date=http_date(NOW - DAY)).set_cookies == [
        f"theme=2; Expires={http_date(NOW + 29 * DAY)}; Path=/"
    ]


@pytest.mark.parametrize(
    "options", [{"report_only": True}, {"applies": lambda environ: False}], ids=["report_only", "applies"]
)
def test_nothing_is_shortened_unless_the_gate_enforces(
    options: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    exempt = [f"_pk_id=7; Max-Age={YEARS}"]
    assert answer(*LONG, *exempt, sent=f"{YES}; _pk_id=7", **options).set_cookies == [*LONG, *exempt]
    assert not lines(caplog, "shortened")


def test_an_inner_gate_of_equal_policy_shortens_too() -> None:
    options: dict[str, Any] = {"secret_key": KEY, "lifetimes": "shorten"}
    gate = POLICY.wrap(POLICY.wrap(application(*LONG), **options), **options)
    assert request(gate, HTTP_COOKIE=YES).set_cookies == answer(*LONG).set_cookies


# Exempt


@pytest.mark.parametrize("lifetimes", ["report", "shorten"])
def test_an_exempt_cookie_lives_13_months_at_most(lifetimes: str, caplog: pytest.LogCaptureFixture) -> None:
    """R27."""
    out = answer(f"_pk_id=7; Max-Age={YEARS}", f"_pk_long=8; Max-Age={YEARS}", lifetimes=lifetimes)
    assert out.set_cookies == [f"_pk_id=7; Max-Age={395 * DAY}", f"_pk_long=8; Max-Age={395 * DAY}"]
    did = "it was shortened" + (
        " to the 13 months that an exempt cookie may live" if lifetimes == "report" else ""
    )
    assert lines(caplog, "'_pk_id' is set for longer") == [
        f"the cookie '_pk_id' is set for longer than it may live (395 days); {did}"
    ]


@pytest.mark.parametrize("days", [-10, 10])
def test_an_exempt_cookie_s_expires_is_13_months_from_the_earlier_of_clock_and_date(
    days: int, clock: Any
) -> None:
    date = clock.now + days * DAY
    out = answer(
        f"_pk_id=7; Expires={http_date(clock.now + YEARS)}", lifetimes="report", date=http_date(date)
    )
    earlier = min(clock.now, date)
    assert out.set_cookies == [f"_pk_id=7; Expires={http_date(earlier + 395 * DAY)}"]


def test_an_undeclared_cookie_that_is_only_reported_may_live_as_long_as_it_likes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer("zzz=1; Max-Age=99999999", undeclared="report")
    assert lines(caplog, "longer than") == []


def test_an_exempt_cookie_is_not_renewed_with_its_old_value(caplog: pytest.LogCaptureFixture) -> None:
    """R27: no prolongation at each visit."""
    events: list[Event] = []
    sent = f"{YES}; _pk_id=7; _pk_ses=1"
    out = answer(
        f"_pk_id=7; Max-Age={300 * DAY}",
        "_pk_ses=1; Max-Age=1800",
        lifetimes="report",
        sent=sent,
        observer=events.append,
    )
    assert out.set_cookies == ["_pk_ses=1; Max-Age=1800"]
    assert [(event.action, event.name, event.category, event.reason) for event in events] == [
        ("stripped", "_pk_id", POLICY.key_of("_pk_id"), "an exempt cookie, set again with its old value")
    ]
    assert lines(caplog, "prolongs") == []
    assert answer("_pk_id=7", sent=sent).set_cookies == ["_pk_id=7"]  # the session's


@pytest.mark.parametrize(
    ("skew", "days", "is_stripped"), [(0, 2, True), (0, 0.5, False), (-2, 0.5, True), (2, 2.5, True)]
)
def test_a_renewal_by_expires_is_measured_against_the_earlier_of_clock_and_date(
    skew: float, days: float, is_stripped: bool, clock: Any
) -> None:
    text = f"_pk_id=7; Expires={http_date(clock.now + days * DAY)}"
    date = http_date(clock.now + skew * DAY)
    out = answer(text, lifetimes="report", sent=f"{YES}; _pk_id=7", date=date)
    assert out.set_cookies == ([] if is_stripped else [text])


@pytest.mark.parametrize("lifetimes", ["report", "shorten"])
def test_a_changed_value_passes_shortened_and_is_reported_once(
    lifetimes: str, caplog: pytest.LogCaptureFixture
) -> None:
    gate = wrap(application(f"_pk_id=8; Max-Age={YEARS}"), lifetimes=lifetimes)
    for _ in range(2):
        out = request(gate, HTTP_COOKIE=f"{YES}; _pk_id=7")
        assert out.set_cookies == [f"_pk_id=8; Max-Age={395 * DAY}"]
    assert len(lines(caplog, "the exempt cookie '_pk_id' is set again with a new value")) == 1


def test_a_first_visit_and_a_short_cookie_prolong_nothing(caplog: pytest.LogCaptureFixture) -> None:
    answer(f"_pk_id=8; Max-Age={300 * DAY}")
    answer("_pk_ses=2; Max-Age=1800", sent=f"{YES}; _pk_ses=1")
    assert lines(caplog, "prolongs") == []


def test_a_refused_exempt_cookie_is_stripped_as_before() -> None:
    out = answer(f"_pk_id=8; Max-Age={300 * DAY}", sent=cookie(POLICY))
    assert out.set_cookies == []


# Options


@pytest.mark.parametrize("lifetimes", ["shortened", True, None, ["shorten"]])
def test_a_mistyped_option_is_named(lifetimes: Any) -> None:
    with pytest.raises(PolicyError) as caught:
        POLICY.wrap(application(), secret_key=KEY, lifetimes=lifetimes)
    assert str(caught.value) == f"lifetimes must be 'report' or 'shorten', not {lifetimes!r}"


# Properties, with the kit's jar

LIMITS = {"theme": 30 * DAY, "draft": None, "forever": 400 * DAY, "open": 400 * DAY, "_pk_id": 395 * DAY}
avs = st.sampled_from([*lifetime_avs(NOW), "Path=/", "Secure", "HttpOnly", "X=y", "", " SameSite=Lax "])
fields_of_cookies = st.lists(
    st.builds(
        lambda name, attributes: ";".join([f"{name}=v", *attributes]),
        st.sampled_from([*LIMITS, "sid"]),
        st.lists(avs, max_size=4),
    ),
    min_size=1,
    max_size=4,
)
response_dates = st.sampled_from([None, NOW, NOW - 10 * DAY, NOW + 10 * DAY])


def sent_on(texts: list[str], date: float | None, lifetimes: str) -> list[tuple[str, str]]:
    own = [] if date is None else [("Date", http_date(date))]

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [*own, *(("Set-Cookie", text) for text in texts)])
        return [b""]

    out: list[tuple[str, str]] = []
    gate = wrap(app, lifetimes=lifetimes)
    logging.disable(logging.WARNING)
    try:
        start: Any = lambda status, headers, exc_info=None: out.extend(headers)  # noqa: E731
        gate(environ_for(HTTP_COOKIE=THEN), start)
    finally:
        logging.disable(logging.NOTSET)
    return out


def lives(headers: list[tuple[str, str]], name: str) -> float | None:
    """Seconds a jar keeps a cookie: None for none at all, infinity for the session."""
    jar = Jar()
    jar.store_response(headers, HOME.replace("http:", "https:"), now=NOW)
    kept = [each.expires for each in jar.cookies if each.name == name]
    if not kept:
        return None
    return float("inf") if kept[0] is None else kept[0] - NOW


@given(fields_of_cookies, response_dates)
@example([f"theme=v;Expires={http_date(NOW + YEARS)}"], NOW - 10 * DAY)
@example(["draft=v;Max-Age=60"], None)
def test_no_jar_keeps_a_cookie_longer_than_declared(texts: list[str], date: float | None) -> None:
    """P9."""
    with stopped_clock():
        out = sent_on(texts, date, "shorten")
        for text in texts:
            name = text.partition("=")[0]
            if name == "sid":
                continue
            kept = lives(out, name)
            event(f"kept: {kept is not None}")
            limit = LIMITS[name]
            assert kept is None or kept == float("inf") or kept <= (0 if limit is None else limit)


@given(fields_of_cookies, response_dates)
@example([f"theme=v; Path=/ ;Max-Age={YEARS};X=y; Secure"], None)
def test_shortening_is_idempotent_and_keeps_every_other_byte(texts: list[str], date: float | None) -> None:
    with stopped_clock():
        out = [value for name, value in sent_on(texts, date, "shorten") if name == "Set-Cookie"]
        again = [value for name, value in sent_on(out, date, "shorten") if name == "Set-Cookie"]
    assert again == out
    kept = [[av for av in text.split(";") if not is_lifetime(av)] for text in texts]
    for each in out:
        assert [av for av in each.split(";") if not is_lifetime(av)] in kept
    necessary = [text for text in texts if text.startswith("sid=")]
    assert [text for text in out if text.startswith("sid=")] == necessary


def is_lifetime(av: str) -> bool:
    return av.partition("=")[0].strip(" \t").lower() in ("max-age", "expires")
