"""The field of a visit: the hosts of what is allowed, and of nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentgate import Basis, Category, Policy, PolicyError
from consentgate.consent.hosts import HostPolicy
from consentgate.headers.csp import CSP_BASE, reporting_to
from tests.conftest import ATTESTED, make_policy

POLICY = Policy(
    [
        Category("necessary", basis=Basis.NECESSARY, cookies=["sid"], hosts=["cdn.example"]),
        Category("maps", hosts=["maps.example", "*.tiles.example"]),
        Category("measured", basis=Basis.EXEMPT, attestation=ATTESTED, hosts=["count.example"]),
        Category("ads", hosts=["wss://ads.example"], sale_or_share=True),
        Category("theme", cookies=["theme"]),
    ]
)
HOSTS = HostPolicy(POLICY, signals=("gpc",))
KEYS = [category.key for category in POLICY.categories]
ALLOWED = st.sets(st.sampled_from(KEYS)).map(lambda keys: frozenset({"necessary", *keys}))


@given(ALLOWED)
def test_the_field_lists_the_hosts_of_what_is_allowed_and_no_other(allowed: frozenset[str]) -> None:
    value, is_private = HOSTS.field(allowed)
    listed = value.removeprefix(f"default-src {CSP_BASE}").split()
    assert listed == [host for each in POLICY.categories if each.key in allowed for host in each.hosts]
    assert is_private == (listed != ["cdn.example"])


@given(ALLOWED, ALLOWED)
def test_more_consent_lists_no_host_less(one: frozenset[str], more: frozenset[str]) -> None:
    fewer, all_ = (set(HOSTS.field(allowed).value.split()) for allowed in (one, one | more))
    assert fewer <= all_


def test_necessary_hosts_are_listed_before_any_choice() -> None:
    assert HOSTS.field(frozenset()).value == f"default-src {CSP_BASE} cdn.example"


def test_undeclared_cookies_that_pass_change_nothing() -> None:
    """The set of what is allowed may hold None."""
    assert HOSTS.field(frozenset({None, "maps"})) == HOSTS.field(frozenset({"maps"}))


def test_the_field_is_enforced_or_reported() -> None:
    assert HostPolicy(POLICY).field_name == "Content-Security-Policy"
    reported = HostPolicy(POLICY, "'self'", enforced=False)
    assert reported.fields_for(frozenset({"maps"})) == [
        (
            "Content-Security-Policy-Report-Only",
            "default-src 'self' cdn.example maps.example *.tiles.example",
        )
    ]


def test_reports_are_asked_for_in_the_same_field() -> None:
    fields = HOSTS.fields_for(frozenset(), reporting_to("/cookies/reports", is_https=True))
    assert [name for name, _ in fields] == ["Content-Security-Policy", "Reporting-Endpoints"]
    assert fields[0][1].endswith(" cdn.example; report-uri /cookies/reports; report-to consentgate")


def test_caches_learn_what_the_field_depends_on() -> None:
    assert HOSTS.vary == ("Cookie", "Sec-GPC")
    assert HostPolicy(POLICY).vary == ("Cookie",)
    assert HostPolicy(POLICY, signals=("gpc", "dnt")).vary == ("Cookie", "Sec-GPC", "DNT")
    necessary = HostPolicy(Policy([POLICY.category("necessary")]), signals=("gpc",))
    assert necessary.vary == () and necessary.has_hosts
    assert not necessary.field(frozenset()).is_private


def test_a_policy_without_hosts_has_no_field() -> None:
    hosts = HostPolicy(make_policy())
    assert not hosts.has_hosts and hosts.vary == ()
    assert hosts.fields_for(frozenset({"statistical"}), reporting_to("/x", is_https=True)) == []


@pytest.mark.parametrize("base", ["*", "maps.example", "a.tiles.example", "https:", "count.example"])
def test_a_base_that_lets_through_what_needs_consent_is_an_error(base: str) -> None:
    with pytest.raises(PolicyError, match=r"^csp_base: .* lets through the host "):
        HostPolicy(POLICY, f"'self' {base}")


def test_a_base_may_name_a_necessary_host() -> None:
    assert HostPolicy(POLICY, "'self' cdn.example").has_hosts


def test_visits_of_any_number_of_kinds_take_bounded_memory() -> None:
    hosts = HostPolicy(Policy([Category(f"c{number}", hosts=[f"h{number}.example"]) for number in range(12)]))
    for number in range(4096):
        allowed = frozenset(f"c{bit}" for bit in range(12) if number >> bit & 1)
        assert len(hosts.field(allowed).value.split()) == len(CSP_BASE.split()) + 1 + len(allowed)
    assert hosts._fields.cache_info().currsize == 256


def test_the_field_is_enforced_unless_it_is_only_to_report() -> None:
    assert HostPolicy(POLICY).field_name == "Content-Security-Policy"
    assert HostPolicy(POLICY, enforced=False).field_name == "Content-Security-Policy-Report-Only"
