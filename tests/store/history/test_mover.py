"""Every event of the journal is in the history exactly once, whatever happens in between."""

import asyncio
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from duckdb import DuckDBPyConnection

from tests.store.history.opened import FOR_EVER, OpenStore, event, open_store, random_events
from tests.support.clock import FakeClock
from tracker.store.history.errors import HistoryUnavailable
from tracker.store.history.mover import Mover
from tracker.store.history.outbox import EndedVisit

ROUNDS = 10


def remove_journal(folder: Path) -> None:
    for file in folder.glob("tracker.journal*"):
        file.unlink()


async def stored_ids(store: OpenStore) -> list[str]:
    return [one.id async for chunk in store.history.export(FOR_EVER) for one in chunk]


async def test_in_order_and_gauges(tmp_path: Path) -> None:
    clock = FakeClock()
    async with open_store(tmp_path, clock, max_rows=7) as store:
        assert store.mover.applied_seq == 0
        events = [event(f"e{n}") for n in range(100)]
        await store.store(events)
        assert await stored_ids(store) == [one.id for one in events]
        assert store.mover.applied_seq == await store.journal.last_seq() == 100
        assert store.mover.rows == 100
        assert store.mover.lag_s == 0
        clock.advance(3)
        assert store.mover.lag_s == 3
        await store.mover.catch_up()
        assert store.mover.lag_s == 0


async def test_run_moves_what_comes(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store, asyncio.timeout(30), asyncio.TaskGroup() as group:
        running = group.create_task(store.mover.run())
        for n in range(20):
            await store.journal.append("default", [event(f"e{n}")])
        while store.mover.applied_seq < 20:  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.01)
        running.cancel()
        assert await stored_ids(store) == [f"e{n}" for n in range(20)]


class Followed(Mover):
    """A mover with a new event in the journal after each of its batches, as in a steady stream."""

    store: OpenStore
    batches = 0

    async def move(self, stream: str) -> int:
        moved = await super().move(stream)
        if stream == "events" and self.batches < 50:
            self.batches += 1
            await self.store.journal.append("default", [event(f"next-{self.batches}")])
        return moved


async def test_a_steady_stream_is_taken_in_turns_and_not_followed_row_by_row(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store, asyncio.timeout(30), asyncio.TaskGroup() as group:
        await store.journal.append("default", [event("first")])
        mover = Followed(store.journal_file.writer, store.database, store.clock, interval_s=1_000)
        mover.store = store
        running = group.create_task(mover.run())
        while mover.batches < 1:  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        running.cancel()
        assert (mover.batches, mover.rows) == (1, 1)
        await mover.catch_up()
        assert mover.applied_seq == 2, "what was there, and not what came in meanwhile"
        assert mover.lag_s == 0
        await mover.close()


async def test_F2c_03_F2d_02_kill_9_loses_and_doubles_nothing(tmp_path: Path) -> None:
    chance = random.Random(3)
    promised: list[str] = []
    for _ in range(ROUNDS):
        promised += _killed_after(tmp_path, answers=chance.randint(1, 60))
    async with open_store(tmp_path) as store:
        await store.mover.catch_up()
        found = await stored_ids(store)
        assert len(found) == len(set(found))
        ids = {one for one in promised if not one.startswith("visit:")}
        assert ids <= set(found)
        assert len(ids) > ROUNDS
        for visit in promised:
            if visit.startswith("visit:"):
                (row,) = await store.history.session_visits("default", visit.removeprefix("visit:"))
                assert row.pages == 1, "what was told last holds"


def _killed_after(folder: Path, answers: int) -> list[str]:
    """Run a child, kill it after so many answers, and return what it answered for."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.store.history.child", "move", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        promised: list[str] = []
        for _ in range(answers):
            promised += child.stdout.readline().split()
        child.kill()
        # The last line may have been cut off.
        rest = child.stdout.read()
        promised += rest[: rest.rfind("\n") + 1].split()
    return promised


async def test_F2c_01_disk_full_reopens_and_goes_on(tmp_path: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.store.history.child",
        "full",
        str(tmp_path),
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(120):
        output, _ = await child.communicate()
    said = dict(line.split(" ", 1) for line in output.decode().splitlines())
    assert child.returncode == 0
    assert said["failed"] in ("HistoryUnavailable", "HistoryDamaged")
    assert int(said["reopened"]) >= 1
    assert said["events"] == said["expected"]
    assert int(said["expected"]) > 200
    async with open_store(tmp_path) as store:
        found = await stored_ids(store)
        assert len(found) == len(set(found)) == int(said["expected"])


async def test_F2c_05_a_failed_history_is_opened_again_while_the_journal_goes_on(tmp_path: Path) -> None:
    clock = FakeClock()
    async with open_store(tmp_path, clock) as store:
        await store.store([event("before")])

        # The handle goes away under the feet of whoever holds a cursor.
        def close(cursor: DuckDBPyConnection) -> None:
            cursor.close()
            cursor.execute("SELECT 1")

        with pytest.raises(HistoryUnavailable):
            await store.mover.write(close)
        assert store.database.reopened == 0
        await store.journal.append("default", [event("meanwhile")])
        await store.mover.catch_up()
        assert store.database.reopened == 1
        assert store.database.trouble is None
        assert await stored_ids(store) == ["before", "meanwhile"]


async def test_F2c_05_a_new_journal_goes_on_after_the_old_one(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.store([event("old-1"), event("old-2")])
    remove_journal(tmp_path)
    async with open_store(tmp_path) as store:
        await store.store([event("new-1")])
        assert store.mover.applied_seq == 1
        assert await stored_ids(store) == ["old-1", "old-2", "new-1"]
        page = await store.history.events(FOR_EVER)
        assert [one.arrival for one in page.events] == [3, 2, 1]


async def test_F2c_05_a_new_history_gets_what_the_journal_still_has(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.store([event("e1"), event("e2")])
    (tmp_path / "tracker.duckdb").unlink()
    async with open_store(tmp_path) as store:
        await store.mover.catch_up()
        assert await stored_ids(store) == ["e1", "e2"]


async def test_what_cannot_be_read_is_left_out_and_counted(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.journal.append("default", [event(f"e{n}") for n in range(10)])

        def spoil(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE events SET body = x'7b22' WHERE seq = 3")
            connection.execute("UPDATE events SET body = x'ff00fe' WHERE seq = 4")
            # Valid as far as anyone can see, but no row of the history.
            body = b'{"now":1e300,"site":"default","id":"x","type":"t","session_id":"s","occurred_at":1e300}'
            connection.execute("UPDATE events SET body = ? WHERE seq = 8", (body,))

        await store.journal_file.writer.run(spoil)
        await store.mover.catch_up()
        assert await stored_ids(store) == ["e0", "e1", "e4", "e5", "e6", "e8", "e9"]
        assert store.mover.unreadable == 3
        assert store.mover.rows == 7
        await store.store([event("later")])
        assert (await stored_ids(store))[-1] == "later"


async def test_a_visit_that_ended_again_replaces_its_row(tmp_path: Path) -> None:
    visit = EndedVisit("default", "s1", "events", "192.0.2.1", 100.0, 200.0, "expired", pages=1)
    async with open_store(tmp_path) as store:
        for one in (visit, visit._replace(opened_at=500.0), visit._replace(site="other")):
            store.outbox.put(one)
        await store.store([])
        store.outbox.put(visit._replace(ended_at=300.0, pages=2))
        store.outbox.put(visit._replace(ended_at=400.0, pages=3))
        await store.store([])
        rows = await store.history.session_visits("default", "s1")
        assert [(row.opened_at, row.ended_at, row.pages) for row in rows] == [
            (500.0, 200.0, 1),
            (100.0, 400.0, 3),
        ]
        assert len(await store.history.session_visits("other", "s1")) == 1
        (left,) = await store.journal_file.writer.run(
            lambda connection: connection.execute("SELECT count(*) FROM outbox").fetchone()
        )
        assert left == 0


async def test_a_cancelled_move_is_neither_lost_nor_doubled(tmp_path: Path) -> None:
    events = list(random_events(3_000))
    async with open_store(tmp_path, max_rows=200) as store:
        for first in range(0, 3_000, 1_000):
            await store.journal.append("default", events[first : first + 1_000])
        async with asyncio.TaskGroup() as group:
            for n in range(12):
                task = group.create_task(store.mover.catch_up())
                await asyncio.sleep(0.002 * n)
                task.cancel()
                await asyncio.wait({task})
        await store.mover.catch_up()
        assert sorted(await stored_ids(store)) == sorted(one.id for one in events if one.site == "default")


async def test_closed_takes_nothing_more() -> None:
    async with open_store(None) as store:
        await store.store([event("e1")])
        await store.mover.close()
        with pytest.raises(HistoryUnavailable):
            await store.mover.write(lambda cursor: None)
