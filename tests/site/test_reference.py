"""Nothing is missing in the reference: it says of the code whatever the code says."""

import argparse
import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import consentgate
import consentgate.testing
from consentgate import cli, events
from consentgate.consent.tokens import Invalid
from consentgate.endpoint import choices
from consentgate.gate import log_lines
from tools.reference import DOCS, MARKED, cited, written

from .test_architecture import PACKAGE, modules, tree_of

REFERENCE = DOCS / "reference"
RENDERING = PACKAGE / "rendering"


def page(name: str) -> str:
    return (DOCS / name).read_text()


def first_cells(text: str) -> list[str]:
    """Return the first cell of each row of each table."""
    return [line.strip("| ").split(" | ")[0] for line in text.splitlines() if line.startswith("| ")]


def coded(text: str) -> set[str]:
    """Return what stands between backquotes in the first cells of tables."""
    return {name for cell in first_cells(text) for name in re.findall(r"`([^`]+)`", cell)}


@pytest.mark.parametrize("name", sorted(MARKED))
def test_a_table_from_the_code_says_what_the_code_says(name: str) -> None:
    """If not: python -m tools.reference."""
    assert page(name) == written(page(name), MARKED[name])


def test_every_public_name_is_in_the_reference() -> None:
    api = page("reference/api.md")
    documented = set(re.findall(r"auto(?:class|exception|function):: (?:[\w.]*\.)?(\w+)$", api, re.MULTILINE))
    assert set(consentgate.__all__) <= documented
    assert {"discover", "DriftRecorder"} <= documented


def test_every_action_of_the_endpoint_has_a_row() -> None:
    assert set(choices._ACTIONS) <= coded(page("reference/endpoint.md"))


def test_every_status_of_the_endpoint_has_a_row() -> None:
    stated = {
        text[:3]
        for module in modules()
        if module.startswith("endpoint.")
        for text in texts(tree_of(module))
        if re.match(r"[45]\d\d [A-Z]", text)
    }
    rows = set(first_cells(page("reference/endpoint.md")))
    assert "409" in stated
    assert stated <= rows | {"413"}
    assert "413" in rows


def test_every_action_of_an_event_has_a_row() -> None:
    assert {f'"{action}"' for action in get_args(events.Action)} <= coded(page("reference/events.md"))


def test_every_command_has_its_exit_statuses() -> None:
    (commands,) = (each for each in cli._parser()._actions if isinstance(each, argparse._SubParsersAction))
    rows = [line for line in page("reference/command-line.md").splitlines() if line.startswith("| `")]
    assert {row.split("`")[1] for row in rows} == set(commands.choices)
    assert all(row.count("|") == 5 for row in rows)


def test_the_exit_statuses_are_those_that_are_stated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text('[[category]]\nkey = "a"\ncookies = ["b"]\n')
    bad.write_text('[[category]]\nkey = "a"\nbasis = "?"\n')
    missing = str(tmp_path / "missing")
    statuses = {
        ("keygen",): 0,
        ("strings",): 0,
        ("check", str(good)): 0,
        ("check", str(bad)): 1,
        ("check", missing): 1,
        ("render", str(good)): 0,
        ("render", str(bad)): 1,
        ("render", missing): 1,
        ("explain", str(good), "b=1"): 0,
        ("explain", str(bad), "b=1"): 1,
        ("drift", missing): 2,
    }
    for arguments, status in statuses.items():
        assert cli.main(arguments) == status, arguments
    with pytest.raises(SystemExit) as misused:
        cli.main(["no such command"])
    assert misused.value.code == 2
    capsys.readouterr()


def classes_and_properties() -> tuple[set[str], set[str]]:
    templates = "".join(path.read_text() for path in RENDERING.rglob("*.html"))
    style = (RENDERING / "static" / "style.css").read_text()
    attributes = re.findall(r'class="([^"]*)"', templates)
    named = {name for value in attributes for name in value.split() if "{" not in name and "}" not in name}
    named |= set(re.findall(r"\.(consentgate[a-z-]*)", style))
    return {name for name in named if name.startswith("consentgate")}, set(
        re.findall(r"var\((--consentgate-[a-z-]+)", style)
    )


def test_a_policy_as_json_has_the_names_of_the_file() -> None:
    """As docs/reference/policy-file.md says."""
    policy = consentgate.Policy([consentgate.Category("a", cookies=["b"])])
    shown = json.loads(policy.render("json"))
    known = coded(page("reference/policy-file.md"))
    assert set(shown) - {"categories"} <= known
    for category in shown["categories"]:
        assert set(category) <= known
        assert all(set(cookie) <= known for cookie in category["cookies"])
    names = {cookie["name"] for category in shown["categories"] for cookie in category["cookies"]}
    assert names == {"b", policy.cookie_name}


def test_every_class_and_custom_property_has_a_row() -> None:
    classes, properties = classes_and_properties()
    rows = coded(page("reference/html.md"))
    assert len(classes) > 20
    # The shape of a state is put together in the template.
    named = {name for name in rows if not name.startswith("--")}
    assert named - {"consentgate-off"} == classes - {"consentgate-off"}
    assert {name for name in rows if name.startswith("--")} == properties


def test_the_defaults_of_the_custom_properties_are_those_of_the_stylesheet() -> None:
    style = (RENDERING / "static" / "style.css").read_text()
    rows = [
        [cell.strip(" `") for cell in line.strip("|").split("|")]
        for line in page("reference/html.md").splitlines()
        if line.startswith("| `--")
    ]
    for name, _, light, dark in rows:
        if light.startswith("#"):
            assert f"var({name}, {light})" in style
            assert f"var({name}, light-dark({light}, {dark}))" in style
        elif name != "--consentgate-font":
            assert f"var({name}, {light})" in style


def texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def logged() -> set[str]:
    """Return the text of each warning and error that the package writes to its log."""
    found = set(log_lines.INVALID_TOKENS.values())
    found |= {value for name, value in vars(log_lines).items() if name.isupper() and isinstance(value, str)}
    for module in modules():
        if module.startswith(("testing", "demo")):
            continue
        for node in ast.walk(tree_of(module)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if node.func.attr in ("warn", "_warn", "_warn_once", "warning"):
                    found |= {text for text in texts(node) if " " in text and len(text) > 24}
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_log":
                found |= {text for text in texts(node) if " " in text}
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                if name == "message":
                    found |= {text for text in texts(node.value) if " " in text}
                elif name in ("ASKED_LATE", "NOT_RECORDED", "_IGNORED", "_REFUSED_POST"):
                    assert isinstance(node.value, ast.Constant)
                    found.add(str(node.value.value))
    return found


def test_every_line_of_the_log_is_found_by_its_first_words() -> None:
    text = page("reference/log-lines.md")
    _, _, index = text.partition("## By their first words")
    rows = [
        (re.findall(r"`([^`]+)`", cells[0])[0], cells[1].split("; "))
        for cells in (line.strip("| ").split(" | ") for line in index.splitlines() if line.startswith("| `"))
    ]
    lines = logged()
    assert set(Invalid) >= set(log_lines.INVALID_TOKENS)
    assert len(lines) > 15
    for line in lines:
        assert any(words in line for words, _ in rows), line
    for words, titles in rows:
        assert words == "would be" or any(words in line for line in lines), words
        assert all(f"| **{title}" in text for title in titles), titles


def test_every_row_of_the_register_that_is_cited_has_its_line() -> None:
    register = page("project/requirements.md")
    lines = {
        cells[0]: cells
        for cells in (line.strip("| ").split(" | ") for line in register.splitlines())
        if re.fullmatch(r"R\d+a?", cells[0]) and len(cells) == 3 and "`" not in cells[1]
    }
    assert len(lines) > 60
    assert set(cited()) == set(lines)
    assert all(len(source) > 5 for _, _, source in lines.values())


def test_every_case_of_the_acceptance_matrix_has_its_test() -> None:
    register = page("project/requirements.md")
    named = re.findall(r"^\| [A-Z]\. .*\| `(test_\w+)` \|$", register, re.MULTILINE)
    tests = (DOCS.parent / "tests" / "gate" / "test_acceptance.py").read_text()
    assert len(named) == 12
    assert all(f"def {name}(" in tests for name in named)
    for path in re.findall(r"`(tests/[\w/]+\.py)`", register):
        assert (DOCS.parent / path).exists(), path


def test_the_sites_pages_are_all_in_its_tree() -> None:
    index = page("index.md")
    trees = "\n".join(re.findall(r"```\{toctree\}\n(.*?)```", index, re.DOTALL))
    entries = [line for line in trees.splitlines() if line and not line.startswith(":")]
    listed = {entry.rpartition("<")[2].rstrip(">") for entry in entries}
    pages = {
        path.relative_to(DOCS).with_suffix("").as_posix()
        for path in DOCS.rglob("*.md")
        if "_build" not in path.parts
    }
    assert pages - {"index"} == listed


def test_the_site_loads_nothing_from_elsewhere() -> None:
    configuration = page("conf.py") + page("_static/site.css")
    assert re.findall(r"https?://[\w.]+", configuration) == ["https://docs.python.org"]
