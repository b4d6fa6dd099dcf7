"""Draw the pictures in docs/screenshots: page and banner of the demo portal, in a real Chromium.

Run: make screenshots
"""

import argparse
import base64
import tempfile
from pathlib import Path

from selenium import webdriver
from tests.test_browser import chromium, serving

from consentgate.demo.portal import Portal, policy

# name: path, width, light or dark, language
PICTURES = {
    "page-wide": ("/cookies", 1000, "light", "en"),
    "page-narrow": ("/cookies", 360, "light", "en"),
    "page-dark": ("/cookies", 1000, "dark", "en"),
    "page-french": ("/cookies", 1000, "light", "fr"),
    "banner-wide": ("/", 1000, "light", "en"),
    "banner-narrow": ("/", 360, "light", "en"),
    "banner-dark": ("/", 1000, "dark", "en"),
    "banner-french": ("/", 1000, "light", "fr"),
}


def draw(driver: webdriver.Chrome, address: str, name: str, folder: Path) -> None:
    """Draw one picture."""
    path, width, scheme, language = PICTURES[name]
    tell = driver.execute_cdp_cmd
    tell("Network.enable", {})
    tell("Network.clearBrowserCookies", {})
    tell("Network.setExtraHTTPHeaders", {"headers": {"Accept-Language": language}})
    tell("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    size = {"width": width, "height": 600, "deviceScaleFactor": 1, "mobile": False}
    tell("Emulation.setDeviceMetricsOverride", size)
    driver.get(f"{address}{path}")
    picture = tell("Page.captureScreenshot", {"captureBeyondViewport": path == "/cookies"})["data"]
    (folder / f"{name}.png").write_bytes(base64.b64decode(picture))


def main() -> None:
    """Draw them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    gate = policy().wrap(Portal(), secret_key="only for pictures, never elsewhere")
    with (
        tempfile.TemporaryDirectory() as profile,
        serving(gate) as port,
        chromium(Path(profile), "--hide-scrollbars") as driver,
    ):
        for name in PICTURES:
            draw(driver, f"http://127.0.0.1:{port}", name, folder)


if __name__ == "__main__":
    main()
