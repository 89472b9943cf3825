"""``/docs``: the API to read and to try, under the same policy as every page (FAULTS.md 4, statement 9)."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.real_service import RealService

SLOW_MS = 30_000
VIOLATIONS = (
    "window.violations = [];"
    "document.addEventListener('securitypolicyviolation', (e) => violations.push(e.blockedURI));"
)


def opened(page: Page, real: RealService, query: str = "") -> Page:
    page.set_default_timeout(SLOW_MS)
    page.add_init_script(VIOLATIONS)
    page.goto(f"{real.url}/docs{query}")
    expect(operation(page, "getVisitors")).to_be_visible()
    return page


def operation(page: Page, name: str) -> Locator:
    return page.locator(f"[id$='-{name}'].opblock")


def luminance(page: Page, selector: str) -> float:
    color = page.locator(selector).first.evaluate("element => getComputedStyle(element).color")
    return sum(map(float, re.findall(r"[\d.]+", color)[:3])) / 3


def test_S4_09_every_operation_is_shown_and_the_policy_holds(live_page: Page, real: RealService) -> None:
    document = real.http.get("/openapi.json").json()
    page = opened(live_page, real)
    count = sum(len(methods) for methods in document["paths"].values())
    expect(page.locator(".opblock")).to_have_count(count)
    operation(page, "postEvents").locator(".opblock-summary-control").click()
    expect(operation(page, "postEvents").locator(".opblock-body")).to_contain_text("Idempotency-Key")
    expect(page.get_by_role("link", name="asyncapi.json").first).to_have_attribute("href", "/asyncapi.json")
    assert page.evaluate("violations") == []


def test_a_question_is_asked_with_the_keyboard_alone(live_page: Page, real: RealService) -> None:
    real.post({"type": "pageview", "sessionId": "s1", "page": "/"})
    page = opened(live_page, real)
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the API")
    page.keyboard.press("Enter")
    expect(page.locator("#api")).to_be_focused()
    summary = operation(page, "getSummary")
    summary.locator(".opblock-summary-control").focus()
    page.keyboard.press("Enter")
    execute = summary.get_by_role("button", name="Execute")
    execute.focus()
    page.keyboard.press("Enter")
    answer = summary.locator(".live-responses-table .response")
    expect(answer.locator(".response-col_status")).to_contain_text("200")
    expect(answer).to_contain_text('"totalActive": 1')
    assert page.evaluate("violations") == []


def test_what_is_filled_in_gives_an_answer(live_page: Page, real: RealService) -> None:
    page = opened(live_page, real)
    for name in ("getTop", "getFunnel", "getVisitors", "postEvents"):
        block = operation(page, name)
        block.locator(".opblock-summary-control").click()
        block.get_by_role("button", name="Execute").click()
        status = block.locator(".live-responses-table .response .response-col_status")
        expect(status).to_contain_text(re.compile("^20[01]"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_either_theme(live_page: Page, real: RealService, scheme: str) -> None:
    live_page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page = opened(live_page, real)
    background = page.locator("body").evaluate("element => getComputedStyle(element).backgroundColor")
    is_dark = sum(map(int, re.findall(r"\d+", background)[:3])) / 3 < 80
    assert is_dark == (scheme == "dark")
    for selector in (".info .title", ".opblock-summary-path", ".opblock-tag", "nav a"):
        assert abs(luminance(page, selector) - (0 if is_dark else 255)) > 100, selector


def test_names_are_shown_in_the_naming_that_is_chosen(live_page: Page, real: RealService) -> None:
    page = opened(live_page, real)
    page.get_by_role("link", name="snake_case").click()
    expect(page.locator("[data-naming=snake]")).to_have_attribute("aria-current", "page")
    block = operation(page, "getUserStats")
    block.locator(".opblock-summary-control").click()
    expect(block.locator(".parameters-container")).to_contain_text("user_id")
    expect(block.locator(".parameters-container")).not_to_contain_text("userId")
