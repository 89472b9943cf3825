"""Section 4 of the contract: what POSTed events do to a session."""

import time
from typing import Any

from tests.contract.rig import Stage, iso, stage, unix

JOURNEY = "/api/analytics/sessions/s"


async def post(play: Stage, kind: str = "pageview", **fields: object) -> dict[str, Any]:
    response = await play.service.post({"type": kind, "sessionId": "s", **fields})
    assert response.status_code == 201, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


async def pages(play: Stage) -> list[str]:
    return [step["page"] for step in (await play.service.get(JOURNEY))["journey"]]


async def test_C4_11_an_event_opens_its_session_and_the_next_ones_refresh_it() -> None:
    async with stage() as play:
        now = time.time()
        await post(play, timestamp=iso(now - 20), page="/", country="de", ip="185.242.1.9")
        await post(play, "click", timestamp=iso(now - 10), metadata={"device": "tablet"})
        await play.dashboard.wait_for(lambda seen: seen.rows.get("s", {}).get("device") == "tablet")
        row = play.dashboard.rows["s"]
        assert (row["source"], row["ip"], row["country"]) == ("events", "185.242.1.9", "DE")
        assert (row["openedAt"], row["lastActivityAt"]) == (iso(now - 20), iso(now - 10))
        assert list(await play.service.visitors()) == ["s"]


async def test_C4_11_a_page_is_appended_to_the_journey_when_it_changes() -> None:
    async with stage() as play:
        for page in ("/", "/", "/a", "/a", "/"):
            await post(play, page=page)
        await post(play, "click")
        assert await pages(play) == ["/", "/a", "/"]
        assert (await play.service.visitors())["s"]["pageCount"] == 3
        await play.dashboard.wait_for(lambda seen: seen.stats.get("pagesVisited") == {"/": 2, "/a": 1})


async def test_C4_11_events_of_one_session_are_ordered_by_time_then_by_arrival() -> None:
    async with stage() as play:
        now = time.time()
        for page, age_s in (("/3", 10), ("/1", 30), ("/2", 20), ("/4", 10)):
            await post(play, page=page, timestamp=iso(now - age_s))
        assert await pages(play) == ["/1", "/2", "/3", "/4"]


async def test_C4_11_session_end_closes_at_once() -> None:
    async with stage(sessions__leave_grace_s=50) as play:
        await post(play, page="/")
        await play.row("s")
        await post(play, "session_end")
        assert await play.gone("s") == "closed"
        assert await play.service.visitors() == {}


async def test_C4_11_leave_closes_after_its_grace() -> None:
    async with stage(sessions__leave_grace_s=0.5) as play:
        await post(play, page="/")
        await play.row("s")
        began_s = time.monotonic()
        await post(play, "leave")
        assert await play.gone("s") == "closed"
        assert 0.45 < time.monotonic() - began_s < 10


async def test_C4_11_another_event_takes_a_leave_back_so_a_page_load_is_no_new_visit() -> None:
    async with stage(sessions__leave_grace_s=20) as play:
        await post(play, page="/")
        opened_at = (await play.row("s"))["openedAt"]
        await post(play, "leave")
        await post(play, page="/next")
        play.pass_time(21)
        await play.settle()
        assert play.ends("s") == []
        assert (await play.service.visitors())["s"]["openedAt"] == opened_at
        assert await pages(play) == ["/", "/next"]


async def test_C4_11_an_event_after_the_close_within_the_idle_timeout_continues_the_visit() -> None:
    async with stage(sessions__idle_timeout_s=30) as play:
        opened = time.time() - 20
        await post(play, page="/", timestamp=iso(opened))
        await post(play, "session_end", timestamp=iso(opened + 5))
        assert await play.service.visitors() == {}
        await post(play, page="/again")
        row = (await play.service.visitors())["s"]
        assert (row["openedAt"], row["journey"]) == (iso(opened), ["/", "/again"])
        assert (await play.service.get("/api/analytics/summary"))["summary"]["totalToday"] == 1


async def test_C4_11_an_event_after_the_close_and_the_idle_timeout_is_a_new_visit() -> None:
    async with stage(sessions__idle_timeout_s=60) as play:
        began = time.time()
        await post(play, page="/", timestamp=iso(began - 20))
        await post(play, "session_end")
        play.pass_time(61)
        await post(play, page="/again")
        row = (await play.service.visitors())["s"]
        assert unix(row["openedAt"]) > began
        assert row["journey"] == ["/again"]


async def test_C4_11_keep_alive_refreshes_and_is_neither_stored_nor_counted() -> None:
    async with stage(sessions__idle_timeout_s=60) as play:
        await post(play, page="/")
        await play.row("s")
        for _ in range(4):
            play.pass_time(20)
            await post(play, "keep_alive")
        await play.settle()
        assert play.ends("s") == []
        await post(play, "leave")
        status = await play.service.get("/api/status")
        assert (status["ingest"]["accepted"], status["store"]["storedEvents"]) == (1, 1)
        events = (await play.service.get(JOURNEY))["events"]
        assert [event["type"] for event in events] == ["pageview"]


async def test_C4_11_keep_alive_neither_opens_a_session_nor_undoes_its_close() -> None:
    async with stage() as play:
        await post(play, "keep_alive")
        assert await play.service.visitors() == {}
        await post(play, page="/")
        await post(play, "session_end")
        await post(play, "keep_alive")
        assert await play.service.visitors() == {}
        assert (await play.drops())["orphan_signal"] == 2


async def test_C4_08_an_expired_session_of_events_comes_back_with_its_journey() -> None:
    async with stage(sessions__idle_timeout_s=60) as play:
        opened = time.time() - 20
        await post(play, page="/", timestamp=iso(opened))
        await play.row("s")
        play.pass_time(61)
        assert await play.gone("s") == "expired"
        await post(play, "keep_alive")
        assert (await play.row("s"))["openedAt"] == iso(opened)
        assert await pages(play) == ["/"]


async def test_C4_clock_of_history_refuses_ten_years_and_takes_the_near_future_as_the_receipt() -> None:
    async with stage() as play:
        now = time.time()
        ten_years_s = 10 * 366 * 86_400
        for far in (now - ten_years_s, now + ten_years_s):
            refused = await play.service.post({"type": "x", "sessionId": "far", "timestamp": iso(far)})
            assert refused.status_code == 422
            assert [fault["field"] for fault in refused.json()["errors"]] == ["timestamp"]
        await post(play, timestamp=iso(now + 120), page="/")
        row = (await play.service.visitors())["s"]
        assert abs(unix(row["openedAt"]) - now) < 30
        (event,) = (await play.service.get(JOURNEY))["events"]
        assert abs(unix(event["timestamp"]) - now) < 30


async def test_C4_averages_as_defined_and_null_when_nobody_is_known() -> None:
    async with stage(sessions__idle_timeout_s=30) as play:
        assert (await play.service.get("/api/visitors"))["averages"] == {
            "visitorsPerCompany": None,
            "sessionDuration": None,
            "sessionDurationToday": None,
        }
        now = time.time()
        await post(play, sessionId="long", timestamp=iso(now - 100))
        await post(play, sessionId="short", timestamp=iso(now - 50))
        await post(play, sessionId="over", timestamp=iso(now - 40))
        await post(play, "session_end", sessionId="over", timestamp=iso(now - 10))
        averages = (await play.service.get("/api/visitors"))["averages"]
        assert averages["visitorsPerCompany"] is None
        assert 75 <= averages["sessionDuration"] < 90
        assert averages["sessionDurationToday"] == 30
