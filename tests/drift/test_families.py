"""The table of known families, and a copy of the Open Cookie Database."""

from pathlib import Path

import pytest

from consentgate import Cookie, PolicyError
from consentgate.drift.families import FAMILIES, Family, Known, read_known

HEAD = "ID,Platform,Category,Cookie / Data Key name,Domain,Description,Retention period,Wildcard match\n"


def test_the_table_is_one_of_declarable_names() -> None:
    assert len({family.pattern for family in FAMILIES}) == len(FAMILIES) >= 60
    for family in FAMILIES:
        assert Cookie(family.pattern)
        assert family.provider and family.purpose
        assert len(family.pattern) > 3 or "*" not in family.pattern


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("_ga", "Google Analytics"),
        ("_ga_NWQZKHKHNW", "Google Analytics"),
        ("_pk_ses.1.1fff", "Matomo"),
        ("_pk_ses.*", "Matomo"),
        ("_fbp", "Meta Pixel"),
        ("sid", None),
    ],
)
def test_names_are_known(name: str, provider: str | None) -> None:
    family = Known(FAMILIES).find(name)
    assert (family and family.provider) == provider


def test_an_operators_copy_says_more_and_ours_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "open-cookie-database.csv"
    path.write_text(
        f'\ufeff{HEAD}1,Shop,Analytics,shop_,,"Keeps, what is in it",1 year,1\n'
        "2,Shop,Analytics,cart,,The cart,1 year,0\n"
        "3,Other,Analytics,_ga,,Something else,1 year,0\n"
        "4,Odd,Analytics,a*b,,Two stars are no pattern,1 year,1\n"
        "5,Odd,Analytics, ,,No name,1 year,0\n",
        encoding="utf-8",
    )
    table = read_known(path)
    assert table[:2] == [Family("shop_*", "Shop", "Keeps, what is in it"), Family("cart", "Shop", "The cart")]
    assert len(table) == 3
    known = Known(FAMILIES, table)
    assert known.find("shop_1") == table[0]
    assert known.find("shop") is None
    found = known.find("_ga")
    assert found and found.provider == "Google Analytics"


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "known.csv"
    path.write_text("a,Platform\n1,2\n")
    with pytest.raises(PolicyError, match="no column 'Cookie / Data Key name', 'Description', 'Wildcard"):
        read_known(path)
    path.write_bytes(b"")
    with pytest.raises(PolicyError, match="no column"):
        read_known(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(PolicyError, match="not a CSV file in UTF-8"):
        read_known(path)
    with pytest.raises(OSError, match="No such file"):
        read_known(tmp_path / "none.csv")


def test_rows_that_are_cut_off_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    path = tmp_path / "known.csv"
    path.write_text(f"{HEAD}1,Shop,Analytics,cart\n1,Shop\n")
    assert read_known(path) == [Family("cart", "Shop", "")]
