"""Google Consent Mode: seven signals, all denied but those that were agreed to."""

from hypothesis import given
from hypothesis import strategies as st

from consentgate import Basis, Category, Policy
from consentgate.catalogue.category import CONSENT_MODE_SIGNALS
from consentgate.consent.consent_mode import consent_mode

POLICY = Policy(
    [
        Category(
            "necessary", basis=Basis.NECESSARY, consent_mode=["security_storage", "functionality_storage"]
        ),
        Category("statistical", cookies=["_ga"], consent_mode=["analytics_storage"]),
        Category("ads", cookies=["vid"], consent_mode=["ad_storage", "ad_user_data", "ad_personalization"]),
        Category("again", cookies=["_fbp"], consent_mode=["ad_storage"]),
        Category("theme", cookies=["theme"]),
    ]
)
KEYS = [category.key for category in POLICY.categories]


def granted(allowed: set[str]) -> set[str]:
    """The signals granted where these categories are allowed."""
    return {signal for signal, state in consent_mode(POLICY, allowed).items() if state == "granted"}


@given(st.sets(st.sampled_from(KEYS)), st.sets(st.sampled_from(KEYS)))
def test_every_signal_is_there_and_more_consent_never_takes_one_away(one: set[str], more: set[str]) -> None:
    """R57."""
    states = consent_mode(POLICY, one)
    assert tuple(states) == CONSENT_MODE_SIGNALS and len(states) == 7
    assert set(states.values()) <= {"granted", "denied"}
    assert granted(one) <= granted(one | more)
    assert "personalization_storage" not in granted(one | more)


def test_a_signal_is_granted_by_the_category_that_names_it() -> None:
    assert granted(set()) == set()
    assert granted({"statistical"}) == {"analytics_storage"}
    assert granted({"necessary", "theme"}) == {"security_storage", "functionality_storage"}


def test_a_signal_that_two_categories_name_needs_both() -> None:
    assert granted({"ads"}) == {"ad_user_data", "ad_personalization"}
    assert granted({"again"}) == set()
    assert "ad_storage" in granted({"ads", "again"})


def test_a_policy_that_names_none_denies_all() -> None:
    states = consent_mode(Policy([]), {"necessary"})
    assert set(states.values()) == {"denied"} and len(states) == 7
