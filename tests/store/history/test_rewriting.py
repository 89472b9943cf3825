import asyncio
import os
from pathlib import Path

import duckdb
import pytest

from tests.store.history.opened import FOR_EVER, event, open_store
from tracker.store.history.errors import HistoryUnavailable
from tracker.store.history.rewriting import rewrite


async def test_S4_21_questions_wait_while_the_file_is_written_anew(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.store([event(f"e{number}") for number in range(100)])
        before = (tmp_path / "tracker.duckdb").stat().st_ino
        async with asyncio.TaskGroup() as tasks:
            asked = [tasks.create_task(store.history.totals(FOR_EVER), name="asked") for _ in range(20)]
            await store.eraser.make_compact()
        totals = [one.result() for one in asked]
        assert {total.total_events for total in totals} == {100}
        assert (tmp_path / "tracker.duckdb").stat().st_ino != before
        await store.store([event("after")])
        assert (await store.history.totals(FOR_EVER)).total_events == 101
    assert not any(".rewritten" in name for name in os.listdir(tmp_path))


async def test_S4_21_rows_keep_their_order_and_nothing_is_taken_over_twice(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.store([event(f"e{number}") for number in range(10)])
        await store.eraser.make_compact()
    async with open_store(tmp_path) as store:
        await store.mover.catch_up()
        assert [one.id for one in (await store.history.events(FOR_EVER)).events] == [
            f"e{number}" for number in reversed(range(10))
        ]


async def test_a_copy_that_fails_leaves_the_file_in_use(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.store([event("e")])
        (tmp_path / "tracker.duckdb.rewritten").mkdir()
        with pytest.raises(HistoryUnavailable):
            await store.eraser.make_compact()
        store.clock.advance(2)  # type: ignore[attr-defined]  # a FakeClock
        assert (await store.history.totals(FOR_EVER)).total_events == 1


def test_what_is_no_history_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "tracker.duckdb"
    path.write_bytes(b"nonsense" * 1000)
    with pytest.raises(duckdb.Error):
        rewrite(path)
    assert path.read_bytes() == b"nonsense" * 1000
    assert [file.name for file in tmp_path.iterdir()] == ["tracker.duckdb"]
