"""What is published, and how: metadata, source archive, workflows."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tools.lowest import lowest

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))

needs_workflows = pytest.mark.skipif(not WORKFLOWS, reason="the installed wheel is tested without them")


def test_the_lowest_versions_are_those_that_are_declared() -> None:
    found = lowest(PROJECT)
    assert "WebOb==1.8.9" in found
    assert any(each.startswith("WebTest==") for each in found)
    with pytest.raises(ValueError, match="no lower bound alone: 'x<3'"):
        lowest({"dependencies": ["x<3"]})


def test_the_one_extra_is_for_users() -> None:
    assert set(PROJECT["optional-dependencies"]) == {"testing"}
    assert {"test", "docs", "lint", "types", "release"} <= set(PYPROJECT["dependency-groups"])


def test_the_summary_says_wsgi_and_cookie_consent() -> None:
    import consentgate

    summary = (consentgate.__doc__ or "").splitlines()[0]
    assert "WSGI" in summary
    assert "cookie consent" in summary


def test_frameworks_are_classified() -> None:
    named = {line.rpartition(" ")[2] for line in PROJECT["classifiers"] if line.startswith("Framework :: ")}
    assert named == {"Bottle", "Django", "Flask", "Paste", "Pyramid"}


def test_the_project_has_its_addresses() -> None:
    assert set(PROJECT["urls"]) == {"Homepage", "Documentation", "Changelog"}
    assert all(url.startswith("https://") for url in PROJECT["urls"].values())


def test_the_supported_version_is_this_one() -> None:
    import consentgate

    minor = ".".join(consentgate.__version__.split(".")[:2])
    assert f"| {minor} | yes |" in (ROOT / "SECURITY.md").read_text()


@needs_workflows
def test_the_source_archive_holds_what_its_tests_need() -> None:
    archive: dict[str, Any] = PYPROJECT["tool"]["flit"]["sdist"]
    included = {name.rstrip("/") for name in archive["include"]}
    assert {"tests", "docs", "examples", "fuzz", "benchmarks", "tools", "CHANGELOG.md"} <= included
    assert all((ROOT / name).exists() for name in included)


@needs_workflows
def test_actions_are_pinned_with_their_version_beside_them() -> None:
    used = [
        line.strip().removeprefix("- ")
        for path in WORKFLOWS
        for line in path.read_text().splitlines()
        if "uses:" in line
    ]
    assert len(used) >= 8
    for line in used:
        assert re.fullmatch(r"uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


@needs_workflows
def test_every_python_that_is_stated_is_tested_in_public() -> None:
    ci = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    (pythons,) = re.findall(r"python: \[(.*)\]", ci)
    tested = re.findall(r'"([\d.]+)"', pythons)
    stated = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if "Python :: 3." in line]
    assert tested == ["3.11", "3.12", "3.13", "3.14"]
    assert set(stated) <= set(tested)


@needs_workflows
def test_uploads_need_no_key_and_are_attested() -> None:
    publish = (ROOT / ".github" / "workflows" / "publish.yml").read_text()
    assert "id-token: write" in publish
    assert "attestations: true" in publish
    assert "secrets." not in publish
