"""Section 6 of the contract: every message of ``/ws``, and what a dashboard may ask."""

import asyncio
import time

from emitters.deanonymizer import Deanonymizer
from emitters.population import World
from tests.contract.rig import (
    ACME,
    CLOUD,
    DATA_CENTER_GUID,
    Listener,
    knows,
    listen,
    numbers_rise_by_one,
    page,
    stage,
    unix,
)
from tests.support.service import run_service, until

SNAPSHOT = {
    "visitors", "total", "stats", "averages", "recentEvents", "recentAlerts", "visitorsByMinute",
    "totalDashboards", "upstream", "hiddenSessions", "serverTime",
}  # fmt: skip
ROW = {
    "sessionId", "source", "ip", "company", "contact", "country", "device", "currentPage", "journey",
    "pageCount", "openedAt", "lastActivityAt", "duration", "status", "enrichment",
}  # fmt: skip


def totals(listener: Listener) -> list[int]:
    return [data["totalDashboards"] for data in listener.of_type("user_connected")]


async def test_the_snapshot_comes_first_and_holds_everything() -> None:
    async with stage() as play:
        await play.say("session-opened", "frames")
        await page(play.service, country="DE", metadata={"plan": "pro"})
        await play.row("s")
        async with listen(play.service.socket_url) as dashboard:
            await dashboard.wait_for("snapshot")
            assert dashboard.messages[0]["type"] == "snapshot"
            snapshot = dashboard.messages[0]["data"]
            assert set(snapshot) == SNAPSHOT
            assert {row["sessionId"] for row in snapshot["visitors"]} == {"frames", "s"}
            assert all(set(row) == ROW for row in snapshot["visitors"])
            assert (snapshot["total"], snapshot["totalDashboards"], snapshot["hiddenSessions"]) == (2, 2, 0)
            assert snapshot["stats"] == {"totalActive": 2, "totalToday": 2, "pagesVisited": {"/a": 1}}
            (event,) = snapshot["recentEvents"]
            assert (event["type"], event["metadata"]) == ("pageview", {"plan": "pro"})
            assert len(snapshot["visitorsByMinute"]) == 10
            assert (
                snapshot["visitorsByMinute"][-1]["visitors"] + snapshot["visitorsByMinute"][-2]["visitors"]
                == 2
            )
            assert snapshot["upstream"]["status"] == "connected"
            assert abs(unix(snapshot["serverTime"]) - time.time()) < 30


async def test_messages_of_a_visit_and_their_numbers() -> None:
    async with stage() as play, listen(play.service.socket_url) as dashboard:
        await dashboard.wait_for("snapshot")
        await page(play.service, path="/a")
        row = await dashboard.wait_for("session_activity")
        assert set(row) == ROW
        assert (row["currentPage"], row["status"], row["company"]) == ("/a", "active", None)
        await until(lambda: [data for data in dashboard.of_type("visitor_update") if data["event"]])
        update = next(data for data in dashboard.of_type("visitor_update") if data["event"])
        assert set(update) == {"event", "stats"}
        assert update["stats"] == {"totalActive": 1, "totalToday": 1, "pagesVisited": {"/a": 1}}
        assert (update["event"]["sessionId"], update["event"]["page"]) == ("s", "/a")
        await page(play.service, path="/b")
        await until(lambda: dashboard.of_type("session_activity")[-1]["journey"] == ["/a", "/b"])
        await play.service.post({"type": "session_end", "sessionId": "s"})
        assert await dashboard.wait_for("session_ended") == {"sessionId": "s", "reason": "closed"}
        averages = await dashboard.wait_for("averages")
        assert set(averages) == {
            "visitorsPerCompany",
            "sessionDuration",
            "sessionDurationToday",
            "hiddenSessions",
        }
        await play.service.http.post("/api/analytics/reset")
        assert set(await dashboard.wait_for("reset")) == {"at"}
        assert numbers_rise_by_one(dashboard)


async def test_a_row_shows_the_last_20_pages() -> None:
    async with stage() as play:
        for number in range(25):
            await page(play.service, path=f"/{number}")
        row = await play.dashboard.wait_for(
            lambda seen: seen.rows.get("s", {}).get("pageCount") == 25 and seen.rows["s"]
        )
        assert row["journey"] == [f"/{number}" for number in range(5, 25)]


async def test_reasons_of_an_end_closed_expired_hidden() -> None:
    async with (
        Deanonymizer(world=World(1, 20)) as vendor,
        stage(vendor, sessions__reveal_after_s=0.1, sessions__idle_timeout_s=60) as play,
    ):
        knows(vendor, CLOUD, "Cloud", DATA_CENTER_GUID)
        vendor.hold()
        await play.say("session-opened", "hidden", CLOUD)
        await play.row("hidden")
        vendor.release()
        assert await play.gone("hidden") == "hidden"
        await play.say("session-opened", "closed", "10.0.0.1")
        await play.say("session-opened", "expired", "10.0.0.2")
        await play.row("expired")
        await play.say("session-closed", "closed", "10.0.0.1")
        assert await play.gone("closed") == "closed"
        play.pass_time(61)
        assert await play.gone("expired") == "expired"


async def test_averages_come_at_most_once_a_second() -> None:
    async with (
        Deanonymizer(world=World(1, 20)) as vendor,
        stage(vendor) as play,
        listen(play.service.socket_url) as dashboard,
    ):
        knows(vendor, ACME, "Acme")
        began_s = time.monotonic()
        for number in range(14):
            await play.say("session-opened", f"s{number}")
            await asyncio.sleep(0.1)
        await until(lambda: dashboard.of_type("averages"))
        passed_s = time.monotonic() - began_s
        assert len(dashboard.of_type("averages")) <= passed_s + 1
        await until(lambda: dashboard.of_type("averages")[-1]["visitorsPerCompany"] == 14)


async def test_dashboards_are_counted() -> None:
    async with run_service() as service, listen(service.socket_url) as first:
        await first.wait_for("snapshot")
        async with listen(service.socket_url) as second:
            await until(
                lambda: [data for data in first.of_type("user_connected") if data["totalDashboards"] == 2]
            )
            connected = first.of_type("user_connected")[-1]
            assert abs(unix(connected["connectedAt"]) - time.time()) < 30
            await second.wait_for("snapshot")
            assert (await service.get("/api/status"))["dashboards"]["dashboards"] == 2
        assert await first.wait_for("user_disconnected") == {"totalDashboards": 1}
        assert numbers_rise_by_one(first)


async def test_alerts_of_a_spike_and_of_milestones() -> None:
    async with stage(alerts__spike_visitors_per_minute=5, alerts__milestones=[3]) as play:
        # A spike is counted by the minute of the clock: more than 5 of 12 fall into one, whatever it shows.
        for number in range(12):
            await play.say("session-opened", f"s{number}")
        await play.dashboard.wait_for(lambda seen: len(seen.rows) == 12)
        await play.dashboard.wait_for(lambda seen: len(seen.of_type("alert")) >= 2)
        alerts = {alert["level"]: alert for alert in play.dashboard.of_type("alert")}
        assert set(alerts) == {"milestone", "warning"}
        assert alerts["milestone"]["details"] == {"kind": "milestone", "totalActive": 3}
        spike = {"kind": "spike", "visitorsPerMinute": 6, "threshold": 5, "usualPerMinute": None}
        assert alerts["warning"]["details"] == spike
        assert all(alert["message"] and alert["at"] for alert in alerts.values())
        assert len(play.dashboard.of_type("alert")) == 2


async def test_resume_sends_what_was_missed_and_a_snapshot_where_that_is_not_known() -> None:
    async with stage() as play:
        async with listen(play.service.socket_url) as before:
            await page(play.service, path="/a")
            await before.wait_for("session_activity")
            seen = before.messages[-1]["seq"]
        await page(play.service, path="/b")
        await play.dashboard.wait_for(lambda d: d.rows["s"]["currentPage"] == "/b")
        async with listen(play.service.socket_url, f"?resume={seen}") as after:
            await until(lambda: after.messages)
            assert after.messages[0]["seq"] == seen + 1
            await until(lambda: any(row["currentPage"] == "/b" for row in after.of_type("session_activity")))
            assert after.of_type("snapshot") == []
            assert numbers_rise_by_one(after)
            count = len(after.messages)
            await after.ask(type="resume", seq=seen)
            await until(lambda: [m for m in after.messages[count:] if m["seq"] == seen + 1])
            await after.ask(type="resume", seq=seen - 1_000_000)
            await after.wait_for("snapshot")


async def test_batch_and_naming() -> None:
    async with (
        run_service() as service,
        listen(service.socket_url, "?batch=1") as batch,
        listen(service.socket_url, "?naming=snake") as snake,
    ):
        await batch.wait_for("snapshot")
        await snake.wait_for("snapshot")
        await service.post([{"type": "pageview", "sessionId": f"s{n}", "page": "/a"} for n in range(30)])
        await batch.wait_for("session_activity", 30)
        await snake.wait_for("session_activity", 30)
        assert all(text.startswith("[") for text in batch.frames)
        assert all(text.startswith("{") for text in snake.frames)
        assert len(batch.frames) < 15 < len(snake.frames)
        assert {"session_id", "current_page", "last_activity_at"} <= set(snake.of_type("session_activity")[0])
        assert {"total_dashboards", "recent_events"} <= set(snake.of_type("snapshot")[0])
