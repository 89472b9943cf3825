"""A dashboard that reads too slowly, one that comes back, and the numbers both see."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.live.rig import Rig, of_type, seqs, take, take_all, types
from tracker.live.dashboard import MAX_AT_ONCE_BYTES, MAX_BUNDLES, MAX_BYTES, OVERFLOW_WINDOW_S, Dashboard
from tracker.live.ring import MAX_MESSAGES


def overflow(rig: Rig, *keep_reading: Dashboard) -> None:
    for _ in range(MAX_BUNDLES + 1):
        rig.event()
        rig.hub.flush()
        for dashboard in keep_reading:
            take_all(dashboard)


async def test_F2e_01_a_slow_reader_loses_its_queue_and_gets_one_snapshot() -> None:
    rig = Rig()
    slow, quick = rig.join_and_start(), rig.join_and_start()
    rig.flush(slow, quick)
    heard = []
    rendered = rig.hub.counters.snapshots_rendered
    for number in range(MAX_BUNDLES + 1):
        rig.event(page=f"/{number}")
        heard += rig.flush(quick)
    assert rig.hub.counters.overflows == 1
    assert slow.queued == 0
    assert rig.hub.counters.snapshots_rendered == rendered, "rendered when the writer asks, not before"
    snapshot, *rest = take_all(slow)
    assert snapshot["type"] == "snapshot"
    assert snapshot["seq"] == heard[-1]["seq"]
    assert rest == []
    assert snapshot["data"]["recentEvents"][0]["page"] == f"/{MAX_BUNDLES}"
    assert seqs(heard) == list(range(heard[0]["seq"], heard[0]["seq"] + len(heard)))
    rig.event(page="/on")
    after = rig.flush(slow, quick)
    assert after[0]["seq"] == snapshot["seq"] + 1


async def test_F2e_01_the_queue_is_bounded_in_bytes() -> None:
    rig = Rig()
    slow = rig.join_and_start()
    while not rig.hub.counters.overflows:
        rig.event(metadata={"text": "x" * 200_000})
        rig.hub.flush()
        assert slow.queued_bytes <= MAX_BYTES
    assert slow.queued <= 1
    assert types(take_all(slow)) == ["snapshot"]


async def test_F2e_01_a_snapshot_larger_than_the_queue_is_no_overflow() -> None:
    rig = Rig()
    for number in range(50):
        rig.event(metadata={"text": "x" * 30_000}, id=f"n{number}")
    dashboard = rig.join()
    (snapshot,) = take(dashboard)
    assert len(str(snapshot)) > MAX_BYTES
    rig.event()
    assert types(rig.flush(dashboard))[:2] == ["session_activity", "visitor_update"]
    assert rig.hub.counters.overflows == 0


async def test_F2e_01_the_third_overflow_within_a_minute_ends_the_connection() -> None:
    rig = Rig()
    slow, quick = rig.join_and_start(), rig.join_and_start()
    for _ in range(2):
        overflow(rig, quick)
        assert types(take_all(slow))[0] == "snapshot"
    overflow(rig, quick)
    assert await slow.ended() == 1013
    assert rig.hub.counters.closed_slow == 1
    assert quick.queued == 0


async def test_F2e_01_overflows_of_earlier_minutes_are_forgiven() -> None:
    rig = Rig()
    slow = rig.join_and_start()
    for _ in range(5):
        overflow(rig)
        take_all(slow)
        rig.clock.advance(OVERFLOW_WINDOW_S / 2)
    assert rig.hub.counters.overflows == 5
    assert rig.hub.counters.closed_slow == 0


async def test_the_first_reason_to_end_holds() -> None:
    dashboard = Rig().join()
    dashboard.end(1008)
    dashboard.end()
    assert await dashboard.ended() == 1008


async def test_answers_carry_the_number_of_the_site_message_before_them() -> None:
    rig = Rig()
    dashboard = rig.join_and_start()
    rig.event()
    rig.hub.flush()
    await rig.ask(dashboard, "ping")
    rig.event()
    rig.hub.flush()
    messages = take_all(dashboard)
    pong = types(messages).index("pong")
    assert pong >= 2
    assert messages[pong]["seq"] == messages[pong - 1]["seq"] == messages[pong + 1]["seq"] - 1


async def test_the_snapshot_comes_first_whatever_was_asked_before() -> None:
    rig = Rig()
    rig.event()
    dashboard = rig.join()
    await rig.ask(dashboard, "ping")
    await rig.hub.receive(dashboard, "nonsense")
    messages = take_all(dashboard)
    assert types(messages) == ["snapshot", "pong", "error"]
    assert len(set(seqs(messages))) == 1


async def test_F2e_05_resume_sends_what_was_missed() -> None:
    rig = Rig()
    dashboard = rig.join_and_start()
    rig.event("a")
    first = rig.flush(dashboard)
    rig.event("b")
    second = rig.flush(dashboard)
    await rig.ask(dashboard, "resume", seq=first[0]["seq"])
    assert take_all(dashboard) == first[1:] + second
    assert rig.hub.counters.resume_hits == 1


async def test_F2e_05_resume_drops_what_is_queued_and_sends_it_in_order() -> None:
    rig = Rig()
    dashboard = rig.join_and_start()
    rig.event("a")
    first = rig.flush(dashboard)
    rig.event("b")
    rig.hub.flush()
    await rig.ask(dashboard, "resume", seq=(first[0]["seq"] - 1))
    messages = take_all(dashboard)
    assert seqs(messages) == list(range(first[0]["seq"], first[0]["seq"] + len(messages)))
    assert len(messages) == 4


async def test_F2e_05_resume_from_too_long_ago_or_from_the_future_gives_a_snapshot() -> None:
    rig = Rig()
    dashboard = rig.join_and_start()
    rig.event()
    old = rig.flush(dashboard)[0]["seq"] - 1
    for _ in range(MAX_MESSAGES // 2 + 1):
        rig.event()
        latest = rig.flush(dashboard)[-1]["seq"]
    for seq in (old, latest + 1, 0):
        await rig.ask(dashboard, "resume", seq=seq)
        assert types(take_all(dashboard)) == ["snapshot"]
    assert rig.hub.counters.resume_misses == 3


async def test_F2e_05_resume_with_nothing_missed_sends_nothing() -> None:
    rig = Rig()
    dashboard = rig.join_and_start()
    rig.event()
    latest = rig.flush(dashboard)[-1]["seq"]
    await rig.ask(dashboard, "resume", seq=latest)
    assert take_all(dashboard) == []
    rig.event()
    assert rig.flush(dashboard)[0]["seq"] == latest + 1


async def test_F2e_05_a_connection_may_begin_where_the_last_one_ended() -> None:
    rig = Rig()
    before, stays = rig.join_and_start(), rig.join_and_start()
    rig.event("a")
    last = rig.flush(before, stays)[-1]["seq"]
    rig.hub.leave(before)
    rig.event("b")
    rig.hub.flush()
    missed = take_all(rig.join(after_seq=last))
    assert missed[0]["seq"] == last + 1
    assert [row["sessionId"] for row in of_type(missed, "session_activity")] == ["b"]
    assert of_type(missed, "snapshot") == []


async def test_F2e_05_what_only_the_other_naming_was_told_gives_a_snapshot() -> None:
    rig = Rig()
    stays, snake = rig.join_and_start(), rig.join_and_start(naming="snake")
    rig.event("a")
    last = rig.flush(snake, stays)[-1]["seq"]
    rig.hub.leave(snake)
    rig.event("b")
    rig.flush(stays)
    rig.hub.join("default", naming="snake")
    rig.event("c")
    rig.flush(stays)
    messages = take_all(rig.join(naming="snake", after_seq=last))
    assert messages[0]["type"] == "snapshot"
    assert messages[0]["data"]["total"] == 3


async def test_F2e_05_numbers_of_another_process_are_never_taken_for_ones_own() -> None:
    before = Rig()
    dashboard = before.join_and_start()
    for _ in range(500):
        before.event()
        last = before.flush(dashboard)[-1]["seq"]
    after = Rig()
    after.clock.advance(1)
    (snapshot,) = take(after.join(after_seq=last))
    assert snapshot["type"] == "snapshot"
    assert last < snapshot["seq"] < 2**53


class Connection:
    """Takes whole frames at once while it is free."""

    def __init__(self) -> None:
        self.is_free = True
        self.written: list[bytes] = []

    def write(self, frames: bytes) -> bool:
        if self.is_free:
            self.written.append(frames)
        return self.is_free


@asynccontextmanager
async def waiting_writer(dashboard: Dashboard) -> AsyncIterator[list[bytes]]:
    """A connection's writer; gives what it took the long way."""
    taken: list[bytes] = []

    async def write() -> None:
        while True:
            taken.extend(await dashboard.frames())

    async with asyncio.TaskGroup() as tasks:
        writer = tasks.create_task(write())
        await asyncio.sleep(0)
        yield taken
        writer.cancel()


async def test_what_is_told_goes_out_at_once_while_nothing_waits() -> None:
    rig, connection = Rig(), Connection()
    dashboard = rig.join_and_start(batch=True)
    dashboard.write_with(connection.write)
    sent = rig.hub.counters.messages_sent
    async with waiting_writer(dashboard) as taken:
        rig.event(page="/at-once")
        rig.hub.flush()
        assert dashboard.queued == 0
        assert b"/at-once" in connection.written[0]
        assert rig.hub.counters.messages_sent > sent
        await rig.ask(dashboard, "ping")
        await asyncio.sleep(0)
    (answer,) = taken
    last = json.loads(connection.written[-1][4:])[-1]["seq"]
    assert b'"seq":%d' % last in answer, "an answer carries the number of what went out before it"


async def test_a_busy_connection_and_a_busy_writer_keep_the_order() -> None:
    rig, connection = Rig(), Connection()
    dashboard = rig.join_and_start(batch=True)
    dashboard.write_with(connection.write)
    rig.event(page="/nobody-waits")
    rig.hub.flush()
    assert (connection.written, dashboard.queued) == ([], 1)
    async with waiting_writer(dashboard) as taken:
        assert b"/nobody-waits" in taken.pop()
        connection.is_free = False
        rig.event(page="/busy")
        rig.hub.flush()
        connection.is_free = True
        rig.event(page="/after-the-busy-one")
        rig.hub.flush()
        assert connection.written == []
        await asyncio.sleep(0)
        assert b"/busy" in taken[0]
        assert b"/after-the-busy-one" in taken[1]
        rig.event(page="/free-again")
        rig.hub.flush()
        assert b"/free-again" in connection.written[0]


async def test_what_does_not_fit_into_one_write_is_left_to_the_writer() -> None:
    rig, connection = Rig(), Connection()
    dashboard = rig.join_and_start(batch=True)
    dashboard.write_with(connection.write)
    async with waiting_writer(dashboard) as taken:
        rig.event(metadata={"text": "x" * 100_000})
        rig.hub.flush()
        assert len(connection.written) == 1
        rig.event(metadata={"text": "x" * MAX_AT_ONCE_BYTES})
        rig.hub.flush()
        await asyncio.sleep(0)
        assert len(connection.written) == 1
        assert len(taken) > 1
