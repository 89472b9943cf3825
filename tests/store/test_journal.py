"""FAULTS.md 2c: what is answered for is on the disk, once."""

import asyncio
import sqlite3
import time
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.store.events import OpenJournal, event, held_writer, limit_pages, open_journal
from tests.support.clock import FakeClock
from tracker.core.clock import Now
from tracker.core.inputs import SiteEvent
from tracker.store import schema
from tracker.store.codec import content_digest, decode_event, encode_event
from tracker.store.entries import Stored
from tracker.store.errors import EventNotStorable, JournalFull, JournalUnavailable, Trouble
from tracker.store.journal import GATHER_S, Journal
from tracker.store.writer import Job, T, Writer

DAY_S = 86_400.0


async def some_turns() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def trouble_of(opened: OpenJournal) -> Trouble | None:
    return opened.database.writer.trouble


async def test_events_are_numbered_fed_and_read_in_their_order(tmp_path: Path) -> None:
    events = [event(f"e{n}") for n in range(5)]
    async with open_journal(tmp_path / "t.journal") as opened:
        assert await opened.append(*events[:3]) == [Stored(1), Stored(2), Stored(3)]
        assert await opened.append(*events[3:]) == [Stored(4), Stored(5)]
        assert opened.fed == events
        assert opened.journal.fed_seq == await opened.journal.last_seq() == 5
        assert await opened.journal.read(0) == list(enumerate(events, 1))
        assert await opened.journal.read(1, limit=2) == [(2, events[1]), (3, events[2])]
        assert await opened.journal.read(5) == []
        assert await opened.journal.append("default", []) == []


async def test_every_field_comes_back(tmp_path: Path) -> None:
    clock = FakeClock()
    full = SiteEvent(
        now=clock.now(), site="default", id="é\0\U0001f600", type="order", session_id="s", occurred_at=1.5,
        page="/p?q='; DROP TABLE ids", user_id="u", country="DE", device="mobile",
        browser="Firefox", os="Linux", referrer="r", ip="::ffff:1.2.3.4", address="1.2.3.4",
        timestamp_adjusted=True,
        metadata={"deep": [{"n": None, "big": 2**80, "float": 0.1, "text": "\u2028"}], "ok": True},
    )  # fmt: skip
    async with open_journal(tmp_path / "t.journal") as opened:
        await opened.append(full)
        later = opened.clock.advance(30)
        ((_, found),) = await opened.journal.read(0)
    assert found == full
    assert later.monotonic_s - found.now.monotonic_s == 30


async def test_F2f_13_the_same_again_is_a_duplicate_and_other_content_a_conflict(tmp_path: Path) -> None:
    path = tmp_path / "t.journal"
    later = Now(2_000.0, 1_790_000_900.0)
    repeat = event("a", now=later)._replace(ip="203.0.113.9", address="203.0.113.9")
    async with open_journal(path) as opened:
        await opened.append(event("a"))
        assert await opened.append(repeat, event("b")) == [Stored(1, duplicate=True), Stored(2)]
        assert await opened.append(event("a", page="/other")) == [Stored(1, conflict=True)]
        within = [event("c"), event("c"), event("c", page="/other")]
        assert await opened.append(*within) == [Stored(3), Stored(3, True), Stored(3, False, True)]
        assert await opened.append(event("a"), site="another") == [Stored(4)]
        assert len(opened.fed) == 4
    async with open_journal(path) as opened:
        assert await opened.append(repeat) == [Stored(1, duplicate=True)]
        assert opened.fed == []


@pytest.mark.parametrize(
    "change",
    [
        {"type": "click"}, {"page": "/x"}, {"session_id": "s2"}, {"user_id": "u"}, {"country": "FR"},
        {"referrer": "r"}, {"metadata": {"a": 1}}, {"occurred_at": 5.0},
    ],
)  # fmt: skip
def test_what_the_sender_says_is_content(change: dict[str, Any]) -> None:
    assert content_digest(event()) != content_digest(event()._replace(**change))


def test_the_order_of_keys_is_no_content() -> None:
    one, other = {"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}
    assert content_digest(event()._replace(metadata=one)) == content_digest(event()._replace(metadata=other))


def test_fields_may_come_and_go() -> None:
    body = encode_event(event())
    assert decode_event(body[:-1] + b',"later":{"x":[1]}}', event().now) == event()
    assert b"metadata" not in body
    assert decode_event(body, event().now).metadata == {}


async def test_F2f_13_of_fifty_concurrent_repeats_one_is_stored(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "t.journal") as opened:
        results = await asyncio.gather(*(opened.append(event("same")) for _ in range(50)))
        assert sorted(result[0].duplicate for result in results) == [False] + [True] * 49
        assert await opened.stored_ids() == ["same"]
        assert len(opened.fed) == 1


async def test_who_waits_together_shares_a_commit(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "t.journal") as opened, asyncio.TaskGroup() as group:
        async with held_writer(opened.database):
            tasks = [group.create_task(opened.append(event(f"e{n}"))) for n in range(1_500)]
            await asyncio.sleep(0)
            assert opened.journal.waiting_events == 1_500
            assert opened.journal.waiting_bytes > 100_000
        await asyncio.gather(*tasks)
        # At most 1,000 rows each.
        assert opened.database.writer.commits == 2
        assert opened.journal.waiting_events == opened.journal.waiting_bytes == 0
        assert opened.journal.rows == 1_500
        assert [task.result()[0].seq for task in tasks] == list(range(1, 1_501))


async def test_F2c_01_F2f_12_a_full_waiting_room_refuses_and_recovers(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "t.journal", max_events=3) as opened, asyncio.TaskGroup() as group:
        async with held_writer(opened.database):
            task = group.create_task(opened.append(event("a"), event("b")))
            await asyncio.sleep(0)
            with pytest.raises(JournalFull) as caught:
                await opened.append(event("c"), event("d"))
            assert caught.value.retry_after_s > 0
            assert opened.journal.waiting_events == 2
            assert opened.journal.refused == 2
        await task
        # An empty room takes more than its bound: what never fits could never be sent.
        await opened.append(*(event(f"e{n}") for n in range(5)))
        assert len(await opened.stored_ids()) == 7


async def test_F2c_01_F2f_12_the_waiting_room_is_bounded_in_bytes_too(tmp_path: Path) -> None:
    async with (
        open_journal(tmp_path / "t.journal", max_bytes=3_000) as opened,
        asyncio.TaskGroup() as group,
        held_writer(opened.database),
    ):
        group.create_task(opened.append(event("a", page="/" + "x" * 2_000)))
        await asyncio.sleep(0)
        with pytest.raises(JournalFull):
            await opened.append(event("b", page="/" + "x" * 2_000))


async def test_F2c_01_a_full_disk_fails_the_append_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "t.journal"
    async with open_journal(path) as opened:
        await opened.append(event("before"))
        await limit_pages(opened.database, 2)
        big = [event(f"big{n}", page="/" + "x" * 1_000) for n in range(100)]
        with pytest.raises(JournalUnavailable) as caught:
            await opened.append(*big)
        assert caught.value.trouble == trouble_of(opened) == Trouble.FULL
        assert caught.value.retry_after_s > 0
        assert opened.journal.waiting_events == opened.journal.waiting_bytes == 0
        assert await opened.stored_ids() == ["before"]
        await limit_pages(opened.database, 1_000)
        results = await opened.append(*big)
        assert [stored.seq for stored in results] == list(range(2, 102))
        assert trouble_of(opened) is None
        assert opened.database.writer.failures == {Trouble.FULL: 1}
        assert len(opened.fed) == 101


async def test_a_caller_that_goes_away_leaves_its_event_stored_and_fed(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "t.journal") as opened, asyncio.TaskGroup() as group:
        async with held_writer(opened.database):
            task = group.create_task(opened.append(event("a")))
            await asyncio.sleep(0)
            task.cancel()
        await opened.append(event("b"))
        assert task.cancelled()
        assert [one.id for one in opened.fed] == await opened.stored_ids() == ["a", "b"]
        assert opened.journal.waiting_events == 0


async def test_an_event_that_cannot_be_applied_does_not_stop_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fed: list[str] = []

    def feed(happened: SiteEvent) -> None:
        if happened.id == "a":
            raise ZeroDivisionError
        fed.append(happened.id)

    async with open_journal(tmp_path / "t.journal") as opened:
        journal = Journal(opened.database.writer, opened.clock, feed)
        assert await journal.append("default", [event("a"), event("b")]) == [Stored(1), Stored(2)]
        assert journal.fed_seq == 2
    assert fed == ["b"]
    assert "event 1 is stored, but could not be applied" in caplog.text


@pytest.mark.parametrize(
    "bad", [{"page": "\ud800"}, {"id": "\udfff"}, {"metadata": {"x": object()}}, {"metadata": {1.5: {(): 1}}}]
)
async def test_what_cannot_be_written_harms_nobody(tmp_path: Path, bad: dict[str, Any]) -> None:
    async with open_journal(tmp_path / "t.journal") as opened:
        with pytest.raises(EventNotStorable) as caught:
            await opened.append(event("a"), event("b")._replace(**bad))
        assert caught.value.index == 1
        await opened.append(event("c"))
        assert await opened.stored_ids() == ["c"]


async def test_rows_that_rotted_are_left_out_and_counted(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "t.journal") as opened:
        await opened.append(*(event(f"e{n}") for n in range(6)))
        await opened.database.writer.run(
            lambda connection: connection.execute("UPDATE events SET body = x'ff00' WHERE seq IN (1, 2, 5)")
        )
        assert [seq for seq, _ in await opened.journal.read(0, limit=2)] == [3, 4]
        assert [seq for seq, _ in await opened.journal.read(4)] == [6]
        assert opened.journal.unreadable == 3


async def test_ids_are_kept_a_day_and_bodies_until_they_are_applied(tmp_path: Path) -> None:
    path = tmp_path / "t.journal"
    async with open_journal(path) as opened:
        await opened.append(*(event(f"old{n}") for n in range(2_500)))
        later = opened.clock.advance(DAY_S - 1)
        await opened.append(event("young", now=later))
        assert await opened.journal.prune(applied_seq=2_400) == 2_400
        assert (await opened.stored_ids())[0] == "old2400"
        assert (await opened.append(event("old0")))[0].duplicate
        opened.clock.advance(2)
        # The last hundred are not applied yet, however old.
        assert await opened.journal.prune(applied_seq=2_400) == 2_400
        assert not (await opened.append(event("old0")))[0].duplicate
        assert (await opened.append(event("old2400", now=later)))[0].duplicate
        opened.clock.advance(2 * DAY_S)
        assert await opened.journal.prune(applied_seq=2_502) > 0
    async with open_journal(path) as opened:
        assert await opened.append(event("new")) == [Stored(2_503)]


@pytest.mark.parametrize("years", [1, -1])
async def test_F2d_03_ids_are_kept_for_a_day_after_the_clock_was_set(tmp_path: Path, years: int) -> None:
    async with open_journal(tmp_path / "t.journal") as opened:
        await opened.append(event("old"), event("newest"))
        opened.clock.step_wall(years * 365 * DAY_S)
        for _ in range(3):
            opened.clock.advance(DAY_S / 4)
            assert await opened.journal.prune(applied_seq=1) <= 1
            assert (await opened.append(event("old")))[0].duplicate
        opened.clock.advance(DAY_S / 2 + 1)
        await opened.journal.prune(applied_seq=1)
        assert (await opened.append(event("old")))[0].duplicate == (years < 0)


async def test_the_generation_tells_two_files_apart(tmp_path: Path) -> None:
    generations = []
    for name in ("a", "b", "a"):
        async with open_journal(tmp_path / name) as opened:
            generations.append(await opened.journal.generation())
    assert generations[0] == generations[2] != generations[1]


async def test_a_clean_end_writes_what_waits(tmp_path: Path) -> None:
    path = tmp_path / "t.journal"
    async with asyncio.TaskGroup() as group, open_journal(path) as opened:
        async with held_writer(opened.database):
            task = group.create_task(opened.append(event("a")))
            await some_turns()
            closing = group.create_task(opened.database.close())
            await asyncio.sleep(0)
        await closing
        assert await task == [Stored(1)]
        with pytest.raises(JournalUnavailable) as caught:
            await opened.append(event("b"))
        assert caught.value.trouble is Trouble.CLOSED
        assert opened.journal.waiting_events == 0
    async with open_journal(path) as opened:
        assert await opened.stored_ids() == ["a"]


async def test_replay_hands_on_what_came_after(tmp_path: Path) -> None:
    path = tmp_path / "t.journal"
    async with open_journal(path) as opened:
        await opened.append(*(event(f"e{n}") for n in range(2_200)))
    async with open_journal(path) as opened:
        replayed: list[SiteEvent] = []
        assert await opened.journal.replay(100, replayed.append) == 2_100
        assert [one.id for one in replayed] == [f"e{n}" for n in range(100, 2_200)]
        assert opened.journal.fed_seq == 2_200
        assert opened.fed == []


async def test_a_group_waits_for_the_next_turn_for_some_milliseconds_only(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "t.journal") as opened:
        answers = []
        for n in range(12):
            answers.append(opened.journal.append("default", [event(f"e{n}")]))
            time.sleep(GATHER_S / 4)  # noqa: ASYNC251  # a loop that is busy without a pause
            await asyncio.sleep(0)
        assert answers[0].done()
        await asyncio.gather(*answers)


async def test_more_than_one_group_that_waits_for_a_closed_journal_is_told(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "t.journal") as opened, asyncio.timeout(30):
        appends = [
            opened.journal.append("default", [event(f"{n}-{m}") for m in range(600)]) for n in range(4)
        ]
        await opened.database.close()
        errors = await asyncio.gather(*appends, return_exceptions=True)
        assert [type(error) for error in errors] == [JournalUnavailable] * 4
        assert opened.journal.waiting_events == 0


async def test_turns_that_bring_more_share_a_commit(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "t.journal") as opened:
        answers = []
        for n in range(5):
            answers.append(opened.journal.append("default", [event(f"e{n}")]))
            await asyncio.sleep(0)
        assert not answers[-1].done()
        await asyncio.gather(*answers)
        assert opened.database.writer.commits == 1


class LateWriter(Writer):
    """Tells of what the thread has done when it is let to."""

    def __init__(self, connection: sqlite3.Connection, clock: FakeClock) -> None:
        super().__init__(connection, clock)
        self.is_busy = True
        self.is_overtaken = False
        """By its own thread: what it is given is done when it returns, and so is what came before."""
        self._untold: list[partial[None]] = []

    def submit_or_run(self, job: Job[T]) -> Future[T]:
        return self.submit(job) if self.is_busy else super().submit_or_run(job)

    def submit(self, job: Job[T]) -> Future[T]:
        late: Future[T] = Future()
        if self.is_overtaken:
            self.tell()
            late.set_result(super().submit(job).result())
            return late
        self._untold.append(partial(late.set_result, super().submit(job).result()))
        return late

    def tell(self) -> None:
        for tell in self._untold:
            tell()


def late_journal() -> tuple[LateWriter, Journal, list[SiteEvent]]:
    """A journal in memory whose writer tells late, and what it fed."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    schema.migrate(connection)
    clock = FakeClock()
    writer = LateWriter(connection, clock)
    fed: list[SiteEvent] = []
    return writer, Journal(writer, clock, fed.append), fed


async def test_a_short_group_does_not_overtake_one_that_is_under_way() -> None:
    writer, journal, fed = late_journal()
    first = journal.append("default", [event("first")])
    await some_turns()
    writer.is_busy = False
    second = journal.append("default", [event("second")])
    await some_turns()
    assert [first.done(), second.done()] == [False, False]
    writer.tell()
    assert [(await second)[0].seq, (await first)[0].seq] == [2, 1]
    assert fed == [event("first"), event("second")]
    last = journal.append("default", [event("last")])
    await some_turns()
    assert last.done(), "nothing is under way: it runs here"
    assert writer.commits_in_loop == 1
    await writer.close()


async def test_a_group_that_is_done_at_once_waits_for_the_one_before_it() -> None:
    writer, journal, fed = late_journal()
    first = journal.append("default", [event("first")])
    await some_turns()
    writer.is_overtaken = True
    second = journal.append("default", [event("second")])
    await asyncio.gather(first, second)
    assert fed == [event("first"), event("second")]
    assert journal.fed_seq == 2
    await writer.close()
