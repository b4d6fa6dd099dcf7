"""``consentgate check --against``: whom a changed policy asks again."""

from pathlib import Path
from typing import Any

import pytest

from consentgate import Basis, Category, Cookie, Policy
from consentgate.cli import main
from consentgate.commands.against import list_asked_again
from tests.conftest import ATTESTED


def asked(new: list[Category], old: list[Category], **options: Any) -> list[str]:
    return list(list_asked_again(Policy(new, **options), Policy(old)))


def statistics(*names: str, **options: Any) -> Category:
    return Category("statistical", cookies=names or ["_pk_id"], **options)


def exempt(*names: str) -> Category:
    return statistics(*names, basis=Basis.EXEMPT, attestation=ATTESTED)


AGAIN = "category 'statistical': visitors who accepted it are asked again, visitors who refused it are not: "


def test_texts_ask_nobody_again() -> None:
    old = Category("statistical", title="Old", cookies=[Cookie("_pk_id", purpose="Old", lifetime="1 day")])
    assert asked([statistics(title="New", description="New")], [old]) == []


@pytest.mark.parametrize(
    ("new", "old", "why"),
    [
        (statistics("a", "c"), statistics("a", "b"), "cookies added: c; cookies removed: b"),
        (statistics(revision=2), statistics(), "revision was 1 and is 2"),
        (
            Category("statistical", cookies=[Cookie("_pk_id", provider="Matomo")]),
            statistics(),
            "providers added: Matomo; providers removed: none",
        ),
        (
            statistics(hosts=["a.example"], consent_mode=["ad_storage"], sale_or_share=True),
            statistics(hosts=["b.example"]),
            "hosts added: a.example; hosts removed: b.example; signals granted added: ad_storage; "
            "data is now sold or shared",
        ),
        (statistics(), statistics(sale_or_share=True), "data is no longer sold or shared"),
        (statistics(), exempt(), "basis was exempt and is consent"),
    ],
)
def test_a_change_of_content_asks_those_who_accepted(new: Category, old: Category, why: str) -> None:
    assert asked([new], [old]) == [AGAIN + why]


def test_a_category_that_is_new_asks_everybody() -> None:
    assert asked([statistics()], []) == ["category 'statistical': every visitor is asked: it is new"]
    necessary = statistics(basis=Basis.NECESSARY)
    assert asked([statistics()], [necessary]) == [
        "category 'statistical': every visitor is asked: it was necessary"
    ]
    assert asked([statistics()], [Category("statistical")]) == [
        "category 'statistical': every visitor is asked: it was empty"
    ]


def test_exempt_categories_ask_nobody() -> None:
    assert asked([exempt()], []) == [
        "category 'statistical': nobody is asked, it is on until a visitor refuses it"
    ]
    assert asked([exempt("a")], [exempt("b")]) == [
        "category 'statistical': nobody is asked again; a visitor who refused it still does: "
        "cookies added: a; cookies removed: b"
    ]


def test_a_category_that_is_gone_asks_nobody() -> None:
    assert asked([], [statistics()]) == [
        "category 'statistical': nobody is asked any more, answers are forgotten"
    ]


def test_another_preferences_cookie_asks_everybody() -> None:
    assert asked([statistics()], [statistics()], cookie_name="choice") == [
        "cookie_name was 'cookies_preferences' and is 'choice': every visitor is asked again, "
        "about every category"
    ]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new, old = tmp_path / "new.toml", tmp_path / "old.toml"
    new.write_text('[[category]]\nkey = "a"\ncookies = ["x", "y"]\n')
    old.write_text('[[category]]\nkey = "a"\ncookies = ["x"]\n')
    assert main(["check", str(new), "--against", str(old)]) == 0
    assert "who refused it are not: cookies added: y\n" in capsys.readouterr().out
    assert main(["check", str(new), "--against", str(new)]) == 0
    assert "nobody is asked again: every answer stands\n" in capsys.readouterr().out
    assert main(["check", str(new), "--against", str(tmp_path / "none.toml")]) == 1
