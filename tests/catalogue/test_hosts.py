"""Declared hosts: one host, one category; and what they do to a category's digest."""

import pickle
import re
import textwrap
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentgate import Basis, Category, Cookie, Policy, PolicyError
from consentgate.catalogue.catalogue import Catalogue
from consentgate.catalogue.category import CONSENT_MODE_SIGNALS
from consentgate.catalogue.hosts import LARGEST_TOTAL
from consentgate.headers.csp import CSP_BASE, csp_value
from tests.conftest import ATTESTED
from tests.headers.test_csp import parsed, sources

MAPS = Category("maps", hosts=["maps.example", "*.tiles.example", "wss://live.example", "dev.example:8443"])


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("maps.example", "maps"),
        ("MAPS.example", "maps"),
        ("maps.example:443", "maps"),
        ("maps.example:444", None),
        ("a.tiles.example", "maps"),
        ("tiles.example", None),
        ("*.tiles.example", None),
        ("wss://live.example", "maps"),
        ("live.example", None),
        ("dev.example:8443", "maps"),
        ("cdn.example", "base"),
        ("", None),
        ("<script>", None),
    ],
)
def test_a_host_belongs_to_the_category_that_covers_it(host: str, key: str | None) -> None:
    base = Category("base", basis=Basis.NECESSARY, hosts=["cdn.example"])
    assert Policy([base, MAPS]).category_of_host(host) == key


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("maps.example", "maps.example"),
        ("*.maps.example", "a.maps.example"),
        ("a.maps.example", "*.maps.example"),
        ("*.maps.example", "*.a.maps.example"),
        ("maps.example", "wss://maps.example"),
        ("maps.example", "maps.example:443"),
    ],
)
def test_a_host_that_two_categories_cover_is_named_with_both(first: str, second: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy([Category("a", hosts=["x.example", first]), Category("b", hosts=[second])])
    assert f"host {first!r} in 'a' and host {second!r} in 'b' cover the same host" in str(caught.value)
    Policy([Category("a", hosts=[first]), Category("b", hosts=["other.example"])])


def test_a_necessary_categorys_hosts_are_nobody_elses() -> None:
    necessary = Category("necessary", basis=Basis.NECESSARY, hosts=["*.cdn.example"])
    with pytest.raises(PolicyError, match=r"in 'necessary' and host 'a\.cdn\.example' in 'a'"):
        Policy([necessary, Category("a", hosts=["a.cdn.example"])])


@given(
    st.lists(sources(), max_size=3, unique=True), st.lists(sources(), max_size=3, unique=True), sources(False)
)
def test_no_host_has_two_categories(a: list[str], b: list[str], host: str) -> None:
    try:
        policy = Policy([Category("a", hosts=a), Category("b", hosts=b)])
    except PolicyError as error:
        assert "cover the same host" in str(error)
    else:
        alone = [
            Policy([Category(key, hosts=hosts)]).category_of_host(host) for key, hosts in (("a", a), ("b", b))
        ]
        assert [policy.category_of_host(host)] == ([key for key in alone if key] or [None])
        assert parsed(host)


def test_hosts_of_more_than_two_kibibytes_are_refused() -> None:
    hosts = [f"host{number:05}.example" for number in range(114)]
    assert len(" ".join(hosts[:113])) == 2033
    Policy([Category("a", hosts=hosts[:60]), Category("b", hosts=hosts[60:113])])
    with pytest.raises(
        PolicyError, match="114 hosts make a Content-Security-Policy field of 2051 characters"
    ):
        Policy([Category("a", hosts=hosts[:60]), Category("b", hosts=hosts[60:])])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hosts": "maps.example"}, "category 'a': hosts must be a list of hosts, not 'maps.example'"),
        ({"hosts": 5}, "hosts must be a list of hosts, not 5"),
        ({"hosts": ["https://maps.example"]}, "category 'a': 'https://maps.example' is not a host"),
        ({"hosts": ["maps.example", "MAPS.example"]}, "category 'a': host 'maps.example' is declared twice"),
        ({"sale_or_share": "yes"}, "category 'a': sale_or_share must be true or false, not 'yes'"),
        ({"sale_or_share": True, "basis": Basis.NECESSARY}, "no signal denies a necessary category"),
        ({"consent_mode": "ad_storage"}, "consent_mode must be a list of signals, not 'ad_storage'"),
        ({"consent_mode": 1}, "consent_mode must be a list of signals, not 1"),
        ({"consent_mode": ["ads"]}, "unknown signal 'ads'; known are ad_storage, ad_user_data"),
        ({"consent_mode": [[]]}, "unknown signal []"),
    ],
)
def test_a_mistyped_declaration_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Category("a", **options)
    assert message in str(caught.value)


@pytest.mark.parametrize("value", [1, "true", None])
def test_partitioned_is_true_or_false(value: Any) -> None:
    with pytest.raises(PolicyError, match="cookie '__Host-x': partitioned must be true or false, not"):
        Cookie("__Host-x", partitioned=value)
    assert Cookie("__Host-x", partitioned=True).partitioned
    assert not Cookie("x").partitioned


def test_one_name_may_be_declared_with_partitions_and_without() -> None:
    both = (Cookie("t"), Cookie("t", partitioned=True))
    assert Policy([Category("a", cookies=both)]).scopes_of("t") == both


def test_a_category_with_hosts_or_signals_alone_can_be_chosen() -> None:
    assert Category("a", hosts=["maps.example"]).can_be_chosen
    assert Category("a", consent_mode=["ad_storage"]).can_be_chosen
    assert not Category("a", sale_or_share=True).can_be_chosen
    assert not Category("a", basis=Basis.NECESSARY, hosts=["maps.example"]).can_be_chosen
    policy = Policy([MAPS])
    assert policy.choose(["maps"]).accepts("maps")


def test_a_category_keeps_all_it_declares() -> None:
    """The catalogue adds cookies to categories; nothing else of them may be lost."""
    necessary = Category("n", basis=Basis.NECESSARY, hosts=["cdn.example"], consent_mode=["security_storage"])
    sold = Category("a", hosts=["b.example"], sale_or_share=True, consent_mode=CONSENT_MODE_SIGNALS[:2])
    policy = Policy([necessary, sold])
    for category in pickle.loads(pickle.dumps(policy)).categories:
        declared = {"n": necessary, "a": sold}[category.key]
        assert category.hosts == declared.hosts
        assert category.sale_or_share == declared.sale_or_share
        assert category.consent_mode == declared.consent_mode
    assert sold.with_cookies([Cookie("x")]).cookies == (Cookie("x"),)


DIGESTS_OF_0_1_0 = {
    "Bf8BIcix": Category("a"),
    "yowo7wZe": Category("necessary", basis=Basis.NECESSARY, cookies=["sessionid", "csrftoken"]),
    "s-A2xLby": Category("statistical", cookies=["_pk_id.*", "_pk_ses.*"]),
    "lSbejmtw": Category(
        "ads",
        cookies=[Cookie("vid", provider="Ads Ltd", domain="example.org", path="/shop", lifetime="13 months")],
        revision=3,
    ),
    "-vbWu_lh": Category(
        "measured",
        cookies=[Cookie("caf\xe9", provider="M\xfcller")],
        basis=Basis.EXEMPT,
        attestation=ATTESTED,
    ),
}


@pytest.mark.parametrize("digest", DIGESTS_OF_0_1_0)
def test_a_category_without_hosts_keeps_the_digest_of_0_1_0(digest: str) -> None:
    assert DIGESTS_OF_0_1_0[digest].digest() == digest


def test_hosts_sale_and_signals_are_part_of_the_digest() -> None:
    """R13: each is processing a visitor has not agreed to before."""
    declared: list[dict[str, Any]] = [
        {},
        {"hosts": ["maps.example"]},
        {"hosts": ["maps.example", "b.example"]},
        {"hosts": ["wss://maps.example"]},
        {"sale_or_share": True},
        {"consent_mode": ["ad_storage"]},
        {"consent_mode": ["ad_storage", "ad_user_data"]},
    ]
    assert len({Category("a", cookies=["x"], **options).digest() for options in declared}) == len(declared)
    forwards, backwards = (
        Category("a", hosts=["maps.example", "b.example"][::step], consent_mode=CONSENT_MODE_SIGNALS[::step])
        for step in (1, -1)
    )
    assert forwards.digest() == backwards.digest()
    partitioned = Category("a", cookies=[Cookie("x", partitioned=True)])
    assert partitioned.digest() == Category("a", cookies=["x"]).digest()


TABLE = {
    "key": "a",
    "hosts": ["Maps.example"],
    "sale_or_share": True,
    "consent_mode": ["ad_storage"],
    "cookie": [{"name": "x", "partitioned": True}],
}


def test_a_file_declares_them_with_the_same_words() -> None:
    policy = Policy.from_dict({"category": [TABLE]})
    assert policy.category("a") == Category(
        "a",
        hosts=["maps.example"],
        sale_or_share=True,
        consent_mode=["ad_storage"],
        cookies=[Cookie("x", partitioned=True)],
    )
    with pytest.raises(PolicyError, match=r"policy: \[\[category\]\] 'a': hosts must be"):
        Policy.from_dict({"category": [{"key": "a", "hosts": "maps.example"}]})


def test_the_parts_of_a_policy_are_checked_before_any_gate() -> None:
    assert Catalogue([MAPS]).category_of_host("maps.example") == "maps"


DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("page", ["howto/embed-a-video.md", "topics/signals.md"])
def test_the_policies_that_the_documentation_shows_are_some(page: str) -> None:
    shown = re.findall(r"```toml\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    assert shown
    for text in shown:
        assert Policy.from_dict(tomllib.loads(textwrap.dedent(text))).digests


def test_the_documentation_states_the_bounds_there_are() -> None:
    page = (DOCS / "howto" / "embed-a-video.md").read_text()
    assert f"{LARGEST_TOTAL:,} characters" in page
    assert (
        f"```text\nContent-Security-Policy: {csp_value(CSP_BASE, ['cdn.example', 'video.example'])}" in page
    )
