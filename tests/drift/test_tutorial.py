"""docs/start/unknown-cookies.md, from first step to last: it is run, and what it prints is compared."""

import http.client
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.serving import PATIENCE, free_port, running

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "start" / "unknown-cookies.md").read_text()
BLOCKS = re.findall(r"```(python|console|toml)\n(.*?)```", PAGE, re.DOTALL)


def python_blocks() -> list[str]:
    return [text for language, text in BLOCKS if language == "python"]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONWARNINGS": "ignore"}


@contextmanager
def served(program: str, folder: Path) -> Iterator[int]:
    """Run *program*, a Flask server, on a free port until Ctrl-C."""
    port = free_port()
    (folder / "shop.py").write_text(program.replace("port=5000", f"port={port}"))
    # A shell in the background, as some CI is, has its children ignore SIGINT.
    start = "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    command = [sys.executable, "-c", f"{start}runpy.run_path('shop.py', run_name='__main__')"]
    with running(command, port, cwd=folder, env=environment()) as process:
        yield port
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) in (0, 1, -signal.SIGINT)


def ask(port: int, method: str, path: str, cookie_string: str = "") -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request(method, path, headers={"Cookie": cookie_string} if cookie_string else {})
    connection.getresponse().read()
    connection.close()


def run(command: str, folder: Path) -> str:
    """Run one line of a console block."""
    program, *arguments = shlex.split(command.partition(">")[0])
    line = (
        [sys.executable, "-m", "consentgate", *arguments]
        if program == "consentgate"
        else [program, *arguments]
    )
    done = subprocess.run(
        line,
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    if ">" in command:
        (folder / command.partition(">")[2].strip()).write_text(done.stdout)
        return ""
    return done.stdout


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the shop's program and the store of one visit."""
    folder = tmp_path_factory.mktemp("shop")
    with served(python_blocks()[0], folder) as port:
        ask(port, "GET", "/")
        jar = "language=en; _pk_id.1.1fff=5c1d3f9d; _ga_5C2V8LB6VY=1"
        ask(port, "POST", "/login", jar)
        ask(port, "GET", "/", f"{jar}; session=signed")
    return folder


def test_every_command_prints_what_the_page_shows(shop: Path) -> None:
    commands = 0
    for language, text in BLOCKS:
        if language == "toml":
            (shop / "policy.toml").write_text(text)
        if language != "console":
            continue
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, printed = part.partition("\n")
            assert run(command, shop) == printed, command
            commands += 1
    assert commands >= 7
    assert enforced(shop) == {"language": True, "_pk_id.1.1fff": False}


def enforced(shop: Path) -> dict[str, bool]:
    """Return which cookies the enforced shop sets, before and after consent to all."""
    discovered, gated = python_blocks()[:2]
    program = re.sub(r"^app\.wsgi_app = .*\n", lambda match: gated, discovered, count=1, flags=re.MULTILINE)
    check = """
visitor = app.test_client()
names = lambda: [line.partition("=")[0] for line in visitor.get("/").headers.getlist("Set-Cookie")]
print(names())
visitor.post("/cookies", data={"action": "accept_all"}, headers={"Sec-Fetch-Site": "same-origin"})
print(names())
"""
    (shop / "enforced.py").write_text(program.partition("if __name__")[0] + check)
    command = [sys.executable, "enforced.py"]
    done = subprocess.run(
        command, cwd=shop, env=environment(), capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    before, after = done.stdout.splitlines()
    assert "_pk_id.1.1fff" in after
    return {name: name in before for name in ("language", "_pk_id.1.1fff")}
