"""axe-core finds nothing on any view, in light and in dark."""

import os
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.real_service import RealService
from tests.contract.rig import ACME, knows

AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
Scheme = Literal["light", "dark"]


@pytest.fixture
def axe() -> str:
    if AXE.is_file():
        return AXE.read_text()
    reason = "axe-core is not installed: npm ci in web/"
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(f"{reason} (REQUIRE_BROWSER=1)", pytrace=False)
    pytest.skip(reason)


def violations(page: Page, axe: str) -> list[str]:
    # Transitions on the way give colours that nobody reads.
    page.wait_for_timeout(400)
    page.evaluate(axe)
    found: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, { runOnly: { type: 'tag', values: rules } })", RULES
    )
    return [
        f"{rule['id']} ({rule['impact']}): {[node['html'][:160] for node in rule['nodes'][:3]]}"
        for rule in found["violations"]
    ]


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_S7_axe_finds_nothing(
    live_page: Page, real: RealService, axe: str, scheme: Scheme, width: int
) -> None:
    knows(real.vendor, ACME, "Acme", name="Ada Byron", title="CTO", emailAddresses=["ada@acme.example"])
    page = live_page
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(real.url)
    expect(page.locator("#empty")).to_be_visible()
    found = {"empty": violations(page, axe)}
    real.post(
        *(
            {"type": "pageview", "sessionId": f"s{n}", "page": f"/{n}", "country": "DE", "ip": ACME}
            for n in range(8)
        )
    )
    expect(page.locator("tbody tr.visitor")).to_have_count(8)
    found["table"] = violations(page, axe)
    page.locator("select[data-filter=country]").select_option("DE")
    page.get_by_role("button", name="Group by company").click()
    page.get_by_role("button", name="8 people from Acme").click()
    found["groups and filter"] = violations(page, axe)
    page.locator("tbody tr.visitor .cell-person").first.click()
    expect(page.locator("#journey .path")).to_have_count(1)
    found["visit"] = violations(page, axe)
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Reset figures…").click()
    found["reset"] = violations(page, axe)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("main").get_by_role("heading").first).to_be_visible()
    found["history"] = violations(page, axe)
    real.stop()
    page.get_by_role("link", name="Live").click()
    expect(page.locator("#connection")).to_contain_text("Reconnecting")
    found["old"] = violations(page, axe)
    assert {view: faults for view, faults in found.items() if faults} == {}
