"""Run what the documentation shows: examples, policies, and the three stages of going live."""

import json
import re
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jinja2 import Environment

from consentgate import Event, Policy, Visit, testing
from consentgate.catalogue.catalogue import PUBLISHED
from tests.conftest import KEY, MATRIX, application, cookie, make_policy, request

from .test_architecture import PACKAGE, modules

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [path for path in DOCS.rglob("*.md") if "_build" not in path.parts]
README = (ROOT / "README.md").read_text()
TESTING = (DOCS / "howto" / "testing.md").read_text()
POLICY_FILE = (DOCS / "reference" / "policy-file.md").read_text()
GUIDE = (DOCS / "guide.md").read_text()
CACHING = (DOCS / "topics" / "caching.md").read_text()
ENDPOINT = (DOCS / "reference" / "endpoint.md").read_text()
HOSTS = (DOCS / "howto" / "embed-a-video.md").read_text()
SIGNALS = (DOCS / "topics" / "signals.md").read_text()


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_readmes_example_prints_what_it_says() -> None:
    (program,) = (block for block in blocks(README, "python") if "print(" in block)
    (printed,) = blocks(README, "text")
    command = [sys.executable, "-W", "ignore", "-c", program]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == printed


def test_the_two_commands_come_first() -> None:
    commands = blocks(README, "sh")[0].splitlines()
    assert [line.split("#")[0].strip() for line in commands] == ["make demo", "make test"]
    assert README.index("make demo") < README.index("pip install") < README.index("```python")


@pytest.mark.parametrize("policy", [*blocks(GUIDE, "toml"), *blocks(POLICY_FILE, "toml")])
def test_the_policy_that_is_shown_is_one(policy: str) -> None:
    parsed = Policy.from_dict(tomllib.loads(policy))
    assert parsed.key_of("_pk_id.1") == "audience"


def test_the_complete_policy_has_every_key() -> None:
    complete = tomllib.loads(blocks(POLICY_FILE, "toml")[0])
    assert Policy.from_dict(complete).key_of("session") == "necessary"
    assert {"cookie_domain", "language", "strings"} == set(PUBLISHED) - set(complete)


@pytest.mark.parametrize("suite", sorted(path.name for path in (ROOT / "examples").glob("test_*.py")))
def test_the_examples_suites_pass(suite: str) -> None:
    """As their first lines say to run them."""
    command = [sys.executable, "-W", "ignore", "-m", "pytest", "-q", "-p", "no:cacheprovider", suite]
    done = subprocess.run(command, cwd=ROOT / "examples", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_code_on_the_testing_page_runs() -> None:
    suite, behind_a_log_in, session = blocks(TESTING, "python")
    tests = re.findall(r"def (test_\w+)", suite + behind_a_log_in)
    assert len(tests) == 2
    program = "\n".join([suite, behind_a_log_in, *(f"{test}()" for test in tests), session])
    command = [sys.executable, "-W", "ignore", "-c", program]
    subprocess.run(command, cwd=ROOT / "examples", capture_output=True, check=True)


def test_the_page_on_testing_names_the_whole_kit() -> None:
    named = set(re.findall(r"`(\w+)", TESTING)) | set(re.findall(r"import (\w+)", TESTING))
    assert set(testing.__all__) - named == {"Jar", "StoredCookie"}  # shown as `visitor.jar`


def test_the_json_that_is_shown_has_the_endpoints_keys() -> None:
    (shown,) = (json.loads(block) for block in blocks(ENDPOINT, "json"))
    answer = request(
        make_policy().wrap(application(), secret_key=KEY), path="/cookies", HTTP_ACCEPT="application/json"
    )
    state = json.loads(answer.body)
    assert shown.keys() == state.keys()
    assert shown["categories"]["statistical"].keys() == state["categories"]["statistical"].keys()


def test_every_module_has_its_place_in_the_architecture() -> None:
    page = (DOCS / "project" / "architecture.md").read_text()
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| `")]
    named = {
        f"{room}.{module}" if room.endswith("/") else module
        for room, cell, _ in ((re.findall(r"`([^`]+)`", row[0])[0], row[1], row[2]) for row in rows)
        for module in re.findall(r"`([\w.]+)`", cell)
    }
    without_inits = {module for module in modules() if "." in module or not (PACKAGE / module).is_dir()}
    assert {name.replace("/.", ".") for name in named} == without_inits


def test_links_between_pages_lead_somewhere() -> None:
    for page in [ROOT / "CONTRIBUTING.md", *PAGES]:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
            assert target.startswith("https://") or (page.parent / target).exists(), (page, target)


def test_every_link_of_the_readme_is_absolute_and_leads_to_a_page() -> None:
    """The index shows the README, and knows none of our files."""
    site = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Documentation"]
    targets = re.findall(r"\]\(([^)]+)\)", README)
    own = [target.removeprefix(site) for target in targets if target.startswith(site)]
    assert all(target.startswith("https://") for target in targets)
    assert len(own) >= 20
    for path, _, anchor in (target.partition("#") for target in own):
        if path.endswith(".html"):
            page = DOCS / path.replace(".html", ".md")
            assert page.exists(), path
            assert not anchor or anchor in anchors(page.read_text()), (path, anchor)
        else:
            assert (DOCS / "screenshots" / path).exists(), path


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
    page = (DOCS / "topics" / "threats.md").read_text()
    named = re.findall(r"`((?:tests|tools|\w+/test_)[\w/]*\.py)`", page)
    assert len(set(named)) > 15
    for name in named:
        assert (ROOT / name).exists() or (ROOT / "tests" / name).exists(), name
    for name in re.findall(r"\(`(\w+)`\)", page):
        assert name in (ROOT / "tests" / "gate" / "test_model.py").read_text(), name


def test_nothing_claims_an_approval_there_is_none_of() -> None:
    """R26: self-assessment only."""
    pages = [*ROOT.glob("*.md"), *PAGES, *(ROOT / "src").rglob("*.html")]
    assert not re.search(
        r"\b(?:certified|approved)\b", " ".join(page.read_text() for page in pages), re.IGNORECASE
    )


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_lead_to_headings_that_are_there() -> None:
    found = 0
    for page in PAGES:
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", page.read_text()):
            found += 1
            linked = page.parent / target if target else page
            assert anchor in anchors(linked.read_text()), (page, target, anchor)
    assert found >= 4


def test_every_example_names_the_cookie_that_no_other_host_can_set() -> None:
    """On https: on http, as they run on one's own machine, browsers refuse the name."""
    assert tomllib.loads(blocks(POLICY_FILE, "toml")[0])["cookie_name"] == "__Host-cookies_preferences"
    assert 'cookie_name="__Host-cookies_preferences"' in README
    examples = [*(ROOT / "examples").glob("*.py"), *(ROOT / "examples").glob("*.toml")]
    policies = [text for text in map(Path.read_text, examples) if "Policy(" in text or "[[category]]" in text]
    assert len(policies) >= 8
    assert all("__Host-" in text for text in policies)


class Article:
    version = 7


def conditional(etag_of: Callable[[dict[str, Any]], str]) -> Callable[..., object]:
    """An application whose page holds the banner and answers 304 where the browser's copy is as new."""

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        banner = str(Visit.from_environ(environ).banner())
        etag = etag_of(environ)
        if environ.get("HTTP_IF_NONE_MATCH") == etag:
            start_response("304 Not Modified", [("ETag", etag)])
            return []
        start_response("200 OK", [("Content-Type", "text/html"), ("ETag", etag)])
        return [banner.encode()]

    return make_policy().wrap(app, secret_key=KEY)


def as_shown(environ: dict[str, Any]) -> str:
    (code,) = (block for block in blocks(CACHING, "python") if "etag" in block)
    names: dict[str, Any] = {
        "Visit": Visit,
        "article": Article,
        "request": SimpleNamespace(environ=environ),
    }
    exec(code, names)
    return str(names["etag"])


@pytest.mark.parametrize(
    ("etag_of", "status"), [(lambda environ: '"7"', "304 Not Modified"), (as_shown, "200 OK")]
)
def test_an_etag_keeps_the_banner_unless_it_knows_of_the_visit(
    etag_of: Callable[[dict[str, Any]], str], status: str
) -> None:
    site = conditional(etag_of)
    first = request(site)
    assert b"<form" in first.body
    (etag,) = (value for name, value in first.headers if name == "ETag")
    assert request(site, HTTP_IF_NONE_MATCH=etag).status == "304 Not Modified"
    everything = cookie(make_policy(), ["statistical", "internal", "third-party"])
    assert request(site, HTTP_IF_NONE_MATCH=etag, HTTP_COOKIE=everything).status == status


def test_a_planted_preferences_cookie_takes_away_and_alone_is_accepted() -> None:
    policy = make_policy()
    planted, own = cookie(policy, ["internal"]), cookie(policy, [])
    site = policy.wrap(application("theme=1"), secret_key=KEY)
    assert request(site).cookie_names == []
    assert request(site, HTTP_COOKIE=planted).cookie_names == ["theme"]
    for both in (f"{planted}; {own}", f"{own}; {planted}"):
        assert request(site, HTTP_COOKIE=both).cookie_names == []


@pytest.mark.parametrize(("page", "count"), [(HOSTS, 1), (SIGNALS, 2)], ids=["hosts", "signals"])
def test_the_policies_of_a_page_are_some(page: str, count: int) -> None:
    policies = [Policy.from_dict(tomllib.loads(text)) for text in indented_blocks(page, "toml")]
    assert len(policies) == count
    assert all(policy.digests for policy in policies)


def indented_blocks(page: str, language: str) -> list[str]:
    """The code blocks of a page, in lists too."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", page, re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(text) for _, text in found]


def drawn(template: str, policy: Policy, **options: Any) -> str:
    """A template of a page, drawn for a visitor behind a gate."""
    texts: list[str] = []

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        visit = Visit.from_environ(environ)
        environment = Environment(autoescape=True)
        texts.append(environment.from_string(template).render(visit=visit, nonce="abc"))
        start_response("200 OK", [("Content-Type", "text/html")])
        return [texts[-1].encode()]

    request(policy.wrap(app, secret_key=KEY), **options)
    return texts[-1]


def test_the_how_tos_video_waits_for_a_yes() -> None:
    (policy,) = (Policy.from_dict(tomllib.loads(text)) for text in indented_blocks(HOSTS, "toml"))
    (template,) = indented_blocks(HOSTS, "html")
    assert "<iframe" not in drawn(template, policy)
    asked = drawn(template, policy)
    assert 'id="consentgate-place-videos"' in asked
    assert "/#consentgate-place-videos" in asked  # where its button comes back to
    assert "<iframe" in drawn(template, policy, HTTP_COOKIE=cookie(policy, ["videos"]))


def test_the_lines_for_consent_mode_are_scripts_with_and_without_a_nonce() -> None:
    policy = Policy.from_dict(tomllib.loads(indented_blocks(SIGNALS, "toml")[1]))
    plain, with_nonce = indented_blocks(SIGNALS, "html")
    for template, beginning in ((plain, "<script>"), (with_nonce, '<script nonce="abc">')):
        for sent, granted in (({}, 0), ({"HTTP_COOKIE": cookie(policy, ["statistical"])}, 1)):
            line = drawn(template, policy, **sent)
            assert line.startswith(beginning)
            match = re.search(r"gtag\('consent','default',(\{.*\})\)</script>", line)
            assert match is not None
            said = json.loads(match[1])
            assert len(said) == 7
            assert list(said.values()).count("granted") == granted


def test_the_log_page_says_of_each_line_when_and_what_to_do() -> None:
    page = (DOCS / "reference" / "log-lines.md").read_text()
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| **")]
    assert len(rows) >= 20
    for row in rows:
        assert len(row) == 3, row
        assert all(len(cell) > 20 for cell in row), row
