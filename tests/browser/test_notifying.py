"""The settings for webhooks and the watch list, against the real service and a real receiver."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.access_service import AccessService
from tests.browser.test_access import log_in, settings, watched
from tests.browser.test_accessibility import axe, violations

__all__ = ["axe"]

OF_ANOTHER_FIELD: dict[str, object] = {
    "success": False,
    "message": "The request is not valid",
    "errors": [{"field": "events", "message": "must be an array of strings"}],
}
LONG = f"/{'x' * 80}<img src=x onerror=alert(1)>".replace(" ", "%20")


@contextmanager
def receiver() -> Iterator[tuple[str, list[str]]]:
    """Takes the first call and refuses what comes after it."""
    taken: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            taken.append(self.headers["webhook-id"])
            self.send_response(204 if len(taken) == 1 else 500)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.05,))
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", taken
        finally:
            server.shutdown()
            serving.join()


@contextmanager
def answered_once(page: Page, path: str, answer: dict[str, object]) -> Iterator[None]:
    page.route(path, lambda route: route.fulfill(status=422, json=answer))
    yield
    page.unroute(path)


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def test_an_admin_makes_tries_and_removes_a_webhook_and_a_watch(page: Page, tmp_path: Path, axe: str) -> None:
    page.set_default_timeout(30_000)
    with (
        receiver() as (url, taken),
        AccessService(tmp_path, webhooks__allow_private=True) as guarded,
        watched(page, guarded),
    ):
        page.goto(guarded.url)
        log_in(page)
        found = {}
        settings(page, "Webhooks")
        expect(page.get_by_role("main")).to_contain_text("No webhooks yet")
        page.get_by_role("button", name="New webhook…").click()
        dialog(page).get_by_label("Address").fill("https://10.0.0.1@nowhere.example/")
        page.keyboard.press("Enter")
        expect(dialog(page).get_by_label("Address")).to_have_attribute("aria-invalid", "true")
        expect(dialog(page).get_by_label("Address")).to_be_focused()
        expect(dialog(page).get_by_role("alert")).to_be_empty()
        with answered_once(page, "**/api/webhooks**", OF_ANOTHER_FIELD):
            dialog(page).get_by_role("button", name="Make webhook").click()
            expect(dialog(page).get_by_role("alert")).to_have_text(
                "The request is not valid. Events: must be an array of strings."
            )
        expect(dialog(page).get_by_label("Address")).not_to_have_attribute("aria-invalid", "true")
        dialog(page).get_by_label("Address").fill(url + LONG)
        dialog(page).get_by_label("Alerts").check()
        found["new webhook"] = violations(page, axe)
        dialog(page).get_by_label("Address").press("Enter")
        secret = dialog(page).get_by_role("region", name="The secret")
        expect(secret).to_have_text(re.compile(r"^whsec_[A-Za-z0-9+/]{43}=$"))
        shown = secret.inner_text()
        dialog(page).get_by_role("button", name="I have kept it").click()
        row = page.get_by_role("list", name="Webhooks").get_by_role("listitem")
        expect(row).to_contain_text("Identified visits, Alerts")
        assert shown not in page.content()
        row.get_by_role("button", name="Test").press("Enter")
        expect(page.get_by_text("The test was taken (204).")).to_be_visible()
        row.get_by_role("button", name="Test").click()
        expect(page.get_by_text("The test was not taken: it answered with a failure (500).")).to_be_visible()
        assert len(set(taken)) == 2
        row.get_by_role("button", name="Messages").click()
        expect(dialog(page)).to_contain_text("Nothing was sent yet")
        page.keyboard.press("Escape")
        found["webhooks"] = violations(page, axe)
        no_wider(page)
        row.get_by_role("button", name="Remove").click()
        dialog(page).get_by_role("button", name="Remove webhook").click()
        expect(page.get_by_role("main")).to_contain_text("No webhooks yet")
        settings(page, "Watch list")
        page.get_by_label("Look for").fill("acme")
        page.keyboard.press("Enter")
        expect(page.get_by_label("Look for")).to_have_attribute("aria-invalid", "true")
        page.get_by_label("Look for").fill("*.Acme.com")
        page.keyboard.press("Enter")
        page.get_by_label("Look at").select_option("Page")
        box = page.get_by_label("Look at").bounding_box()
        assert box is not None
        assert box["height"] < 48
        page.get_by_label("Look for").fill(LONG)
        page.get_by_role("button", name="Add to the list").click()
        rules = page.get_by_role("list", name="Watch list").get_by_role("listitem")
        expect(rules).to_have_count(2)
        expect(rules.first).to_contain_text("*.acme.com")
        found["watch list"] = violations(page, axe)
        no_wider(page)
        rules.first.get_by_role("button", name="Remove").click()
        expect(rules).to_have_count(1)
        assert {view: faults for view, faults in found.items() if faults} == {}


def no_wider(page: Page) -> None:
    for width in (360, 768, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
