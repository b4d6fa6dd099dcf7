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
from consentgate.consent.signing import longest_text
from tests.conftest import EARLIER_KEY, KEY, NOW, make_policy
from tests.strategies import ANY_TEXT, NATIVE, accepted, policies

POLICY = make_policy()
SERIALIZER = PreferencesSerializer(POLICY, secret_key=KEY)
LIFETIME = POLICY.cookie_lifetime.total_seconds()


def chosen(yes: Any = ("statistical",), policy: Policy = POLICY, at: float = NOW) -> Preferences:
    return policy.choose(yes, at=datetime.fromtimestamp(at, UTC))


TOKEN = SERIALIZER.dumps(chosen())


@given(policies, st.data(), st.integers(0, 4_000_000_000))
def test_what_is_signed_is_read_back(policy: Policy, data: st.DataObject, at: int) -> None:
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
    """Why the last character is looked at: a memo keyed by text must not be floodable from one token."""
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


def test_answers_to_what_has_changed_or_gone_are_unset_one_by_one() -> None:
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
    ("options", "said"),
    [
        ({"secret_key": "short"}, "secret_key has 5 bytes, 16 are needed; `consentgate keygen`"),
        ({"secret_key": b""}, "secret_key has 0 bytes"),
        ({"secret_key": None}, "secret_key must be str or bytes, not NoneType"),
        ({"secret_key": "\ud800" * 16}, "not a text that can be encoded"),
        ({"secret_key": KEY, "secret_key_fallbacks": KEY}, "must be a list of keys, not one key"),
        ({"secret_key": KEY, "secret_key_fallbacks": ["short"]}, "secret_key_fallbacks has 5 bytes"),
        ({"secret_key": KEY, "secret_key_fallbacks": 5}, "must be a list of keys, not 5"),
    ],
)
def test_a_bad_key_is_an_error_that_does_not_show_it(options: dict[str, Any], said: str) -> None:
    with pytest.raises(PolicyError) as caught:
        PreferencesSerializer(POLICY, **options)
    assert said in str(caught.value)
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


@pytest.mark.parametrize("payload", ["2", "2.a.y.1.AAAAAAAA", "1.a", "1.a.y.1", "", "1.a.y.1.AAAAAAAA.b"])
def test_what_is_signed_but_no_preferences_is_refused(payload: str) -> None:
    """Another format than ours, under our own key."""
    signed = SERIALIZER._signer.sign(payload).decode()
    assert SERIALIZER.verified(signed) == payload
    with pytest.raises(BadPreferences):
        SERIALIZER.loads(signed)


def test_the_longest_text_is_read() -> None:
    """And one character more is not even verified."""
    assert SERIALIZER.longest == 1024
    payload = "1." + ".".join(["a", "y", "1", "A" * (1024 - len("1.a.y.1..") - 43)])
    assert len(SERIALIZER._signer.sign(payload)) == 1024
    assert SERIALIZER.verified(SERIALIZER._signer.sign(payload).decode()) is not None
    assert SERIALIZER.verified(SERIALIZER._signer.sign(payload + "A").decode()) is None


def test_the_longest_text_is_that_of_all_answers() -> None:
    everything = POLICY.choose(list(POLICY.digests), at=datetime.fromtimestamp(9_999_999_999, UTC))
    assert len(SERIALIZER.dumps(everything)) == longest_text(POLICY)
