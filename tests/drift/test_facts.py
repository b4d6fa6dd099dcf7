"""Facts add up, whatever stores they come from."""

from hypothesis import given
from hypothesis import strategies as st

from consentgate.drift.facts import Fact, Subject, Traits, add_up, count_days, longest_lifetime, traits_of
from consentgate.headers.set_cookie import StatedAttributes

from .conftest import facts


@given(st.lists(facts()), st.lists(facts()))
def test_the_order_of_stores_plays_no_part(one: list[Fact], other: list[Fact]) -> None:
    assert sorted(add_up(one + other), key=repr) == sorted(add_up(other + one), key=repr)
    assert sorted(add_up(add_up(one) + other), key=lambda each: each.subject) == sorted(
        add_up(one + other), key=lambda each: each.subject
    )


@given(st.lists(facts()))
def test_nothing_is_lost(several: list[Fact]) -> None:
    added = add_up(several)
    assert sum(fact.times for fact in added) == sum(fact.times for fact in several)
    assert len({fact.subject for fact in added}) == len(added)
    for fact in added:
        same = [each for each in several if each.subject == fact.subject]
        assert fact.lifetime == longest_lifetime(each.lifetime for each in same)
        assert all(each.traits in fact.traits and each.scopes <= fact.scopes for each in same)
        assert fact.first <= min(each.first for each in same) <= max(each.last for each in same) <= fact.last


def test_days_of_two_stores_are_counted_once() -> None:
    subject = Subject("sent", "_ga", "passed", "")
    monday, tuesday = Fact(subject, 1, 1, 1, 1), Fact(subject, 1, 1, 2, 2)
    week = Fact(subject, 9, 5, 1, 7)
    assert count_days([monday, monday]) == 1
    assert count_days([monday, tuesday]) == 2
    assert count_days([monday, week]) == 5


def test_attributes_that_could_be_stricter() -> None:
    strict = StatedAttributes(secure=True, http_only=True, same_site="strict", partitioned=True)
    assert traits_of(strict) == Traits.SECURE | Traits.PARTITIONED
    assert traits_of(strict._replace(same_site="none")) == Traits.SECURE | Traits.PARTITIONED
    assert traits_of(StatedAttributes(same_site="none")) == (
        Traits.WITHOUT_SECURE | Traits.WITHOUT_HTTP_ONLY | Traits.CROSS_SITE_WITHOUT_SECURE
    )
    assert Traits.WITHOUT_SAME_SITE in traits_of(StatedAttributes())
