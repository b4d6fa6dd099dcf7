"""Cookie pairs on their way in (P3, R9, R32), and Cookie fields that come again."""

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import PreferencesSerializer
from consentgate.consent.tokens import TokenReader, TokenResult
from consentgate.consent.verdict import INVALID, Judge, JudgedCookie, Permissions, Reason, Situation
from consentgate.gate.request import (
    NO_COOKIES,
    Answers,
    FilteredCookies,
    RepeatedFields,
    filter_cookie_string,
    list_pairs,
)
from consentgate.testing import preferences
from tests.conftest import KEY, NOW, make_policy
from tests.strategies import NATIVE, accepted, cookie_strings

POLICY = make_policy()
JUDGE = Judge(POLICY)
REPORTING = Judge(POLICY, admit_undeclared=True)
SERIALIZER = PreferencesSerializer(POLICY, secret_key=KEY)
NAME = POLICY.cookie_name
LIFETIME = POLICY.cookie_lifetime.total_seconds()


def permitting(*keys: str, judge: Judge = JUDGE) -> Permissions:
    return judge.permissions(Situation(tuple((key, True) for key in sorted(keys))))


def filtered(cookie_string: str, *keys: str, judge: Judge = JUDGE) -> FilteredCookies:
    return filter_cookie_string(cookie_string, judge, permitting(*keys, judge=judge), ())


def left(cookie_string: str, *keys: str) -> str:
    """The Cookie field of a visitor who accepted these, as the application receives it."""
    return filtered(cookie_string, *keys).apply(cookie_string)


def pairs(cookie_string: str) -> list[str]:
    return [pair.strip(" \t") for pair in cookie_string.split(";") if pair.strip(" \t")]


def token(*keys: str, at: float = NOW) -> str:
    return SERIALIZER.dumps(POLICY.choose(keys, at=datetime.fromtimestamp(at, UTC)))


@given(cookie_strings | NATIVE, accepted)
@example("a=1; bad name=x; sid=3", set())
@example("_pk_id=1; sid=2; _pk_id=3", set())
@example('sid="a; _pk_id=1"', set())
@example("zzz=1; ;; sid=2;; ; csrftoken=3;zzz=4; sid=5 ;", set())
@example("; ;zzz=1", set())
def test_the_allowed_pairs_are_left_in_order(cookie_string: str, yes: set[str]) -> None:
    """P3."""
    result, kept = filtered(cookie_string, *yes), left(cookie_string, *yes)
    expected = [
        pair
        for pair in pairs(cookie_string)
        if "=" in pair
        and POLICY.key_of(pair.partition("=")[0].strip(" \t")) in {"necessary", *yes}
        and pair.partition("=")[0].strip(" \t") != NAME
    ]
    assert pairs(kept) == expected
    assert len(result.withheld) == len(pairs(cookie_string)) - len(expected)
    assert bool(result.withheld) is (kept is not cookie_string)
    assert not any(each.verdict.admitted for each in result.withheld)


@given(cookie_strings | NATIVE, accepted)
@example("sid=1; csrftoken=2", set())
@example("", set())
@example(";;", set())
def test_spans_are_the_parts_that_are_kept(cookie_string: str, yes: set[str]) -> None:
    """Every byte, and the semicolons between neighbours."""
    result = filtered(cookie_string, *yes)
    joined = ";".join(cookie_string[part] for part in result.kept).lstrip(" \t;")
    assert result.apply(cookie_string) == (joined if result.withheld else cookie_string)
    ends = [-1, *(part.stop for part in result.kept)]
    assert all(part.start > end + 1 or end == -1 for part, end in zip(result.kept, ends, strict=False))
    kept = "".join(cookie_string[part] for part in result.kept)
    assert all(character in cookie_string for character in kept)


@given(cookie_strings | NATIVE, accepted)
def test_filtering_twice_is_once(cookie_string: str, yes: set[str]) -> None:
    """Invariant (v)."""
    once = left(cookie_string, *yes)
    assert left(once, *yes) is once
    assert filtered(once, *yes).withheld == ()


@given(cookie_strings | NATIVE, accepted, accepted)
def test_accepting_more_never_hides_more(cookie_string: str, some: set[str], more: set[str]) -> None:
    """Invariant (iii)."""
    less = pairs(left(cookie_string, *some))
    remaining = iter(pairs(left(cookie_string, *(some | more))))
    assert all(any(pair == other for other in remaining) for pair in less)


def test_bytes_order_and_duplicates_are_kept() -> None:
    cookie_string = "zzz=0;sid = a=b ;  _pk_id=1; sid=\xe9;;csrftoken="
    assert left(cookie_string) == "sid = a=b ; sid=\xe9;;csrftoken="
    assert [(each.name, each.verdict.reason) for each in filtered(cookie_string).withheld] == [
        ("zzz", Reason.UNDECLARED),
        ("_pk_id", Reason.UNSET),
    ]
    neighbours = "zzz=1; sid=2; csrftoken=3; zzz=4;sid=5"
    assert filtered(neighbours).kept == (slice(6, 25), slice(33, 38))
    assert left(neighbours) == "sid=2; csrftoken=3;sid=5"


def test_nothing_left_is_empty() -> None:
    assert left(" ; _pk_id=1;") == ""
    assert left("zzz") == ""


def test_the_preferences_cookie_is_read_where_it_is_genuine() -> None:
    cookie_string = f"{NAME}=genuine; sid=1; {NAME} = forged ;zzz=2"
    for permissions, expected in (
        (permitting(), f"{NAME}=genuine; sid=1"),
        (None, f"{NAME}=genuine; sid=1;zzz=2"),
        (JUDGE.permissions(Situation(applies=False)), f"{NAME}=genuine; sid=1;zzz=2"),
    ):
        result = filter_cookie_string(cookie_string, JUDGE, permissions, ("genuine",))
        assert result.apply(cookie_string) == expected
        assert result.withheld[0] == JudgedCookie(NAME, INVALID)


@given(cookie_strings | NATIVE)
def test_without_filtering_only_unproven_preferences_are_taken_out(cookie_string: str) -> None:
    result = filter_cookie_string(cookie_string, JUDGE, None, ())
    assert {each.name for each in result.withheld} <= {NAME}
    own = [
        pair for pair in pairs(cookie_string) if pair.partition("=")[0].strip(" \t") == NAME and "=" in pair
    ]
    assert len(result.withheld) == len(own)
    assert pairs(result.apply(cookie_string)) == [pair for pair in pairs(cookie_string) if pair not in own]


def test_undeclared_pairs_may_pass_and_be_reported() -> None:
    cookie_string = "zzz=1; sid=2; theme=3"
    result = filtered(cookie_string, judge=REPORTING)
    assert result.apply(cookie_string) == "zzz=1; sid=2"
    assert [each.name for each in result.undeclared] == ["zzz"]
    assert [each.name for each in result.withheld] == ["theme"]


def test_a_nameless_pair_is_reported_without_its_text() -> None:
    """R99: the text of a pair without a name is a value."""
    for pair in ("secret", "=secret", "a\x01secret=1"):
        (cookie,) = filtered(f"sid=1; {pair}").withheld
        assert (cookie.name, cookie.verdict.reason) == ("", Reason.NAMELESS)


@given(cookie_strings | NATIVE, accepted)
def test_pairs_are_listed_with_their_verdicts(cookie_string: str, yes: set[str]) -> None:
    listed = list(list_pairs(cookie_string, JUDGE, permitting(*yes)))
    admitted = [each for each in listed if each.verdict.admitted]
    assert [each.name for each in admitted] == [
        pair.partition("=")[0].strip(" \t") for pair in pairs(left(cookie_string, *yes))
    ]
    assert not any(each.name in ("", NAME) or each.set_cookie_string for each in listed)


def test_a_name_is_trimmed_as_browsers_do() -> None:
    """SP and HTAB, and no other blank character."""
    cookie_string = "zzz\xa0=1;\x85yyy =2"
    names = [each.name for each in filtered(cookie_string).withheld]
    assert names == [each.name for each in list_pairs(cookie_string, JUDGE, permitting())]
    assert names == ["zzz\xa0", "\x85yyy"]
    assert [each.name for each in filtered(cookie_string, judge=REPORTING).undeclared] == names
    assert filter_cookie_string(f"{NAME}=genuine\xa0", JUDGE, permitting(), ("genuine",)).withheld


def test_named_pairs_are_listed_and_no_others() -> None:
    cookie_string = f"zzz=1; sid=2;theme = 3; _pk_ses.9=4=4; {NAME}=5; vid; =6"
    assert [each.name for each in list_pairs(cookie_string, JUDGE, permitting())] == [
        "zzz",
        "sid",
        "theme",
        "_pk_ses.9",
    ]


# Fields that come again.


def anew(cookie_string: str, now: float) -> tuple[TokenResult, FilteredCookies]:
    """A field read and filtered, by the slow way."""
    tokens = TokenReader(SERIALIZER).read(cookie_string, now)
    permissions = JUDGE.permissions(tokens.situation)
    return tokens, filter_cookie_string(cookie_string, JUDGE, permissions, tokens.verified)


def through(fields: RepeatedFields, cookie_string: str, now: float) -> tuple[TokenResult, FilteredCookies]:
    """As the gate does."""
    known = fields.find(cookie_string, now)
    if known is not None:
        assert known.filtered is not None
        return known.tokens, known.filtered
    result = anew(cookie_string, now)
    fields.add(cookie_string, Answers(result[0], result[0].situation), result[1])
    return result


def is_known(fields: RepeatedFields, cookie_string: str) -> bool:
    """Return whether the field came before, and send it."""
    known = fields.find(cookie_string, NOW)
    through(fields, cookie_string, NOW)
    return known is not None


@given(st.data(), st.lists(cookie_strings | NATIVE, min_size=1, max_size=3))
@example(None, [f"sid=1; {NAME}={token('statistical')}; zzz=2"])
def test_a_field_that_comes_again_is_read_and_filtered_as_anew(
    data: st.DataObject | None, others: list[str]
) -> None:
    """R9, whoever comes between, at any time."""
    texts = [*others, *(f"{other}; {NAME}={token('statistical')}; _pk_id=1" for other in others)]
    times = [NOW, NOW + 5, NOW - 61, NOW - 60, NOW + LIFETIME - 1, NOW + LIFETIME]
    if data is None:
        order = [(text, now) for now in times for text in texts]
    else:
        drawn = SERIALIZER.dumps(data.draw(preferences(POLICY, now=NOW)))
        texts.append(f"{others[0]}; {NAME}={drawn}")
        order = data.draw(st.lists(st.tuples(st.sampled_from(texts), st.sampled_from(times)), max_size=16))
    fields = RepeatedFields()
    for text, now in order:
        equal = "".join(list(text))  # and another object
        tokens, result = through(fields, equal, now)
        expected_tokens, expected = anew(text, now)
        assert tokens.preferences == expected_tokens.preferences
        assert tokens.verified == expected_tokens.verified
        assert result == expected
        assert result.withheld or result.apply(equal) is equal


def test_a_field_is_known_from_the_second_time_on() -> None:
    for field in (f"zzz=1; sid=2; {NAME}={token()}", f"{NAME}={token()}; sid=2", "zzz=1; sid=2", "sid=1"):
        fields = RepeatedFields()
        assert [is_known(fields, field) for _ in range(3)] == [False, True, True]


def test_a_field_that_proves_nothing_or_several_things_is_read_each_time() -> None:
    """Their answers depend on more than one token's age."""
    fields = RepeatedFields()
    for field in (
        f"{NAME}=forged",
        f"{NAME}={token()}; {NAME}=forged",
        f"{NAME}={token()}; {NAME}={token('internal')}",
    ):
        assert [is_known(fields, field) for _ in range(3)] == [False] * 3


@pytest.mark.parametrize("now", [NOW - 61, NOW + LIFETIME])
def test_a_cached_field_is_read_anew_outside_its_window(now: float) -> None:
    fields = RepeatedFields()
    field = f"sid=1; {NAME}={token('statistical')}"
    through(fields, field, NOW)
    assert fields.find(field, NOW) is not None
    assert fields.find(field, NOW - 60) is not None
    assert fields.find(field, now) is None
    assert through(fields, field, now)[0].verified == ()


def test_no_text_is_kept_but_the_token() -> None:
    """A visitor's session is nothing to remember."""
    fields = RepeatedFields()
    field = f"sid=secret; zzz=secret; secret; {NAME}={token('internal')}; theme=secret"
    through(fields, field, NOW)
    assert fields.find(field, NOW) is not None
    assert "secret" not in repr(fields._fields)
    assert token("internal") in repr(fields._fields)


def test_equal_hashes_never_share_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """P4, were the hashes of all fields the same."""
    monkeypatch.setattr("consentgate.gate.request.hash", lambda text: 1, raising=False)
    fields = RepeatedFields()
    own = f"sid=1; {NAME}={token('statistical')}"
    through(fields, own, NOW)
    assert fields.find(own, NOW) is not None
    for field in (
        "sid=1",
        f"sid=1; {NAME}={token()}",
        f"sid=1; {NAME}={token('statistical')[:-1]}x",
        f"{NAME}={token('statistical')}; sid=1",
        own[:-1],
        "",
    ):
        assert fields.find(field, NOW) is None, field


def test_cookie_fields_are_cached_within_bounds() -> None:
    fields = RepeatedFields()
    for number in range(2 * RepeatedFields.SIZE + 10):
        through(fields, f"a={number}", NOW)
        assert len(fields._fields) <= RepeatedFields.SIZE
    assert len(fields._fields) == 10


@pytest.mark.parametrize(
    ("field", "is_remembered"),
    [
        ("sid=" + "x" * (RepeatedFields.LONGEST_FIELD - 4), True),
        ("sid=" + "x" * (RepeatedFields.LONGEST_FIELD - 3), False),
        ("; ".join(["sid=1; zzz=2"] * RepeatedFields.MOST_SPANS), True),
        ("; ".join(["sid=1; zzz=2"] * (RepeatedFields.MOST_SPANS + 1)), False),
    ],
)
def test_long_fields_and_many_spans_are_not_cached(field: str, is_remembered: bool) -> None:
    fields = RepeatedFields()
    through(fields, field, NOW)
    assert (fields.find(field, NOW) is not None) is is_remembered


def test_an_empty_field_is_found_only_after_it_came() -> None:
    fields = RepeatedFields()
    assert fields.find("", NOW) is None
    fields.add("", NO_COOKIES, anew("", NOW)[1])
    assert fields.find("", NOW) == NO_COOKIES._replace(filtered=FilteredCookies((slice(0, 0),)))
