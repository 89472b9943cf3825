"""The history view in a browser, against the real service and its real store."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.history_page import choose, expect_totals, figure, open_history, panel, values
from tests.browser.history_service import HistoryService, event, history, own_service, service
from tests.contract.rig import ACME, knows

__all__ = ["history", "own_service", "service"]


def outcome(sessions: str, of_previous: str, of_all: str) -> re.Pattern[str]:
    return re.compile(rf"{sessions},\s*{of_previous} of the step before\s*{of_all} of all")


def test_C_every_range_has_its_figures_and_is_in_the_address(history: Page, service: HistoryService) -> None:
    open_history(history, service, "")
    expect_totals(history, "6", "3", "2")
    for name, events, sessions, users in (
        ("Hour", "5", "2", "2"),
        ("Week", "7", "4", "2"),
        ("Month", "8", "5", "3"),
    ):
        choose(history, name)
        expect_totals(history, events, sessions, users)
        assert f"range={name.lower()}" in history.url
    history.go_back()
    expect(history.get_by_role("radio", name="Week")).to_be_checked()
    expect_totals(history, "7", "4", "2")
    history.reload()
    expect_totals(history, "7", "4", "2")


def test_C_own_range_is_in_the_readers_zone(history: Page, service: HistoryService) -> None:
    open_history(history, service, "range=day")
    choose(history, "Own range")
    expect(history.get_by_text("Times in Europe/Berlin")).to_be_visible()
    expect_totals(history, "6", "3", "2")
    begin = history.get_by_label("From")
    shown = datetime.fromisoformat(begin.input_value())
    begin.fill((shown - timedelta(days=7)).isoformat(timespec="minutes"))
    history.get_by_role("button", name="Show", exact=True).click()
    expect_totals(history, "7", "4", "2")
    written = re.search(r"from=([^&]+)", history.url)
    assert written is not None
    utc = datetime.fromisoformat(written[1].replace("%3A", ":"))
    away = shown - timedelta(days=7) - utc.replace(tzinfo=None)
    assert away in (timedelta(hours=1), timedelta(hours=2))
    history.reload()
    expect_totals(history, "7", "4", "2")
    begin.fill((shown + timedelta(days=7)).isoformat(timespec="minutes"))
    expect(history.get_by_text("The end must be after the beginning.")).to_be_visible()
    expect(history.get_by_role("button", name="Show", exact=True)).to_be_disabled()


def test_C_top_five_of_everything(history: Page, service: HistoryService) -> None:
    open_history(history, service)
    expect(values(history, "Event types")).to_have_text(["pageview", "signup"])
    expect(values(history, "Pages")).to_have_text(["/", "/pricing", "/blog"])
    expect(values(history, "Countries")).to_have_text(["Germany", "France", "United States"])
    expect(values(history, "Devices")).to_have_text(["Desktop", "Mobile"])
    expect(values(history, "Browsers")).to_have_text(["Firefox", "Safari"])
    expect(values(history, "Systems")).to_have_text(["Linux"])
    expect(values(history, "Referrers")).to_have_text(["news.example"])
    expect(panel(history, "Companies")).to_contain_text("None in this time")
    bar = history.get_by_role("button", name="/pricing 2 visitors, 3 events")
    longest = history.get_by_role("button", name="/ 4 visitors, 4 events", exact=True)
    share = "(bar) => bar.querySelector('.history-bar-fill').getBoundingClientRect().width"
    assert bar.evaluate(share) == pytest.approx(longest.evaluate(share) * 3 / 4, rel=0.02)


def test_a_bar_narrows_everything_and_is_in_the_address(history: Page, service: HistoryService) -> None:
    open_history(history, service)
    history.get_by_role("button", name=re.compile("^Germany ")).click()
    expect_totals(history, "6", "3", "2")
    expect(values(history, "Pages")).to_have_text(["/pricing", "/", "/blog"])
    expect(values(history, "Countries")).to_have_text(["Germany"])
    history.get_by_role("button", name=re.compile("^Mobile ")).click()
    expect_totals(history, "4", "2", "1")
    expect(panel(history, "Events").locator("tbody tr")).to_have_count(4)
    assert {"country=DE", "device=mobile", "view=history", "range=month"} <= set(
        history.url.partition("?")[2].split("&")
    )
    history.reload()
    expect_totals(history, "4", "2", "1")
    expect(history.get_by_role("button", name=re.compile("^Mobile "))).to_have_attribute(
        "aria-pressed", "true"
    )
    history.get_by_role("button", name="Remove the filter Country: Germany").click()
    expect(history.get_by_role("list", name="Filters").get_by_text("Germany")).to_be_hidden()
    assert "country=" not in history.url
    history.go_back()
    history.get_by_role("button", name="Clear all").click()
    expect_totals(history, "8", "5", "3")
    expect(history.get_by_role("list", name="Filters")).to_be_hidden()
    history.go_back()
    expect_totals(history, "4", "2", "1")


def test_the_same_bar_again_takes_the_filter_away(history: Page, service: HistoryService) -> None:
    open_history(history, service)
    for events in ("1", "8"):
        history.get_by_role("button", name=re.compile("^signup ")).press("Enter")
        expect(figure(history, "Events")).to_have_text(events)
    assert "type=" not in history.url


def test_C_csv_and_ndjson_of_what_is_shown(history: Page, service: HistoryService) -> None:
    open_history(history, service, "range=week&country=DE&device=mobile")
    expect(figure(history, "Events")).to_have_text("4")
    with history.expect_download() as download:
        history.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename == "events.csv"
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
    assert [(row["userId"], row["page"]) for row in rows] == [
        ("ada", "/blog"),
        ("ada", "/"),
        ("ada", "/pricing"),
        ("ada", "/pricing"),
    ]
    with history.expect_download() as download:
        history.get_by_role("link", name="NDJSON").click()
    lines = download.value.path().read_text().splitlines()
    assert [json.loads(line)["type"] for line in lines] == ["pageview", "pageview", "pageview", "signup"]


def test_companies_are_named_once_their_visits_have_ended(page: Page, own_service: HistoryService) -> None:
    knows(own_service.vendor, ACME, "Acme")
    minute = timedelta(minutes=1)
    own_service.post(event("pageview", "a", minute, page="/acme", ip=ACME))
    own_service.post(
        event("pageview", "b", minute, page="/other"), event("session_end", "a", minute, ip=ACME)
    )
    # The visit itself comes to the history a moment after its events: the page asks again by itself.
    open_history(page, own_service, "range=hour")
    page.get_by_role("button", name="Acme 1 visitor, 2 events").click(timeout=30_000)
    expect_totals(page, "2", "1", "0")
    expect(values(page, "Pages")).to_have_text(["/acme"])
    assert "company=Acme" in page.url


def test_C_funnel_of_chosen_steps(history: Page, service: HistoryService) -> None:
    open_history(history, service)
    funnel = panel(history, "Funnel")
    funnel.get_by_role("button", name="Try / → /pricing").click()
    steps = funnel.locator(".history-step")
    expect(steps.nth(0)).to_contain_text("4")
    expect(steps.nth(1)).to_contain_text(outcome("2 sessions", "50%", "50%"))
    funnel.get_by_role("button", name="Add a step").click()
    funnel.get_by_label("Step 3", exact=True).fill("signup")
    funnel.get_by_label("Step 3", exact=True).press("Enter")
    expect(steps.nth(2)).to_contain_text(outcome("1 session", "50%", "25%"))
    assert "steps=/%2C/pricing%2Csignup" in history.url
    history.reload()
    expect(steps.nth(2)).to_contain_text("25% of all")
    history.get_by_role("button", name="/blog 1 visitor, 1 event").click()
    expect(funnel).to_contain_text("Filters by type and page do not count here")
    expect(steps.nth(2)).to_contain_text("25% of all")
    funnel.get_by_role("button", name="Remove step 1").click()
    expect(steps).to_have_count(2)
    expect(steps.nth(1)).to_contain_text("50% of the step before")
    funnel.get_by_label("Step 1", exact=True).fill("a,b")
    expect(funnel.get_by_role("status")).to_have_text("A step cannot contain a comma.")


def test_C_retention_says_in_words_what_its_shades_mean(history: Page, service: HistoryService) -> None:
    open_history(history, service)
    table = panel(history, "Retention").get_by_role("table")
    expect(table.get_by_role("columnheader", name="Week of")).to_be_visible()
    monday = datetime.now(UTC) - timedelta(days=20)
    expect(table.get_by_role("row").nth(1)).to_contain_text(f"{(monday - timedelta(monday.weekday())).day}")
    expect(table.get_by_role("row").nth(1)).to_contain_text("0 of 1 user in week 1")


def test_C_chart_has_words_values_and_a_table(history: Page, service: HistoryService) -> None:
    open_history(history, service, "range=hour")
    chart = panel(history, "Over time").get_by_role("img")
    expect(chart).to_have_attribute(
        "aria-label", re.compile(r"^Events and visitors per minute: 5 events\. Most at ")
    )
    box = chart.bounding_box()
    assert box is not None
    history.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(history.locator(".history-hover")).to_contain_text(
        re.compile(r"\d\d:\d\d – \d\d:\d\d.*Events.*Visitors")
    )
    history.get_by_role("button", name="Show as table").click()
    rows = panel(history, "Over time").locator("tbody tr")
    shown = rows.evaluate_all(
        "(rows) => rows.map((row) => [...row.cells].slice(1).map((cell) => +cell.innerText))"
    )
    assert len(shown) in (60, 61)
    assert [sum(column) for column in zip(*shown, strict=True)] == [5, 5]


def test_a_part_of_the_chart_becomes_the_range(history: Page, service: HistoryService) -> None:
    open_history(history, service, "range=hour")
    box = panel(history, "Over time").locator(".u-over").bounding_box()
    assert box is not None
    history.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 40)
    history.mouse.down()
    history.mouse.move(box["x"] + box["width"] * 0.95, box["y"] + 60, steps=4)
    history.mouse.up()
    expect(history.get_by_role("radio", name="Own range")).to_be_checked()
    expect_totals(history, "3", "1", "1")


def test_events_page_by_page(page: Page, own_service: HistoryService) -> None:
    own_service.post(
        *(event("pageview", f"s{n}", timedelta(seconds=60 - n), page=f"/{n}") for n in range(45))
    )
    open_history(page, own_service, "range=day")
    rows = panel(page, "Events").locator("tbody tr")
    pages = rows.locator(".is-page")
    expect(pages.first).to_have_text("/44")
    panel(page, "Events").get_by_role("button", name="Older").click()
    expect(pages.first).to_have_text("/24")
    panel(page, "Events").get_by_role("button", name="Older").click()
    expect(rows).to_have_count(5)
    expect(panel(page, "Events").get_by_role("button", name="Older")).to_be_disabled()
    panel(page, "Events").get_by_role("button", name="Newer").click()
    expect(pages.first).to_have_text("/24")
    choose(page, "Hour")
    expect(pages.first).to_have_text("/44")


def test_C_history_of_one_user(history: Page, service: HistoryService) -> None:
    open_history(history, service, "range=hour")
    opener = history.get_by_role("button", name="ada").first
    opener.press("Enter")
    dialog = history.get_by_role("dialog", name="ada")
    expect(dialog).to_contain_text("Events4")
    expect(dialog).to_contain_text("Mobile (4)")
    expect(dialog).to_contain_text("Germany (4)")
    expect(dialog.locator("tbody tr")).to_have_count(4)
    history.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    dialog.get_by_role("button", name="Show this user alone").click()
    expect_totals(history, "3", "1", "1")
    assert "userId=ada" in history.url


def test_C_new_events_appear_by_themselves(page: Page, own_service: HistoryService) -> None:
    page.clock.install()
    open_history(page, own_service, "range=hour")
    expect(figure(page, "Events")).to_have_text("0")
    expect(panel(page, "Over time")).to_contain_text("No events in this time")
    own_service.post(event("pageview", "a", timedelta(seconds=5), page="/new"))
    page.clock.run_for(11_000)
    expect(figure(page, "Events")).to_have_text("1")
    expect(values(page, "Pages")).to_have_text(["/new"])
    expect(panel(page, "Over time")).not_to_contain_text("No events in this time")
