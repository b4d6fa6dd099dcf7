"""Write the tables of docs/ that come from the code, between their markers: python -m tools.reference.

A test fails if a table differs from the code.
"""

import argparse
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields
from pathlib import Path

from consentgate import Attestation, Category, Cookie, Event, Policy, cli
from consentgate.catalogue.catalogue import PUBLISHED
from consentgate.catalogue.toml import _CATEGORY
from consentgate.consent.verdict import Reason
from consentgate.endpoint.choices import _ACTIONS
from consentgate.gate.options import INI, GateOptions
from consentgate.presets import PRESETS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PACKAGE = Path(cli.__file__).parent

_ROW = re.compile(r"\bR([0-9]{1,2}a?)\b(?!-)")

_NOTATIONS = {
    "text": "a text",
    "texts": "texts, with blanks between them",
    "truth": "`true` or `false`",
    "text or none": "a text, or `none`",
    None: "needs Python",
}


def described(owner: object, section: str = "Args") -> dict[str, str]:
    """Return what the docstring of *owner* says of each of its arguments or attributes."""
    text = inspect.getdoc(owner) or ""
    match = re.search(rf"^{section}:\n((?:    .*\n|\n)+)", text + "\n", re.MULTILINE)
    if match is None:
        raise ValueError(f"{owner!r} describes no {section}")
    entries = re.split(r"^(\w+): ", textwrap.dedent(match[1]), flags=re.MULTILINE)[1:]
    return {
        name: plain(" ".join(text.split())) for name, text in zip(entries[::2], entries[1::2], strict=True)
    }


def plain(text: str) -> str:
    """Return *text* of a docstring as Markdown, without the rows of the register it cites."""
    text = re.sub(r"[;,]? ?\(R\d+a?(?:, R\d+a?)*\)|; R\d+a?(?=\))", "", text)
    return re.sub(r"``(.*?)``", r"`\1`", text).replace("|", "\\|")


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def options() -> str:
    """Return every option of a gate: default, how an ini file writes it, and what it does."""
    texts = described(GateOptions)
    rows = []
    for option in fields(GateOptions):
        default = "required" if option.default is MISSING else f"`{option.default!r}`"
        notation = _NOTATIONS[option.metadata.get(INI)]
        rows.append([f"`{option.name}`", default, notation, texts[option.name]])
    return table(["option", "default", "in an ini file", "meaning"], rows)


def policy_keys() -> str:
    """Return every key of a policy file, table by table."""
    policy, category = described(Policy), described(Category)
    file_only = {
        "presets": 'names of presets, or tables such as `{preset = "flask", session = "sid"}`',
        "category": "the categories, each a table `[[category]]`",
    }
    own = {
        "cookies": "names with nothing else said about them",
        "cookie": "cookies, each a table `[[category.cookie]]`",
        "attestation": category["attestation"].rstrip(".").replace("True", "true")
        + ": a table `[category.attestation]`",
    }
    tables = {
        "The file itself": {key: policy[key] for key in PUBLISHED} | file_only,
        "`[[category]]`": {key: category[key] for key in _CATEGORY} | own,
        "`[[category.cookie]]`": described(Cookie),
        "`[category.attestation]`": described(Attestation, "Attributes"),
    }
    return "\n\n".join(
        f"### {title}\n\n" + table(["key", "meaning"], [[f"`{key}`", text] for key, text in keys.items()])
        for title, keys in tables.items()
    )


def events() -> str:
    """Return every attribute of an event."""
    texts = described(Event, "Attributes")
    return table(["attribute", "meaning"], [[f"`{each.name}`", texts[each.name]] for each in fields(Event)])


def reasons() -> str:
    """Return every reason a verdict or an event can give."""
    return table(["`Reason`", "in words"], [[f"`{each.name}`", each.value] for each in Reason])


def presets() -> str:
    """Return every preset with its cookies."""
    rows = []
    for name, make in PRESETS.items():
        for key, default in (make.__kwdefaults__ or {}).items():
            (cookie, *_) = make(**{other: None for other in make.__kwdefaults__ if other != key})
            rows.append([f"`{name}`", f"`{key}`", f"`{default}`", str(cookie.purpose), str(cookie.lifetime)])
    return table(["preset", "argument", "name of the cookie", "purpose", "lifetime"], rows)


def actions() -> str:
    """Return the names of the endpoint's actions."""
    return ", ".join(f"`{action}`" for action in _ACTIONS)


def commands() -> str:
    """Return the help of every command."""
    return "\n\n".join(f"### `{title}`\n\n```text\n{text}\n```" for title, text in _helps())


def _helps() -> Iterator[tuple[str, str]]:
    parser = cli._parser()
    (subparsers,) = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    for each in subparsers.choices.values():
        each.formatter_class = lambda prog: argparse.HelpFormatter(prog, width=100)
        yield each.prog, each.format_help().strip()


def cited() -> dict[str, list[str]]:
    """Return each row of the register that code or tests cite, with the files that do."""
    found: dict[str, list[str]] = {}
    for root, folder in ((PACKAGE.parent, PACKAGE), (ROOT, ROOT / "tests")):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".html", ".css", ".js"):
                for row in sorted(set(_ROW.findall(path.read_text()))):
                    found.setdefault(f"R{row}", []).append(path.relative_to(root).as_posix())
    return dict(sorted(found.items(), key=lambda item: (int(item[0][1:].rstrip("a")), item[0])))


def shown() -> str:
    """Return each row that is cited, with its tests and with the code that keeps it."""

    def files(paths: list[str], folder: str) -> str:
        return ", ".join(f"`{path.removeprefix(folder)}`" for path in paths if path.startswith(folder))

    rows = [[row, files(paths, "tests/"), files(paths, "consentgate/")] for row, paths in cited().items()]
    return table(["row", "tests", "code"], rows)


MARKED: dict[str, dict[str, Callable[[], str]]] = {
    "reference/options.md": {"options": options},
    "reference/policy-file.md": {"policy keys": policy_keys},
    "reference/events.md": {"events": events, "reasons": reasons},
    "reference/presets.md": {"presets": presets},
    "reference/endpoint.md": {"actions": actions},
    "reference/command-line.md": {"commands": commands},
    "project/requirements.md": {"shown": shown},
}


def written(page: str, parts: dict[str, Callable[[], str]]) -> str:
    """Return the text of *page* with each marked part as the code says it."""
    for name, make in parts.items():
        start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, _, rest = page.partition(start)
        _, _, after = rest.partition(end)
        page = f"{before}{start}{make()}\n{end}{after}"
    return page


def main(folder: Path = DOCS) -> None:
    """Write every marked part."""
    for name, parts in MARKED.items():
        page = folder / name
        page.write_text(written(page.read_text(), parts))


if __name__ == "__main__":
    main()
