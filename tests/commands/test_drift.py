"""``consentgate drift``: exit statuses, files, and what it prints."""

import json
import tomllib
from pathlib import Path

import pytest

from consentgate.cli import main
from consentgate.drift.facts import Fact, Subject
from consentgate.drift.store import write_facts

POLICY = '[[category]]\nkey = "statistical"\ncookies = ["_pk_id.*"]\n'


def sent(name: str, day: int = 1, times: int = 1) -> Fact:
    return Fact(Subject("sent", name, "withheld", ""), times, 1, day, day)


@pytest.fixture
def store(tmp_path: Path) -> str:
    path = str(tmp_path / "drift.sqlite")
    write_facts(path, [sent("_pk_id.1"), sent("zzz", times=3)], patience=5)
    return path


@pytest.fixture
def policy(tmp_path: Path) -> str:
    path = tmp_path / "policy.toml"
    path.write_text(POLICY)
    return str(path)


def drift(*arguments: str) -> int:
    return main(["drift", *arguments])


def test_something_undeclared_is_exit_status_one(
    store: str, policy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drift(store, "--policy", policy) == 1
    out = capsys.readouterr().out
    assert "undeclared  zzz" in out
    assert out.endswith("Cookies: 1 undeclared.\n")


def test_something_never_seen_is_exit_status_one(store: str, policy: str) -> None:
    Path(policy).write_text(POLICY.replace('"_pk', '"zzz", "gone", "_pk'))
    assert drift(store, "--policy", policy) == 1


def test_nothing_to_do_is_exit_status_zero(
    store: str, policy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(policy).write_text(POLICY.replace('"_pk', '"zzz", "_pk'))
    for output in ("", "--json", "--toml"):
        assert drift(store, "--policy", policy, *filter(None, [output])) == 0
    assert "Everything that was seen is declared." in capsys.readouterr().out


def test_stores_of_several_machines_add_up(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = str(tmp_path / "other.sqlite")
    write_facts(other, [sent("zzz", day=2, times=4)], patience=5)
    assert drift(store, other, "--json") == 1
    found = {each["name"]: each for each in json.loads(capsys.readouterr().out)["cookies"]}
    assert (found["zzz"]["times"], found["zzz"]["days"]) == (7, 2)
    assert drift(store, other, "--min-days", "2", "--json") == 1
    assert [each["name"] for each in json.loads(capsys.readouterr().out)["cookies"]] == ["zzz"]
    assert drift(store, "--min-times", "4", "--json") == 0


def test_the_draft_is_refused_by_check_until_it_is_decided(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drift(store, "--toml") == 1
    draft = tmp_path / "draft.toml"
    draft.write_text(capsys.readouterr().out)
    assert [each["name"] for each in tomllib.loads(draft.read_text())["category"][0]["cookie"]] == [
        "zzz",
        "_pk_id.*",
    ]
    assert main(["check", str(draft)]) == 1
    error = capsys.readouterr().err
    assert "'set-by-scripts'" in error
    assert "basis must be one of necessary, consent, exempt, not 'to be decided'" in error
    draft.write_text(draft.read_text().replace("to be decided", "consent"))
    assert main(["check", str(draft)]) == 0
    assert drift(store, "--policy", str(draft)) == 0


def test_an_operators_table_says_more(store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "known.csv"
    table.write_text("Platform,Cookie / Data Key name,Description,Wildcard match\nSleepy,zzz,Sleeps,0\n")
    assert drift(store, "--known", str(table)) == 1
    assert "Sleepy" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "option", "error"),
    [
        (None, None, "nothing was recorded there yet"),
        ("no database" * 100, None, "file is not a database"),
        ("titel = 1", "--policy", "unknown key 'titel'"),
        (None, "--policy", "No such file"),
        ("a,b\n", "--known", "no column"),
        (None, "--known", "No such file"),
    ],
)
def test_a_file_that_cannot_be_read_is_exit_status_two(
    store: str,
    tmp_path: Path,
    content: str | None,
    option: str | None,
    error: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Never one: that is a finding."""
    path = tmp_path / "file"
    if content is not None:
        path.write_text(content)
    assert drift(*([str(path)] if option is None else [store, option, str(path)])) == 2
    printed = capsys.readouterr()
    assert error in printed.err and printed.err.startswith("consentgate: ") and not printed.out


@pytest.mark.parametrize(
    "arguments", [[], ["x", "--toml", "--json"], ["x", "--min-days", "0"], ["x", "--min-times", "many"]]
)
def test_misuse_is_exit_status_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        drift(*arguments)
    assert caught.value.code == 2
    assert "usage: consentgate drift" in capsys.readouterr().err
