"""A site that embeds another host in every way, and both browsers with third-party cookies let through.

Debian's Chromium blocks third-party cookies by itself, and early connections too; Firefox partitions them.
Left so, a test that the other host's jar is empty would pass with no header at all.
"""

import base64
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

from selenium import webdriver

from consentgate import Basis, Category, Policy
from consentgate.consent.hosts import HostPolicy
from consentgate.endpoint.reports import HostReport, parse_reports
from consentgate.headers.csp import NO_REPORTS, reporting_to
from consentgate.headers.documents import is_document
from tests.serving import serving, serving_tls

from .test_chromium import CHROMIUM, DRIVER, FLAGS
from .test_firefox import FIREFOX, PREFERENCES, Firefox, _address

GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
TRACKER = "tracker=1; SameSite=None; Secure; Path=/"
KINDS = {
    "/script.js": ("text/javascript", b"document.cookie = '_ga=1; path=/'; window.vendor = true;"),
    "/image.gif": ("image/gif", GIF),
    "/frame.html": ("text/html", b"<!doctype html><title>frame</title>"),
    "/style.css": ("text/css", b"body { color: rgb(1, 2, 3) }"),
    "/font.woff2": ("font/woff2", b"no font, but asked for"),
    "/data.json": ("application/json", b"{}"),
    "/sound.mp3": ("audio/mpeg", b"no sound, but asked for"),
    "/from-worker": ("text/plain", b""),
    "/from-drawing": ("image/gif", GIF),
}
"""Every way the page uses the other host: path, type, body."""

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Shop</title>
<link rel="icon" href="data:,">
<script>
  window.violations = [];
  document.addEventListener("securitypolicyviolation", event => violations.push(event.effectiveDirective));
</script>
<link rel="stylesheet" href="{b}/style.css">
<style>@font-face {{ font-family: other; src: url("{b}/font.woff2") }} p {{ font-family: other }}</style>
<p>Text in the other host's font.</p>
<img src="{b}/image.gif" alt="">
<audio src="{b}/sound.mp3" preload="auto"></audio>
<iframe src="{b}/frame.html" title="other"></iframe>
<iframe src="/drawing.svg" title="drawing"></iframe>
<script src="{b}/script.js"></script>
<script>
  const settled = promise => promise.then(() => true, () => false);
  const worker = new Promise(done => {{ new Worker("/worker.js").onmessage = done }});
  Promise.all([
    settled(fetch("{b}/data.json", {{ credentials: "include" }})),
    settled(document.fonts.load("1em other")),
    settled(worker),
    new Promise(done => addEventListener("load", done)),
  ]).then(() => {{ window.loaded = true }});
</script></html>"""

WORKER = """const done = () => postMessage("done");
fetch("{b}/from-worker", {{ mode: "no-cors" }}).then(done, done);"""

DRAWING = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">
<image href="{b}/from-drawing" width="1" height="1"/></svg>"""

OWN = {
    "/own.js": ("text/javascript", b"export default 1; globalThis.own = true;"),
    "/own.gif": ("image/gif", GIF),
    "/own-worker.js": ("text/javascript", b"postMessage(eval('1 + 1'))"),
    "/own-frame": ("text/html", b"<!doctype html><script>parent.postMessage('own', '*')</script>"),
}

PROBES = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Probes</title>
<link rel="icon" href="data:,">
<style>#inline { color: rgb(1, 2, 3) }</style>
<p id="inline" style="width: 7px" onclick="window.clicked = true">x</p>
<script>
  window.violations = [];
  document.addEventListener("securitypolicyviolation", event => violations.push(event.effectiveDirective));
  window.inline = true;
  const blob = (text, type) => URL.createObjectURL(new Blob([text], { type }));
  const image = src => new Promise((onload, onerror) => Object.assign(new Image(), { onload, onerror, src }));
  const worker = url =>
    new Promise((onmessage, onerror) => Object.assign(new Worker(url), { onmessage, onerror }));
  const frame = attributes => new Promise(done => {
    const element = Object.assign(document.createElement("iframe"), attributes);
    addEventListener("message", event => event.source === element.contentWindow && done());
    document.body.append(element);
  });
  const says = "<script>parent.postMessage('here', '*')</" + "script>";
  const gif = "data:image/gif;base64,GIF";
  const probes = {
    inline: async () => window.inline,
    handler: async () => { document.getElementById("inline").click(); return window.clicked },
    style: async () => getComputedStyle(document.getElementById("inline")).color === "rgb(1, 2, 3)",
    attribute: async () => document.getElementById("inline").clientWidth === 7,
    eval: async () => eval("1 + 1") === 2 && new Function("return 3")() === 3,
    wasm: async () => WebAssembly.instantiate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])),
    module: async () => (await import("/own.js")).default === 1,
    dataModule: async () => (await import("data:text/javascript,export default 1")).default === 1,
    blobScript: async () => (await import(blob("export default 1", "text/javascript"))).default === 1,
    ownImage: async () => image("/own.gif"),
    dataImage: async () => image(gif),
    blobImage: async () => image(URL.createObjectURL(await (await fetch(gif)).blob())),
    ownWorker: async () => (await worker("/own-worker.js")).data === 2,
    blobWorker: async () => (await worker(blob("postMessage(eval('1 + 1'))", "text/javascript"))).data === 2,
    dataWorker: async () => worker("data:text/javascript,postMessage(1)"),
    ownFrame: async () => frame({ src: "/own-frame" }),
    srcdoc: async () => frame({ srcdoc: says }),
    dataFrame: async () => frame({ src: "data:text/html," + encodeURIComponent(says) }),
    blobFrame: async () => frame({ src: blob(says, "text/html") }),
    ownFetch: async () => (await fetch("/own.gif")).ok,
    dataFetch: async () => (await fetch("data:,x")).ok,
    blobFetch: async () => (await fetch(blob("x", "text/plain"))).ok,
    ownWebSocket: async () => new Promise(done => {
      new WebSocket(`ws://${location.host}/socket`).onerror = done;
    }),
  };
  (async () => {
    window.results = {};
    for (const [name, probe] of Object.entries(probes)) {
      try { results[name] = (await probe()) !== false } catch (error) { results[name] = String(error) }
    }
    window.loaded = true;
  })();
</script></html>""".replace("GIF", base64.b64encode(GIF).decode())


class Browser(Protocol):
    """A real browser: opens a page, and asks what its scripts see."""

    def open(self, url: str) -> None: ...
    def ask(self, expression: str) -> Any: ...
    def jar(self) -> set[str]: ...
    def clear(self) -> None: ...


def wait_until(condition: Callable[[], object]) -> None:
    """Wait for *condition*, at most twenty seconds."""
    for _ in range(400):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("waited in vain")


class Site:
    """Site A with pages that use host B; B counts who comes.

    Attributes:
        field: whether A sends its Content-Security-Policy at all.
        allowed: keys of the categories allowed now.
        asked: paths that were asked of B.
        reports: what browsers reported, each with its media type.
        own: paths that were asked of A.
        destinations: the same paths, each with the request's Sec-Fetch-Dest.
    """

    def __init__(
        self,
        *,
        enforced: bool = True,
        reporting: bool = False,
        scheme: str = "http",
        domain: str = "localhost",
    ) -> None:
        self.field, self.allowed = True, frozenset[str]()
        self.asked: list[str] = []
        self.own: list[str] = []
        self.destinations: list[tuple[str, str | None]] = []
        self.reports: list[tuple[str, bytes]] = []
        self._enforced, self._reporting, self._scheme, self._domain = enforced, reporting, scheme, domain

    @contextmanager
    def serving(self) -> Iterator["Site"]:
        with ExitStack() as stack:
            serve = serving if self._scheme == "http" else serving_tls
            self.b = f"b.{self._domain}:{stack.enter_context(serve(self._b))}"
            self.declare(self.b)
            self.host = f"site.{self._domain}:{stack.enter_context(serve(self._a))}"
            self.a = f"{self._scheme}://{self.host}"
            yield self

    def declare(self, *hosts: str) -> None:
        """Declare these as the hosts of the category "maps"."""
        necessary = Category("necessary", basis=Basis.NECESSARY, cookies=["sid"])
        self.policy = HostPolicy(Policy([necessary, Category("maps", hosts=hosts)]), enforced=self._enforced)

    def reported(self) -> set[HostReport]:
        """Return what browsers reported, read as the endpoint would."""
        reports = list(self.reports)
        return {
            report for media_type, body in reports for report in parse_reports(media_type, body, self.host)
        }

    def _b(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        path = environ["PATH_INFO"]
        self.asked.append(path)
        content_type, body = KINDS.get(path, ("text/plain", b""))
        origin = environ.get("HTTP_ORIGIN", "*")
        start_response(
            "200 OK",
            [
                ("Content-Type", content_type),
                ("Set-Cookie", TRACKER),
                ("Access-Control-Allow-Origin", origin),
                ("Access-Control-Allow-Credentials", "true"),
                ("Cache-Control", "no-store"),
            ],
        )
        return [body]

    def _a(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        path = environ["PATH_INFO"]
        self.own.append(path)
        self.destinations.append((path, environ.get("HTTP_SEC_FETCH_DEST")))
        if path == "/cookies/reports":
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            self.reports.append((environ["CONTENT_TYPE"], body))
            start_response("204 No Content", [])
            return []
        content_type, body = self._read_static(path)
        headers = [("Content-Type", content_type), ("Cache-Control", "no-store")]
        dest, accept = environ.get("HTTP_SEC_FETCH_DEST"), environ.get("HTTP_ACCEPT")
        if self.field and is_document("200 OK", [content_type], dest, accept):
            reporting = reporting_to("/cookies/reports", is_https=self._scheme == "https")
            headers += self.policy.fields_for(self.allowed, reporting if self._reporting else NO_REPORTS)
        start_response("200 OK", headers)
        return [body]

    def _read_static(self, path: str) -> tuple[str, bytes]:
        pages = {
            "/": ("text/html", PAGE),
            "/probes": ("text/html", PROBES),
            "/worker.js": ("text/javascript", WORKER),
            "/drawing.svg": ("image/svg+xml", DRAWING),
        }
        if path in pages:
            content_type, text = pages[path]
            filled = text if path == "/probes" else text.format(b=f"{self._scheme}://{self.b}")
            return content_type, filled.encode()
        return OWN.get(path, ("text/plain", b"nothing here"))


class Chromium:
    """Chromium, told what to do over WebDriver."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self._driver = driver

    def open(self, url: str) -> None:
        self._driver.get(url)

    def ask(self, expression: str) -> Any:
        return self._driver.execute_script(f"return {expression}")  # type: ignore[no-untyped-call]

    def jar(self) -> set[str]:
        cookies = self._driver.execute_cdp_cmd("Network.getAllCookies", {})["cookies"]
        return {cookie["name"] for cookie in cookies}

    def clear(self) -> None:
        self._driver.execute_cdp_cmd("Network.clearBrowserCookies", {})


RESOLVE = "--host-resolver-rules=MAP *.test 127.0.0.1"


@contextmanager
def embedding_chromium(profile: Path, *flags: str, javascript: bool = True) -> Iterator[Browser]:
    """A Chromium that lets third-party cookies through, connects early and reports soon."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    ours = ["--ignore-certificate-errors", "--short-reporting-delay", RESOLVE, f"--user-data-dir={profile}"]
    for flag in [*FLAGS, *ours, *flags]:
        options.add_argument(flag)
    preferences: dict[str, object] = {
        "profile.cookie_controls_mode": 0,
        "profile.block_third_party_cookies": False,
        "net.network_prediction_options": 0,
    }
    if not javascript:
        preferences["profile.managed_default_content_settings.javascript"] = 2
    options.add_experimental_option("prefs", preferences)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=str(DRIVER)))
    try:
        yield Chromium(driver)
    finally:
        driver.quit()


class EmbeddingFirefox(Firefox):
    """Firefox, told what to do over WebDriver BiDi."""

    def tell(self, method: str, **parameters: Any) -> Any:
        if method == "session.new":
            parameters = {"capabilities": {"alwaysMatch": {"acceptInsecureCerts": True}}}
        return super().tell(method, **parameters)

    def open(self, path: str) -> None:
        self.tell("browsingContext.navigate", context=self._context, url=path, wait="interactive")

    def ask(self, expression: str) -> Any:
        told = super().ask(f"JSON.stringify({expression})")
        return None if told is None else json.loads(told)

    def jar(self) -> set[str]:  # type: ignore[override]
        return {cookie["name"] for cookie in self.tell("storage.getCookies")["cookies"]}

    def clear(self) -> None:
        self.tell("storage.deleteCookies")


@contextmanager
def embedding_firefox(profile: Path, **further: object) -> Iterator[Browser]:
    """A Firefox that lets third-party cookies through, in one jar for all."""
    preferences = (
        PREFERENCES
        | {
            "remote.prefs.recommended": False,
            "network.cookie.cookieBehavior": 0,
            "privacy.trackingprotection.enabled": False,
            "network.dns.localDomains": "site.test,b.test",
        }
        | {name.replace("__", "."): value for name, value in further.items()}
    )
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences.items()]
    (profile / "user.js").write_text("\n".join(lines))
    command = [str(FIREFOX), "--headless", "--no-remote", "--profile", str(profile)]
    command.append("--remote-debugging-port=0")
    environment = {"HOME": str(profile), "PATH": "/usr/bin"}
    log = profile / "log"
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out, env=environment) as process:
        try:
            visitor = EmbeddingFirefox(_address(log), "")
            yield visitor
            visitor.close()
            process.wait(20)
        finally:
            process.kill()
