"""Global Privacy Control as both browsers send it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from consentgate import Basis, Category, Policy, Visit
from consentgate.consent.opt_out import signals_of
from tests.conftest import KEY
from tests.serving import serving

from .embedding import Browser, embedding_chromium, embedding_firefox, wait_until
from .test_chromium import CHROMIUM, DRIVER
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


POLICY = Policy(
    [
        Category("necessary", basis=Basis.NECESSARY, cookies=["sid"]),
        Category("internal", title="Internal", cookies=["theme"]),
        Category("ads", title="Advertising", cookies=["vid"], sale_or_share=True),
    ]
)


def shop(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """A page with the banner and a placeholder, which sets a cookie of every category."""
    visit = Visit.from_environ(environ)
    set_cookies = [("Set-Cookie", f"{name}=1; Path=/; Max-Age=3600") for name in ("sid", "theme", "vid")]
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), *set_cookies])
    page = f"<!doctype html><title>shop</title>{visit.banner()}{visit.placeholder('ads')}"
    return [page.encode()]


BOTH = [
    pytest.param(
        "chromium",
        marks=pytest.mark.skipif(
            not (CHROMIUM and DRIVER), reason="needs a browser: apt-get install chromium chromium-driver"
        ),
    ),
    pytest.param(
        "firefox",
        marks=pytest.mark.skipif(FIREFOX is None, reason="needs Firefox: apt-get install firefox-esr"),
    ),
]


@pytest.fixture(params=BOTH)
def signalling(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Browser]:
    if request.param == "chromium":
        starting = embedding_chromium(tmp_path, GPC_IN_CHROMIUM)
    else:
        starting = embedding_firefox(tmp_path, privacy__globalprivacycontrol__enabled=True)
    with starting as started:
        yield started


def test_a_browsers_no_stands_behind_the_gate_whatever_is_accepted(signalling: Browser) -> None:
    with serving(POLICY.wrap(shop, secret_key=KEY)) as port:
        address = f"http://site.localhost:{port}"
        signalling.open(f"{address}/")
        place = "document.querySelector('.consentgate-place')"
        assert "opt-out signal is honoured" in signalling.ask(f"{place}.textContent")
        assert signalling.ask(f"{place}.querySelector('button') === null") is True
        signalling.ask("setTimeout(() => document.querySelector('[value=accept_all]').click()), 1")
        wait_until(lambda: signalling.jar() == {"sid", "theme", "cookies_preferences"})
        signalling.open(f"{address}/")
        assert signalling.ask("document.querySelector('.consentgate-banner form') === null") is True
        assert signalling.jar() == {"sid", "theme", "cookies_preferences"}
        signalling.open(f"{address}/cookies")
        assert "honoured" in signalling.ask("document.body.textContent")
