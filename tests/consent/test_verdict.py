"""The judgement: total, pure, and never more generous for less consent."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import Basis, Category, Policy, Preferences
from consentgate.consent.preferences import Answer, answers_to
from consentgate.consent.verdict import FEW, NAMELESS, RESERVED, Judge, Reason, Verdict, names_of
from consentgate.gate.request import narrow, only
from consentgate.testing import preferences
from consentgate.testing.driving import cookies_in
from tests.conftest import NOW, make_policy
from tests.strategies import ANY_TEXT, NATIVE, accepted, choosable, names, policies

POLICY = make_policy(exempt=True)
JUDGE = Judge(POLICY)


def chosen(policy: Policy, yes: set[str], at: float = NOW) -> Preferences:
    no = {key: False for key in policy.digests if key not in yes}
    return Preferences(answers_to(policy, {**dict.fromkeys(yes, True), **no}, int(at)))


@given(policies, names | ANY_TEXT | NATIVE, st.data())
@example(POLICY, "\ud800", None)
def test_it_is_total_and_agrees_with_the_memo(policy: Policy, name: str, data: st.DataObject | None) -> None:
    """Invariant (iv): no name makes it raise; the hot path's answer is the judgement's."""
    judge = Judge(policy)
    yes = (
        set()
        if data is None or not policy.digests
        else data.draw(st.sets(st.sampled_from(sorted(policy.digests))))
    )
    standing = judge.standing(chosen(policy, yes))
    verdict = judge.judge(name, standing)
    key = judge.names[name]
    if key == RESERVED:
        assert verdict == Verdict(True, Reason.NECESSARY, policy.key_of(policy.cookie_name))
    elif name == name.strip(" \t"):
        assert verdict.admitted == (key in standing.allowed)


@given(accepted, accepted)
def test_accepting_more_never_allows_less(some: set[str], more: set[str]) -> None:
    """Invariant (iii)."""
    judge = Judge(POLICY)
    assert judge.standing(chosen(POLICY, some)).allowed <= judge.standing(chosen(POLICY, some | more)).allowed


@given(st.lists(accepted, min_size=1, max_size=3))
def test_of_several_genuine_cookies_only_what_all_allow_passes(several: list[set[str]]) -> None:
    judge = Judge(POLICY)
    each = [chosen(POLICY, yes) for yes in several]
    together = judge.standing(*each)
    assert together.allowed == frozenset.intersection(*(judge.standing(one).allowed for one in each))
    assert not together.needs_choice


@given(st.lists(st.dictionaries(st.sampled_from(choosable), st.booleans()), min_size=1, max_size=3))
def test_a_choice_is_needed_only_if_none_of_them_is_complete(several: list[dict[str, bool]]) -> None:
    judge = Judge(POLICY)
    each = [Preferences(answers_to(POLICY, given, int(NOW))) for given in several]
    standing = judge.standing(*each)
    assert standing.needs_choice == all(judge.standing(one).needs_choice for one in each)
    assert standing.allowed == frozenset.intersection(*(judge.standing(one).allowed for one in each))


def test_before_a_choice_only_necessary_and_exempt_categories_are_allowed() -> None:
    """R1, R28."""
    judge = Judge(POLICY)
    assert judge.undecided.allowed == {"necessary", "statistical"}
    assert judge.undecided.needs_choice
    refused = judge.standing(chosen(POLICY, set()))
    assert refused.allowed == {"necessary"}
    assert not refused.needs_choice


def test_nothing_to_ask_needs_no_choice() -> None:
    from consentgate import Basis, Category

    assert not Judge(Policy([Category("empty")])).undecided.needs_choice
    assert not Judge(Policy([Category("n", basis=Basis.NECESSARY, cookies=["a"])])).undecided.needs_choice


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sid", "admitted: necessary (category 'necessary')"),
        ("cookies_preferences", "admitted: necessary (category 'necessary')"),
        ("_pk_id", "admitted: exempt, not refused (category 'statistical')"),
        ("theme", "admitted: accepted (category 'internal')"),
        ("vid", "not admitted: refused (category 'third-party')"),
        ("zzz", "not admitted: undeclared (no category)"),
        ("", "not admitted: no name all browsers agree on (no category)"),
        ("a\n", "not admitted: no name all browsers agree on (no category)"),
    ],
)
def test_every_verdict_has_its_reason(name: str, said: str) -> None:
    judge = Judge(POLICY)
    standing = judge.standing(chosen(POLICY, {"statistical", "internal"}))
    assert str(judge.judge(name, standing)) == said


def test_a_category_not_asked_yet_is_unset_not_refused() -> None:
    judge = Judge(POLICY)
    assert judge.judge("theme", judge.undecided).reason is Reason.UNSET


def test_undeclared_cookies_may_be_admitted_and_only_reported() -> None:
    judge = Judge(POLICY, admit_undeclared=True)
    assert judge.judge("zzz", judge.undecided) == Verdict(True, Reason.UNDECLARED_REPORTED, None)
    assert None in judge.undecided.allowed


@given(st.text(" \t", max_size=2), names)
def test_the_memo_reads_names_as_browsers_do(blank: str, name: str) -> None:
    memo = names_of(POLICY)
    expected = RESERVED if name == POLICY.cookie_name else POLICY.key_of(name)
    assert memo[blank + name + blank] == memo[blank + name + blank] == expected


def test_a_name_nobody_agrees_on_is_nameless() -> None:
    memo = names_of(POLICY)
    assert [memo[text] for text in ("", " ", "a;b", "a\r")] == [NAMELESS] * 4


def test_what_is_agreed_keeps_the_earliest_day() -> None:
    """Of refusals the first, and of yeses everyone's."""
    digest = POLICY.digests["statistical"]

    def said(yes: bool, at: int) -> Preferences:
        return Preferences((Answer("statistical", yes, at, digest),))

    agreed = JUDGE.standing(said(True, 5), said(False, 9), said(False, 7)).preferences
    assert agreed.answers == (Answer("statistical", False, 7, digest),)
    agreed = JUDGE.standing(said(True, 5), said(True, 3)).preferences
    assert agreed.answers == (Answer("statistical", True, 3, digest),)


def test_what_is_not_admitted_is_false_and_nothing_else() -> None:
    verdict = JUDGE.judge("theme", JUDGE.undecided)
    assert verdict.admitted is False


@given(st.data(), policies)
def test_the_few_names_are_all_that_may_be_read(data: st.DataObject, policy: Policy) -> None:
    """P3: a long Cookie field is searched for these, and for nothing else."""
    judge = Judge(policy)
    standing = judge.standing(data.draw(preferences(policy)))
    readable = {name for name, key in policy.keys.items() if key in standing.allowed}
    if standing.few is None:
        assert len(readable) > FEW or any("*" in name for name in readable)
    else:
        assert set(standing.few) == {*readable, policy.cookie_name}
        assert len(readable) <= FEW and not any("*" in name for name in readable)
        sent = data.draw(st.lists(names | st.sampled_from(sorted(policy.keys)), max_size=6))
        cookie_string = "; ".join(f"{name}=1" for name in sent)
        narrowed = narrow(cookie_string, judge.sent_names, standing.readable)
        assert [*cookies_in(only(cookie_string, standing.few))] == [*cookies_in(narrowed)]


def test_the_fate_of_each_categorys_cookies_follows_from_what_is_allowed() -> None:
    """R25: an exempt one passes, shortened; R3: a necessary one, whatever is said of it."""
    judge = Judge(make_policy(exempt=True))
    kept_back = {NAMELESS: "refused", RESERVED: "refused"}
    assert judge.fates[frozenset({"necessary", "statistical", "internal"})] == {
        **kept_back,
        None: "refused",
        "necessary": "necessary",
        "statistical": "exempt",
        "internal": "gated",
        "third-party": "refused",
    }
    assert judge.fates[frozenset({None})] == {
        **kept_back,
        None: "spared",
        "necessary": "necessary",
        "statistical": "refused",
        "internal": "refused",
        "third-party": "refused",
    }


def test_how_few_are_few() -> None:
    def few(count: int, **options: bool) -> tuple[str, ...] | None:
        cookies = [f"n{number}" for number in range(count)]
        policy = Policy([Category("necessary", basis=Basis.NECESSARY, cookies=cookies)])
        return Judge(policy, **options).undecided.few

    assert len(few(FEW - 1) or ()) == FEW + 1  # the preferences cookie's own name is a declared one, too
    assert few(FEW) is None
    assert few(1, admit_undeclared=True) is None


def test_what_is_undeclared_may_be_admitted_besides() -> None:
    judge = Judge(POLICY, admit_undeclared=True)
    assert judge.undecided.allowed == JUDGE.undecided.allowed | {None}


def test_what_is_no_control_character_is_a_character() -> None:
    assert names_of(POLICY)["x\xa0"] is names_of(POLICY)["x\x85"] is None
    assert names_of(POLICY)["x\x7f"] == NAMELESS
