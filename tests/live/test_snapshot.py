"""Snapshots are shared, and never tell an event twice."""

from tests.live.rig import Rig, of_type, seqs, take, take_all, types
from tracker.core.rules import Rules
from tracker.live import snapshot


def filled(sessions: int) -> Rig:
    rig = Rig()
    for number in range(sessions):
        rig.event(f"s{number}")
    return rig


async def test_dashboards_that_come_together_share_one_snapshot() -> None:
    rig = filled(10)
    dashboards = [rig.join() for _ in range(50)]
    frames = [await dashboard.frames() for dashboard in dashboards]
    assert all(chunks is frames[0] for chunks in frames)
    assert rig.hub.counters.snapshots_rendered == 1
    assert rig.hub.counters.snapshots_shared == 49


async def test_namings_do_not_share() -> None:
    rig = filled(1)
    (camel,) = take(rig.join())
    (snake,) = take(rig.join(naming="snake"))
    assert camel["data"]["visitors"][0]["sessionId"] == "s0"
    assert snake["data"]["visitors"][0]["session_id"] == "s0"


async def test_what_was_published_before_joining_is_in_the_snapshot() -> None:
    rig = filled(20)
    take_all(rig.join())
    rig.clock.advance(0.01)
    rig.event("new")
    dashboard = rig.join()
    assert take(dashboard) == [], "the event waits for its flush, and the snapshot for both"
    rig.hub.flush()
    (data,) = of_type(take_all(dashboard), "snapshot")
    assert data["visitors"][0]["sessionId"] == "new"
    assert [event["sessionId"] for event in data["recentEvents"]].count("new") == 1


async def test_who_comes_later_is_told_of_the_alerts_of_before() -> None:
    rig = Rig(Rules(milestones=(1, 2)))
    rig.event("a")
    rig.event("b")
    (data,) = of_type(take_all(rig.join()), "snapshot")
    assert [alert["message"] for alert in data["recentAlerts"]] == [
        "2 visitors are active",
        "1 visitors are active",
    ]


async def test_no_event_is_told_twice_and_none_is_left_out() -> None:
    rig = Rig()
    watching = rig.join_and_start()
    told: list[list[str]] = []
    for number in range(30):
        rig.event(id=f"n{number}")
        dashboard = rig.join()
        messages = take_all(dashboard)
        rig.hub.flush()
        messages += take_all(dashboard)
        rig.event(id=f"m{number}")
        rig.hub.flush()
        messages += take_all(dashboard)
        (data,) = of_type(messages, "snapshot")
        ids = [event["id"] for event in reversed(data["recentEvents"])]
        ids += [update["event"]["id"] for update in of_type(messages, "visitor_update") if update["event"]]
        told.append(ids)
        assert len(set(ids)) == len(ids)
        assert ids[-2:] == [f"n{number}", f"m{number}"]
        rig.hub.leave(dashboard)
    take_all(watching)
    assert len(told) == 30


async def test_it_is_rendered_anew_when_it_is_old() -> None:
    rig = filled(3)
    take_all(rig.join())
    rig.clock.advance(snapshot.FRESH_S + 0.01)
    (data,) = of_type(take(rig.join()), "snapshot")
    assert rig.hub.counters.snapshots_rendered == 2
    assert data["visitors"][0]["duration"] == 0.26


async def test_F2e_03_a_storm_of_reconnects_on_a_busy_site_does_not_render_for_each() -> None:
    rig = filled(2_000)
    for number in range(30):
        rig.event(f"s{number}", page="/busy")
        rig.hub.flush()
        dashboard = rig.join()
        messages = take_all(dashboard)
        assert messages[0]["type"] == "snapshot"
        assert seqs(messages) == list(range(messages[0]["seq"], messages[0]["seq"] + len(messages)))
        shown = {row["sessionId"]: row["currentPage"] for row in messages[0]["data"]["visitors"]}
        shown |= {row["sessionId"]: row["currentPage"] for row in of_type(messages, "session_activity")}
        assert shown[f"s{number}"] == "/busy"
        rig.clock.advance(0.01)
    assert rig.hub.counters.snapshots_rendered <= 4


async def test_a_small_table_is_never_shown_as_it_was() -> None:
    rig = filled(20)
    take_all(rig.join())
    for number in range(10):
        rig.clock.advance(0.01)
        rig.event(f"new{number}")
        rig.hub.flush()
        (message,) = take(rig.join())
        assert message["data"]["visitors"][0]["sessionId"] == f"new{number}"


async def test_it_shows_the_most_recently_active_and_how_many_there_are() -> None:
    rig = filled(snapshot.MAX_ROWS + 100)
    rig.event("s0")
    (message,) = take(rig.join())
    rows = [row["sessionId"] for row in message["data"]["visitors"]]
    assert len(rows) == snapshot.MAX_ROWS
    assert rows[:2] == ["s0", f"s{snapshot.MAX_ROWS + 99}"]
    assert "s50" not in rows
    assert message["data"]["total"] == snapshot.MAX_ROWS + 100


async def test_huge_rows_do_not_make_a_huge_snapshot() -> None:
    rig = Rig()
    for number in range(300):
        for step in range(20):
            rig.event(f"s{number}", page=f"/{step}/" + "x" * 2_000)
    dashboard = rig.join()
    frames = await dashboard.frames()
    assert sum(map(len, frames)) < snapshot.MAX_BYTES + 1024 * 1024
    assert types(take_all(dashboard)) == []


async def test_pages_that_cannot_be_encoded_are_left_out() -> None:
    rig = Rig()
    rig.event("bad", page="/\ud800")
    rig.event("good", page="/")
    (message,) = take(rig.join())
    assert [row["sessionId"] for row in message["data"]["visitors"]] == ["good"]
    assert message["data"]["stats"] == {"totalActive": 2, "totalToday": 2, "pagesVisited": {}}
