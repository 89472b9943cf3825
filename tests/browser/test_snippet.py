"""The snippet in the pages of another site, with a real browser and the real service."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page

from tests.browser.access_service import AccessService
from tests.browser.other_site import OtherSite
from tests.browser.real_service import RealService

NETWORK_LINE = re.compile("Failed to load resource|Fetch API cannot load|Connecting to|Refused to connect")
"""What a browser itself says of a request that came to nothing."""


class Heard:
    """What a page sent to the service, and what it complained about."""

    def __init__(self, page: Page) -> None:
        self.events: list[dict[str, Any]] = []
        self.complaints: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("request", lambda request: self._sent(request.method, request.post_data_json))

    def _sent(self, method: str, body: Any) -> None:
        assert method in ("GET", "POST"), "the browser asked before it sent"
        if method == "POST":
            self.events.append(body)

    def _console(self, message: ConsoleMessage) -> None:
        if not NETWORK_LINE.match(message.text):
            self.complaints.append(message.text)

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]


@pytest.fixture
def heard(page: Page) -> Iterator[Heard]:
    page.set_default_timeout(30_000)
    collected = Heard(page)
    yield collected
    assert collected.complaints == []


@pytest.fixture
def site(real: RealService) -> Iterator[OtherSite]:
    with OtherSite(real.url) as started:
        yield started


def until(page: Page, holds: Callable[[], object]) -> None:
    for _ in range(400):
        if holds():
            return
        page.wait_for_timeout(50)
    raise AssertionError("did not come true within 20 s")


def visitors(service: RealService) -> list[dict[str, Any]]:
    return list(service.get("/api/visitors")["visitors"])


def test_S4_11_a_visit_from_a_site_with_a_key_of_its_own(page: Page, heard: Heard, tmp_path: Path) -> None:
    with AccessService(tmp_path, sessions__leave_grace_s=0.2) as service, OtherSite(service.url) as site:
        body = {"name": "web", "scopes": ["ingest"], "origins": [site.url]}
        key = service.asks("/api/auth/api-key?site=default", body)["key"]
        site.tag = site.tag.replace("defer", f'defer data-key="{key}"')
        page.goto(f"{site.url}/?token=secret#me")
        until(page, lambda: visitors(service))
        page.evaluate("history.pushState({}, '', '/pricing?plan=pro')")
        page.get_by_role("button").click()
        page.go_back()
        until(page, lambda: len(visitors(service)[0]["journey"]) == 3)
        (row,) = visitors(service)
        assert row["journey"] == ["/", "/pricing", "/"]
        page.get_by_role("link", name="About").click()
        until(page, lambda: visitors(service)[0]["currentPage"] == "/about")
        assert [one["sessionId"] for one in visitors(service)] == [row["sessionId"]]
        page.goto("about:blank")
        until(page, lambda: visitors(service) == [])
        events = service.get(f"/api/analytics/sessions/{row['sessionId']}")["events"]
        assert [event["type"] for event in events] == ["pageview"] * 2 + ["click"] + ["pageview"] * 2
        assert events[2]["page"] == "/pricing"
    assert next(event for event in heard.events if event["type"] == "click")["metadata"] == {
        "target": "signup"
    }
    assert "secret" not in str(heard.events)


def test_S4_11_one_global_and_no_cookie(page: Page, heard: Heard, site: OtherSite) -> None:
    names = "Object.getOwnPropertyNames(window)"
    tag, site.tag = site.tag, ""
    page.goto(site.url)
    before = set(page.evaluate(names))
    site.tag = tag
    page.goto(site.url)
    assert set(page.evaluate(names)) - before == {"tracker"}
    assert page.context.cookies() == []
    assert heard.types == ["pageview"]
    page.evaluate("tracker('signup', {plan: 'pro'})")
    assert heard.events[-1]["metadata"] == {"plan": "pro"}


def test_somebody_who_reads_for_long_stays(page: Page, heard: Heard, site: OtherSite) -> None:
    page.clock.install()
    page.goto(site.url)
    page.clock.run_for(41_000)
    until(page, lambda: heard.types == ["pageview", "keep_alive", "keep_alive"])


@pytest.mark.parametrize(
    "wish",
    [
        "Object.defineProperty(Navigator.prototype, 'doNotTrack', {get: () => '1'})",
        "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})",
        "localStorage.setItem('tracker-opt-out', '1')",
    ],
    ids=["dnt", "gpc", "opt-out"],
)
def test_S4_11_who_does_not_want_it_is_left_alone(
    page: Page, heard: Heard, site: OtherSite, real: RealService, wish: str
) -> None:
    page.add_init_script(wish)
    page.goto(site.url)
    assert page.evaluate("typeof tracker") == "function", "the snippet runs"
    page.evaluate("history.pushState({}, '', '/pricing')")
    page.get_by_role("button").click()
    page.get_by_role("link", name="About").click()
    page.wait_for_url("**/about")
    assert heard.events == []
    assert page.evaluate("sessionStorage.length") == 0
    assert visitors(real) == []


def use(page: Page, url: str) -> None:
    """Visit a page and see that it works, whatever the snippet does."""
    page.goto(url)
    page.evaluate("history.pushState({}, '', '/pricing')")
    assert page.url.endswith("/pricing")
    page.get_by_role("button").click()
    page.get_by_role("link", name="About").click()
    page.wait_for_url("**/about")


def test_S4_11_a_service_that_is_away_is_not_noticed(
    page: Page, heard: Heard, site: OtherSite, real: RealService
) -> None:
    page.goto(site.url)
    real.stop()
    with page.expect_event("requestfailed"):
        page.evaluate("history.pushState({}, '', '/pricing')")
    use(page, site.url)


def test_S4_11_a_service_that_refuses_is_not_noticed(page: Page, heard: Heard, site: OtherSite) -> None:
    site.tag = site.tag.replace("defer", 'defer data-key="trk_i_wrong"')
    with page.expect_response(lambda answer: answer.status == 401):
        page.goto(site.url)
    use(page, site.url)


def test_S4_11_what_is_blocked_is_not_noticed(page: Page, heard: Heard, site: OtherSite) -> None:
    page.route("**/api/events", lambda route: route.abort("blockedbyclient"))
    use(page, site.url)
    page.unroute("**/api/events")
    site.connects = "'none'"
    sent = len(heard.events)
    use(page, site.url)
    assert page.evaluate("typeof tracker") == "function"
    assert len(heard.events) - sent <= 1, "what the page before said when it went"
    page.route("**/tracker.js", lambda route: route.abort("blockedbyclient"))
    use(page, site.url)


def test_S4_11_a_site_may_serve_it_under_names_of_its_own(
    page: Page, heard: Heard, site: OtherSite, real: RealService
) -> None:
    script = real.http.get("/tracker.js").text
    page.route("**/assets/s.js", lambda route: route.fulfill(body=script, content_type="text/javascript"))
    page.route("**/assets/t", lambda route: route.continue_(url=f"{real.url}/api/events"))
    site.tag = f'<script defer src="{real.url}/assets/s.js" data-endpoint="/assets/t"></script>'
    page.goto(site.url)
    until(page, lambda: [one["currentPage"] for one in visitors(real)] == ["/"])
