"""Names grouped into patterns that stand for them, and for nothing that is declared."""

import random
import string
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consentgate import Category, Policy
from consentgate.catalogue.patterns import Patterns
from consentgate.drift.families import FAMILIES
from consentgate.drift.grouping import FEWEST_LITERALS, group_names

NAMES = Path(__file__).parents[3] / "shared" / "thirdparty" / "names.tsv"
PATTERNS = [family.pattern for family in FAMILIES]

ids = st.from_regex(r"[0-9a-f]{1,10}", fullmatch=True) | st.text("ABCXYZ019", min_size=1, max_size=10)
names = st.builds("{}{}{}{}".format, st.sampled_from(["_ga", "_pk_id", "a", "", "visitor"]), st.sampled_from(
    ["", "_", ".", "-"]), ids, st.sampled_from(["", "_end", ".1", "-hash"])
) | st.text("ab_*.1", min_size=1, max_size=8)  # fmt: skip
declared = st.lists(st.sampled_from(["_ga", "_ga_*", "_pk_id.*", "a1", "visitor", "a*", "*_end"]), max_size=3)


@given(st.lists(names, max_size=30), declared, st.booleans())
@example(["_ga_1234", "_ga_5678"], ["_ga_*"], False)
@example(["_pk_id1234", "_pk_id5678"], ["_pk_id"], False)
@example(["ab1234", "ab5678"], ["*_b"], False)
def test_patterns_match_what_they_stand_for_and_nothing_declared(
    seen: list[str], policy_names: list[str], with_families: bool
) -> None:
    matches = Patterns(name for name in policy_names if "*" in name).match
    undeclared = [name for name in seen if name not in policy_names and matches(name) is None]
    seen_declared = [name for name in seen if name not in undeclared and name not in policy_names]
    groups = group_names(
        undeclared,
        declared=policy_names,
        seen_declared=seen_declared,
        families=PATTERNS if with_families else (),
    )
    assert Counter(name for members in groups.values() for name in members) == Counter(set(undeclared))
    exact = {name for name in (*policy_names, *seen_declared) if "*" not in name}
    for pattern, members in groups.items():
        if members == [pattern]:
            continue
        prefix, star, suffix = pattern.partition("*")
        assert star and prefix and len(prefix + suffix) >= FEWEST_LITERALS and "*" not in suffix
        match = Patterns([pattern]).match
        assert all(match(name) for name in members)
        assert not any(match(name) for name in exact)
        assert len(members) > 1 or pattern in PATTERNS


@given(st.lists(names, max_size=20))
def test_the_order_of_names_plays_no_part(seen: list[str]) -> None:
    shuffled = random.Random(1).sample(seen, len(seen))
    assert group_names(seen) == group_names(shuffled)


@given(st.lists(names.filter(lambda name: "*" not in name), max_size=20), st.data())
def test_no_two_patterns_could_disagree_on_a_name(seen: list[str], data: st.DataObject) -> None:
    """Whatever category each is put in, they are a policy."""
    groups = group_names(seen, declared=["*_end"], seen_declared=[])
    keys = {name: data.draw(st.sampled_from(["a", "b", "c"])) for name in groups}
    categories = [
        Category(key, cookies=[name for name, its in keys.items() if its == key and name != "*_end"])
        for key in ("a", "b", "c")
    ]
    assert Policy([*categories, Category("declared", cookies=["*_end"])])


@pytest.mark.parametrize(
    ("seen", "groups"),
    [
        (["_ga_5C2V8LB6VY"], ["_ga_5C2V8LB6VY"]),
        (["_ga", "_gid", "theme"], ["_ga", "_gid", "theme"]),
        (["_pk_id.1.1fff", "_pk_id.2.a0b1", "_pk_ses.1.1fff"], ["_pk_id.*", "_pk_ses.1.1fff"]),
        (["ab12345678", "ab87654321"], ["ab12345678", "ab87654321"]),  # under three literal characters
        (["12345678_abc", "87654321_abc"], ["12345678_abc", "87654321_abc"]),  # no prefix
        (["__-12345678", "__-87654321"], ["__-12345678", "__-87654321"]),  # nothing but separators
        (["s-qwrtz", "s-bcdfg", "s-hjklm", "s-npqst"], ["s-bcdfg", "s-hjklm", "s-npqst", "s-qwrtz"]),
        (["id-qwrtz", "id-bcdfg", "id-hjklm", "id-npqst"], ["id-*"]),
        (["id-QWRTZ", "id-bcdfg", "id-hjklm", "id-nPqst"], ["id-QWRTZ", "id-bcdfg", "id-hjklm", "id-nPqst"]),
        (["last-first", "last-third", "last-tenth", "last-fifth"],) * 2,
        (["_gat_UA-1234-5", "_gat_UA-9876-1", "_gat_UA-abcd"], ["_gat_UA-*", "_gat_UA-abcd"]),
        (["tok-1a2b3c4d", "tok-9f8e7d6c", "tok-bcdfbcdf"], ["tok-*"]),
    ],
)
def test_what_becomes_one_pattern(seen: list[str], groups: list[str]) -> None:
    assert sorted(group_names(seen)) == sorted(groups)


def test_no_pattern_is_as_long_as_a_declared_one_that_could_match_the_same_name() -> None:
    seen = ["_ga.1234", "_ga.5678"]
    assert list(group_names(seen)) == ["_ga.*"]
    assert list(group_names(seen, declared=["*_end"])) == seen


def test_a_lone_name_of_a_known_family_becomes_its_pattern() -> None:
    found = group_names(["intercom-session-abcdefgh", "_gcl_au", "_gcl_aw", "other"], families=PATTERNS)
    assert found == {
        "_gcl_*": ["_gcl_aw"],
        "_gcl_au": ["_gcl_au"],  # known by itself
        "intercom-session-*": ["intercom-session-abcdefgh"],
        "other": ["other"],
    }


def test_a_name_that_looks_like_a_groups_members_joins_them() -> None:
    found = group_names(["tok-1a2b3c4d", "tok-9f8e7d6c", "tok-bcdfbcdf", "tok-settings", "tok-x"])
    assert found == {
        "tok-*": ["tok-1a2b3c4d", "tok-9f8e7d6c", "tok-bcdfbcdf"],
        "tok-settings": ["tok-settings"],
        "tok-x": ["tok-x"],
    }


def sample(per_family: int, seed: int) -> dict[str, str]:
    """Names as real sites have them, each with its family: made up after the families' own rules."""
    choose = random.Random(seed)

    def some(alphabet: str, length: int) -> str:
        return "".join(choose.choices(alphabet, k=length))

    capitals, hexadecimal = string.ascii_uppercase + string.digits, "0123456789abcdef"
    makers = {
        "_ga_": lambda: f"_ga_{some(capitals, 10)}",
        "_gat_UA": lambda: f"_gat_UA-{some(string.digits, 8)}-{some('123', 1)}",
        "_pk_id": lambda: f"_pk_id.{some('123456789', 1)}.{some(hexadecimal, 4)}",
        "_pk_ses": lambda: f"_pk_ses.{some('123456789', 2)}.{some(hexadecimal, 4)}",
        "_hjSession_": lambda: f"_hjSession_{some('123456789', 7)}",
        "_hjSessionUser_": lambda: f"_hjSessionUser_{some('123456789', 7)}",
        "wordpress_logged_in_": lambda: f"wordpress_logged_in_{some(hexadecimal, 32)}",
        "SSESS": lambda: f"SSESS{some(hexadecimal, 32)}",
        "mp_mixpanel": lambda: f"mp_{some(hexadecimal, 32)}_mixpanel",
        "incap_ses_": lambda: f"incap_ses_{some('123456789', 3)}_{some('123456789', 7)}",
        "visid_incap_": lambda: f"visid_incap_{some('123456789', 7)}",
        "AMCV_": lambda: f"AMCV_{some('0123456789ABCDEF', 24)}%40AdobeOrg",
        "visitor_id": lambda: f"visitor_id{some('123456789', 6)}{choose.choice(['', '-hash'])}",
        "wp-settings-": lambda: f"wp-settings-{some('123456789', 4)}",
        "wp-settings-time-": lambda: f"wp-settings-time-{some('123456789', 4)}",
        "cart-uuid": lambda: f"cart-{some(hexadecimal, 8)}-{some(hexadecimal, 4)}-4{some(hexadecimal, 3)}"
        f"-a{some(hexadecimal, 3)}-{some(hexadecimal, 12)}",
        "_sp_id": lambda: f"_sp_id.{some(hexadecimal, 4)}",
        "kndctr": lambda: f"kndctr_{some('0123456789ABCDEF', 24)}_AdobeOrg_cluster",
        "_dc_gtm": lambda: f"_dc_gtm_UA-{some(string.digits, 8)}-{some('123', 1)}",
    }
    made = {maker(): family for family, maker in makers.items() for _ in range(per_family)}
    fixed = "_ga _gid _fbp sessionid csrftoken theme language IDE NID uuid consent PHPSESSID s_cc mbox cart"
    return {**made, **dict.fromkeys(fixed.split(), "fixed")}


def measured(family_of: dict[str, str], families: list[str]) -> tuple[float, dict[str, set[str]]]:
    """Return the share of names in families that are under a star, and the stars that mix families."""
    groups = group_names(family_of, families=families)
    starred = {name: pattern for pattern, seen in groups.items() if seen != [pattern] for name in seen}
    sizes = Counter(family_of.values())
    members = [name for name, family in family_of.items() if family != "fixed" and sizes[family] > 1]
    mixed: dict[str, set[str]] = {}
    for name, pattern in starred.items():
        mixed.setdefault(pattern, set()).add(family_of[name])
    mixed = {pattern: its for pattern, its in mixed.items() if len(its - {"fixed"}) > 1}
    return sum(name in starred for name in members) / len(members), mixed


@pytest.mark.parametrize("families", [[], PATTERNS], ids=["without the table", "with the table"])
@pytest.mark.parametrize("seed", range(5))
def test_names_of_real_families_are_found(seed: int, families: list[str]) -> None:
    recall, mixed = measured(sample(12, seed), families)
    assert recall >= 0.95
    assert mixed == {}


@pytest.mark.skipif(not NAMES.exists(), reason="the list of names met on real sites is not published")
@pytest.mark.parametrize("families", [[], PATTERNS], ids=["without the table", "with the table"])
def test_names_met_on_real_sites_are_found(families: list[str]) -> None:
    rows = [line.split("\t") for line in NAMES.read_text().splitlines() if not line.startswith("#")]
    recall, mixed = measured({name: family for family, name in rows}, families)
    assert recall >= 0.95
    assert mixed == {}
