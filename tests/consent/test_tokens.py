"""From the Cookie field to the answers it proves (R1, R12; P4)."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import Category, Policy, Preferences, PreferencesSerializer
from consentgate.consent.preferences import UNDECIDED, Answer, agree, answers_to
from consentgate.consent.tokens import CACHE_SIZE, NO_TOKEN, Invalid, TokenReader, TokenResult
from consentgate.consent.verdict import Judge, Situation
from consentgate.headers.cookie import cookie_values
from consentgate.testing import tokens
from tests.conftest import KEY, NOW, make_policy
from tests.strategies import ANY_TEXT, NATIVE, cookie_strings

POLICY = make_policy()
SERIALIZER = PreferencesSerializer(POLICY, secret_key=KEY)
FOREIGN = PreferencesSerializer(POLICY, secret_key="another key, just as long")
LIFETIME = POLICY.cookie_lifetime.total_seconds()
NAME = POLICY.cookie_name


def chosen(yes: Iterable[str] = ("statistical",), at: float = NOW) -> Preferences:
    return POLICY.choose(yes, at=datetime.fromtimestamp(at, UTC))


def token(yes: Iterable[str] = ("statistical",), at: float = NOW) -> str:
    return SERIALIZER.dumps(chosen(yes, at))


def pair(yes: Iterable[str] = ("statistical",), at: float = NOW) -> str:
    return f"{NAME}={token(yes, at)}"


def signed(given_answers: dict[str, bool], at: float = NOW) -> str:
    """A token that answers only these."""
    return SERIALIZER.dumps(Preferences(answers_to(POLICY, given_answers, int(at))))


def read(cookie_string: str, now: float = NOW) -> TokenResult:
    return TokenReader(SERIALIZER).read(cookie_string, now)


def allowed(result: TokenResult, policy: Policy = POLICY) -> frozenset[str]:
    return Judge(policy).permissions(result.situation).allowed


@given(cookie_strings | ANY_TEXT | NATIVE)
@example(f"{NAME}=1.a.y.\xb2.AAAAAAAA.{'x' * 43}")
@example(f"{NAME}")
@example(f"x{NAME}={token()}")
@example(f"{NAME}x={token()}")
@example(f'{NAME}="{token()}"')
@example(f"{NAME}={token()}=")
def test_only_a_genuine_token_proves_anything(cookie_string: str) -> None:
    """R1."""
    result = read(cookie_string)
    assert (result.preferences, result.verified) == (UNDECIDED, ())
    assert allowed(result) == {"necessary"}
    assert bool(result.invalid) is bool(cookie_values(cookie_string, NAME))


def test_without_the_cookies_name_there_is_no_token() -> None:
    assert read("sid=1; zzz=2") is NO_TOKEN
    assert NO_TOKEN.situation == Situation()


def test_a_genuine_token_is_verified() -> None:
    result = read(f"a=1; {pair()}; b=2")
    assert result.preferences == chosen()
    assert allowed(result) == {"necessary", "statistical"}
    assert (result.verified, result.invalid) == ((token(),), ())
    assert (result.start, result.end) == (NOW - 60, NOW + LIFETIME)


@given(st.data())
def test_every_kind_of_token_is_taken_for_what_it_is(data: st.DataObject) -> None:
    text = data.draw(tokens(SERIALIZER, now=NOW))
    result = read(f"sid=1; {NAME}={text}")
    if text.answers is None or not text.isascii():
        assert result.verified == ()
        assert result.preferences == UNDECIDED
    else:
        assert result.verified == (text,)
        given_answers = {each.category: each.accepted for each in result.preferences.answers}
        assert given_answers == text.answers


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("forged", Invalid.OTHER),
        ("", Invalid.OTHER),
        (token()[:-1], Invalid.OTHER),
        ("2.a.y.1.AAAAAAAA." + "x" * 43, Invalid.OTHER),
        (token(at=NOW - LIFETIME), Invalid.OTHER),
        (token(at=NOW - LIFETIME + 1), None),
        (token(at=NOW + 61), Invalid.AHEAD),
        (token(at=NOW + 60), None),
        (token()[:-2] + "xx", Invalid.FOREIGN),
        (FOREIGN.dumps(chosen()), Invalid.FOREIGN),
    ],
)
def test_a_token_that_proves_nothing_says_why(text: str, why: Invalid | None) -> None:
    result = read(f"sid=1; {NAME}={text}")
    assert result.invalid == (() if why is None else (why,))
    assert bool(result.verified) is (why is None)


def test_a_forged_token_beside_a_genuine_one_takes_nothing_away() -> None:
    result = read(f"{NAME}=forged; {pair()}; {NAME}={FOREIGN.dumps(chosen([]))}")
    assert allowed(result) == {"necessary", "statistical"}
    assert (result.verified, result.invalid) == ((token(),), (Invalid.OTHER, Invalid.FOREIGN))
    several = read(f"{NAME}=forged; {pair()}; {NAME}={token(at=NOW - 5)}")
    assert (several.verified, several.invalid) == ((token(), token(at=NOW - 5)), (Invalid.OTHER,))


def test_several_genuine_tokens_allow_what_all_of_them_allow() -> None:
    """J, replacing R35: in either order."""
    one, other = pair(["statistical", "internal"]), pair(["internal", "third-party"], NOW - 5)
    for cookie_string in (f"{one}; {other}", f"{other}; {one}"):
        result = read(cookie_string)
        assert allowed(result) == {"necessary", "internal"}
        assert len(result.verified) == 2
        assert not Judge(POLICY).permissions(result.situation).asked
        assert (result.start, result.end) == (NOW - 60, NOW - 5 + LIFETIME)


genuine = st.dictionaries(st.sampled_from(sorted(POLICY.digests)), st.booleans())


@given(st.lists(st.tuples(genuine, st.integers(0, 1000)), min_size=1, max_size=3), st.randoms())
def test_several_tokens_are_never_more_generous_than_each(several: list[Any], random: Any) -> None:
    """And nothing is asked if one of them answers everything."""
    texts = [signed(given_answers, NOW - age) for given_answers, age in several]
    fields = [f"{NAME}={text}" for text in texts]
    random.shuffle(fields)
    judge = Judge(POLICY)
    result = read("; ".join(["sid=1", *fields]))
    each = [read(field) for field in fields]
    together = judge.permissions(result.situation)
    assert together.allowed == frozenset.intersection(*map(allowed, each))
    assert (together.asked == ()) is (
        any(not judge.permissions(one.situation).asked for one in each)
        or set(POLICY.digests) == {answer.category for answer in result.preferences.answers}
    )
    assert set(result.verified) == set(texts)
    if len(set(texts)) > 1:
        assert result.preferences == agree([SERIALIZER.loads(text) for text in result.verified])


def test_the_same_token_twice_is_one() -> None:
    assert read(f"{pair()}; {pair()}") == read(pair())


@pytest.mark.caches
def test_verification_is_done_once_and_age_judged_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    serializer = PreferencesSerializer(POLICY, secret_key=KEY)
    calls: list[str] = []
    verify = serializer.verify

    def counted(text: str) -> Any:
        calls.append(text)
        return verify(text)

    monkeypatch.setattr(serializer, "verify", counted)
    reader = TokenReader(serializer)
    for now in (NOW, NOW + 10, NOW + LIFETIME - 1):
        assert allowed(reader.read(pair(), now)) == {"necessary", "statistical"}
    assert len(calls) == 1
    assert allowed(reader.read(pair(), NOW + LIFETIME)) == {"necessary"}
    assert allowed(reader.read(pair(), NOW - 61)) == {"necessary"}
    assert allowed(reader.read(pair(), NOW - 60)) == {"necessary", "statistical"}


@pytest.mark.caches
def test_only_genuine_texts_are_cached_and_within_bounds() -> None:
    reader = TokenReader(SERIALIZER)
    for number in range(100):
        reader.read(f"{NAME}=forged{number}", NOW)
        reader.read(f"{NAME}={token()}{'=' * number}x", NOW)
        reader.read(f"{NAME}={FOREIGN.dumps(chosen(at=NOW - number))}", NOW)
    assert len(reader._verified) == 0
    for number in range(CACHE_SIZE + CACHE_SIZE // 2):
        reader.read(pair(at=NOW - number), NOW)
        assert len(reader._verified) <= CACHE_SIZE
    assert len(reader._verified) == CACHE_SIZE // 2


def test_an_answer_that_lapses_leaves_the_others() -> None:
    answers = answers_to(POLICY, {"statistical": True}, int(NOW)) + answers_to(
        POLICY, {"internal": True}, int(NOW) + 1000
    )
    cookie_string = f"{NAME}={SERIALIZER.dumps(Preferences(answers))}"
    assert allowed(read(cookie_string, NOW + 1000)) == {"necessary", "statistical", "internal"}
    assert allowed(read(cookie_string, NOW + LIFETIME)) == {"necessary", "internal"}
    assert allowed(read(cookie_string, NOW + LIFETIME + 1000)) == {"necessary"}


def test_a_genuine_token_whose_only_yes_has_changed_answers_nothing() -> None:
    before = Policy([Category("statistical", cookies=["_pk_old"])])
    serializer = PreferencesSerializer(before, secret_key=KEY)
    text = serializer.dumps(before.choose(["statistical"], at=datetime.fromtimestamp(NOW, UTC)))
    result = read(f"{NAME}={text}")
    assert (result.preferences, result.verified, result.invalid) == (UNDECIDED, (text,), ())
    assert [answer.category for answer in result.changed] == ["statistical"]
    assert result.situation == Situation(changed=frozenset({"statistical"}))
    # Remembered or not, it is genuine for no longer than it is valid.
    assert read(f"{NAME}={text}", NOW + LIFETIME).invalid == (Invalid.OTHER,)


def test_a_changed_yes_is_no_longer_named_once_another_token_answers() -> None:
    old = Answer("statistical", True, int(NOW), "CHANGED!")
    changed = SERIALIZER.dumps(Preferences((old,)))
    refused = signed({"statistical": False})
    assert read(f"{NAME}={changed}; {NAME}={refused}").changed == ()
    result = read(f"{NAME}={changed}; {NAME}={signed({'internal': True})}")
    assert result.changed == (old,)
    assert allowed(result) == {"necessary"}
    assert not result.complete


def test_a_token_is_complete_that_answers_all_that_is_asked() -> None:
    """Exempt categories are never asked."""
    policy = make_policy(exempt=True)
    serializer = PreferencesSerializer(policy, secret_key=KEY)

    def text(given_answers: dict[str, bool]) -> str:
        return f"{NAME}={serializer.dumps(Preferences(answers_to(policy, given_answers, int(NOW))))}"

    everything, part = text({"internal": True, "third-party": False}), text({"internal": True})
    reader = TokenReader(serializer)
    assert reader.read(f"{everything}; {part}", NOW).complete
    assert not reader.read(f"{part}; {text({'third-party': True})}", NOW).complete


def test_only_the_policys_own_name_is_read() -> None:
    other = make_policy(cookie_name="choice")
    serializer = PreferencesSerializer(other, secret_key=KEY)
    text = serializer.dumps(other.choose([], at=datetime.fromtimestamp(NOW, UTC)))
    reader = TokenReader(serializer)
    assert reader.read(f"choice={text}", NOW).verified == (text,)
    assert reader.read(f"{NAME}={text}", NOW) is NO_TOKEN
