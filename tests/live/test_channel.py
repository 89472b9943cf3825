"""Numbers, namings and bytes of one site's messages."""

from tests.live.rig import Rig, seqs, take, take_all, types
from tracker.core.inputs import NoticeRaised
from tracker.live import pending


async def test_numbers_rise_by_one_without_gaps_however_much_happens() -> None:
    rig = Rig()
    dashboard = rig.join()
    messages = take(dashboard)
    for number in range(2_000):
        rig.event(f"s{number % 400}", page=f"/{number % 7}")
        if number % 3 == 0:
            rig.clock.advance(0.05)
            rig.feed(NoticeRaised(rig.clock.now(), "info", "budget", "x", {}))
            messages += rig.flush(dashboard)
    messages += rig.flush(dashboard)
    first = messages[0]["seq"]
    assert len(messages) > 2_000
    assert seqs(messages) == list(range(first, first + len(messages)))


async def test_more_ends_at_once_than_are_worth_telling_give_a_snapshot() -> None:
    rig = Rig()
    for number in range(pending.MAX_ENDED + 1):
        rig.event(f"s{number}")
    dashboard = rig.join_and_start()
    before = take_all(dashboard)
    for number in range(pending.MAX_ENDED + 1):
        rig.event(f"s{number}", type="session_end")
    (snapshot,) = rig.flush(dashboard)
    assert before == []
    assert snapshot["type"] == "snapshot"
    assert snapshot["data"]["total"] == 0


async def test_dashboards_coming_and_going_are_told_once_per_flush() -> None:
    rig = Rig()
    dashboard = rig.join_and_start()
    others = [rig.join() for _ in range(5)]
    messages = rig.flush(dashboard)
    assert types(messages) == ["user_connected"]
    assert messages[0]["data"]["totalDashboards"] == 6
    for other in others:
        rig.hub.leave(other)
        rig.hub.leave(other)
    messages = rig.flush(dashboard)
    assert types(messages) == ["user_disconnected"]
    assert messages[0]["data"] == {"totalDashboards": 1}


async def test_both_namings_carry_the_same_messages_under_the_same_numbers() -> None:
    rig = Rig()
    camel, snake = rig.join_and_start(), rig.join_and_start(naming="snake")
    rig.flush(camel, snake)
    rig.event(page="/camelCase", metadata={"someKey": 1})
    rig.hub.flush()
    one, other = take_all(camel), take_all(snake)
    assert types(one) == types(other)
    assert seqs(one) == seqs(other)
    assert other[0]["data"]["session_id"] == "a"
    assert other[1]["data"]["event"]["metadata"] == {"someKey": 1}
    assert other[1]["data"]["stats"]["pages_visited"] == {"/camelCase": 1}


async def test_two_dashboards_share_their_bytes() -> None:
    rig = Rig()
    one, other = rig.join_and_start(), rig.join_and_start()
    rig.flush(one, other)
    rig.event()
    rig.hub.flush()
    first, second = await one.frames(), await other.frames()
    assert first is second


async def test_batch_gives_one_text_per_flush_with_the_same_messages() -> None:
    rig = Rig()
    single, batch = rig.join_and_start(), rig.join_and_start(batch=True)
    rig.flush(single, batch)
    rig.event()
    rig.hub.flush()
    texts, batched = await single.texts(), await batch.texts()
    assert len(texts) == 2
    assert batched == [f"[{','.join(texts)}]"]


async def test_a_value_that_cannot_be_encoded_costs_its_message_and_nothing_else() -> None:
    rig = Rig()
    dashboard = rig.join_and_start()
    rig.event("bad", metadata={"text": "\ud800"})
    rig.event("good")
    messages = rig.flush(dashboard)
    assert types(messages) == [
        "session_activity",
        "session_activity",
        "error",
        "visitor_update",
    ]
    assert rig.hub.counters.unencodable == 1
    (snapshot,) = take(rig.join())
    assert [event["sessionId"] for event in snapshot["data"]["recentEvents"]] == ["good"]


async def test_publishing_costs_nothing_without_dashboards_and_leaves_a_gap() -> None:
    rig = Rig()
    dashboard = rig.join()
    (snapshot,) = take(dashboard)
    rig.flush(dashboard)
    last = rig.hub.join("default")
    rig.hub.leave(dashboard)
    rig.hub.leave(last)
    for number in range(100):
        rig.event(f"s{number}")
    assert rig.hub.snapshot().waiting_sessions == 0
    (again,) = take(rig.join(after_seq=snapshot["seq"]))
    assert again["type"] == "snapshot"
    assert again["data"]["total"] == 100
    assert rig.hub.counters.resume_misses == 1
