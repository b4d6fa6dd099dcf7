"""What the documentation shows is run: examples, policies, and the three stages of going live."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from consentgate import Event, Policy, Visit, testing
from consentgate.catalogue.catalogue import PUBLISHED
from consentgate.endpoint.state import state_of
from tests.conftest import KEY, MATRIX, application, cookie, make_policy, request

from .test_architecture import PACKAGE, modules

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
TESTING = (ROOT / "docs" / "testing.md").read_text()
GUIDE = (ROOT / "docs" / "guide.md").read_text()


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_readmes_example_prints_what_it_says() -> None:
    program, printed = blocks(README, "python")[0], blocks(README, "text")[0]
    command = [sys.executable, "-W", "ignore", "-c", program]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == printed


def test_the_two_commands_come_first() -> None:
    commands = blocks(README, "sh")[0].splitlines()
    assert [line.split("#")[0].strip() for line in commands] == ["make demo", "make test"]
    assert README.index("make demo") < README.index("```python")


@pytest.mark.parametrize("policy", blocks(GUIDE, "toml"))
def test_the_guides_policy_is_one(policy: str) -> None:
    parsed = Policy.from_dict(tomllib.loads(policy))
    assert parsed.key_of("_pk_id.1") == "audience"


def test_the_guides_complete_policy_has_every_key() -> None:
    complete = tomllib.loads(blocks(GUIDE, "toml")[0])
    assert Policy.from_dict(complete).key_of("session") == "necessary"
    assert {"cookie_domain", "language", "strings"} == set(PUBLISHED) - set(complete)


@pytest.mark.parametrize("suite", sorted(path.name for path in (ROOT / "examples").glob("test_*.py")))
def test_the_examples_suites_pass(suite: str) -> None:
    """As their first lines say to run them."""
    command = [sys.executable, "-W", "ignore", "-m", "pytest", "-q", "-p", "no:cacheprovider", suite]
    done = subprocess.run(command, cwd=ROOT / "examples", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_what_the_page_on_testing_shows_is_run() -> None:
    suite, session = blocks(TESTING, "python")
    program = f"{suite}\ntest_no_cookie_gets_through_that_was_not_accepted()\n{session}"
    command = [sys.executable, "-W", "ignore", "-c", program]
    subprocess.run(command, cwd=ROOT / "examples", capture_output=True, check=True)


def test_the_page_on_testing_names_the_whole_kit() -> None:
    named = set(re.findall(r"`(\w+)", TESTING)) | set(re.findall(r"import (\w+)", TESTING))
    assert set(testing.__all__) - named == {"Jar", "StoredCookie"}  # shown as `visitor.jar`


def test_the_guides_json_has_the_endpoints_keys() -> None:
    (shown,) = (json.loads(block) for block in blocks(GUIDE, "json"))
    answer = request(
        make_policy().wrap(application(), secret_key=KEY), path="/cookies", HTTP_ACCEPT="application/json"
    )
    told = json.loads(answer.body)
    assert shown.keys() == told.keys()
    assert shown["categories"]["statistical"].keys() == told["categories"]["statistical"].keys()
    assert state_of.__doc__


def test_every_module_has_its_place_in_the_architecture() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| `")]
    named = {
        f"{room}.{module}" if room.endswith("/") else module
        for room, cell, _ in ((re.findall(r"`([^`]+)`", row[0])[0], row[1], row[2]) for row in rows)
        for module in re.findall(r"`([\w.]+)`", cell)
    }
    without_inits = {module for module in modules() if "." in module or not (PACKAGE / module).is_dir()}
    assert {name.replace("/.", ".") for name in named} == without_inits


def test_links_between_pages_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
            assert target.startswith("https://") or (page.parent / target).exists(), (page, target)


CHOSEN = cookie(make_policy(), ["internal"])


def stage(**options: object) -> tuple[list[str], list[Event], bytes]:
    """One page of a site going live, for a visitor who accepted `internal` and holds a refused cookie."""
    events: list[Event] = []

    def banner(environ: dict[str, object]) -> None:
        seen.append(str(Visit.from_environ(environ).banner()).encode())

    seen: list[bytes] = []
    app = application(*MATRIX, before=banner)
    gate = make_policy().wrap(app, secret_key=KEY, observer=events.append, **options)  # type: ignore[arg-type]
    answer = request(gate, HTTP_COOKIE=f"{CHOSEN}; vid=1", HTTP_SEC_FETCH_DEST="image")
    request(gate)
    return answer.cookie_names, events, seen[-1]


def test_stage_one_watches() -> None:
    names, events, banner = stage(report_only=True)
    assert names == ["sid", "_pk_id", "theme", "vid", "zzz"]
    assert b"accept_all" in banner
    assert {(event.action, event.name) for event in events} >= {
        ("stripped", "zzz"),
        ("withheld", "vid"),
    }
    assert not any(event.enforced for event in events)
    gate = make_policy().wrap(application(), secret_key=KEY, report_only=True)
    recorded = request(
        gate,
        "POST",
        "/cookies",
        body=b"action=accept_all",
        CONTENT_TYPE="application/x-www-form-urlencoded",
        HTTP_SEC_FETCH_SITE="same-origin",
    )
    assert recorded.cookie_names == ["cookies_preferences"]


def test_stage_two_enforces_what_is_known() -> None:
    names, events, banner = stage(undeclared="report")
    assert names == ["sid", "theme", "zzz"]
    assert b"accept_all" in banner
    assert {event.name for event in events if not event.enforced} == {"zzz"}


def test_stage_three_enforces() -> None:
    names, events, _ = stage()
    assert names == ["sid", "theme"]
    assert all(event.enforced for event in events)


def test_the_threats_name_tests_that_are_there() -> None:
    page = (ROOT / "docs" / "threats.md").read_text()
    named = re.findall(r"`((?:tests|tools|\w+/test_)[\w/]*\.py)`", page)
    assert len(set(named)) > 15
    for name in named:
        assert (ROOT / name).exists() or (ROOT / "tests" / name).exists(), name
    for name in re.findall(r"\(`(\w+)`\)", page):
        assert name in (ROOT / "tests" / "gate" / "test_model.py").read_text(), name


def test_nothing_claims_an_approval_there_is_none_of() -> None:
    """R26: self-assessment only."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "src").rglob("*.html")]
    assert not re.search(
        r"\b(?:certified|approved)\b", " ".join(page.read_text() for page in pages), re.IGNORECASE
    )
