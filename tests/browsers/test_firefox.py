"""The same visitor in Debian's Firefox, driven over WebDriver BiDi, which it speaks by itself."""

import itertools
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import pytest
import websocket

from tests.conftest import KEY

from .test_chromium import ALL, POLICY, page, serving

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")

pytestmark = pytest.mark.skipif(FIREFOX is None, reason="needs Firefox: apt-get install firefox-esr")

# Nothing but this machine is asked for anything.
PREFERENCES = {
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.newtabpage.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.startup.homepage": "about:blank",
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "focusmanager.testmode": True,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.enabled": False,
}

TAB, ENTER = "\ue004", "\ue007"


class Firefox:
    """A visitor at the keyboard of a headless Firefox."""

    def __init__(self, address: str, site: str) -> None:
        self._socket = websocket.create_connection(f"{address}/session", suppress_origin=True, timeout=30)
        self._numbers = itertools.count(1)
        self._site = site
        self.tell("session.new", capabilities={})
        # A window of its own has the focus, without which keys press no button.
        self._context = self.tell("browsingContext.create", type="window")["context"]
        self.tell("browsingContext.activate", context=self._context)

    def tell(self, method: str, **parameters: Any) -> Any:
        """Send one command and return its result."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == number:
                assert message["type"] == "success", message
                return message["result"]

    def open(self, path: str) -> None:
        self.tell(
            "browsingContext.navigate", context=self._context, url=f"{self._site}{path}", wait="complete"
        )

    def ask(self, expression: str) -> Any:
        """Return what a script on the page would see."""
        target = {"context": self._context}
        told = self.tell("script.evaluate", expression=expression, target=target, awaitPromise=False)
        return told["result"].get("value")

    def press(self, *keys: str) -> None:
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        keyboard = {"type": "key", "id": "keyboard", "actions": actions}
        self.tell("input.performActions", context=self._context, actions=[keyboard])

    def tab_to(self, value: str) -> None:
        """Press Tab until the button or box of this value has the focus."""
        for _ in range(40):
            if self.ask("document.activeElement.value") == value:
                return
            self.press(TAB)
        raise AssertionError(f"{value} is not reached by keyboard")

    def press_button(self, action: str) -> None:
        """Choose by keyboard, and wait for the page that answers."""
        self.ask("window.before = true")
        self.tab_to(action)
        self.press(ENTER)
        for _ in range(100):
            if self.ask("document.readyState === 'complete' && !window.before"):
                return
            time.sleep(0.05)
        raise AssertionError(f"{action} led nowhere")

    @property
    def jar(self) -> set[str]:
        return {cookie["name"] for cookie in self.tell("storage.getCookies")["cookies"]}

    def close(self) -> None:
        self.tell("browser.close")
        self._socket.close()


@pytest.fixture
def firefox(started: Firefox) -> Firefox:
    """A Firefox with an empty jar."""
    started.open("/nothing")
    started.tell("storage.deleteCookies")
    return started


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    profile = tmp_path_factory.mktemp("firefox")
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines))
    command = [str(FIREFOX), "--headless", "--no-remote", "--profile", str(profile)]
    command.append("--remote-debugging-port=0")
    environment = {"HOME": str(profile), "PATH": "/usr/bin"}
    log = profile / "log"
    gate = POLICY.wrap(validator(page), secret_key=KEY)
    with (
        serving(validator(gate)) as port,
        log.open("wb") as out,
        subprocess.Popen(command, stdout=out, stderr=out, env=environment) as process,
    ):
        try:
            visitor = Firefox(_address(log), f"http://site.localhost:{port}")
            yield visitor
            visitor.close()
            process.wait(20)
        finally:
            process.kill()


def _address(log: Path) -> str:
    for _ in range(300):
        if match := re.search(r"ws://127\.0\.0\.1:\d+", log.read_text()):
            return match[0]
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def test_accepting_and_withdrawing_by_keyboard(firefox: Firefox) -> None:
    """R5, R7, R8: its jar is what the policy says, after each step; it agrees with Chromium's."""
    firefox.open("/shop/")
    assert firefox.ask("document.querySelectorAll('.consentgate-banner').length") == 1
    assert firefox.jar == {"sid", "_pk_id.1"}
    firefox.press_button("accept_all")
    assert firefox.ask("location.pathname") == "/shop/"
    assert firefox.ask("document.querySelectorAll('.consentgate-banner').length") == 0
    assert firefox.jar == ALL

    firefox.open("/cookies")
    firefox.press_button("refuse_all")
    assert firefox.ask("document.querySelector('[role=status]').textContent") == "Your choice has been saved."
    assert firefox.jar == {"sid", "theme", "cookies_preferences"}
    firefox.open("/shop/")
    assert firefox.jar == {"sid", "cookies_preferences"}


def test_refusing_in_the_banner(firefox: Firefox) -> None:
    firefox.open("/shop/")
    firefox.press_button("refuse_all")
    assert firefox.ask("location.pathname") == "/shop/"
    assert firefox.jar == {"sid", "cookies_preferences"}


def test_saving_a_part(firefox: Firefox) -> None:
    firefox.open("/cookies")
    firefox.tab_to("internal")
    firefox.press(" ")
    firefox.press_button("save")
    ticked = "[...document.querySelectorAll(':checked')].map(box => box.value).join()"
    assert firefox.ask(ticked) == "internal"
    firefox.open("/shop/")
    assert firefox.jar == {"sid", "theme", "recent", "cookies_preferences"}
