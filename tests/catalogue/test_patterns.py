"""Names with one star."""

from fnmatch import fnmatchcase

from hypothesis import example, given
from hypothesis import strategies as st

from consentgate.catalogue.patterns import Patterns
from tests.strategies import patterns

NAMES = st.text("ab_", max_size=8)


@given(st.sets(patterns, max_size=8), NAMES)
@example({"a*", "ab*", "*b"}, "abb")
@example({"a*ab*"[:3]}, "a")
@example({"a*a"}, "a")
def test_the_matching_pattern_with_the_longest_literal_governs(several: set[str], name: str) -> None:
    matching = {pattern for pattern in several if fnmatchcase(name, pattern)}
    governing = Patterns(several).match(name)
    if not matching:
        assert governing is None
    else:
        assert governing in matching
        assert governing is not None
        assert len(governing) == max(map(len, matching))


@given(st.sets(patterns, max_size=6), NAMES)
def test_two_equally_long_patterns_that_match_one_name_are_rivals(several: set[str], name: str) -> None:
    known = Patterns(several)
    matching = [pattern for pattern in several if fnmatchcase(name, pattern)]
    for one in matching:
        for other in matching:
            if one != other and len(one) == len(other):
                assert other in known.find_rivals(one) or one in known.find_rivals(other)


@given(patterns, patterns)
def test_rivals_have_a_name_in_common(one: str, other: str) -> None:
    for rival in Patterns([one, other]).find_rivals(one):
        assert rival == other
        prefix = max(one.partition("*")[0], other.partition("*")[0], key=len)
        suffix = max(one.partition("*")[2], other.partition("*")[2], key=len)
        assert fnmatchcase(prefix + suffix, one)
        assert fnmatchcase(prefix + suffix, other)


def test_the_longer_suffix_governs() -> None:
    assert Patterns(["*b", "*ab", "*aab"]).match("xaab") == "*aab"
    assert Patterns(["x*b", "x*ab"]).match("xab") == "x*ab"
    assert list(Patterns(["a*b", "ab*", "a*xc"]).find_rivals("ab*")) == ["a*b"]
    assert list(Patterns(["a*xd", "ab*c"]).find_rivals("ab*c")) == []
