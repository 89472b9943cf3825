"""The history view when things go wrong, and what must hold at any time."""

import re
from datetime import timedelta
from typing import Literal

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Complaints
from tests.browser.history_page import choose, expect_totals, figure, open_history, panel, values
from tests.browser.history_service import HistoryService, event, history, own_service, past, service
from tests.browser.page_clock import stop_clock
from tests.browser.test_accessibility import AXE, RULES

__all__ = ["history", "own_service", "service"]

HOSTILE = "<img src=x onerror=alert(1)>"


def test_nothing_is_asked_out_of_sight(history: Page, service: HistoryService) -> None:
    history.clock.install()
    open_history(history, service)
    asked: list[str] = []
    history.on("request", lambda request: asked.append(request.url))
    look = (
        "(hidden) => { Object.defineProperty(document, 'hidden', { get: () => hidden, configurable: true });"
    )
    look += " document.dispatchEvent(new Event('visibilitychange')); }"
    history.evaluate(look, True)
    history.clock.run_for(60_000)
    assert [url for url in asked if "/api/analytics/" in url] == []
    with history.expect_request(re.compile("/api/analytics/totals")):
        history.evaluate(look, False)
        history.clock.run_for(100)


def test_F2e_05_service_away_says_what_to_do_and_heals(page: Page, own_service: HistoryService) -> None:
    page.clock.install()
    own_service.post(*past())
    open_history(page, own_service, "range=hour")
    expect(figure(page, "Events")).to_have_text("5")
    own_service.stop()
    choose(page, "Month")
    pages = panel(page, "Pages")
    expect(pages).to_contain_text("The service cannot be reached")
    expect(pages).not_to_contain_text("/pricing")
    expect(figure(page, "Events")).to_have_text("–")
    stop_clock(page)
    own_service.start()
    pages.get_by_role("button", name="Try again").click()
    page.clock.resume()
    expect(values(page, "Pages")).to_have_text(["/", "/pricing", "/blog"])


def test_one_answer_that_fails_takes_no_other_with_it(page: Page, service: HistoryService) -> None:
    page.clock.install()
    open_history(page, service)
    expect(values(page, "Pages")).to_have_count(3)
    cut = re.compile("/api/analytics/top/page")
    page.route(cut, lambda route: route.abort())
    page.clock.run_for(11_000)
    expect(panel(page, "Pages")).to_contain_text("Not updated")
    expect(values(page, "Pages")).to_have_count(3)
    expect(panel(page, "Countries")).not_to_contain_text("Not updated")
    stop_clock(page)
    page.unroute(cut)
    panel(page, "Pages").get_by_role("button", name="Try again").click()
    page.clock.resume()
    expect(panel(page, "Pages")).not_to_contain_text("Not updated")


def test_an_answer_to_an_older_question_is_never_shown(page: Page, service: HistoryService) -> None:
    held: list[Route] = []
    page.route(re.compile(r"/analytics/totals\?range=hour"), lambda route: held.append(route))
    page.goto(f"{service.url}/?view=history&range=hour")
    expect(values(page, "Pages")).to_have_count(2)
    choose(page, "Month")
    expect_totals(page, "8", "5", "3")
    assert len(held) == 1
    for route in held:
        route.continue_()
    page.get_by_role("button", name="Show as table").click()
    expect_totals(page, "8", "5", "3")


def test_S4_10_texts_of_visitors_are_only_text(page: Page, own_service: HistoryService) -> None:
    complaints = Complaints(page, own_service.url)
    metadata = {"device": HOSTILE, "browser": HOSTILE, "referrer": HOSTILE}
    own_service.post(
        event(
            HOSTILE, "a", timedelta(minutes=1), page=HOSTILE, country="ZZ", userId=HOSTILE, metadata=metadata
        )
    )
    open_history(page, own_service, "range=day")
    for title in ("Pages", "Event types", "Devices", "Browsers"):
        expect(values(page, title)).to_have_text([HOSTILE])
    page.get_by_role("button", name=HOSTILE, exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text(HOSTILE)
    assert page.locator("img[src]").count() == 0
    assert complaints.found == []


def test_nothing_sticks_out(page: Page, own_service: HistoryService) -> None:
    long = "x" * 300
    minute = timedelta(minutes=1)
    own_service.post(
        event(long[:60], long[:100], minute, page=f"/{long}", userId=long[:100], country="DE"),
    )
    open_history(page, own_service, f"range=day&type={long[:60]}&userId={long[:100]}&steps=/{long[:90]},b")
    expect(values(page, "Pages")).to_have_count(1)
    cut = "[...document.querySelectorAll('.history > *, .history .panel, .history-body, .counter')]"
    cut += ".filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => box.className)"
    for width in (360, 768, 1024, 1440, 3840):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(cut) == [], width


def test_nothing_jumps(history: Page, service: HistoryService) -> None:
    history.add_init_script(
        "window.shift = 0; new PerformanceObserver((list) => {"
        " for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;"
        "}).observe({ type: 'layout-shift', buffered: true });"
    )
    open_history(history, service)
    expect(values(history, "Pages")).to_have_count(3)
    expect(panel(history, "Events").locator("tbody tr")).to_have_count(8)
    assert history.evaluate("window.shift") < 0.02


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: npm ci in web/")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_S7_axe_finds_nothing_in_the_history(
    history: Page, service: HistoryService, scheme: Literal["light", "dark"]
) -> None:
    history.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    open_history(history, service, "range=month&country=DE&type=pageview&steps=/,/pricing")
    expect(panel(history, "Funnel")).to_contain_text("of the step before")
    expect(panel(history, "Retention").get_by_role("table")).to_be_visible()
    history.evaluate(AXE.read_text())
    run = (
        "rules => axe.run('.history', { runOnly: { type: 'tag', values: rules } })"
        ".then((found) => found.violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`))"
    )
    assert history.evaluate(run, RULES) == []
    choose(history, "Own range")
    history.get_by_role("button", name="Show as table").click()
    assert history.evaluate(run, RULES) == []
