"""Section 4 of the contract, row by row, for frames of the session emitter."""

import time

from tests.contract.rig import ACME, GLOBEX, iso, stage, status_is, unix


async def test_C4_01_session_opened_for_an_unknown_id_opens_a_session() -> None:
    async with stage() as play:
        opened = time.time() - 30
        await play.say("session-opened", at=opened)
        row = await play.row()
        assert row["openedAt"] == row["lastActivityAt"] == iso(opened)
        assert (row["source"], row["ip"], row["status"]) == ("upstream", ACME, "active")
        assert 29 < row["duration"] < 45
        assert list(await play.service.visitors()) == ["a"]


async def test_C4_02_session_opened_for_a_live_id_is_a_refresh() -> None:
    async with stage() as play:
        opened = time.time() - 30
        for at in (opened, opened + 10, opened - 5, opened - 2):
            await play.say("session-opened", at=at)
        await play.settle()
        row = play.dashboard.rows["a"]
        assert row["openedAt"] == iso(opened - 5), "it may only move earlier"
        assert row["lastActivityAt"] == iso(opened + 10)
        assert list(await play.service.visitors()) == ["a"]
        assert play.dashboard.stats["totalToday"] == 2, "a and the one that settles"


async def test_C4_03_keep_alive_for_an_unknown_id_opens_it_and_session_opened_completes_it() -> None:
    async with stage() as play:
        now = time.time()
        await play.say("keep-alive", at=now)
        assert (await play.row())["openedAt"] == iso(now)
        await play.say("session-opened", at=now - 20)
        await play.dashboard.wait_for(lambda seen: seen.rows["a"]["openedAt"] == iso(now - 20))
        assert play.dashboard.stats["totalToday"] == 1


async def test_C4_04_keep_alive_for_a_live_id_moves_the_last_activity_on() -> None:
    async with stage() as play:
        now = time.time()
        await play.say("session-opened", at=now - 20)
        await play.say("keep-alive", at=now - 10)
        await play.say("keep-alive", at=now - 15)
        await play.settle()
        row = play.dashboard.rows["a"]
        assert (row["openedAt"], row["lastActivityAt"]) == (iso(now - 20), iso(now - 10))


async def test_C4_05_session_closed_takes_the_row_away_at_once() -> None:
    async with stage(sessions__leave_grace_s=50) as play:
        await play.say("session-opened")
        await play.row()
        await play.say("session-closed")
        assert await play.gone() == "closed"
        assert await play.service.visitors() == {}
        detail = await play.service.get("/api/analytics/sessions/a")
        assert detail["endedAt"] is not None


async def test_C4_06_session_closed_for_an_unknown_or_closed_id_is_counted_and_nothing_else() -> None:
    async with stage() as play:
        await play.say("session-closed", "never-there")
        await play.say("session-opened")
        await play.say("session-closed")
        await play.say("session-closed")
        await play.settle()
        assert (await play.drops())["orphan_close"] == 2
        assert play.ends() == ["closed"]
        assert play.ends("never-there") == []
        assert play.dashboard.stats["totalActive"] == 0


async def test_C4_07_a_closed_session_does_not_come_back_with_late_frames() -> None:
    async with stage(sessions__idle_timeout_s=60) as play:
        now = time.time()
        await play.say("session-opened", at=now)
        await play.say("session-closed", at=now + 1)
        await play.say("keep-alive", at=now + 2)
        await play.say("session-opened", at=now + 0.5)
        await play.settle()
        assert (await play.drops())["late"] == 2
        assert "a" not in play.dashboard.rows
        play.pass_time(121)  # twice the idle timeout is over
        await play.say("keep-alive", at=now + 2)
        assert (await play.row())["openedAt"] == iso(now + 2)
        assert (await play.drops())["late"] == 2


async def test_C4_07_session_opened_after_the_close_is_a_new_visit() -> None:
    async with stage() as play:
        now = time.time()
        await play.say("session-opened", at=now - 30)
        await play.say("session-closed", at=now - 20)
        await play.say("session-opened", at=now - 19)
        await play.settle()
        assert play.dashboard.rows["a"]["openedAt"] == iso(now - 19)
        assert await play.drops() == {}
        assert play.dashboard.stats["totalToday"] == 2, "the same id is one session of the day"


async def test_C4_08_silence_ends_a_session_and_its_next_frame_brings_it_back() -> None:
    async with stage(sessions__idle_timeout_s=60) as play:
        opened = time.time() - 30
        await play.say("session-opened", at=opened)
        assert (await play.row())["status"] == "active"
        play.pass_time(31)
        await play.dashboard.wait_for(lambda seen: seen.rows["a"]["status"] == "idle")
        await play.settle()
        assert play.ends() == [], "idle after half the timeout"
        play.pass_time(28)
        await play.settle()
        assert play.ends() == []
        play.pass_time(2)
        assert "a" not in await play.service.visitors(), "within a second after the timeout"
        assert await play.gone() == "expired"
        await play.say("keep-alive", at=time.time())
        assert (await play.row())["openedAt"] == iso(opened)
        assert play.dashboard.stats["totalToday"] == 3, "a and the two that settle"


async def test_C4_08_a_session_that_speaks_stays() -> None:
    async with stage(sessions__idle_timeout_s=60) as play:
        await play.say("session-opened")
        await play.row()
        for _ in range(4):
            play.pass_time(20)
            await play.say("keep-alive")
            await play.settle()
        assert play.ends() == []
        assert "a" in play.dashboard.rows


async def test_C4_12_frames_make_sessions_and_are_in_no_count_of_events() -> None:
    async with stage() as play:
        for kind in ("session-opened", "keep-alive", "session-closed"):
            await play.say(kind)
        await play.settle()
        assert play.dashboard.stats == {"totalActive": 0, "totalToday": 2, "pagesVisited": {}}
        assert [data["event"] for data in play.dashboard.of_type("visitor_update") if data["event"]] == []
        status = await play.service.get("/api/status")
        assert (status["ingest"]["accepted"], status["store"]["storedEvents"]) == (0, 0)
        assert (await play.service.get("/api/analytics/sessions/a"))["events"] == []


BROKEN = (
    ("{", "malformed_json"),
    ("[]", "not_an_object"),
    ('"text"', "malformed_json"),
    ('{"eventType":"keep-alive","ip":"1.1.1.1"}', "missing_guid"),
    ('{"eventType":"keep-alive","ip":"1.1.1.1","guid":5}', "wrong_type"),
    ('{"eventType":"session-teleported","guid":"b"}', "unknown_event_type"),
    ('{"guid":"b"}', "missing_event_type"),
    (b'{"eventType":"keep-alive","guid":"b"}', "binary_frame"),
    ("no json " + "x" * 5000, "malformed_json"),
)


async def test_C4_13_what_is_no_frame_is_counted_and_kept_and_disturbs_nobody() -> None:
    async with stage() as play:
        await play.say("session-opened")
        for payload, _ in BROKEN:
            await play.emitter.send(payload)
        await play.settle()
        expected: dict[str, int] = {}
        for _, reason in BROKEN:
            expected[reason] = expected.get(reason, 0) + 1
        assert (await play.service.get("/api/status"))["ingest"]["rejected"] == {"upstream": expected}
        kept = list(play.service.service.rejects.recent)
        assert [reject.reason for reject in kept] == [reason for _, reason in BROKEN]
        assert [len(reject.excerpt) for reject in kept][-1] == 2048
        assert "a" in play.dashboard.rows
        assert "b" not in play.dashboard.rows
        assert len(play.emitter.connection_attempts) == 1, "the connection is untouched"


async def test_C4_14_a_frame_over_1_MiB_costs_the_connection_and_no_session() -> None:
    async with stage() as play:
        await play.say("session-opened")
        await play.row()
        began_s = time.monotonic()
        await play.emitter.send("x" * (1024 * 1024 + 1))
        await play.emitter.wait_for_attempts(2)
        assert time.monotonic() - began_s < 8, "the first delay is half a second at most"
        await status_is(play.service, "upstream", "state", value="connected")
        status = await play.service.get("/api/status")
        assert status["upstream"]["disconnects"] == {"1009": 1}
        assert status["ingest"]["rejected"] == {"upstream": {"frame_too_big": 1}}
        await play.settle()
        assert play.ends() == []


async def test_C4_15_a_session_lives_without_a_usable_address_and_is_never_looked_up() -> None:
    addresses = {
        "number-too-large": "185.242.274.177",
        "empty": "",
        "with-port": "1.2.3.4:80",
        "a-megabyte": "9" * 1_000_000,
        "markup": "<img src=x onerror=alert(1)>",
    }
    async with stage() as play:
        for session_id, ip in addresses.items():
            await play.say("session-opened", session_id, ip)
        for session_id, ip in addresses.items():
            row = await play.row(session_id)
            assert row["ip"] == ip[:64], "what was sent, clamped"
            assert row["enrichment"] == "skipped"
        assert (await play.service.get("/api/status"))["lookups"]["calls"] == 0


async def test_C4_clocks_more_than_five_minutes_apart_the_receipt_counts() -> None:
    async with stage() as play:
        now = time.time()
        for session_id, at in {"past": now - 310, "future": now + 310, "near": now - 290}.items():
            await play.say("session-opened", session_id, GLOBEX, at)
        await play.settle()
        rows = play.dashboard.rows
        assert abs(unix(rows["past"]["openedAt"]) - now) < 30
        assert abs(unix(rows["future"]["openedAt"]) - now) < 30
        assert rows["near"]["openedAt"] == iso(now - 290)
