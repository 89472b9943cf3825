"""Batches of the journal: bounded in rows and bytes."""

import json
import sqlite3
from pathlib import Path

from tests.store.history.opened import event, open_store
from tracker.store.history import feed
from tracker.store.history.loading import Batch


async def test_a_batch_is_bounded_but_never_empty(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.journal.append("default", [event(f"e{n}", page="/" + "x" * 1_000) for n in range(10)])
        run = store.journal_file.writer.run
        everything = await run(lambda lent: feed.read_batch(lent, "events", 0))
        assert everything is not None
        assert (everything.rows, everything.last_seq) == (10, 10)
        assert [row["seq"] for row in json.loads(everything.array)] == list(range(1, 11))
        few = await run(lambda lent: feed.read_batch(lent, "events", 4, max_rows=3))
        assert few is not None
        assert (few.rows, few.last_seq) == (3, 7)
        small = await run(lambda lent: feed.read_batch(lent, "events", 4, max_bytes=2_500))
        assert small is not None
        assert (small.rows, small.last_seq) == (3, 7), "the one that goes beyond is the last"
        tiny = await run(lambda lent: feed.read_batch(lent, "events", 4, max_bytes=1))
        assert tiny is not None
        assert tiny.rows == 1
        assert await run(lambda lent: feed.read_batch(lent, "events", 10)) is None


async def test_rows_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.journal.append("default", [event(f"e{n}") for n in range(3)])

        def spoil_and_read(connection: sqlite3.Connection) -> Batch:
            connection.execute("UPDATE events SET body = x'80' WHERE seq = 2")
            return feed.read_readable(connection, "events", 0, 3)

        batch = await store.journal_file.writer.run(spoil_and_read)
        assert (batch.rows, batch.unreadable, batch.last_seq) == (2, 1, 3)
