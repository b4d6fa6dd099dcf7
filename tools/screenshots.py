"""Draw the pictures in docs/screenshots: page, banner and demo in every state, in a real Chromium.

Run: make screenshots
"""

import argparse
import base64
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from selenium import webdriver

from consentgate.demo.serving import gate
from tests.browsers.test_chromium import chromium, serving
from tests.stage import STATES, stage

HEIGHT = 640
"""The height of a picture that is not of a whole page."""


class Picture(NamedTuple):
    """One picture.

    Attributes:
        name: of its file.
        path: of the document.
        width: in CSS pixels.
        scheme: light or dark.
        is_uncut: whether all of the page is shown, and not only its top.
    """

    name: str
    path: str
    width: int
    scheme: str = "light"
    is_uncut: bool = True


def pictures() -> Iterator[Picture]:
    """Yield a picture of each state, wide and narrow; then of other languages, colours and texts."""
    for state in STATES:
        for form, width in (("wide", 1280), ("narrow", 360)):
            yield Picture(f"page-{state}-{form}", f"/page/library/{state}/en", width)
            if state not in ("later", "denied"):
                path = f"/banner/library/{state}/en#consentgate-done"
                yield Picture(f"banner-{state}-{form}", path, width, is_uncut=False)
    yield Picture("page-french", "/page/library/partly/fr", 1280)
    yield Picture("page-dark", "/page/library/partly/en", 1280, "dark")
    yield Picture("page-german-narrow", "/page/german/undecided/de", 320)
    yield Picture("page-arabic", "/page/arabic/undecided/ar", 1280)
    yield Picture("page-sixty-cookies", "/page/many/undecided/en", 1280)
    yield Picture("banner-french", "/banner/library/undecided/fr", 1280, is_uncut=False)
    yield Picture("banner-dark", "/banner/library/undecided/en", 1280, "dark", is_uncut=False)
    yield Picture("form-in-a-layout", "/form/library/partly/en", 1280)
    yield Picture("placeholder", "/place/library/undecided/en", 1280, is_uncut=False)


DEMO = (
    Picture("demo", "/", 1280),
    Picture("demo-narrow", "/", 360),
    Picture("demo-dark", "/", 1280, "dark"),
)


def draw(driver: webdriver.Chrome, address: str, picture: Picture, folder: Path) -> None:
    """Draw one picture."""
    tell = driver.execute_cdp_cmd
    tell("Network.clearBrowserCookies", {})
    scheme = {"name": "prefers-color-scheme", "value": picture.scheme}
    tell("Emulation.setEmulatedMedia", {"features": [scheme]})
    size = {"width": picture.width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
    tell("Emulation.setDeviceMetricsOverride", size)
    driver.get("about:blank")
    driver.get(f"{address}{picture.path}")
    # WebP is a quarter of PNG; the demo's picture is also the package index's, which shows PNG alone.
    form = "png" if picture.name == "demo" else "webp"
    options = {"format": form, "captureBeyondViewport": picture.is_uncut}
    taken = tell("Page.captureScreenshot", options)["data"]
    (folder / f"{picture.name}.{form}").write_bytes(base64.b64decode(taken))


def main() -> None:
    """Draw them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    with (
        tempfile.TemporaryDirectory() as profile,
        serving(stage) as stage_port,
        serving(gate("only for pictures, never elsewhere")) as demo_port,
        chromium(Path(profile), "--hide-scrollbars") as driver,
    ):
        for picture in pictures():
            draw(driver, f"http://127.0.0.1:{stage_port}", picture, folder)
        for picture in DEMO:
            draw(driver, f"http://127.0.0.1:{demo_port}", picture, folder)


if __name__ == "__main__":
    main()
