"""The rule said twice: the kit's slow reading and the gate's fast one agree on everything."""

from hypothesis import given
from hypothesis import strategies as st

from consentgate import Policy, Preferences
from consentgate.consent.preferences import UNDECIDED, Answer, agree
from consentgate.consent.tokens import TokenResult
from consentgate.consent.verdict import Judge
from consentgate.testing import law
from consentgate.testing.strategies import answers
from tests.strategies import NATIVE, names, policies


@given(policies, names | NATIVE | st.text("ab_", max_size=7))
def test_which_category_a_name_is_in(policy: Policy, name: str) -> None:
    assert law.key_of(policy, name) == policy.key_of(name)


@given(st.data(), policies)
def test_what_answers_allow(data: st.DataObject, policy: Policy) -> None:
    said = data.draw(st.lists(answers(policy), max_size=3))
    given = [
        Preferences(tuple(Answer(key, yes, 0, policy.digests[key]) for key, yes in each.items()))
        for each in said
    ]
    situation = TokenResult(agree(given) if given else UNDECIDED).situation
    for withheld in {False, not given}:
        permissions = Judge(policy).permissions(situation._replace(withheld=withheld))
        assert law.allowed(policy, *said, withheld=withheld) == permissions.allowed


@given(policies)
def test_what_can_be_refused(policy: Policy) -> None:
    for category in policy.categories:
        assert law.can_be_refused(policy, category.key) == (category.key not in policy.necessary)
    assert not law.can_be_refused(policy, None)
