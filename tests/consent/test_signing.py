"""Preferences on the wire: signed, dated, digested; anything else is no choice (R12, R13, R42, R43)."""

import string
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from itsdangerous import Signer

from consentgate import (
    BadPreferences,
    Category,
    Cookie,
    Policy,
    PolicyError,
    Preferences,
    PreferencesSerializer,
)
from consentgate.consent.preferences import Answer, answers_to
from consentgate.consent.signing import check_fits, is_well_formed, longest_text, parse_payload
from consentgate.headers.cookie import LARGEST_PAIR
from tests.conftest import EARLIER_KEY, KEY, NOW, make_policy
from tests.strategies import ANY_TEXT, NATIVE, accepted, policies

POLICY = make_policy()
SERIALIZER = PreferencesSerializer(POLICY, secret_key=KEY)
LIFETIME = POLICY.cookie_lifetime.total_seconds()


def chosen(yes: Any = ("statistical",), policy: Policy = POLICY, at: float = NOW) -> Preferences:
    return policy.choose(yes, at=datetime.fromtimestamp(at, UTC))


TOKEN = SERIALIZER.dumps(chosen())


@given(policies, st.data(), st.integers(0, 4_000_000_000))
def test_signed_preferences_are_read_back(policy: Policy, data: st.DataObject, at: int) -> None:
    serializer = PreferencesSerializer(policy, secret_key=KEY)
    keys = sorted(policy.digests)
    given_answers = data.draw(st.dictionaries(st.sampled_from(keys), st.booleans())) if keys else {}
    preferences = Preferences(answers_to(policy, given_answers, at))
    token = serializer.dumps(preferences)
    assert serializer.loads(token) == serializer.loads(token, now=at) == preferences
    assert set(token) <= set(string.ascii_letters + string.digits + "._-")
    assert len(token) <= longest_text(policy)


@given(ANY_TEXT | NATIVE | st.text("1.ynstaical_-AEIMQ", max_size=200))
@example("\ud800")
@example("1.")
@example("1." + "A" * 43)
@example("x" * 8192)
@example(TOKEN[:-1])
@example(TOKEN + "=")
@example(f" {TOKEN}")
@example(TOKEN.upper())
def test_any_other_text_is_bad_preferences(text: str) -> None:
    with pytest.raises(BadPreferences):
        SERIALIZER.loads(text, now=NOW)


@pytest.mark.parametrize("at", range(len(TOKEN)))
def test_no_character_can_be_changed(at: int) -> None:
    """R43; and one genuine signature has one spelling, so a token has one text."""
    for other in string.ascii_letters + string.digits + "-_.=~":
        if other != TOKEN[at]:
            with pytest.raises(BadPreferences):
                SERIALIZER.loads(TOKEN[:at] + other + TOKEN[at + 1 :])


def test_itsdangerous_alone_would_take_other_spellings_of_the_signature() -> None:
    """Why texts are compared: a cache keyed by text must not be floodable from one token."""
    signer = Signer("secret-key", digest_method=__import__("hashlib").sha256)
    signed = signer.sign("x").decode()
    spellings = [signed[:-1] + last for last in string.ascii_letters + string.digits + "-_"]
    assert sum(signer.validate(text) for text in spellings) == 4


@given(accepted)
def test_a_choice_is_bound_to_its_cookies_name_and_key(yes: set[str]) -> None:
    other_name = PreferencesSerializer(make_policy(cookie_name="other"), secret_key=KEY)
    other_key = PreferencesSerializer(POLICY, secret_key="another key, just as long")
    token = SERIALIZER.dumps(chosen(yes))
    for other in (other_name, other_key):
        with pytest.raises(BadPreferences, match="does not verify"):
            other.loads(token)


def test_keys_can_be_rotated() -> None:
    earlier = PreferencesSerializer(POLICY, secret_key=EARLIER_KEY).dumps(chosen())
    rotated = PreferencesSerializer(POLICY, secret_key=KEY, secret_key_fallbacks=[EARLIER_KEY])
    assert rotated.loads(earlier) == rotated.loads(TOKEN) == chosen()
    assert rotated.dumps(chosen()) == TOKEN
    with pytest.raises(BadPreferences):
        SERIALIZER.loads(earlier)


def test_a_text_key_is_its_bytes_and_none_is_no_fallback() -> None:
    same = PreferencesSerializer(POLICY, secret_key=KEY.encode(), secret_key_fallbacks=None)
    assert same.loads(TOKEN) == chosen()
    assert same == SERIALIZER
    assert hash(same) == hash(SERIALIZER)
    assert same != PreferencesSerializer(POLICY, secret_key=EARLIER_KEY)
    assert same != "something else"


def test_age_is_judged_on_the_server_and_only_when_asked() -> None:
    """R11, R12, I."""
    assert SERIALIZER.loads(TOKEN, now=NOW + LIFETIME - 1) == chosen()
    with pytest.raises(BadPreferences, match="too old"):
        SERIALIZER.loads(TOKEN, now=NOW + LIFETIME + 1)
    assert SERIALIZER.loads(TOKEN) == chosen()


def test_a_minute_ahead_is_another_servers_clock_and_more_is_forged() -> None:
    assert SERIALIZER.loads(TOKEN, now=NOW - 60) == chosen()
    with pytest.raises(BadPreferences, match="future"):
        SERIALIZER.loads(TOKEN, now=NOW - 61)


def test_each_answer_has_its_own_day() -> None:
    old, new = (
        answers_to(POLICY, {"statistical": True}, int(NOW)),
        answers_to(POLICY, {"internal": False}, int(NOW + 1000)),
    )
    token = SERIALIZER.dumps(Preferences(old + new))
    assert SERIALIZER.loads(token, now=NOW + LIFETIME - 1).answers == tuple(sorted(old + new))
    assert SERIALIZER.loads(token, now=NOW + LIFETIME + 1).answers == new


def test_answers_to_changed_or_undeclared_categories_are_unset_one_by_one() -> None:
    """R13, H: only the changed category is asked again."""
    changed = Policy(
        [
            Category("statistical", cookies=["_pk_id", "_pk_ses.*", "_pk_ref.*"]),
            Category("internal", title="Other words", cookies=[Cookie("theme", purpose="Other words")]),
        ]
    )
    read = PreferencesSerializer(changed, secret_key=KEY).loads(TOKEN, now=NOW)
    assert [answer.category for answer in read.answers] == ["internal"]


def test_a_token_without_answers_is_genuine() -> None:
    assert SERIALIZER.loads(SERIALIZER.dumps(Preferences()), now=NOW) == Preferences()


def test_only_what_is_asked_here_is_signed() -> None:
    with pytest.raises(PolicyError, match="'marketing'"):
        SERIALIZER.dumps(Preferences((Answer("marketing", True, 1, "x" * 8),)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"secret_key": "short"}, "secret_key has 5 bytes, 16 are needed; `consentgate keygen`"),
        ({"secret_key": b""}, "secret_key has 0 bytes"),
        ({"secret_key": None}, "secret_key is None: is the framework's own key set"),
        ({"secret_key": 5}, "secret_key must be str or bytes, not int"),
        ({"secret_key": "\ud800" * 16}, "not a text that can be encoded"),
        ({"secret_key": KEY, "secret_key_fallbacks": KEY}, "must be a list of keys, not one key"),
        ({"secret_key": KEY, "secret_key_fallbacks": ["short"]}, "secret_key_fallbacks has 5 bytes"),
        ({"secret_key": KEY, "secret_key_fallbacks": 5}, "must be a list of keys, not 5"),
    ],
)
def test_a_bad_key_is_an_error_that_does_not_show_it(options: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        PreferencesSerializer(POLICY, **options)
    assert message in str(caught.value)
    assert "short" not in str(caught.value)


def test_sixteen_bytes_are_a_key() -> None:
    PreferencesSerializer(POLICY, secret_key="é" * 8)


def test_twenty_categories_take_less_than_a_kilobyte() -> None:
    policy = Policy([Category(f"category-{number}", cookies=[f"c{number}"]) for number in range(20)])
    token = PreferencesSerializer(policy, secret_key=KEY).dumps(chosen([], policy))
    assert len(token) < 1024


def test_nothing_in_it_tells_visitors_apart() -> None:
    """R16: the same choice in the same second is the same text."""
    assert SERIALIZER.dumps(chosen()) == TOKEN


def test_equal_serializers_hash_alike() -> None:
    again = PreferencesSerializer(make_policy(), secret_key=KEY)
    assert (hash(again), again) == (hash(SERIALIZER), SERIALIZER)
    other = PreferencesSerializer(make_policy(), secret_key="another key, just as long")
    assert hash(other) != hash(SERIALIZER)


def sign(payload: str) -> str:
    """Sign any text as the serializer would."""
    return SERIALIZER._signers[0].sign(payload).decode()


@pytest.mark.parametrize(
    "payload",
    [
        "2",
        "2.a.y.1.AAAAAAAA",
        "1.a",
        "1.a.y.1",
        "",
        "1.a.y.1.AAAAAAAA.b",
        "1.a.y.-1.AAAAAAAA",
        "1.a.y.1_0.AAAAAAAA",
        "1.a.y..AAAAAAAA",
        "1.a.y.1000000000000.AAAAAAAA",
    ],
)
def test_a_genuine_text_of_another_format_is_refused(payload: str) -> None:
    """Under our own key."""
    assert parse_payload(payload) is None
    assert SERIALIZER.verify(sign(payload)) is None
    with pytest.raises(BadPreferences, match="does not verify"):
        SERIALIZER.loads(sign(payload))


def test_a_text_without_a_dot_is_no_signed_text() -> None:
    assert SERIALIZER.verify("1") is None
    assert SERIALIZER.verify("") is None


def test_the_longest_text_is_read() -> None:
    """And one character more is not even verified."""
    payload = "1." + ".".join(["a", "y", "1", "A" * (1024 - len("1.a.y.1..") - 43)])
    assert len(sign(payload)) == 1024
    assert SERIALIZER.verify(sign(payload)) is not None
    assert SERIALIZER.verify(sign(payload + "A")) is None


@given(ANY_TEXT | NATIVE | st.text("1.yn_-A\xb2\u0663", max_size=200))
@example("1.a.y.\xb2.AAAAAAAA")
@example("1.a.y.\u0663.AAAAAAAA")
@example("1.\ud800.y.1.AAAAAAAA")
def test_no_text_makes_parsing_raise(text: str) -> None:
    """Superscript digits are digits to str.isdigit(), and none to int()."""
    answers = parse_payload(text)
    assert answers is None or (text.isascii() and all(0 <= answer.at < 10**12 for answer in answers))
    assert is_well_formed(f"{text}.{'x' * 43}") is (answers is not None)
    assert not is_well_formed(f"{text}.{'x' * 42}")
    assert SERIALIZER.verify(text) is None


@given(policies, st.data(), st.integers(0, 4_000_000_000))
def test_a_payload_holds_every_answer_with_its_day_and_digest(
    policy: Policy, data: st.DataObject, at: int
) -> None:
    serializer = PreferencesSerializer(policy, secret_key=KEY)
    keys = sorted(policy.digests)
    given_answers = data.draw(st.dictionaries(st.sampled_from(keys), st.booleans())) if keys else {}
    preferences = Preferences(answers_to(policy, given_answers, at))
    token = serializer.dumps(preferences)
    assert serializer.verify(token) == parse_payload(token.rpartition(".")[0]) == preferences.answers
    assert is_well_formed(token)
    for other in (token + "=", token + ".", token[:-1], f"{token} ", f'"{token}"', token.swapcase()):
        assert serializer.verify(other) is None


FROM_0_1_0 = {
    "statistical": (
        "1.internal.n.1763900000.GviKGz0b.statistical.y.1763900000.nfoQao2z.third-party.n.1763900000."
        "Pzoh-oJQ.1shX32BprR6STYrIrnzpkE1QicrcG0beKsEhrcUDnek"
    ),
    "internal statistical third-party": (
        "1.internal.y.1763900000.GviKGz0b.statistical.y.1763900000.nfoQao2z.third-party.y.1763900000."
        "Pzoh-oJQ.dfcznGoaC0hMiGCkI9oB3WELpFwhYj2nD8llDRB7d78"
    ),
    "": (
        "1.internal.n.1763900000.GviKGz0b.statistical.n.1763900000.nfoQao2z.third-party.n.1763900000."
        "Pzoh-oJQ.FyRE4jWrI5VMr1D1DbSAN_VGehP9V3i7i64KEGtVKc0"
    ),
}
"""Accepted categories -> the preferences cookie that version 0.1.0 signed for them, at NOW with KEY."""


@pytest.mark.parametrize("yes", FROM_0_1_0)
def test_a_cookie_of_version_0_1_0_still_verifies(yes: str) -> None:
    """So nobody is asked again by an upgrade."""
    assert SERIALIZER.dumps(chosen(yes.split())) == FROM_0_1_0[yes]
    assert SERIALIZER.loads(FROM_0_1_0[yes], now=NOW) == chosen(yes.split())


def test_a_cookie_of_version_0_1_0_verifies_under_another_name_key_and_basis() -> None:
    host = make_policy(cookie_name="__Host-cookies_preferences")
    token = (
        "1.internal.y.1763900000.GviKGz0b.statistical.n.1763900000.nfoQao2z.third-party.n.1763900000."
        "Pzoh-oJQ.dNA7WhLIPyUXo_e5aYzdavZ22O4o8U-ErLFS7Be8L8M"
    )
    assert PreferencesSerializer(host, secret_key=KEY).loads(token, now=NOW) == chosen(["internal"], host)
    exempt = make_policy(exempt=True)
    token = (
        "1.internal.y.1763900000.GviKGz0b.statistical.n.1763900000.UyNebN66.third-party.n.1763900000."
        "Pzoh-oJQ.EHILF2uE1hbXfMOUTTLoGBgTDv4D4BzTcnMQE9GVy9c"
    )
    assert PreferencesSerializer(exempt, secret_key=KEY).loads(token, now=NOW) == chosen(["internal"], exempt)
    token = (
        "1.internal.n.1763900000.GviKGz0b.statistical.y.1763900000.nfoQao2z.third-party.n.1763900000."
        "Pzoh-oJQ.t1yIL6XsSj-cyrSx4aoXwhbt_UuPxwYVKfIuznQRK7U"
    )
    rotated = PreferencesSerializer(POLICY, secret_key=KEY, secret_key_fallbacks=[EARLIER_KEY])
    assert rotated.loads(token, now=NOW) == chosen()


def test_digests_are_those_of_version_0_1_0() -> None:
    """Domains, paths and the order of declaration are not in them; providers and `revision` are."""
    policy = Policy(
        [
            Category(
                "marketing",
                revision=3,
                cookies=[
                    Cookie("b*", provider="B"),
                    Cookie("a", provider="A", domain="x.example", path="/p"),
                    "c",
                ],
            )
        ]
    )
    assert policy.digests == {"marketing": "hdShURuA"}
    assert POLICY.digests == {
        "statistical": "nfoQao2z",
        "internal": "GviKGz0b",
        "third-party": "Pzoh-oJQ",
    }
    assert make_policy(exempt=True).digests["statistical"] == "UyNebN66"


def test_a_refusal_stands_whatever_changes_and_a_yes_does_not() -> None:
    """R13."""
    changed = Policy([Category(key, cookies=["another"]) for key in ("statistical",)])
    refused = PreferencesSerializer(changed, secret_key=KEY).loads(FROM_0_1_0[""], now=NOW)
    assert [(answer.category, answer.accepted) for answer in refused.answers] == [("statistical", False)]
    accepted_before = PreferencesSerializer(changed, secret_key=KEY).loads(FROM_0_1_0["statistical"], now=NOW)
    assert accepted_before == Preferences()


def test_a_serializer_shows_no_key() -> None:
    assert repr(SERIALIZER) == "<PreferencesSerializer of 'cookies_preferences', 1 keys>"


def test_a_policy_whose_answers_fit_no_cookie_is_named() -> None:
    """R42."""
    categories = [Category("c" * 60 + str(number), cookies=[f"c{number}"]) for number in range(48)]
    with pytest.raises(PolicyError, match=r"48 categories to choose make a preferences cookie of \d+ octets"):
        Policy(categories)
    check_fits(Policy(categories[:40]))


def test_answers_may_fill_a_cookie_to_the_last_octet() -> None:
    """R42."""
    several = [Category("c" * 62 + f"{number:02d}", cookies=[f"c{number}"]) for number in range(46)]

    def size(key: str) -> int:
        policy = Policy([*several, Category(key, cookies=["d"])])
        return len(policy.cookie_name) + longest_text(policy)

    key = "d" * (1 + LARGEST_PAIR - size("d"))
    assert size(key) == LARGEST_PAIR
    with pytest.raises(PolicyError, match="4097 octets"):
        size(f"{key}d")


def test_the_longest_text_is_that_of_all_answers() -> None:
    everything = POLICY.choose(list(POLICY.digests), at=datetime.fromtimestamp(9_999_999_999, UTC))
    assert len(SERIALIZER.dumps(everything)) == longest_text(POLICY)


def test_a_moment_has_twelve_digits_at_most() -> None:
    assert parse_payload("1.a.y.999999999999.AAAAAAAA") == (Answer("a", True, 999_999_999_999, "AAAAAAAA"),)
