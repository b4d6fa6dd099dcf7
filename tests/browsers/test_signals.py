"""Global Privacy Control as both browsers send it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from consentgate.consent.opt_out import signals_of

from .embedding import embedding_chromium, embedding_firefox
from .test_chromium import CHROMIUM, DRIVER, serving
from .test_firefox import FIREFOX

GPC_IN_CHROMIUM = "--enable-features=GlobalPrivacyControlForce"


@pytest.fixture
def came() -> Iterator[dict[str, tuple[str, ...]]]:
    """The signals that came, by path; and where to ask for pages."""
    found: dict[str, tuple[str, ...]] = {}

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        signals = signals_of(environ.get("HTTP_SEC_GPC"), environ.get("HTTP_DNT"), ("gpc", "dnt"))
        found[environ["PATH_INFO"]] = signals
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b"<!doctype html><title>here</title>"]

    with serving(application) as port:
        found["address"] = (f"http://site.localhost:{port}",)
        yield found


@pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="needs a browser: apt-get install chromium chromium-driver"
)
@pytest.mark.parametrize(("flags", "signals"), [((GPC_IN_CHROMIUM,), ("gpc",)), ((), ())], ids=["on", "off"])
def test_chromium_sends_what_is_read_as_the_signal(
    came: dict[str, tuple[str, ...]], tmp_path: Path, flags: tuple[str, ...], signals: tuple[str, ...]
) -> None:
    with embedding_chromium(tmp_path, *flags) as browser:
        browser.open(came["address"][0] + "/page")
        assert came["/page"] == signals
        assert bool(browser.ask("navigator.globalPrivacyControl")) is bool(signals)


@pytest.mark.skipif(FIREFOX is None, reason="needs Firefox: apt-get install firefox-esr")
@pytest.mark.parametrize(("enabled", "signals"), [(True, ("gpc", "dnt")), (False, ())], ids=["on", "off"])
def test_firefox_sends_what_is_read_as_the_signals(
    came: dict[str, tuple[str, ...]], tmp_path: Path, enabled: bool, signals: tuple[str, ...]
) -> None:
    preferences = {
        "privacy__globalprivacycontrol__enabled": enabled,
        "privacy__donottrackheader__enabled": enabled,
    }
    with embedding_firefox(tmp_path, **preferences) as browser:
        browser.open(came["address"][0] + "/page")
        assert came["/page"] == signals
        assert bool(browser.ask("navigator.globalPrivacyControl")) is enabled
