"""Where things are in the history view."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.history_service import HistoryService


def open_history(page: Page, service: HistoryService, query: str = "range=month") -> None:
    page.set_default_timeout(30_000)
    page.goto(f"{service.url}/?view=history&{query}")
    expect(page.get_by_text(re.compile("^Updated "))).to_be_visible()


def panel(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


def figure(page: Page, name: str) -> Locator:
    name_of = page.get_by_text(name, exact=True)
    return page.locator(".history-totals .counter").filter(has=name_of).locator("dd")


def values(page: Page, title: str) -> Locator:
    return panel(page, title).locator(".history-bar-label")


def choose(page: Page, time: str) -> None:
    page.get_by_role("radio", name=time, exact=True).check()


def expect_totals(page: Page, events: str, sessions: str, users: str) -> None:
    expect(figure(page, "Events")).to_have_text(events)
    expect(figure(page, "Unique sessions")).to_have_text(sessions)
    expect(figure(page, "Unique users")).to_have_text(users)
