"""A browser for the tests of this folder, and pages that complain about everything."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserType,
    ConsoleMessage,
    Dialog,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)

from tests.browser.fake_service import FakeService
from tests.browser.real_service import RealService

BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Who waits for what comes does not wait longer for it; a busy machine is slow to paint.
expect.set_options(timeout=30_000)

# pytest-playwright keeps these for the whole session. Its loop would count as running in
# this thread, and every asynchronous test that comes after would fail: so they end with
# the tests of this folder.


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def browser_context_args() -> dict[str, Any]:
    return {"locale": "en-GB", "timezone_id": "Europe/Berlin", "viewport": {"width": 1440, "height": 900}}


@pytest.fixture(scope="package")
def browser_type(playwright: Playwright) -> BrowserType:
    return playwright.chromium


@pytest.fixture(scope="package")
def browser_type_launch_args(browser_type: BrowserType) -> dict[str, Any]:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None and os.path.exists(browser_type.executable_path):
        found = browser_type.executable_path
    if found is not None:
        return {"executable_path": found, "args": ARGUMENTS}
    reason = f"no browser: none of {', '.join(BROWSERS)} is installed, nor Playwright's own"
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(f"{reason} (REQUIRE_BROWSER=1)", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="package")
def launch_browser(
    browser_type: BrowserType, browser_type_launch_args: dict[str, Any]
) -> Callable[..., Browser]:
    def launch(**options: Any) -> Browser:
        return browser_type.launch(**{**browser_type_launch_args, **options})

    return launch


@pytest.fixture(scope="package")
def browser(launch_browser: Callable[..., Browser]) -> Iterator[Browser]:
    started = launch_browser()
    yield started
    started.close()


@pytest.fixture
def service() -> Iterator[FakeService]:
    with FakeService() as fake:
        yield fake


class Complaints:
    """What a page must never do: errors, blocked things, requests to other hosts, dialogs."""

    def __init__(self, page: Page, url: str) -> None:
        self.found: list[str] = []
        self._hosts = (url, url.replace("http", "ws", 1), f"blob:{url}")
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.found.append(f"error: {error}"))
        page.on("request", self._request)
        page.on("websocket", lambda socket: self._address(socket.url))
        page.on("dialog", self._dialog)

    def _console(self, message: ConsoleMessage) -> None:
        # A service that is stopped on purpose makes the browser report what it refused.
        is_refusal = "WebSocket connection to" in message.text or "ERR_CONNECTION_REFUSED" in message.text
        if message.type in ("error", "warning") and not is_refusal:
            self.found.append(f"console: {message.text}")

    def _dialog(self, dialog: Dialog) -> None:
        self.found.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        self._address(request.url)

    def _address(self, url: str) -> None:
        if not url.startswith(self._hosts):
            self.found.append(f"request: {url}")


@pytest.fixture
def complaints(page: Page, service: FakeService) -> Iterator[Complaints]:
    """Whatever is in it when the test ends fails the test."""
    collected = Complaints(page, service.url)
    yield collected
    assert collected.found == []


@pytest.fixture
def dashboard(page: Page, service: FakeService, complaints: Complaints) -> Page:
    """A page that the test opens with :func:`open_dashboard` once its script is ready."""
    page.set_default_timeout(30_000)
    return page


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealService]:
    with RealService(tmp_path) as started:
        yield started


@pytest.fixture
def live_page(page: Page, real: RealService) -> Iterator[Page]:
    """A page for the real service; what it complains about fails the test."""
    page.set_default_timeout(30_000)
    collected = Complaints(page, real.url)
    yield page
    assert collected.found == []
