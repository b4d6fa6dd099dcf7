"""From the Cookie field to where a visitor stands."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import Preferences, PreferencesSerializer
from consentgate.consent.preferences import UNDECIDED, answers_to
from consentgate.consent.tokens import MEMO_SIZE, MOST_PARTS, Reader, Reading
from consentgate.consent.verdict import Judge
from consentgate.gate.request import joined, kept_parts, narrow
from consentgate.headers.cookie import without_pairs
from tests.conftest import KEY, NOW, make_policy
from tests.strategies import ANY_TEXT, cookie_strings

POLICY = make_policy()
SERIALIZER = PreferencesSerializer(POLICY, secret_key=KEY)
LIFETIME = POLICY.cookie_lifetime.total_seconds()


def reader() -> Reader:
    return Reader(Judge(POLICY), SERIALIZER, kept_parts)


def pair(yes: Iterable[str] = ("statistical",), at: float = NOW) -> str:
    return f"cookies_preferences={SERIALIZER.dumps(POLICY.choose(yes, at=datetime.fromtimestamp(at, UTC)))}"


@given(cookie_strings | ANY_TEXT)
def test_nothing_but_a_genuine_token_changes_anything(cookie_string: str) -> None:
    """R1."""
    reading = reader().read(cookie_string, NOW)
    assert reading.standing.preferences == UNDECIDED
    assert reading.standing.allowed == {"necessary"}


@given(cookie_strings, cookie_strings, ANY_TEXT)
@example("a=1", "b=2", "forged")
@example("", "b=2", "forged")
@example(" a=1", "", "forged")
@example(";", "", "")
@example("a=1;", "", "f" * 2000)
def test_what_is_left_without_the_disbelieved_is_what_removing_it_leaves(
    before: str, after: str, value: str
) -> None:
    """A short cut, and nothing else: reading has found where it is."""
    cookie_string = f"{before}; cookies_preferences={value}; {after}"
    reading = reader().read(cookie_string, NOW)
    if reading.visible is not None:
        assert reading.disbelieved
        assert reading.visible == without_pairs(cookie_string, "cookies_preferences", ())


def test_a_genuine_one_is_believed() -> None:
    reading = reader().read(f"a=1; {pair()}; b=2", NOW)
    assert reading.standing.allowed == {"necessary", "statistical"}
    assert pair().partition("=")[2] in reading.believed
    assert not reading.disbelieved


def test_a_forged_one_beside_it_takes_nothing_away() -> None:
    reading = reader().read(f"cookies_preferences=forged; {pair()}", NOW)
    assert reading.standing.allowed == {"necessary", "statistical"}
    assert reading.disbelieved
    assert "forged" not in reading.believed


def test_several_genuine_ones_allow_what_all_of_them_allow() -> None:
    """J, replacing R35: in either order."""
    one, other = pair(["statistical", "internal"]), pair(["internal", "third-party"], NOW - 5)
    for cookie_string in (f"{one}; {other}", f"{other}; {one}"):
        standing = reader().read(cookie_string, NOW).standing
        assert standing.allowed == {"necessary", "internal"}
        assert not standing.needs_choice


@given(st.lists(cookie_strings, min_size=1, max_size=3), st.lists(st.integers(0, 5), max_size=12))
@example(["a=1"], [0, 0, 0, 1, 1, 1])
def test_what_comes_again_is_read_as_it_was(others: list[str], order: list[int]) -> None:
    """R9, whoever comes between."""
    read, judge = reader(), Judge(POLICY)
    fields = [*others, *(f"{other}; {pair()}" for other in others)]
    for number in order:
        field = "".join(list(fields[number % len(fields)]))  # equal, and another object
        reading, anew = read.read(field, NOW), reader().read(field, NOW)
        assert reading.standing.preferences == anew.standing.preferences
        assert (reading.believed, reading.disbelieved) == (anew.believed, anew.disbelieved)
        if reading.parts is not None:
            assert not anew.disbelieved
            narrowed = narrow(field, judge.sent_names, reading.standing.readable)
            assert joined(field, reading.parts) == narrowed


def test_what_comes_again_is_known_from_the_second_time_on() -> None:
    for field in (f"zzz=1; sid=2; {pair()}", f"{pair()}; sid=2", "zzz=1; sid=2"):
        read = reader()
        assert read.read(field, NOW).parts is None
        assert read.read(field, NOW).parts is not None
        assert read.read(field, NOW) is read.read(field, NOW)


def test_what_comes_again_is_too_old_when_it_is() -> None:
    read = reader()
    for _ in range(3):
        assert read.read(f"sid=1; {pair()}", NOW).standing.allowed == {"necessary", "statistical"}
    for now in (NOW + LIFETIME, NOW - 61):
        reading = read.read(f"sid=1; {pair()}", now)
        assert reading.standing.allowed == {"necessary"}
        assert reading.disbelieved


def test_what_proves_nothing_or_is_not_one_is_read_each_time() -> None:
    read = reader()
    changed = PreferencesSerializer(make_policy(exempt=True), secret_key=KEY).dumps(
        Preferences(answers_to(make_policy(exempt=True), {"statistical": True}, int(NOW)))
    )
    for field in (
        "cookies_preferences=forged",
        f"{pair()}; cookies_preferences=forged",
        f"{pair()}; {pair(['internal'])}",
        f"cookies_preferences={changed}",
    ):
        assert [read.read(field, NOW).parts for _ in range(3)] == [None] * 3


def test_of_what_comes_again_no_text_is_kept_but_the_believed() -> None:
    """A visitor's session is nothing to remember."""
    read = reader()
    for _ in range(3):
        reading = read.read(f"sid=secret; {pair()}", NOW)
    kept = [getattr(reading, name) for name in Reading.__slots__]
    assert "secret" not in repr([kept, read._once, read._again.keys()])


def test_nobody_is_believed_for_a_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """P4, were all fields' hashes the same."""
    monkeypatch.setattr("consentgate.consent.tokens.hash", lambda text: 1, raising=False)
    read = reader()
    for _ in range(3):
        read.read(f"sid=1; {pair()}", NOW)
    for field in ("sid=1", f"sid=1; {pair([])}", f"sid=1; {pair()[:-1]}x"):
        assert read.read(field, NOW).standing.allowed == {"necessary"}


def test_where_nothing_is_to_be_hidden_or_reported_is_known() -> None:
    everything = pair(["statistical", "internal", "third-party"])
    for judge, field, is_whole in (
        (Judge(POLICY), f"sid=1; theme=2; {everything}", True),
        (Judge(POLICY), "sid=1", True),
        (Judge(POLICY), "sid=1; theme=2", False),
        (Judge(POLICY), f"sid=1; zzz=2; {everything}", False),
        (Judge(POLICY, admit_undeclared=True), "sid=1; zzz=2", False),
    ):
        read = Reader(judge, SERIALIZER, kept_parts)
        assert [read.read(field, NOW).is_whole for _ in range(3)] == [False, is_whole, is_whole], field


def test_no_more_than_a_few_parts_are_remembered() -> None:
    read = reader()
    for count, is_remembered in ((MOST_PARTS, True), (MOST_PARTS + 1, False)):
        field = "; ".join(["sid=1; zzz=2"] * count)
        for _ in range(3):
            reading = read.read(field, NOW)
        assert (reading.parts is not None) == is_remembered
        assert reading is read.read(field, NOW)


def test_fields_are_remembered_not_without_bound() -> None:
    read = reader()
    for number in range(2 * MEMO_SIZE):
        for _ in range(3):
            read.read(f"a={number}", NOW)
    assert len(read._once) <= MEMO_SIZE
    assert max(len(read._again), len(read._lengths)) <= MEMO_SIZE


def test_the_same_one_twice_is_one() -> None:
    twice, once = reader().read(f"{pair()}; {pair()}", NOW), reader().read(pair(), NOW)
    assert twice.standing.preferences == once.standing.preferences
    assert (twice.believed, twice.disbelieved) == (once.believed, once.disbelieved)


def test_what_is_read_is_what_was_signed() -> None:
    """Whatever way the reader takes: all of it valid, or a part."""
    for yes in ([], ["statistical"], ["statistical", "internal", "third-party"]):
        preferences = POLICY.choose(yes, at=datetime.fromtimestamp(NOW, UTC))
        cookie_string = f"a=1; cookies_preferences={SERIALIZER.dumps(preferences)}; b=2"
        assert reader().read(cookie_string, NOW).standing.preferences == preferences


def test_verification_is_done_once_and_age_looked_at_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    genuine = SERIALIZER.verified

    def counted(text: str) -> Any:
        calls.append(text)
        return genuine(text)

    monkeypatch.setattr(SERIALIZER, "verified", counted)
    read = reader()
    for now in (NOW, NOW + 10, NOW + LIFETIME - 1):
        assert read.read(pair(), now).standing.allowed == {"necessary", "statistical"}
    assert len(calls) == 1
    assert read.read(pair(), NOW + LIFETIME + 1).standing.allowed == {"necessary"}
    assert read.read(pair(), NOW - 61).standing.allowed == {"necessary"}
    assert read.read(pair(), NOW - 60).standing.allowed == {"necessary", "statistical"}


def test_an_answer_that_lapses_leaves_the_others() -> None:
    from consentgate import Preferences

    answers = answers_to(POLICY, {"statistical": True}, int(NOW)) + answers_to(
        POLICY, {"internal": True}, int(NOW) + 1000
    )
    cookie_string = f"cookies_preferences={SERIALIZER.dumps(Preferences(answers))}"
    read = reader()
    assert read.read(cookie_string, NOW + 1000).standing.allowed == {"necessary", "statistical", "internal"}
    assert read.read(cookie_string, NOW + LIFETIME).standing.allowed == {"necessary", "internal"}
    assert read.read(cookie_string, NOW + LIFETIME + 1000).standing.allowed == {"necessary"}


def test_only_genuine_tokens_are_remembered_and_not_without_bound() -> None:
    read = reader()
    for number in range(100):
        read.read(f"cookies_preferences=forged{number}", NOW)
    assert len(read._memo) == 0
    for number in range(MEMO_SIZE + MEMO_SIZE // 2):
        read.read(pair(at=NOW - number), NOW)
    assert len(read._memo) <= MEMO_SIZE


def test_a_token_whose_answers_all_changed_is_believed_and_says_nothing() -> None:
    other = make_policy(exempt=True)
    signed = PreferencesSerializer(other, secret_key=KEY).dumps(
        other.choose([], at=datetime.fromtimestamp(NOW, UTC)).__class__(
            answers_to(other, {"statistical": False}, int(NOW))
        )
    )
    read = reader()
    for now in (NOW, NOW + LIFETIME - 1):
        reading = read.read(f"cookies_preferences={signed}", now)
        assert reading.standing.preferences == UNDECIDED
        assert reading.standing.allowed == {"necessary"}
        assert not reading.disbelieved
    # Found by the model: remembered, it was believed for longer than it is valid.
    assert read.read(f"cookies_preferences={signed}", NOW + LIFETIME).disbelieved
