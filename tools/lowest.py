"""Print the lowest versions of what the published package declares, one a line: python -m tools.lowest."""

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parent.parent / "pyproject.toml"

_BOUND = re.compile(r"(?P<name>[\w.-]+)>=(?P<version>[\w.]+)")


def lowest(project: dict[str, object]) -> list[str]:
    """Return each requirement of *project*, its extras included, at its lower bound.

    Raises:
        ValueError: one has no lower bound alone.

    >>> lowest({"dependencies": ["WebOb>=1.8.9"], "optional-dependencies": {"x": ["WebTest>=3.0.4"]}})
    ['WebOb==1.8.9', 'WebTest==3.0.4']
    """
    extras = project.get("optional-dependencies", {})
    assert isinstance(extras, dict)
    declared = project.get("dependencies")
    assert isinstance(declared, list)
    found = []
    for requirement in [*declared, *(each for extra in extras.values() for each in extra)]:
        match = _BOUND.fullmatch(requirement)
        if match is None:
            raise ValueError(f"no lower bound alone: {requirement!r}")
        found.append(f"{match['name']}=={match['version']}")
    return found


if __name__ == "__main__":
    print("\n".join(lowest(tomllib.loads(PROJECT.read_text())["project"])))
