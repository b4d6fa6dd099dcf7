"""``consentgate explain``: the gate's own word on one Set-Cookie."""

import logging
from pathlib import Path

import pytest
from hypothesis import given

from consentgate import PreferencesSerializer
from consentgate._keys import KEY_VARIABLE
from consentgate.cli import main
from consentgate.commands.explain import ask_gate
from tests.conftest import KEY, application, make_policy, request
from tests.strategies import set_cookie_strings

POLICY = """
[[category]]
key = "necessary"
basis = "necessary"
cookies = ["sid"]
[[category]]
key = "stats"
cookies = ["_pk_*", "_ga"]
[[category]]
key = "audience"
basis = "exempt"
cookie = [{name = "count", lifetime = "13 months"}]
  [category.attestation]
  sole_purpose = true
  anonymous_output = true
  no_cross_site = true
  no_combination = true
  no_third_party = true
"""


@pytest.fixture
def policy(tmp_path: Path) -> str:
    path = tmp_path / "policy.toml"
    path.write_text(POLICY)
    return str(path)


UNSET = "unset: the visitor has not chosen"


UNDECLARED = "no category declares it"
NAMELESS = ["none that all browsers would store under one name", "stripped: no name all browsers agree on"]
GA = ["the name '_ga'", "'stats', basis consent"]
PK = ["the pattern '_pk_*'", "'stats', basis consent"]
SID = ["the name 'sid'", "'necessary', basis necessary"]
COUNT = ["the name 'count'", "'audience', basis exempt"]


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["sid=1; Path=/"], ["'sid'", "passes: necessary", *SID, UNSET]),
        (["_pk_id.1=2"], ["'_pk_id.1'", "stripped: not accepted", *PK, UNSET]),
        (["Set-Cookie: _ga=2"], ["'_ga'", "stripped: not accepted", *GA, UNSET]),
        (["_ga=; Max-Age=0"], ["'_ga'", "passes: a deletion", *GA, UNSET]),
        (["_ga=2", "--accepted", "stats, audience"], ["'_ga'", "passes: accepted", *GA, "accepted"]),
        (["_ga=2", "--accepted", ""], ["'_ga'", "stripped: refused", *GA, "refused"]),
        (["count=1"], ["'count'", "passes: exempt, not refused", *COUNT, UNSET]),
        (["zzz=1"], ["'zzz'", "stripped: undeclared", UNDECLARED]),
        (["zzz"], [*NAMELESS, UNDECLARED]),
        (["a=\x07"], [*NAMELESS, UNDECLARED]),
    ],
)
def test_one_readable_block(
    policy: str, arguments: list[str], lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", policy, *arguments]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed == [
        f"{label:<10} {line}"
        for label, line in zip(["cookie:", "verdict:", "rule:", "category:", "state:"], lines, strict=False)
    ]


def test_a_changed_field_is_shown(policy: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", policy, "count=1; Max-Age=99999999; Path=/"]) == 0
    assert "passes as 'count=1; " in capsys.readouterr().out


def test_a_visitors_own_preferences(
    policy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from consentgate import Policy

    read = Policy.from_toml(policy)
    token = PreferencesSerializer(read, secret_key=KEY).dumps(read.choose(["stats"]))
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    assert main(["explain", policy, "_ga=1", "--preferences", token]) == 2
    assert f"--preferences needs --key-file or ${KEY_VARIABLE}" in capsys.readouterr().err
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    assert main(["explain", policy, "_ga=1", "--preferences", token]) == 0
    assert "passes: accepted" in capsys.readouterr().out
    (tmp_path / "key").write_text("another key, long enough\n")
    assert (
        main(["explain", policy, "_ga=1", "--preferences", token, "--key-file", str(tmp_path / "key")]) == 0
    )
    assert UNSET in capsys.readouterr().out


def test_a_mistake_is_one_line(policy: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", policy, "_ga=1", "--accepted", "nope"]) == 1
    assert "unknown category 'nope'; known are 'necessary', 'stats', 'audience'" in capsys.readouterr().err


@given(set_cookie_strings)
def test_it_says_what_the_gate_does(text: str) -> None:
    policy = make_policy()
    outcome = ask_gate(policy, text, accepted=None, token=None, key=KEY)
    lines = (
        request(policy.wrap(application(text), secret_key=KEY)).set_cookies if text.isprintable() else None
    )
    if lines is not None:
        assert ([] if outcome.field is None else [outcome.field]) == lines


def test_the_log_is_as_it_was(policy: str) -> None:
    before = logging.root.manager.disable
    main(["explain", policy, "zzz=1"])
    assert logging.root.manager.disable == before
