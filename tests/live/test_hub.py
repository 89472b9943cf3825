"""What dashboards are told, in which order and under which numbers."""

import asyncio
from contextlib import suppress

from tests.live.rig import ACME, Rig, of_type, take, take_all
from tracker.core.inputs import FrameKind, UpstreamState
from tracker.live.hub import MAX_ACTIONS, MAX_IDLE_CHANNELS


async def test_the_first_message_is_a_snapshot_of_everything() -> None:
    rig = Rig()
    rig.frame(FrameKind.OPENED)
    rig.resolve(ACME)
    rig.upstream(UpstreamState.CONNECTED)
    rig.event(page="/a", country="DE")
    (snapshot,) = take(rig.join())
    data = snapshot["data"]
    assert snapshot["type"] == "snapshot"
    assert [row["sessionId"] for row in data["visitors"]] == ["a", "u"]
    assert data["total"] == 2
    assert data["stats"] == {"totalActive": 2, "totalToday": 2, "pagesVisited": {"/a": 1}}
    assert data["averages"]["visitorsPerCompany"] == 1
    assert [event["page"] for event in data["recentEvents"]] == ["/a"]
    assert len(data["visitorsByMinute"]) == 10
    assert data["visitorsByMinute"][-1]["visitors"] == 2
    assert data["totalDashboards"] == 1
    assert data["upstream"]["status"] == "connected"
    assert data["hiddenSessions"] == 0


async def test_recent_events_are_newest_first() -> None:
    rig = Rig()
    for page in ("/1", "/2", "/3"):
        rig.event(page=page)
    (snapshot,) = take(rig.join())
    assert [event["page"] for event in snapshot["data"]["recentEvents"]] == ["/3", "/2", "/1"]


async def test_an_event_becomes_a_row_and_an_update() -> None:
    rig = Rig()
    dashboard = rig.join_and_start()
    rig.event(page="/a")
    row, update = rig.flush(dashboard)[:2]
    assert (row["type"], row["data"]["currentPage"]) == ("session_activity", "/a")
    assert (update["type"], update["data"]["event"]["page"]) == ("visitor_update", "/a")
    assert update["data"]["stats"] == {"totalActive": 1, "totalToday": 1, "pagesVisited": {"/a": 1}}


async def test_silence_ends_a_session_with_its_reason() -> None:
    rig = Rig()
    rig.event("a")
    dashboard = rig.join_and_start()
    for _ in range(35):
        rig.pass_time(2)
    assert of_type(rig.flush(dashboard), "session_ended") == [{"sessionId": "a", "reason": "expired"}]


async def test_a_waiting_session_is_not_told_of() -> None:
    rig = Rig()
    dashboard = rig.join_and_start()
    rig.frame(FrameKind.OPENED)
    rig.frame(FrameKind.CLOSED)
    assert rig.flush(dashboard) == []


async def test_sites_do_not_hear_of_each_other() -> None:
    rig = Rig()
    here, there = rig.join_and_start(), rig.join_and_start(site="other")
    rig.event("a")
    assert rig.flush(here, there) != []
    rig.event("b", site="other")
    assert rig.flush(here, there) == []
    (snapshot,) = take(rig.join(site="other"))
    assert [row["sessionId"] for row in snapshot["data"]["visitors"]] == ["b"]


async def test_idle_channels_are_bounded() -> None:
    rig = Rig()
    for number in range(MAX_IDLE_CHANNELS + 50):
        rig.hub.leave(rig.join(site=f"site{number}"))
    assert rig.hub.channels == MAX_IDLE_CHANNELS


async def test_actions_are_counted_and_bounded() -> None:
    rig = Rig()
    dashboard = rig.join_and_start()
    for number in range(MAX_ACTIONS + 10):
        await rig.ask(dashboard, "track_dashboard_action", action=f"a{number}")
    await rig.ask(dashboard, "track_dashboard_action", action="a5")
    assert of_type(take_all(dashboard), "action_tracked")[-1] == {"action": "a5"}
    actions = rig.hub.snapshot().actions
    assert len(actions) == MAX_ACTIONS + 1
    assert (actions["a5"], actions["other"]) == (2, 10)


async def test_the_task_sends_what_is_published_and_the_moving_averages() -> None:
    rig = Rig()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(rig.hub.run())
        dashboard = rig.join_and_start()
        rig.event()
        async with asyncio.timeout(15):
            texts = [*await dashboard.texts()]
            assert "session_activity" in texts[0]
            rig.clock.advance(1.5)
            texts = [*await dashboard.texts()]  # nothing happens but that time passes
            assert ['"averages"' in text for text in texts] == [True]
        task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_the_task_flushes_at_most_every_thirty_milliseconds() -> None:
    rig = Rig()
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(rig.hub.run())
        rig.join_and_start()
        before, began = rig.hub.counters.flushes, loop.time()
        while loop.time() - began < 0.3:
            rig.event()
            await asyncio.sleep(0.001)
        flushes = rig.hub.counters.flushes - before
        elapsed_s = loop.time() - began
        task.cancel()
    assert 1 <= flushes <= elapsed_s / 0.03 + 1


async def test_a_late_loop_is_given_time_to_catch_up() -> None:
    rig = Rig()
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(rig.hub.run())
        dashboard = rig.join_and_start()
        rig.event()
        await dashboard.texts()
        busy_until = loop.time() + 0.35
        while loop.time() < busy_until:
            pass
        rig.event()
        await dashboard.texts()
        assert 0.2 < loop.time() - busy_until < 5
        task.cancel()
