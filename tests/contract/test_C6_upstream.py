"""The feed goes away and comes back: section 4's row on it, and ``upstream_status`` of section 6."""

import time

from tests.contract.rig import stage, status_is, unix


async def test_C4_10_sessions_stay_and_the_feed_is_shown_as_down_within_5_s_and_comes_back() -> None:
    async with stage(sessions__idle_timeout_s=60, alerts__upstream_down_s=2) as play:
        await play.say("session-opened", "stays")
        await play.service.post({"type": "pageview", "sessionId": "page", "page": "/"})
        await play.row("stays")
        went_at, went_s = time.time(), time.monotonic()
        attempts = len(play.emitter.connection_attempts)
        await play.emitter.stop()
        await play.dashboard.wait_for(lambda seen: told(seen.of_type("upstream_status")) == ["reconnecting"])
        await play.service.post({"type": "keep_alive", "sessionId": "page"})
        assert play.ends("stays") == [], "a session outlives the connection"
        play.pass_time(61)
        assert await play.gone("stays") == "expired", "and keeps idling"
        await play.dashboard.wait_for(lambda seen: told(seen.of_type("upstream_status"))[-1] == "down")
        # 5 s are promised: tests/ingest adds up what the timeouts make of it.
        assert time.monotonic() - went_s < 10
        down = play.dashboard.of_type("upstream_status")[-1]
        assert abs(unix(down["since"]) - went_at) < 10, "since the connection was lost, a minute ago by now"
        refused = (await play.service.get("/api/status"))["upstream"]["connectFailures"]["refused"]
        assert 1 <= refused <= time.monotonic() - went_s + 1, "never faster than once a second on average"
        await play.emitter.start()
        await play.emitter.wait_for_attempts(attempts + 1, timeout_s=30)
        await play.dashboard.wait_for(lambda seen: told(seen.of_type("upstream_status"))[-1] == "connected")
        levels = [(alert["level"], alert["message"]) for alert in play.dashboard.of_type("alert")]
        assert levels == [("warning", "The session feed is down"), ("info", "The session feed is back")]
        await play.say("keep-alive", "new")
        await play.row("new")


async def test_C4_10_the_first_try_comes_within_2_s_and_frames_flow_again() -> None:
    async with stage() as play:
        await play.say("session-opened")
        await play.row()
        play.emitter.drop_all()
        lost_s = time.monotonic()
        await play.emitter.wait_for_attempts(2)
        assert time.monotonic() - lost_s < 8, "half a second and a slow machine: the longest delay is 30"
        await status_is(play.service, "upstream", "state", value="connected")
        await play.say("keep-alive", "b")
        await play.row("b")
        assert play.ends("a") == []
        assert told(play.dashboard.of_type("upstream_status")) == ["reconnecting", "connected"]
        assert (await play.service.get("/api/status"))["upstream"]["disconnects"] == {"1006": 1}


async def test_C4_10_a_server_that_accepts_and_closes_is_not_hammered() -> None:
    async with stage() as play:
        play.emitter.connection_fault = "accept-and-close"
        play.emitter.drop_all()
        began_s = time.monotonic()
        await play.emitter.wait_for_attempts(3, timeout_s=30)
        attempts_s = [at - began_s for at in play.emitter.connection_attempts[1:]]
        assert attempts_s[-1] >= 1.0, f"attempts at {attempts_s}"


def told(messages: list[dict[str, str]]) -> list[str]:
    states = [message["status"] for message in messages]
    # The connection of the beginning may still have been told.
    return states[1:] if states[:1] == ["connected"] and len(states) > 1 else states
