"""The dashboard in a browser, against a scripted service."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Complaints
from tests.browser.fake_service import FakeService, empty_snapshot, event, iso, snapshot, visitor
from tests.browser.page_clock import stop_clock

GUID = "ddace2a5-ec53-428f-985d-952fa09e7f27"


def open_dashboard(page: Page, service: FakeService) -> None:
    page.goto(service.url)
    service.wait_for_dashboards(1)


def rows(page: Page) -> Locator:
    return page.locator("tbody tr.visitor")


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
    expect(row.locator(".cell-opened")).to_have_text(re.compile(r"^3 min (0[4-9]|[1-5]\d) s$"))
    expect(row.locator(".ago")).to_have_text(re.compile(r"^(1[2-9]|[2-5]\d) s ago$"))
    assert GUID not in dashboard.content()
    assert dashboard.title().startswith("Visitors")


def test_B_times_run_on_without_messages(dashboard: Page, service: FakeService) -> None:
    service.snapshot = snapshot([visitor("a", openedAt=iso(20), lastActivityAt=iso(5))])
    open_dashboard(dashboard, service)
    expect(rows(dashboard).locator(".cell-opened")).to_have_text(re.compile(r"^(2[2-9]|[3-5]\d) s$"))
    expect(rows(dashboard).locator(".ago")).to_have_text(re.compile(r"^([89]|[1-5]\d) s ago$"))


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


def test_F2b_06_missing_parts_are_dashes_not_null(dashboard: Page, service: FakeService) -> None:
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
    runs_on = re.compile(r"^3 min (0[6-9]|[1-5]\d) s$")
    expect(dashboard.locator("#average-duration")).to_have_text(runs_on)
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
    expect(dashboard.locator("#average-duration")).to_have_text(re.compile(r"^[1-5]\d s$"))
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
    expect(dashboard.locator("#alerts > li")).to_contain_text("Traffic spike")
    expect(dashboard.locator(".toasts[role=status] > .toast")).to_contain_text("Traffic spike")


def test_F2a_01_feed_down_is_shown_and_heals(dashboard: Page, service: FakeService) -> None:
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
    expect(dashboard.locator(".live")).to_have_attribute("data-state", "old")
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
    expect(dashboard.locator(".live")).to_have_attribute("data-state", "live")


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
    stop_clock(dashboard)
    service.start()
    dashboard.get_by_role("button", name="Try now").click()
    service.wait_for_dashboards(1)
    dashboard.clock.resume()
    expect(dashboard.locator("#connection")).to_contain_text("Connected")


def test_F2e_05_silence_is_shown_and_ends_the_connection(dashboard: Page, service: FakeService) -> None:
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


def test_F2e_05_a_gap_is_asked_for_and_the_table_is_right_again(
    dashboard: Page, service: FakeService
) -> None:
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
    service.send(("session_activity", named("c", "Cleo", 1)))
    expect(rows(dashboard)).to_have_count(3)
    expect(rows(dashboard).nth(2)).to_contain_text("Ada")
    assert "Bob" in kept.inner_text()


def test_five_thousand_visitors_are_not_five_thousand_rows(dashboard: Page, service: FakeService) -> None:
    visitors = [named(f"s{n}", f"Visitor {n}", n + 1) for n in range(5_000)]
    stats = {"totalActive": 6_000, "totalToday": 6_000, "pagesVisited": {}}
    service.snapshot = snapshot(visitors, total=6_000, stats=stats)
    open_dashboard(dashboard, service)
    expect(rows(dashboard).first).to_contain_text("Visitor 0")
    assert rows(dashboard).count() < 50
    expect(dashboard.locator("#shown")).to_have_text("the 5,000 most recent of 6,000 visitors")
    expect(dashboard.get_by_role("grid")).to_have_attribute("aria-rowcount", "5001")
    dashboard.locator("#scroller").evaluate("element => element.scrollTo(0, element.scrollHeight)")
    last = rows(dashboard).filter(has_text="Visitor 4999")
    expect(last).to_have_attribute("aria-rowindex", "5001")
    assert rows(dashboard).count() < 50


def test_columns_sort_both_ways(dashboard: Page, service: FakeService) -> None:
    service.snapshot = snapshot([named("a", "Bob", 10), named("b", "ada", 20), named("c", "Cleo", 30)])
    open_dashboard(dashboard, service)
    names = rows(dashboard).locator(".cell-person")
    expect(names).to_have_text(["Bob", "ada", "Cleo"])
    head = dashboard.get_by_role("columnheader", name="Visitor")
    head.get_by_role("button").click()
    expect(names).to_have_text(["ada", "Bob", "Cleo"])
    expect(head).to_have_attribute("aria-sort", "ascending")
    head.get_by_role("button").click()
    expect(names).to_have_text(["Cleo", "Bob", "ada"])
    expect(dashboard.locator("[aria-sort]")).to_have_count(1)


def test_one_box_searches_everything_and_says_when_nobody_matches(
    dashboard: Page, service: FakeService
) -> None:
    service.snapshot = snapshot([named("a", "Ada"), named("b", "Bob") | {"country": "FR", "ip": "81.2.3.4"}])
    open_dashboard(dashboard, service)
    box = dashboard.get_by_role("searchbox")
    for query, name in (("ada", "Ada"), ("france", "Bob"), ("81.2 bob", "Bob")):
        box.fill(query)
        expect(rows(dashboard)).to_have_count(1)
        expect(rows(dashboard)).to_contain_text(name)
    box.fill("nobody")
    expect(dashboard.locator("#nobody")).to_contain_text("Nobody matches")
    dashboard.get_by_role("button", name="Show everyone").click()
    expect(rows(dashboard)).to_have_count(2)
    expect(box).to_have_value("")


def test_groups_by_company_open_and_are_remembered(dashboard: Page, service: FakeService) -> None:
    acme = {"guid": "g", "name": "Acme", "domain": "acme.example"}
    people = [named(str(n), f"Person {n}") | {"company": acme} for n in range(3)]
    service.snapshot = snapshot([*people, visitor("x", company=None, contact=None)])
    open_dashboard(dashboard, service)
    dashboard.get_by_role("button", name="Group by company").click()
    expect(rows(dashboard)).to_have_count(0)
    head = dashboard.get_by_role("button", name="3 people from Acme")
    expect(head).to_have_attribute("aria-expanded", "false")
    expect(dashboard.locator("tbody tr").last).to_contain_text("1 visitor of no known company")
    head.click()
    expect(rows(dashboard)).to_have_count(3)
    dashboard.reload()
    expect(head).to_be_visible()
    dashboard.get_by_role("button", name="Group by company").click()
    expect(rows(dashboard)).to_have_count(4)


def test_the_grid_is_walked_with_keys_and_the_focus_stays_with_the_visitor(
    dashboard: Page, service: FakeService
) -> None:
    service.snapshot = snapshot([named(f"s{n}", f"Visitor {n}", n + 10) for n in range(200)])
    open_dashboard(dashboard, service)
    expect(rows(dashboard).first).to_contain_text("Visitor 0")
    assert dashboard.locator("table [tabindex='0']").count() == 1
    focused = dashboard.locator(":focus")
    dashboard.get_by_role("button", name="Export CSV").focus()
    for key in ("Tab", "ArrowDown", "ArrowDown", "ArrowRight"):
        dashboard.keyboard.press(key)
    row = dashboard.locator("tr:has(:focus)")
    expect(row).to_contain_text("Visitor 2")
    expect(focused).to_have_attribute("title", re.compile("only this company"))
    service.send(
        ("session_ended", {"sessionId": "s0", "reason": "closed"}),
        ("session_activity", named("new", "Newcomer", 1)),
    )
    expect(dashboard.locator("#newcomers")).to_have_text("Show 1 new")
    expect(row).to_contain_text("Visitor 2")
    expect(row).to_have_attribute("aria-rowindex", "3")
    dashboard.keyboard.press("Control+End")
    expect(row).to_contain_text("Visitor 199")
    for key in ("Home", "Enter"):
        dashboard.keyboard.press(key)
    expect(dashboard.get_by_role("dialog", name="Visitor 199")).to_be_visible()
    dashboard.keyboard.press("Escape")
    expect(row).to_contain_text("Visitor 199")
    assert dashboard.locator("table [tabindex='0']").count() == 1


def test_the_feed_rests_and_says_what_it_missed(dashboard: Page, service: FakeService) -> None:
    service.snapshot = snapshot([visitor("a")], recentEvents=[event("e0", page="/first")])
    open_dashboard(dashboard, service)
    expect(dashboard.locator("#feed > li")).to_have_count(1)
    dashboard.get_by_role("button", name="Pause").click()
    stats = {"totalActive": 1, "totalToday": 1, "pagesVisited": {}}
    service.send(*(("visitor_update", {"event": event(f"e{n}"), "stats": stats}) for n in range(1, 13)))
    resume = dashboard.get_by_role("button", name="Resume (12 new)")
    expect(resume).to_be_visible()
    expect(dashboard.locator("#feed > li")).to_have_count(1)
    resume.click()
    expect(dashboard.locator("#feed > li")).to_have_count(13)


def test_sound_and_notifications_are_off_until_somebody_wants_them(
    dashboard: Page, service: FakeService
) -> None:
    open_dashboard(dashboard, service)
    for name in ("Sound", "Notifications"):
        expect(dashboard.get_by_role("switch", name=name)).to_have_attribute("aria-checked", "false")
    dashboard.context.grant_permissions(["notifications"], origin=service.url)
    for name in ("Sound", "Notifications"):
        dashboard.get_by_role("switch", name=name).click()
        expect(dashboard.get_by_role("switch", name=name)).to_have_attribute("aria-checked", "true")
    dashboard.reload()
    for name in ("Sound", "Notifications"):
        expect(dashboard.get_by_role("switch", name=name)).to_have_attribute("aria-checked", "true")


def test_a_short_loss_is_made_up_for_without_a_new_snapshot(dashboard: Page, service: FakeService) -> None:
    service.snapshot = snapshot([named("a", "Ada"), named("b", "Bob")])
    open_dashboard(dashboard, service)
    expect(rows(dashboard)).to_have_count(2)
    service.stop()
    expect(dashboard.locator("#connection")).to_contain_text("Reconnecting")
    service.missed = [("session_ended", {"sessionId": "a", "reason": "closed"})]
    service.start()
    expect(rows(dashboard)).to_have_count(1)
    expect(dashboard.locator("#connection")).to_contain_text("Connected")
    assert service.snapshots_sent == 1


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
    dashboard.set_viewport_size({"width": width, "height": 900})
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


def test_S4_01_a_service_that_wants_a_login_gets_one(
    dashboard: Page, service: FakeService, complaints: Complaints
) -> None:
    service.wants_login = True
    dashboard.goto(service.url)
    expect(dashboard.locator("#login")).to_contain_text("Please log in")
    expect(dashboard.locator("table")).to_have_count(0)
    complaints.found.clear()
