"""The same visitor in Debian's Firefox, driven over WebDriver BiDi, which it speaks by itself."""

import itertools
import json
import math
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
from tests.serving import serving

from .test_chromium import ALL, POLICY, page
from .test_script import application as scripted

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

TAB, ENTER, RIGHT = "\ue004", "\ue007", "\ue014"


class Firefox:
    """A visitor at the keyboard of a headless Firefox."""

    def __init__(self, address: str, site: str) -> None:
        self._socket = websocket.create_connection(f"{address}/session", suppress_origin=True, timeout=30)
        self._numbers = itertools.count(1)
        self._site = site
        self.keys = 0
        """How many keys were pressed since the last page was opened."""
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
        self.keys = 0
        self.tell(
            "browsingContext.navigate", context=self._context, url=f"{self._site}{path}", wait="complete"
        )

    def ask(self, expression: str) -> Any:
        """Return what a script on the page would see."""
        target = {"context": self._context}
        reported = self.tell("script.evaluate", expression=expression, target=target, awaitPromise=False)
        return reported["result"].get("value")

    def press(self, *keys: str) -> None:
        self.keys += len(keys)
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        keyboard = {"type": "key", "id": "keyboard", "actions": actions}
        self.tell("input.performActions", context=self._context, actions=[keyboard])

    def tab_to(self, css: str) -> None:
        """Press Tab until something that *css* selects has the focus."""
        for _ in range(40):
            if self.ask(f"document.activeElement.matches({json.dumps(css)})"):
                return
            self.press(TAB)
        raise AssertionError(f"{css} is not reached by keyboard")

    def follow(self, css: str) -> None:
        """Reach a link or a button by keyboard, press Enter, and wait for the page that answers."""
        self.ask("window.before = true")
        self.tab_to(css)
        self.press(ENTER)
        # Between two pages there is a blank document, which is complete, too.
        self.wait_until("location.host && document.readyState === 'complete' && !window.before")

    def wait_until(self, expression: str) -> None:
        """Wait until *expression* is true on the page."""
        for _ in range(200):
            if self.ask(f"!!({expression})"):
                return
            time.sleep(0.05)
        raise AssertionError(expression)

    def shown(self, css: str) -> str:
        """The text of the one element that *css* selects, which is there to be seen."""
        each = f"document.querySelector({json.dumps(css)})"
        assert self.ask(f"{each}.checkVisibility()")
        return " ".join(str(self.ask(f"{each}.textContent")).split())

    @property
    def chosen(self) -> str:
        """The answers chosen on the page."""
        answers = (
            "[...document.querySelectorAll(':checked')].map(each => each.name + '=' + each.value).join()"
        )
        return str(self.ask(answers)).replace("choice.", "")

    @property
    def has_banner(self) -> bool:
        return bool(self.ask("!!document.querySelector('.consentgate-banner form')"))

    def wait_for_jar(self, names: set[str]) -> None:
        """Wait until its jar holds these cookies and no other: it lags behind pages."""
        for _ in range(200):
            if self.jar == names:
                return
            time.sleep(0.05)
        raise AssertionError(self.tell("storage.getCookies"))

    @property
    def jar(self) -> set[str]:
        """The cookies it would send: it lists some that have ended, for a while."""
        now = time.time()
        cookies = self.tell("storage.getCookies")["cookies"]
        return {cookie["name"] for cookie in cookies if cookie.get("expiry", math.inf) > now}

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
    gate = POLICY.wrap(validator(site), secret_key=KEY)
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


def site(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """The shop; under /strict a page without a banner of its own."""
    return (scripted if environ["PATH_INFO"] == "/strict" else page)(environ, start_response)


def _address(log: Path) -> str:
    for _ in range(300):
        if match := re.search(r"ws://127\.0\.0\.1:\d+", log.read_text()):
            return match[0]
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def test_accepting_takes_three_keys_and_withdrawing_nine(firefox: Firefox) -> None:
    """R5, R7, R8: its jar is what the policy says, after each step; it agrees with Chromium's."""
    firefox.open("/shop/")
    assert firefox.has_banner
    firefox.wait_for_jar({"sid", "_pk_id.1"})
    firefox.follow("button[value=accept_all]")
    assert firefox.keys <= 3
    assert firefox.ask("location.pathname + location.hash") == "/shop/#consentgate-done"
    assert firefox.shown("#consentgate-done").startswith("You accepted: Internal, Third-party.")
    assert not firefox.has_banner
    firefox.wait_for_jar(ALL)

    firefox.open("/shop/")
    firefox.follow("main a[href='/cookies']")
    firefox.follow("button[value=refuse_all]")
    assert firefox.keys <= 9
    assert firefox.shown("[role=status]").startswith("Saved. You refused all cookies")
    firefox.wait_for_jar({"sid", "theme", "cookies_preferences"})
    firefox.open("/shop/")
    firefox.wait_for_jar({"sid", "cookies_preferences"})


def test_refusing_takes_two_keys_and_the_word_after_it_can_be_hidden(firefox: Firefox) -> None:
    firefox.open("/shop/")
    firefox.follow("button[value=refuse_all]")
    assert firefox.keys <= 2
    assert firefox.shown("#consentgate-done").startswith("You refused all cookies")
    firefox.wait_for_jar({"sid", "cookies_preferences"})
    firefox.tab_to(".consentgate-hide")
    firefox.press(ENTER)
    firefox.wait_until("!document.getElementById('consentgate-done').checkVisibility()")


def test_choosing_one_by_one_and_back(firefox: Firefox) -> None:
    firefox.open("/shop/?page=2")
    firefox.follow(".consentgate-banner a")
    assert firefox.chosen == "statistical=unset"
    firefox.tab_to("input[name='choice.internal']")
    firefox.press(RIGHT)
    firefox.follow("button[value=answer]")
    assert firefox.chosen == "statistical=unset,internal=yes"
    assert firefox.shown("[role=status] strong") == (
        "Saved. You accepted: Internal. Not answered yet: Third-party."
    )
    firefox.follow("[role=status] a")
    assert firefox.ask("location.pathname + location.search") == "/shop/?page=2"
    firefox.wait_for_jar({"sid", "_pk_id.1", "theme", "recent", "cookies_preferences"})
    # Only the category without an answer is asked about, and answered.
    firefox.keys = 0
    firefox.follow("button[value=refuse]")
    assert firefox.keys <= 3
    firefox.open("/cookies")
    assert firefox.chosen == "statistical=unset,internal=yes,third-party=no"


@pytest.mark.parametrize("key", ["statistical", "internal", "third-party"])
def test_enter_on_an_answer_saves_what_is_chosen_and_nothing_else(firefox: Firefox, key: str) -> None:
    """P7: the form's first button is the one that Enter presses."""
    firefox.open("/cookies")
    firefox.follow(f"input[name='choice.{key}']")
    assert firefox.chosen == "statistical=unset"
    firefox.open("/shop/")
    assert firefox.has_banner
    assert firefox.jar <= {"sid", "_pk_id.1", "cookies_preferences"}


def test_the_script_keeps_what_was_typed(firefox: Firefox) -> None:
    """`banner.js`, under a strict CSP."""
    firefox.open("/strict")
    firefox.wait_until("document.querySelector('button[value=accept_all]')")
    firefox.ask("document.querySelector('textarea').value = 'half a sent'; window.before = true")
    firefox.tab_to("button[value=accept_all]")
    firefox.press(ENTER)
    firefox.wait_until("document.getElementById('consentgate-done')")
    assert firefox.shown("#consentgate-done").startswith("You accepted:")
    assert firefox.ask("document.querySelector('textarea').value") == "half a sent"
    assert firefox.ask("window.before")
    assert "cookies_preferences" in firefox.jar
