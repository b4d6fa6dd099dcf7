"""The rule said twice: the kit's slow reading and the gate's fast one agree on everything."""

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import Policy, Preferences
from consentgate.consent.preferences import UNDECIDED, Answer, agree
from consentgate.consent.tokens import TokenResult
from consentgate.consent.verdict import Judge
from consentgate.endpoint.choices import Choice, resolve
from consentgate.headers.origin import are_answers_withheld
from consentgate.testing import law
from consentgate.testing.strategies import answers
from tests.conftest import make_policy
from tests.strategies import NATIVE, names, policies


@given(policies, names | NATIVE | st.text("ab_", max_size=7))
def test_a_name_is_in_the_same_category(policy: Policy, name: str) -> None:
    assert law.key_of(policy, name) == policy.key_of(name)


@given(st.data(), policies)
def test_the_same_categories_are_allowed(data: st.DataObject, policy: Policy) -> None:
    message = data.draw(st.lists(answers(policy), max_size=3))
    given = [
        Preferences(tuple(Answer(key, yes, 0, policy.digests[key]) for key, yes in each.items()))
        for each in message
    ]
    situation = TokenResult(agree(given) if given else UNDECIDED).situation
    # A gate reads a token where there is one, and then nothing was held back.
    for withheld in {False, not given}:
        permissions = Judge(policy).permissions(situation._replace(withheld=withheld))
        assert law.allowed(policy, *message, withheld=withheld) == permissions.allowed


FETCH = {
    "REQUEST_METHOD": st.sampled_from(["GET", "HEAD", "POST", "DELETE"]),
    "HTTP_HOST": st.sampled_from(["shop.test", "shop.test:443", "SHOP.test:80", "shop.test:8000"]),
}
PERHAPS = {
    "HTTP_SEC_FETCH_SITE": st.sampled_from(["same-origin", "same-site", "cross-site", "none", "odd"]),
    "HTTP_SEC_FETCH_MODE": st.sampled_from(["navigate", "cors", "no-cors"]),
    "HTTP_SEC_FETCH_DEST": st.sampled_from(["document", "iframe", "empty", "image"]),
    "HTTP_SEC_FETCH_STORAGE_ACCESS": st.sampled_from(["none", "inactive", "active"]),
    "HTTP_ORIGIN": st.sampled_from(
        [
            "http://shop.test",
            "https://shop.test",
            "https://Shop.test:443",
            "http://shop.test:8000",
            "https://elsewhere.test",
            "null",
        ]
    ),
}


@given(st.fixed_dictionaries(FETCH, optional=PERHAPS))
@example({"REQUEST_METHOD": "POST", "HTTP_HOST": "shop.test", "HTTP_ORIGIN": "null"})
def test_answers_are_withheld_from_the_same_requests(environ: dict[str, Any]) -> None:
    keys = ("REQUEST_METHOD", *list(PERHAPS), "HTTP_HOST")
    assert law.are_answers_withheld(environ) == are_answers_withheld(*map(environ.get, keys))


@given(policies | st.just(make_policy(exempt=True)))
def test_the_actions_for_all_record_the_same_answers(policy: Policy) -> None:
    for action in ("accept_all", "refuse_all"):
        assert law.answers_of(policy, action) == resolve(Choice(action), policy).answers


@given(policies)
def test_the_same_categories_can_be_refused(policy: Policy) -> None:
    for category in policy.categories:
        assert law.can_be_refused(policy, category.key) == (category.key not in policy.necessary)
        assert law.is_exempt(policy, category.key) == (category.basis.name == "EXEMPT")
    assert not law.can_be_refused(policy, None) and not law.is_exempt(policy, None)
