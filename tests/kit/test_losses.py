"""Whatever a response lacks beside the bare application's is told in words."""

from typing import Any

import pytest
from hypothesis import given

from consentgate.headers.cache_control import make_private
from consentgate.testing.fields import is_plain_deletion, may_be_shared, names_kept
from consentgate.testing.losses import find_hidden_condition, find_loss, find_shared_cookie
from tests.conftest import KEY, make_policy
from tests.strategies import response_headers

POLICY = make_policy(exempt=True)
PAST = "Thu, 01 Jan 1970 00:00:00 GMT"


def lost(bare: list[str], sent: list[str], allowed: str = "", carried: Any = ()) -> str | None:
    fields, out = ([("Set-Cookie", line) for line in lines] for lines in (bare, sent))
    return find_loss(POLICY, fields, fields, out, allowed.split(), carried)


@pytest.mark.parametrize(
    "line",
    [
        "_pk_id=; Max-Age=0",
        "theme=x; Path=/; Max-Age=-1; Secure",
        f"zzz=; Expires={PAST}; Path=/; Domain=a.test",
    ],
)
def test_a_deletion_is_due_and_may_be_made_certain(line: str) -> None:
    assert lost([line], []) == f"the deletion {line!r} is missing or altered in []"
    assert lost([line], [line.replace("; Path=/", "")]) if "Path" in line else True
    assert lost([line], [line]) is lost([line], [f"{line}; Max-Age=0"]) is None


@pytest.mark.parametrize(
    "line",
    [
        "_pk_id=; Max-Age=+0",
        "_pk_id=; Max-Age=0; Max-Age=0",
        "_pk_id=; max-age=0; Expires=soon",
        "_pk_id=; Max-Age=60",
        "_pk_id=\t; Max-Age=0",
        "cookies_preferences=; Max-Age=0",
        "_pk_id=; Expires=Fri, 31 Dec 2100 23:59:59 GMT",
    ],
)
def test_a_doubtful_deletion_and_the_gates_own_cookie_are_not_due(line: str) -> None:
    assert lost([line], []) is None


def test_a_renewal_of_an_exempt_cookie_is_not_due() -> None:
    line = "_pk_id=7; Max-Age=7776000"
    assert lost([line], [], "statistical") == f"the allowed cookie {line!r} is missing or altered in []"
    assert lost([line], [], "statistical", {("_pk_id", "8")})
    assert lost([line], [], "statistical", {("_pk_id", "7")}) is None
    assert lost(["sid=7"], [], "necessary", {("sid", "7")})


PUBLIC = [("Cache-Control", "public, max-age=60")]


@pytest.mark.parametrize(
    ("fields", "shared"),
    [
        ([], True),
        (PUBLIC, True),
        ([("cache-control", "max-age=60, Private")], False),
        ([("Cache-Control", "no-store")], False),
        ([("Cache-Control", 'private="Set-Cookie"')], True),
        ([("Cache-Control", "private"), ("Surrogate-Control", "max-age=60")], True),
        ([("Cache-Control", "private"), ("Example-CDN-Cache-Control", "max-age=60")], True),
        ([("Cache-Control", "private"), ("X-Accel-Expires", "60")], True),
    ],
)
def test_shared_caches_may_keep_these_responses(fields: list[tuple[str, str]], shared: bool) -> None:
    assert may_be_shared(fields) == shared
    assert bool(find_shared_cookie(POLICY, [("Set-Cookie", "theme=1"), *fields])) == shared
    assert bool(find_shared_cookie(POLICY, [("Set-Cookie", "cookies_preferences=1"), *fields])) == shared
    for line in ("sid=1", "theme=; Max-Age=0", "zzz=1"):
        assert find_shared_cookie(POLICY, [("Set-Cookie", line), *fields]) is None


@given(response_headers)
def test_a_response_that_the_gate_made_private_is_private_to_the_kit(headers: list[tuple[str, str]]) -> None:
    assert not may_be_shared(make_private(headers))


def test_caches_learn_what_applies_depends_on() -> None:
    def options(**more: Any) -> Any:
        return POLICY.wrap(lambda *request: [], secret_key=KEY, applies=lambda environ: True, **more).options

    theme, zzz, sid = ([("Set-Cookie", f"{name}=1")] for name in ("theme", "zzz", "sid"))
    private, varied = [("Cache-Control", "private")], [("Vary", "Accept, x-country")]
    assert find_hidden_condition(POLICY, None, theme) is None
    for cookie in (theme, zzz):
        assert "`applies` decides if the cookie" in str(find_hidden_condition(POLICY, options(), cookie))
        assert find_hidden_condition(POLICY, options(), cookie + private) is None
        by_country = options(applies_vary=["X-Country"])
        assert "looks at ['x-country'], and Vary" in str(find_hidden_condition(POLICY, by_country, cookie))
        for vary in (varied, [("Vary", "*")]):
            assert find_hidden_condition(POLICY, by_country, cookie + vary) is None
        assert find_hidden_condition(POLICY, options(applies_vary=[]), cookie) is None
    for necessary in (sid, [("Set-Cookie", "cookies_preferences=1")]):
        assert find_hidden_condition(POLICY, options(), necessary) is None


def test_a_slow_clock_keeps_what_only_the_servers_deletes(clock: Any) -> None:
    line = "a=1; Expires=Sun, 23 Nov 2025 12:00:00 GMT"  # 13 minutes before the tests' clock
    assert names_kept([("Set-Cookie", line)]) == []
    assert names_kept([("Set-Cookie", line)], behind=3600) == ["a"]
    assert names_kept([("Set-Cookie", f"{line}; Max-Age=0")], behind=3600) == []
    assert is_plain_deletion(line, [])
