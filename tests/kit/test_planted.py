"""Faults planted one at a time in a copy of the gate: the kit's public assertions catch each of them."""

from pathlib import Path
from typing import NamedTuple

import pytest

import consentgate
from consentgate.testing import assert_enforced
from tests.conftest import KEY
from tests.planted import ROUTES, faulty_copy, policy_of, site

pytestmark = pytest.mark.usefixtures("quickly")


class Fault(NamedTuple):
    module: str
    right: str
    wrong: str


FAULTS = {
    "a name trimmed differently from a browser": Fault(
        "consent/verdict", "name = text.strip(BLANK)", "name = text.strip()"
    ),
    "a deletion recognised loosely": Fault(
        "headers/set_cookie",
        'deletes = _MAX_AGE.fullmatch(last["max-age"]) is not None and int(last["max-age"]) <= 0',
        'deletes = "Max-Age=0" in unparsed',
    ),
    "Expires trusted over Max-Age": Fault(
        "headers/set_cookie",
        "        return ALWAYS if deletes else NEVER\n",
        '        if deletes or "expires" not in last:\n            return ALWAYS if deletes else NEVER\n',
    ),
    "the header list edited in place": Fault(
        "gate/response",
        "    return response_headers if fields == response_headers else fields,",
        "    response_headers[:] = fields\n    return response_headers,",
    ),
    "state read too early": Fault(
        "gate/middleware",
        "response = self, visit, environ,",
        "response = self, __import__('copy').copy(visit), environ,",
    ),
    "the exc_info path unfiltered": Fault(
        "gate/middleware",
        "return start_response(status, fields, exc_info)",
        "return start_response(status, response_headers, exc_info)",
    ),
    "the digest ignored": Fault(
        "consent/tokens",
        "any(map(ne, map(self._judge.catalogue.digests.get, categories), digests))",
        "False",
    ),
    "a substring for a consent test": Fault(
        "consent/verdict",
        "accepted = {key for key in self._consent if answers.get(key)}",
        "accepted = {key for key in self._consent if any(key in said for said in answers if answers[said])}",
    ),
    "case-insensitive names": Fault(
        "consent/verdict", "key = exact.get(name)", "key = exact.get(name.lower())"
    ),
    "one of two genuine duplicates ignored": Fault(
        "consent/tokens", "if len(values) == 1 or not genuine:", "if genuine or not genuine:"
    ),
}


def test_the_site_passes_behind_the_gate_itself() -> None:
    gate = policy_of(consentgate).wrap(site, secret_key=KEY)
    assert_enforced(gate, application=site, routes=ROUTES)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_copy_with_a_fault_does_not(fault: str, tmp_path: Path) -> None:
    gate = policy_of(faulty_copy(tmp_path, *FAULTS[fault])).wrap(site, secret_key=KEY)
    with pytest.raises(AssertionError) as caught:
        assert_enforced(gate, application=site, routes=ROUTES)
    assert str(caught.value).startswith(("GET /: ", "GET /delete: ", "GET /error: ", "GET /withdraw: "))


def test_a_copy_without_a_fault_passes(tmp_path: Path) -> None:
    copy = faulty_copy(tmp_path, "errors", "class PolicyError", "class PolicyError")
    assert_enforced(policy_of(copy).wrap(site, secret_key=KEY), application=site, routes=ROUTES)
