"""The kit fails on every fault its assertions are for: each planted, alone, in a copy of the gate."""

import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import consentgate
from consentgate.testing import Token, assert_enforced
from consentgate.testing.asking import Asked, Tries
from consentgate.testing.driving import Route
from consentgate.testing.trial import Trial
from tests.conftest import KEY
from tests.planted import HOST, ROUTES, faulty_copy, policy_of, site

pytestmark = pytest.mark.usefixtures("quickly")


class Fault(NamedTuple):
    """One text of one module, right and wrong; and what the gate and the requests need to show it.

    `told` is a part of the message.
    """

    module: str
    right: str
    wrong: str
    reported: str
    options: dict[str, Any] = {}  # noqa: RUF012  # nobody edits it
    environ: dict[str, Any] = {}  # noqa: RUF012


SETS = "the response sets the cookie"
HELD = "after a refusal and some more responses"

NOT_GATED = Fault(
    "gate/middleware",
    "        if outer is not None and self._is_inside(outer):\n"
    "            return self.app(environ, GatedStartResponse(self, outer, environ, start_response, "
    "is_inner=True))\n",
    "        if isinstance(outer, Visit) and not outer._response_started:\n"
    "            return self.app(environ, start_response)\n",
    SETS,
)
TAKEN_FOR_INNER = Fault(
    "gate/middleware",
    "if not (isinstance(outer, Visit) and outer._in_call):",
    "if not isinstance(outer, Visit):",
    "shared caches may keep a response that sets",
)

FAULTS = {
    "a name trimmed differently from a browser": Fault(
        "consent/verdict", "name = text.strip(BLANK)", "name = text.strip()", SETS
    ),
    "a deletion recognised loosely": Fault(
        "headers/set_cookie",
        '    expires = last.get("expires", "")\n',
        '    if "Max-Age=0" in unparsed:\n'
        "        return Ending(ALWAYS, ALWAYS)\n"
        '    expires = last.get("expires", "")\n',
        SETS,
    ),
    "Expires trusted over Max-Age": Fault(
        "headers/set_cookie",
        '    max_age = last.get("max-age")\n    if',
        '    max_age = None if "expires" in last else last.get("max-age")\n    if',
        SETS,
    ),
    "a deletion by the clock passed as it is": Fault(
        "gate/response", "return text if is_certain else text + CERTAIN_DELETION", "return text", SETS
    ),
    "a deletion by the clock stripped": Fault(
        "headers/set_cookie",
        "Deletion.BY_CLOCK if ending.loose <= max(now, date) else Deletion.NO",
        "Deletion.NO",
        "the deletion",
    ),
    "the header list edited in place": Fault(
        "gate/start_response",
        "        if exc_info is None:\n",
        "        if exc_info is None:\n            response_headers[:] = fields\n",
        "edited the application's own list",
    ),
    "fields in a tuple not looked at": Fault(
        "gate/start_response",
        "        fields: list[Field] = list(map(tuple",
        "        if not isinstance(response_headers, list):\n"
        "            return self._start_response(status, list(response_headers))\n"
        "        fields: list[Field] = list(map(tuple",
        SETS,
    ),
    "an iterator of fields read twice": Fault(
        "gate/start_response",
        "        fields: list[Field] = list(map(tuple",
        "        list(response_headers)\n        fields: list[Field] = list(map(tuple",
        "is missing or altered",
    ),
    "the application's own list handed on": Fault(
        "gate/start_response",
        "            return self._start_response(status, fields)\n",
        "            same = fields == response_headers\n"
        "            return self._start_response(status, response_headers if same else fields)\n",
        SETS,
    ),
    "a line break in the status passed on": Fault(
        "gate/scan", "if has_line_break(status):", "if False:", SETS
    ),
    "a line break in a field passed on": Fault(
        "gate/scan", "(has_line_break(value) or has_line_break(name))", "False", SETS
    ),
    "a request tried again not gated": NOT_GATED,
    "a request tried again taken for an inner one": TAKEN_FOR_INNER,
    "state read too early": Fault(
        "gate/middleware",
        "gated_start_response = GatedStartResponse(self, visit,",
        "gated_start_response = GatedStartResponse(self, __import__('copy').copy(visit),",
        SETS,
    ),
    "the exc_info path unfiltered": Fault(
        "gate/start_response",
        "return self._start_response(status, fields, exc_info)",
        "return self._start_response(status, list(response_headers), exc_info)",
        SETS,
    ),
    "the digest ignored": Fault(
        "consent/preferences",
        "if accepted and declared[category] != digest",
        "if False",
        SETS,
    ),
    "a no that lapses when its category changes": Fault(
        "consent/preferences",
        "if accepted and declared[category] != digest",
        "if declared[category] != digest",
        SETS,
    ),
    "a substring for a consent test": Fault(
        "consent/verdict",
        "    if answers.get(key):\n",
        "    if any(key in said for said in answers if answers[said]):\n",
        SETS,
    ),
    "case-insensitive names": Fault(
        "consent/verdict", "key = self._exact.get(name)", "key = self._exact.get(name.lower())", SETS
    ),
    "one of two genuine duplicates ignored": Fault(
        "consent/tokens",
        "        if len(several) == 1:\n            (judged,) = several\n",
        "        if several:\n            judged = several[0]\n",
        SETS,
    ),
    "absence taken for an answer": Fault(
        "gate/middleware",
        "withheld = not tokens.verified and withholds_answers(environ)",
        "withheld = False",
        SETS,
    ),
    "another site's form taken for a plain navigation": Fault(
        "headers/origin", ' and method in ("GET", "HEAD"):', ":", SETS
    ),
    "another site's frame not noticed": Fault(
        "headers/origin",
        'if sec_fetch_site == "cross-site" or sec_fetch_storage_access',
        "if sec_fetch_storage_access",
        SETS,
    ),
    "the Cookie field not filtered": Fault(
        "gate/request",
        "        if not self.withheld:\n            return cookie_string\n",
        "        if self:\n            return cookie_string\n",
        "the application reads the cookie",
    ),
    "a preferences cookie that proves nothing passed on": Fault(
        "gate/request",
        "elif key is _RESERVED and value.strip(BLANK) in verified:",
        "elif key is _RESERVED:",
        "which proves nothing",
    ),
    "shared caches not told of a visitor's cookie": Fault(
        "gate/response",
        "    if is_personal:\n",
        "    if False:\n",
        "shared caches may keep a response that sets",
    ),
    "shared caches not told of `applies`": Fault(
        "gate/response",
        "if context.depends_on_applies and (",
        "if False and (",
        "`applies` decides if the cookie",
        {"applies": lambda environ: environ["PATH_INFO"] != "/kept"},
    ),
    "shared caches not told what `applies` looks at": Fault(
        "gate/response",
        "if context.depends_on_applies and (",
        "if False and (",
        "Vary does not say so",
        {"applies": lambda environ: environ["PATH_INFO"] != "/kept", "applies_vary": ["X-Country"]},
    ),
    "other scopes of the preferences cookie left": Fault(
        "gate/start_response",
        "older = end_other_scopes(policy, self._host) if visit._tokens.verified else ()",
        "older = ()",
        "the newer choice does not count",
    ),
    "an exempt category accepted with the rest": Fault(
        "endpoint/choices",
        "{each.key: True for each in policy.categories if each.needs_consent}",
        "dict.fromkeys(choosable, True)",
        "accept_all records",
    ),
    "a routine response with an accepted cookie left to shared caches": Fault(
        "gate/scan",
        "                    is_personal = True\n",
        "                    pass\n",
        "shared caches may keep a response that sets",
    ),
    "a routine cookie refused and let through": Fault(
        "gate/scan",
        "                left_out.append(field)\n",
        "                pass\n",
        SETS,
    ),
    "a few expiring lines a response": Fault(
        "gate/expiry", "        room -= size_of(line)\n", "        room -= LARGEST_ADDITION // 4\n", HELD
    ),
    "nothing expired": Fault(
        "gate/response", "if context.expirable and not may_be_shared", "if False and not may_be_shared", HELD
    ),
    "scopes seen not expired": Fault("gate/expiry", "    scopes += seen\n", "", HELD),
    "parent domains not expired": Fault(
        "gate/expiry", "            domains += list_parent_domains(target.host)\n", "            pass\n", HELD
    ),
    "the mount's path not expired": Fault(
        "gate/expiry",
        "        scopes += [scope._replace(path=target.mount) for scope in scopes]\n",
        "        pass\n",
        HELD,
        {},
        {"SCRIPT_NAME": "/mount"},
    ),
    "partitioned cookies expired as others": Fault(
        "gate/expiry",
        '        parts += ["SameSite=None", "Partitioned"]\n',
        "        pass\n",
        HELD,
    ),
}


@pytest.mark.parametrize("environ", [{}, {"SCRIPT_NAME": "/mount"}, {"HTTP_HOST": "localhost:8000"}])
def test_the_site_passes_behind_the_gate_itself(environ: dict[str, Any]) -> None:
    gate = policy_of(consentgate).wrap(site, secret_key=KEY)
    assert_enforced(gate, application=site, routes=ROUTES, environ={**HOST, **environ})


@pytest.mark.parametrize("fault", FAULTS)
def test_a_copy_with_a_fault_fails(fault: str, tmp_path: Path) -> None:
    module, right, wrong, reported, options, environ = FAULTS[fault]
    copy = faulty_copy(tmp_path, module, right, wrong)
    gate = policy_of(copy).wrap(site, secret_key=KEY, **options)
    with pytest.raises(AssertionError) as caught:
        assert_enforced(gate, application=site, routes=ROUTES, environ={**HOST, **environ})
    assert reported in str(caught.value)


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if FAULTS[fault].options])
def test_the_options_alone_are_no_fault(fault: str) -> None:
    gate = policy_of(consentgate).wrap(site, secret_key=KEY, **FAULTS[fault].options)
    assert_enforced(gate, application=site, routes=ROUTES, environ=HOST)


def test_a_copy_without_a_fault_passes(tmp_path: Path) -> None:
    copy = faulty_copy(tmp_path, "errors", "class PolicyError", "class PolicyError")
    assert_enforced(policy_of(copy).wrap(site, secret_key=KEY), application=site, routes=ROUTES, environ=HOST)


@pytest.mark.parametrize(
    ("fault", "path", "tries"),
    [
        (NOT_GATED, "/", "failed"),
        (NOT_GATED, "/late", "dropped"),
        (TAKEN_FOR_INNER, "/", "failed"),
        (TAKEN_FOR_INNER, "/", "twice"),
        (TAKEN_FOR_INNER, "/late", "dropped"),
    ],
)
def test_each_way_of_trying_again_shows_it(fault: Fault, path: str, tries: Tries, tmp_path: Path) -> None:
    copy = faulty_copy(tmp_path, fault.module, fault.right, fault.wrong)
    gate = policy_of(copy).wrap(site, secret_key=KEY)
    trial = Trial(gate, gate, None, [], HOST)
    # An inner gate strips, and leaves the word to caches to the outer one: so accepted cookies tell.
    message = dict.fromkeys(gate.policy.digests, fault is TAKEN_FOR_INNER)
    token = Token.made(gate.serializer, "genuine", message, int(time.time()))
    trial.assert_keeps_to_the_policy(Asked(Route(path=path), (token,)))
    with pytest.raises(AssertionError, match=fault.reported):
        trial.assert_keeps_to_the_policy(Asked(Route(path=path), (token,), tries=tries))
