"""The seed's policy, transcribed: the table the project grew from, cell by cell."""

from pathlib import Path

import pytest

from consentgate import Basis, Policy
from consentgate.cli import main
from tests.conftest import KEY, application, request
from tests.rendering.test_rendering import Cells, markdown_cells

PORTAL = Path(__file__).parents[2] / "examples" / "portal.toml"

HEADINGS = ["Service provider's name", "Function and location", "Cookie name(s)", "Purposes", "Lifetime"]
TABLE = [
    [
        "Opendatasoft",
        "Authentication (front and back office)",
        "sessionid",
        "To remember the user from one page to another",
        "14 days",
    ],
    [
        "Opendatasoft",
        "Language selection (front and back office)",
        "django_language",
        "To remember the visitor's language",
        "session",
    ],
    [
        "Opendatasoft",
        "API (CSRF) (front et back office)",
        "csrftoken",
        "To retrieve data via API calls",
        "364 days",
    ],
    [
        "Opendatasoft",
        "Choices related to your cookie preferences",
        "cookies_preferences",
        "To remember the visitor's cookie preferences",
        "6 months",
    ],
]


@pytest.fixture
def portal() -> Policy:
    return Policy.from_toml(PORTAL)


def test_its_four_kinds_of_cookie(portal: Policy) -> None:
    assert [(category.title, category.basis) for category in portal.categories] == [
        ("Necessary", Basis.NECESSARY),
        ("Statistical", Basis.EXEMPT),
        ("Internal or first-party", Basis.CONSENT),
        ("Third-party", Basis.CONSENT),
    ]
    assert portal.title == "Cookies policy"


def test_its_table_cell_by_cell(portal: Policy) -> None:
    assert Cells(portal.render("html")).rows == [HEADINGS, *TABLE]
    assert markdown_cells(portal.render("markdown")) == [HEADINGS, *TABLE]


@pytest.mark.parametrize("output", ["markdown", "html", "json"])
def test_the_command_prints_what_the_method_gives(
    portal: Policy, output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["render", str(PORTAL), "--format", output]) == 0
    assert capsys.readouterr().out == portal.render(output)  # type: ignore[arg-type]


def test_it_is_complete_and_enforced(portal: Policy, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--complete", str(PORTAL)]) == 0
    assert "4 categories, 4 cookies, nothing wrong" in capsys.readouterr().out
    gate = portal.wrap(
        application(" sessionid=1", " csrftoken=2", " django_language=fr", " _ga=3"), secret_key=KEY
    )
    assert request(gate).cookie_names == ["sessionid", "csrftoken", "django_language"]


def test_nothing_is_asked_where_there_is_nothing_to_ask(portal: Policy) -> None:
    page = request(portal.wrap(application(), secret_key=KEY), path="/cookies")
    assert b"<form" not in page.body
