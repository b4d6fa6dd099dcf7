"""The command line."""

import codecs
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from consentgate import Policy, __version__
from consentgate._keys import KEY_VARIABLE
from consentgate.cli import _secret_key, main

POLICY = """
title = "Cookies"
[[category]]
key = "necessary"
basis = "necessary"
cookies = ["sid"]
"""


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(POLICY)
    return path


def test_keygen_prints_a_good_key(capsys: pytest.CaptureFixture[str]) -> None:
    keys = set()
    for _ in range(3):
        assert main(["keygen"]) == 0
        keys.add(capsys.readouterr().out.strip())
    assert len(keys) == 3
    assert all(len(key) >= 43 for key in keys)


def test_check_says_when_nothing_is_wrong(policy_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(policy_file)]) == 0
    assert capsys.readouterr().out == f"{policy_file}: 1 categories, 2 cookies, nothing wrong\n"


def test_check_complete_names_each_missing_text(
    policy_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """R18."""
    assert main(["check", "--complete", str(policy_file)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{policy_file}: {finding}"
        for finding in (
            "policy: no controller",
            "policy: no contact",
            "category 'necessary': no description",
            "category 'necessary', cookie 'sid': no provider",
            "category 'necessary', cookie 'sid': no function",
            "category 'necessary', cookie 'sid': no purpose",
            "category 'necessary', cookie 'sid': no lifetime",
            "category 'necessary', cookie 'cookies_preferences': no provider",
        )
    ]


def test_check_names_a_lifetime_the_server_does_not_keep_to(
    policy_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    described = '[[category.cookie]]\nname = "cookies_preferences"\nlifetime = "13 months"\n'
    policy_file.write_text(POLICY + described)
    assert main(["check", str(policy_file)]) == 1
    assert "lifetime '13 months' is not cookie_lifetime, 182 days" in capsys.readouterr().out


def test_check_names_every_mistake_in_a_line(policy_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy_file.write_text(
        "titel = 'x'\n" + POLICY + "cookis = []\n[[category]]\nkey = 'a'\ncookies = ['sid']\n"
    )
    assert main(["check", str(policy_file)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert all(line.startswith(f"consentgate: {policy_file}: ") for line in lines)
    assert len(lines) == 3 + 1
    assert "unknown key 'titel'" in lines[0]
    assert "[[category]] 'necessary': unknown key 'cookis'" in lines[1]
    assert "cookie 'sid' is in two categories" in lines[2]
    assert "hint: cookie_name" in lines[3]


def test_check_gives_hints_and_does_not_fail_for_them(
    policy_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy_file.write_text(POLICY.replace('"sid"', '"_ga_[A-Z]+", "a b"'))
    assert main(["check", str(policy_file)]) == 0
    out, err = capsys.readouterr()
    assert out == f"{policy_file}: 1 categories, 3 cookies, nothing wrong\n"
    hints = [line.removeprefix(f"consentgate: {policy_file}: hint: ") for line in err.splitlines()]
    assert hints[0].startswith(
        "category 'necessary', cookie '_ga_[A-Z]+': it looks like a regular expression"
    )
    assert hints[0].endswith("perhaps you mean '_ga_*'")
    assert hints[1].startswith("category 'necessary', cookie 'a b': it holds a blank")
    assert hints[2].startswith("cookie_name 'cookies_preferences': another host of the same domain")
    assert len(hints) == 3


def test_check_gives_no_hint_where_nothing_is_odd(
    policy_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy_file.write_text('cookie_name = "__Host-cookies_preferences"\n' + POLICY)
    assert main(["check", str(policy_file)]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        (POLICY.encode("utf-16"), "it is encoded in UTF-16 or UTF-32; save it as UTF-8"),
        (b'{"title": "Cookies"}', "it begins as JSON does; write it as TOML"),
    ],
)
def test_check_says_what_a_file_is_that_is_no_policy(
    policy_file: Path, octets: bytes, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    policy_file.write_bytes(octets)
    assert main(["check", str(policy_file)]) == 1
    assert f"consentgate: {policy_file}: not TOML: {message}" in capsys.readouterr().err


def test_check_accepts_a_byte_order_mark(policy_file: Path) -> None:
    policy_file.write_bytes(codecs.BOM_UTF8 + POLICY.encode())
    assert main(["check", str(policy_file)]) == 0


@pytest.mark.parametrize("command", [["check"], ["render"]])
def test_a_mistake_is_one_line(
    policy_file: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    policy_file.write_text("titel = 'x'")
    assert main([*command, str(policy_file)]) == 1
    assert capsys.readouterr().err.startswith(f"consentgate: {policy_file}: unknown key 'titel'")
    assert main([*command, str(policy_file.with_name("none.toml"))]) == 1
    error = capsys.readouterr().err
    assert "No such file" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [[], ["nonsense"], ["demo", "--port", "x"], ["demo", "--port", "70000"], ["render"]]
)
def test_misuse_is_exit_status_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: consentgate" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["--help"], ["demo", "--help"], ["check", "--help"], ["render", "--help"], ["--version"]]
)
def test_help_and_version(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert "usage:" in out or out == f"consentgate {__version__}\n"


def test_a_key_is_read_from_a_file_or_the_environment_never_an_argument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_file = tmp_path / "key"
    key_file.write_text("from the file, long enough\n")
    monkeypatch.setenv(KEY_VARIABLE, "from the environment")
    assert _secret_key(key_file) == "from the file, long enough"
    assert _secret_key(None) == "from the environment"
    monkeypatch.delenv(KEY_VARIABLE)
    assert len(_secret_key(None)) >= 43 != _secret_key(None)


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        (b" \n", "is empty; `consentgate keygen` prints a key to put in it"),
        (b"\xff\xfea\x00", "is not text in UTF-8; `consentgate keygen` prints a key to put in it"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_key_file_without_a_key_is_named(
    tmp_path: Path, octets: bytes | None, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    key_file = tmp_path / "key"
    if octets is not None:
        key_file.write_bytes(octets)
    assert main(["demo", "--key-file", str(key_file)]) == 1
    assert capsys.readouterr().err == f"consentgate: key file {str(key_file)!r} {message}\n"


def test_it_is_a_module_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["consentgate", "keygen"])
    # pytest rewrites the assertions of packages that bring a plugin, and its loader can't be run from.
    finders = [each for each in sys.meta_path if type(each).__name__ != "AssertionRewritingHook"]
    monkeypatch.setattr(sys, "meta_path", finders)
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("consentgate", run_name="__main__")
    assert caught.value.code == 0
    assert len(capsys.readouterr().out) > 40
    command = [sys.executable, "-m", "consentgate", "keygen"]
    assert len(subprocess.run(command, check=True, capture_output=True, text=True).stdout) > 40


def test_check_names_what_is_not_translated(policy_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy_file.write_text(
        """
title = { en = "Cookies", fr = "Les cookies" }
presets = ["flask"]
[[category]]
key = "a"
title = { en = "A", de = "B" }
cookie = [{ name = "x", purpose = "To see" }]
"""
    )
    assert main(["check", str(policy_file)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{policy_file}: {finding}"
        for finding in (
            "policy: title is not given in 'de'",
            "category 'a': title is not given in 'fr'",
            "category 'a', cookie 'x': purpose is not given in 'de'",
            "category 'a', cookie 'x': purpose is not given in 'fr'",
        )
    ]


def test_render_takes_a_language(policy_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", str(policy_file), "--language", "fr"]) == 0
    assert "Nom du prestataire" in capsys.readouterr().out
    assert main(["render", str(policy_file), "--language", "French"]) == 1


@pytest.mark.parametrize("language", ["en", "fr"])
def test_strings_prints_a_table_to_word_anew(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["strings", "--language", language]) == 0
    printed = capsys.readouterr().out
    strings = tomllib.loads(printed)["strings"]
    assert strings[language]["Accept all"] == {"en": "Accept all", "fr": "Tout accepter"}[language]
    assert Policy.from_dict({"strings": strings}).strings == strings


def test_check_names_a_policy_language_without_translations(
    policy_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy_file.write_text('language = "de"\n' + POLICY)
    assert main(["check", str(policy_file)]) == 1
    assert "the package has no texts in 'de': see `consentgate strings`" in capsys.readouterr().out
    policy_file.write_text(
        'language = "de"\nstrings = { de = { "Accept all" = "Alle annehmen" } }\n' + POLICY
    )
    assert main(["check", str(policy_file)]) == 0
