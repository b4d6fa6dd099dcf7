"""From nothing to an enforced policy, around the applications that come with the project."""

import tomllib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from consentgate import Policy
from consentgate.cli import main
from consentgate.demo.serving import gate
from consentgate.drift import discover
from consentgate.drift.discover import Discovery
from consentgate.testing import Visitor
from tests.conftest import KEY

EXAMPLES = Path(__file__).parents[2] / "examples"

WITHOUT_CONSENT = {
    # Cookies nobody has to ask for, as a person who completes the draft decides.
    "session",
    "language",
    "csrf_token",
    "csrftoken",
    "sessionid",
    "django_language",
}


def example(module: str) -> Callable[[], Any]:
    """Return a function that gives the gate of an example."""

    def load() -> Any:
        app = import_module(module).app
        return getattr(app, "wsgi_app", app)  # Flask keeps its gate there

    return load


ASKED = "third-party"
"""The category of cookies that are asked for; the demo's pages ask for it by this key."""


def demo() -> Any:
    """Return the gate of the demo's portal."""
    return gate(KEY)


APPLICATIONS = {
    "demo": demo,
    "flask": example("flask_app"),
    "bottle": example("bottle_app"),
    "pyramid": example("pyramid_app"),
}


def completed(draft: str) -> str:
    """Return *draft* as a person completes it: two categories, each with its basis."""
    cookies = [cookie for category in tomllib.loads(draft)["category"] for cookie in category["cookie"]]
    lines = []
    for key, basis in (("necessary", "necessary"), (ASKED, "consent")):
        lines += ["[[category]]", f'key = "{key}"', f'basis = "{basis}"']
        for cookie in cookies:
            if (cookie["name"] in WITHOUT_CONSENT) == (key == "necessary"):
                lines.append("[[category.cookie]]")
                lines += [f'{name} = "{value}"' for name, value in cookie.items()]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("application", APPLICATIONS)
def test_the_draft_of_what_was_discovered_is_completed_and_enforced(
    application: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    gated = APPLICATIONS[application]()
    store, policy_file = tmp_path / "drift.sqlite", tmp_path / "policy.toml"
    inner = gated.app
    # 1. Discover what the application itself sets and is sent. Its pages ask the visit: the gate stays, and
    # lets everything pass.
    found = discover(inner, store)
    assert isinstance(found, Discovery)
    open_gate = gated.policy.wrap(found, secret_key=KEY, report_only=True)
    visitor = Visitor(open_gate)
    for _ in range(3):
        visitor.get("/")
    assert found.recorder.flush(patience=5)
    # 2. Draft.
    assert main(["drift", str(store), "--toml"]) == 1
    draft = capsys.readouterr().out
    policy_file.write_text(draft)
    assert main(["check", str(policy_file)]) == 1
    assert "to be decided" in capsys.readouterr().err
    # 3. Complete.
    policy_file.write_text(completed(draft))
    assert main(["check", str(policy_file)]) == 0
    assert main(["drift", str(store), "--policy", str(policy_file)]) == 0
    assert "Everything that was seen is declared." in capsys.readouterr().out
    # 4. Enforce.
    policy = Policy.from_toml(policy_file)
    asked = {cookie.name for cookie in policy.category(ASKED).cookies}
    assert len(asked) >= 2
    visitor = Visitor(policy.wrap(inner, secret_key=KEY))
    visitor.get("/")
    stored = {policy.declared_as(name) for name in visitor.jar}
    assert stored & WITHOUT_CONSENT
    assert not stored & asked
    visitor.accept_all()
    visitor.get("/")
    assert asked <= {policy.declared_as(name) for name in visitor.jar}
