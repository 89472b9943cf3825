"""What a flush tells of everything that happened since the last one."""

from tests.live.rig import ACME, DATA_CENTER, Rig, of_type, types
from tracker.core.inputs import FrameKind, UpstreamState
from tracker.core.rules import Rules
from tracker.live import pending


async def test_a_session_that_changes_often_is_shown_once_as_it_is_at_the_flush() -> None:
    rig = Rig()
    dashboard = rig.join_and_start()
    for number in range(30):
        rig.event(page=f"/{number}")
    messages = rig.flush(dashboard)
    (row,) = of_type(messages, "session_activity")
    assert row["currentPage"] == "/29"
    assert len(of_type(messages, "visitor_update")) == 30


async def test_figures_that_change_without_an_event_are_told_without_one() -> None:
    rig = Rig()
    dashboard = rig.join_and_start()
    rig.frame(FrameKind.OPENED)
    rig.resolve(ACME)
    (update,) = of_type(rig.flush(dashboard), "visitor_update")
    assert update["event"] is None
    assert update["stats"]["totalActive"] == 1


async def test_the_order_within_a_flush() -> None:
    rig = Rig(Rules(spike_visitors_per_minute=0, milestones=(2,)))
    rig.event("old")
    dashboard = rig.join_and_start()
    rig.clock.advance(2)
    rig.upstream(UpstreamState.CONNECTED)
    rig.event("new")
    rig.event("old", type="session_end")
    rig.clock.advance(1)
    rig.reset()
    rig.event("new", page="/next")
    rig.join()
    assert types(rig.flush(dashboard)) == [
        "reset",
        "session_activity",
        "session_ended",
        "visitor_update",
        "averages",
        "alert",
        "upstream_status",
        "user_connected",
    ]


async def test_a_closed_session_is_told_once_and_shown_no_more() -> None:
    rig = Rig()
    rig.event("a")
    dashboard = rig.join_and_start()
    rig.event("a")
    rig.event("a", type="session_end")
    messages = rig.flush(dashboard)
    assert of_type(messages, "session_ended") == [{"sessionId": "a", "reason": "closed"}]
    assert of_type(messages, "session_activity") == []


async def test_a_session_that_comes_back_within_a_flush_is_not_told_to_have_ended() -> None:
    rig = Rig()
    rig.event("a")
    dashboard = rig.join_and_start()
    rig.event("a", type="session_end")
    rig.event("a", page="/back")
    messages = rig.flush(dashboard)
    assert of_type(messages, "session_ended") == []
    assert [row["currentPage"] for row in of_type(messages, "session_activity")] == ["/back"]


async def test_a_data_center_is_taken_from_the_table_and_from_the_feed() -> None:
    rig = Rig()
    dashboard = rig.join_and_start()
    rig.event("d", ip="185.1.2.3", address="185.1.2.3", page="/secret")
    rig.event("a")
    rig.pass_time(2.5)
    rig.resolve(DATA_CENTER)
    messages = rig.flush(dashboard)
    assert of_type(messages, "session_ended") == [{"sessionId": "d", "reason": "hidden"}]
    assert "/secret" not in str(messages)
    assert [row["sessionId"] for row in of_type(messages, "session_activity")] == ["a"]


async def test_rows_beyond_a_flush_wait_and_the_longest_waiting_go_first() -> None:
    rig = Rig()
    dashboard = rig.join_and_start()
    for number in range(pending.MAX_ROWS + 50):
        rig.event(f"s{number}")
    first = of_type(rig.flush(dashboard), "session_activity")
    assert [row["sessionId"] for row in first] == [f"s{n}" for n in range(pending.MAX_ROWS)]
    assert rig.hub.snapshot().waiting_sessions == 50
    rig.event("s299", page="/later")
    rest = of_type(rig.flush(dashboard), "session_activity")
    assert [row["sessionId"] for row in rest] == [f"s{n}" for n in range(pending.MAX_ROWS, 300)]
    assert rest[-1]["currentPage"] == "/later"
    assert rig.hub.snapshot().waiting_sessions == 0


async def test_ends_never_wait() -> None:
    rig = Rig()
    for number in range(400):
        rig.event(f"s{number}")
    dashboard = rig.join_and_start()
    for number in range(400):
        rig.event(f"s{number}", type="session_end")
    assert len(of_type(rig.flush(dashboard), "session_ended")) == 400


async def test_large_rows_wait_too_so_that_a_flush_stays_small() -> None:
    rig = Rig()
    dashboard = rig.join_and_start()
    for number in range(100):
        for step in range(20):
            rig.event(f"s{number}", page=f"/{step}/" + "x" * 2_000)
    messages = rig.flush(dashboard)
    assert 1 <= len(of_type(messages, "session_activity")) < 10
    assert rig.hub.snapshot().waiting_sessions > 90
    assert len(str(messages)) < 1_000_000


async def test_the_feed_of_a_flush_keeps_the_newest_events_and_counts_the_others() -> None:
    rig = Rig()
    dashboard = rig.join_and_start()
    for number in range(pending.MAX_EVENTS + 20):
        rig.event(id=f"n{number}")
    updates = of_type(rig.flush(dashboard), "visitor_update")
    assert [update["event"]["id"] for update in updates] == [f"n{n}" for n in range(20, 220)]
    assert rig.hub.counters.dropped_feed_events == 20


async def test_large_events_do_not_make_a_large_flush() -> None:
    rig = Rig()
    dashboard = rig.join_and_start()
    for number in range(100):
        rig.event(id=f"n{number}", metadata={"text": "x" * 30_000})
    updates = of_type(rig.flush(dashboard), "visitor_update")
    assert [update["event"]["id"] for update in updates] == [f"n{n}" for n in range(92, 100)]
    assert rig.hub.counters.dropped_feed_events == 92
