"""The dashboard in a browser, against a scripted service."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.fake_service import FakeService, empty_snapshot, event, iso, snapshot, visitor

GUID = "ddace2a5-ec53-428f-985d-952fa09e7f27"


def open_dashboard(page: Page, service: FakeService) -> None:
    page.goto(service.url)
    service.wait_for_dashboards(1)


def rows(page: Page) -> Locator:
    return page.locator("tbody tr")


def named(session_id: str, name: str, opened_ago_s: float = 60.0) -> dict[str, object]:
    contact: dict[str, object] = {"name": name, "title": None, "emailAddresses": [], "phoneNumbers": []}
    return visitor(session_id, contact=contact, openedAt=iso(opened_ago_s))


def test_B_table_shows_every_column_and_no_guid(dashboard: Page, service: FakeService) -> None:
    service.snapshot = snapshot([visitor(GUID)])
    open_dashboard(dashboard, service)
    row = rows(dashboard)
    for text in (
        "185.242.214.177",
        "Anna Berger",
        "Head of Procurement",
        "anna.berger@nordwind.example",
        "+49 30 5550 0142",
        "Nordwind Logistik",
        "nordwind.example",
        "/pricing",
        "Germany",
        "Active",
    ):
        expect(row).to_contain_text(text)
    expect(row.locator(".cell-opened")).to_have_text(re.compile(r"^3 min 0[4-9] s$"))
    expect(row.locator(".cell-activity")).to_have_text(re.compile(r"^1[2-7] s ago$"))
    assert GUID not in dashboard.content()
    assert dashboard.title().startswith("Visitors")


def test_B_times_run_on_without_messages(dashboard: Page, service: FakeService) -> None:
    service.snapshot = snapshot([visitor("a", openedAt=iso(20), lastActivityAt=iso(5))])
    open_dashboard(dashboard, service)
    expect(rows(dashboard).locator(".cell-opened")).to_have_text("22 s")
    expect(rows(dashboard).locator(".cell-activity")).to_have_text("8 s ago")


def test_B_rows_appear_change_and_leave(dashboard: Page, service: FakeService) -> None:
    open_dashboard(dashboard, service)
    expect(dashboard.get_by_text("No visitors right now")).to_be_visible()
    service.send(("session_activity", named("a", "Ada", 60)))
    expect(rows(dashboard)).to_have_count(1)
    expect(dashboard.get_by_text("No visitors right now")).to_be_hidden()
    service.send(("session_activity", named("b", "Bob", 10) | {"status": "idle", "currentPage": "/a"}))
    expect(rows(dashboard)).to_have_count(2)
    expect(rows(dashboard).first).to_contain_text("Bob")
    expect(rows(dashboard).first).to_contain_text("Idle")
    service.send(("session_activity", named("b", "Bob", 10) | {"currentPage": "/b"}))
    expect(rows(dashboard).first.locator(".cell-page")).to_have_text("/b")
    expect(rows(dashboard).first.locator(".status")).to_have_text("Active")
    service.send(("session_ended", {"sessionId": "b", "reason": "closed"}))
    expect(rows(dashboard)).to_have_count(1)
    expect(rows(dashboard)).to_contain_text("Ada")


def test_F2b_missing_parts_are_dashes_not_null(dashboard: Page, service: FakeService) -> None:
    contact: dict[str, object] = {"name": "Ada", "title": None, "emailAddresses": [], "phoneNumbers": []}
    service.snapshot = snapshot(
        [
            visitor("a", company=None, contact=contact, country=None, currentPage=None),
            visitor("b", contact=None, company={"guid": "g", "name": "Acme", "domain": None}),
            visitor("c", company=None, contact=None, enrichment="unknown"),
            visitor("d", company=None, contact=None, enrichment="pending"),
            visitor("e", company=None, contact=None, enrichment="failed"),
            visitor("f", company=None, contact=None, enrichment="skipped", ip="not an address"),
        ]
    )
    open_dashboard(dashboard, service)
    for text in ("Ada", "Acme", "Unknown visitor", "Looking up…", "Lookup failed", "Not looked up"):
        expect(dashboard.locator("tbody")).to_contain_text(text)
    assert re.findall(r"null|undefined|NaN|\[object", dashboard.inner_text("body")) == []


def test_B_counters_live(dashboard: Page, service: FakeService) -> None:
    service.snapshot = snapshot(
        [visitor("a")],
        stats={"totalActive": 1, "totalToday": 1234, "pagesVisited": {}},
        averages={"visitorsPerCompany": 1.5, "sessionDuration": 184.0, "sessionDurationToday": None},
        hiddenSessions=3,
        totalDashboards=3,
    )
    open_dashboard(dashboard, service)
    expect(dashboard.locator("#active")).to_have_text("1")
    expect(dashboard.locator("#today")).to_have_text("1,234")
    expect(dashboard.locator("#per-company")).to_have_text("1.5")
    expect(dashboard.locator("#average-duration")).to_have_text("3 min 06 s")
    expect(dashboard.locator("#hidden-sessions")).to_have_text("3 data-centre sessions hidden")
    expect(dashboard.locator("#dashboards")).to_have_text("2 other dashboards open")
    stats = {"totalActive": 2, "totalToday": 1235, "pagesVisited": {}}
    averages = {"visitorsPerCompany": None, "sessionDuration": 10.0, "sessionDurationToday": None}
    service.send(
        ("visitor_update", {"event": None, "stats": stats}),
        ("averages", averages),
        ("user_disconnected", {"totalDashboards": 1}),
    )
    expect(dashboard.locator("#active")).to_have_text("2")
    expect(dashboard.locator("#today")).to_have_text("1,235")
    expect(dashboard.locator("#per-company")).to_have_text("–")
    expect(dashboard.locator("#average-duration")).to_have_text(re.compile(r"^1[0-3] s$"))
    expect(dashboard.locator("#dashboards")).to_have_text("No other dashboard open")


def test_A_feed_is_newest_first_and_bounded_and_alerts_are_announced(
    dashboard: Page, service: FakeService
) -> None:
    service.snapshot = snapshot([visitor("a")], recentEvents=[event("e0", page="/first")])
    open_dashboard(dashboard, service)
    feed = dashboard.locator("#feed > li")
    expect(feed).to_have_count(1)
    expect(feed.first).to_contain_text("Nordwind Logistik")
    expect(feed.first).to_contain_text("viewed /first")
    stats = {"totalActive": 1, "totalToday": 1, "pagesVisited": {}}
    service.send(
        *(("visitor_update", {"event": event(f"e{n}", page=f"/{n}"), "stats": stats}) for n in range(1, 60)),
        ("alert", {"level": "warning", "message": "Traffic spike", "details": {}, "at": iso()}),
    )
    expect(feed).to_have_count(50)
    expect(feed.first).to_contain_text("/59")
    expect(dashboard.locator("ul[aria-live=polite] > li")).to_contain_text("Traffic spike")


def test_F2a_feed_down_is_shown_and_heals(dashboard: Page, service: FakeService) -> None:
    open_dashboard(dashboard, service)
    expect(dashboard.locator("#strip")).to_contain_text("Session feed connected")
    service.send(("upstream_status", {"status": "down", "since": "2026-11-22T13:03:00.000Z"}))
    expect(dashboard.locator("#strip")).to_contain_text("Session feed down since 14:03")
    service.send(("upstream_status", {"status": "connected", "since": iso()}))
    expect(dashboard.locator("#strip")).not_to_contain_text("down")


def test_A_service_stopped_and_started_again(dashboard: Page, service: FakeService) -> None:
    service.snapshot = snapshot([named("a", "Ada"), named("b", "Bob")])
    open_dashboard(dashboard, service)
    expect(rows(dashboard)).to_have_count(2)
    expect(dashboard.locator("#connection")).to_contain_text("Connected since")
    service.stop()
    expect(dashboard.locator("#connection")).to_contain_text("Reconnecting")
    expect(dashboard.locator("#strip")).to_contain_text("as of")
    expect(rows(dashboard)).to_have_count(2)
    expect(dashboard.locator("body")).to_have_attribute("data-state", "old")
    # Another run of the service: other sequence numbers, other visitors.
    service.seq = 3
    service.snapshot = snapshot([named("b", "Bob"), named("c", "Cleo", 5)])
    service.start()
    expect(dashboard.locator("#connection")).to_contain_text("Connected")
    expect(rows(dashboard)).to_have_count(2)
    expect(rows(dashboard).first).to_contain_text("Cleo")
    expect(dashboard.locator("tbody")).not_to_contain_text("Ada")
    service.send(("session_activity", named("d", "Dan", 1)))
    expect(rows(dashboard).first).to_contain_text("Dan")
    expect(dashboard.locator("body")).to_have_attribute("data-state", "live")


def test_A_disconnected_after_ten_seconds_then_try_now(dashboard: Page, service: FakeService) -> None:
    service.snapshot = snapshot([visitor("a")])
    dashboard.clock.install()
    open_dashboard(dashboard, service)
    dashboard.clock.run_for(1_000)
    expect(dashboard.locator("#connection")).to_contain_text("Connected")
    service.stop()
    dashboard.clock.run_for(5_000)
    expect(dashboard.locator("#connection")).to_contain_text("Reconnecting")
    dashboard.clock.run_for(15_000)
    expect(dashboard.locator("#connection")).to_contain_text("Disconnected since")
    expect(rows(dashboard)).to_have_count(1)
    service.start()
    dashboard.get_by_role("button", name="Try now").click()
    service.wait_for_dashboards(1)
    dashboard.clock.resume()
    expect(dashboard.locator("#connection")).to_contain_text("Connected")


def test_F2e_silence_is_shown_and_ends_the_connection(dashboard: Page, service: FakeService) -> None:
    service.answers_pings = False
    dashboard.clock.install()
    open_dashboard(dashboard, service)
    dashboard.clock.run_for(4_500)
    assert service.wait_for("ping") == {"type": "ping"}
    dashboard.clock.run_for(2_000)
    expect(dashboard.locator("#strip")).to_contain_text("The service is silent")
    before = service.handshakes
    dashboard.clock.run_for(7_000)
    dashboard.clock.resume()
    expect(dashboard.locator("#connection")).to_contain_text("Connected")
    assert service.handshakes > before


def test_F2e_a_gap_is_asked_for_and_the_table_is_right_again(dashboard: Page, service: FakeService) -> None:
    service.snapshot = snapshot([named("a", "Ada")])
    open_dashboard(dashboard, service)
    expect(rows(dashboard)).to_have_count(1)
    service.snapshot = snapshot([named("b", "Bob"), named("c", "Cleo")])
    before = service.seq
    service.send(("session_activity", named("c", "Cleo")), skip=4)
    assert service.wait_for("resume") == {"type": "resume", "seq": before}
    expect(rows(dashboard)).to_have_count(2)
    expect(dashboard.locator("tbody")).not_to_contain_text("Ada")
    assert service.handshakes == 1


def test_order_is_frozen_under_the_pointer(dashboard: Page, service: FakeService) -> None:
    service.snapshot = snapshot([named("a", "Ada"), named("b", "Bob", 30)])
    open_dashboard(dashboard, service)
    expect(rows(dashboard)).to_have_count(2)
    rows(dashboard).nth(1).hover()
    service.send(("session_activity", named("c", "Cleo", 1)))
    newcomers = dashboard.get_by_role("button", name="Show 1 new")
    expect(newcomers).to_be_visible()
    expect(rows(dashboard)).to_have_count(2)
    service.send(("session_ended", {"sessionId": "b", "reason": "closed"}))
    expect(rows(dashboard)).to_have_count(1)
    newcomers.click()
    expect(rows(dashboard)).to_have_count(2)
    expect(rows(dashboard).first).to_contain_text("Cleo")
    expect(newcomers).to_be_hidden()


def test_rows_are_reused(dashboard: Page, service: FakeService) -> None:
    service.snapshot = snapshot([named("a", "Ada"), named("b", "Bob", 30)])
    open_dashboard(dashboard, service)
    expect(rows(dashboard)).to_have_count(2)
    kept = rows(dashboard).nth(1).element_handle()
    service.send(("session_activity", named("c", "Cleo", 1)), ("session_activity", named("a", "Adam")))
    expect(rows(dashboard)).to_have_count(3)
    expect(rows(dashboard).nth(2)).to_contain_text("Adam")
    assert "Adam" in kept.inner_text()


def test_five_thousand_visitors_are_not_five_thousand_rows(dashboard: Page, service: FakeService) -> None:
    visitors = [named(f"s{n}", f"Visitor {n}", n + 1) for n in range(5_000)]
    stats = {"totalActive": 6_000, "totalToday": 6_000, "pagesVisited": {}}
    service.snapshot = snapshot(visitors, total=6_000, stats=stats)
    open_dashboard(dashboard, service)
    expect(rows(dashboard)).to_have_count(200)
    expect(dashboard.locator("#more")).to_have_text("and 5,800 more")


def test_loading_is_not_empty(dashboard: Page, service: FakeService) -> None:
    service.snapshot = None
    open_dashboard(dashboard, service)
    expect(dashboard.locator("#loading")).to_be_visible()
    expect(dashboard.locator("#empty")).to_be_hidden()
    expect(dashboard.locator("#active")).to_have_text("–")


@pytest.mark.parametrize("width", [360, 768, 1024, 1280, 2560])
def test_nothing_sticks_out(dashboard: Page, service: FakeService, width: int) -> None:
    name = "Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenauszahlungsstelle" * 3
    long = visitor(
        "a",
        ip="373c:e94d:2ba:cc86:6113:68f8:282d:efff",
        company={"guid": "g", "name": name, "domain": f"{'x' * 60}.example"},
        contact={
            "name": name,
            "title": name,
            "emailAddresses": [f"{'y' * 64}@z.example"],
            "phoneNumbers": [],
        },
        currentPage="/" + "p" * 500,
    )
    service.snapshot = snapshot(
        [long],
        recentEvents=[event("e", type="t" * 200, page="/" + "p" * 500)],
        averages={
            "visitorsPerCompany": 1234.5,
            "sessionDuration": 3_599.0 - 600,
            "sessionDurationToday": None,
        },
    )
    dashboard.set_viewport_size({"width": width, "height": 800})
    open_dashboard(dashboard, service)
    expect(rows(dashboard)).to_have_count(1)
    assert dashboard.evaluate("document.documentElement.scrollWidth") <= width
    assert dashboard.evaluate("document.getElementById('scroller').scrollWidth") <= width
    cut = (
        "[...document.querySelectorAll('.counter')].filter((box) => box.scrollWidth > box.clientWidth).length"
    )
    assert dashboard.evaluate(cut) == 0


def test_nothing_jumps(dashboard: Page, service: FakeService) -> None:
    dashboard.add_init_script(
        "window.shift = 0; new PerformanceObserver((list) => {"
        " for (const entry of list.getEntries()) window.shift += entry.value;"
        "}).observe({ type: 'layout-shift', buffered: true });"
    )
    service.snapshot = empty_snapshot()
    open_dashboard(dashboard, service)
    expect(dashboard.locator("#empty")).to_be_visible()
    down = {"status": "down", "since": iso()}
    alert = {"level": "info", "message": "A note", "details": {}, "at": iso()}
    service.send(("upstream_status", down), ("alert", alert), ("session_activity", visitor("a")))
    expect(rows(dashboard)).to_have_count(1)
    service.stop()
    expect(dashboard.locator("#connection")).to_contain_text("Reconnecting")
    # Counters grow by digits inside their boxes: that may count a little, a moved panel does not.
    assert dashboard.evaluate("window.shift") < 0.01
