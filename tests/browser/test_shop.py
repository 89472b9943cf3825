"""The shop of the demo in a real browser: what a person clicks there is on the dashboard."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from emitters.site.shop import Shop
from tests.browser.loop_thread import LoopThread
from tests.browser.real_service import RealService
from tests.browser.test_snippet import until, visitors

SLOW_MS = 30_000
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "browser.html"
WATCH_ROW = """() => new Promise((resolve) => {
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws`);
  window.rows = [];
  socket.onmessage = ({data}) => {
    const message = JSON.parse(data);
    if (message.type === "snapshot") resolve(true);
    if (message.type === "session_activity") rows.push({at: Date.now(), page: message.data.currentPage});
  };
})"""


@contextmanager
def open_shop(tracker: str) -> Iterator[str]:
    """A shop in a thread of its own; gives its address."""
    loop = LoopThread("shop", 10.0)
    loop.start()
    shop = Shop(tracker, port=0)
    loop.run(shop.start())
    try:
        yield shop.url
    finally:
        loop.run(shop.stop())
        loop.stop()


@pytest.fixture
def shop(real: RealService) -> Iterator[str]:
    with open_shop(real.url) as url:
        yield url


def deeds(real: RealService, session_id: str) -> list[tuple[str, str | None]]:
    """What a visitor did besides looking at pages: types of events and what was clicked."""
    events = real.get(f"/api/analytics/sessions/{session_id}")["events"]
    return [
        (event["type"], event["metadata"].get("target")) for event in events if event["type"] != "pageview"
    ]


def test_who_clicks_around_in_the_shop_is_on_the_dashboard_at_once(
    page: Page, real: RealService, shop: str
) -> None:
    page.set_default_timeout(SLOW_MS)
    hosts: set[str] = set()
    page.context.on("request", lambda request: hosts.add("/".join(request.url.split("/")[:3])))
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(shop)
    dashboard = page.context.new_page()
    dashboard.goto(real.url)
    row = dashboard.locator("[role=row]", has_text="127.0.0.1")
    expect(row).to_contain_text("/")
    page.get_by_role("link", name="Teas", exact=True).click()
    page.get_by_role("link", name="Sencha").click()
    expect(page.get_by_role("heading", name="Sencha")).to_be_visible()
    page.get_by_role("button", name="Put it into the basket").click()
    page.go_back()
    expect(page.get_by_role("heading", name="Our teas")).to_be_visible()
    page.get_by_role("link", name="Basket").click()
    expect(page.get_by_text("Sencha")).to_be_visible()
    page.get_by_role("button", name="Order").click()
    expect(page.get_by_text("Thank you!")).to_be_visible()
    expect(row).to_contain_text("/basket")
    (visitor,) = real.get("/api/visitors")["visitors"]
    assert visitor["journey"] == ["/", "/teas", "/teas/sencha", "/teas", "/basket"]
    done = [("click", "add to basket"), ("click", "order"), ("purchase", None)]
    until(page, lambda: deeds(real, visitor["sessionId"]) == done)
    assert hosts == {real.url, shop.rstrip("/")}
    assert page.context.cookies() == []
    assert complaints == []


def test_a_step_in_the_shop_reaches_a_dashboard_within_a_tenth_of_a_second(
    page: Page, real: RealService, shop: str
) -> None:
    page.set_default_timeout(SLOW_MS)
    page.goto(shop)
    dashboard = page.context.new_page()
    dashboard.goto(real.url)
    dashboard.evaluate(WATCH_ROW)
    best_ms = float("inf")
    for step in range(10):
        path = f"/teas/step-{step}"
        sent_ms = page.evaluate("path => { history.pushState({}, '', path); return Date.now(); }", path)
        found = dashboard.wait_for_function("path => rows.find((row) => row.page === path)", arg=path)
        best_ms = min(best_ms, found.evaluate("row => row.at") - sent_ms)
    assert best_ms < 200, "100, and a busy machine"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_shop_fits_a_phone_in_either_theme(page: Page, real: RealService, shop: str, scheme: str) -> None:
    page.set_default_timeout(SLOW_MS)
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    for path in ("", "teas", "teas/assam", "subscribe", "basket", "about"):
        page.goto(shop + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, ground[4:-1].split(","))) < 200) == (scheme == "dark")


def test_the_page_of_the_examples_is_on_the_dashboard(page: Page, real: RealService, tmp_path: Path) -> None:
    page.set_default_timeout(SLOW_MS)
    text = EXAMPLE.read_text()
    assert text.count("http://127.0.0.1:3000/") == 2
    (tmp_path / EXAMPLE.name).write_text(text.replace("http://127.0.0.1:3000", real.url))
    # As the page itself says that it is served.
    command = [
        sys.executable,
        "-u",
        "-m",
        "http.server",
        "0",
        "--bind",
        "127.0.0.1",
        "--directory",
        str(tmp_path),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            port = server.stdout.readline().split(" port ")[1].split()[0]
            page.goto(f"http://127.0.0.1:{port}/{EXAMPLE.name}")
            for name in ("Subscribe", "Sign up", "Next page"):
                page.get_by_role("button", name=name).click()
            journey = ["/browser.html", "/step-2"]
            until(page, lambda: [row["journey"] for row in visitors(real)] == [journey])
        finally:
            server.kill()
    (visitor,) = visitors(real)
    events = real.get(f"/api/analytics/sessions/{visitor['sessionId']}")["events"]
    assert [event["type"] for event in events] == ["pageview", "click", "signup", "pageview"]
