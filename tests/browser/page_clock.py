"""The clock of a page that a test has installed."""

from playwright.sync_api import Page


def stop_clock(page: Page) -> None:
    """Let a second pass at once, then nothing: the page tries nothing by itself until ``resume``."""
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)
