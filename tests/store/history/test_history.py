"""The facade: questions while events come in, and a place for a million of them."""

import asyncio
from pathlib import Path

from tests.store.history.opened import FOR_EVER, START_S, event, open_store, random_events
from tracker.core.history import Filter


async def test_questions_and_events_at_once(tmp_path: Path) -> None:
    events = list(random_events(6_000))
    asked = 0
    async with open_store(tmp_path, max_rows=300) as store:

        async def ask() -> None:
            nonlocal asked
            while store.mover.applied_seq < len(events):
                totals, page, top = await asyncio.gather(
                    store.history.totals(FOR_EVER),
                    store.history.events(FOR_EVER, 5),
                    store.history.top(FOR_EVER, "page"),
                )
                assert totals.total_events <= len(events)
                assert len(page.events) <= 5
                assert len(top) <= 5
                asked += 1

        async with asyncio.TaskGroup() as group:
            group.create_task(ask())
            await store.store(events)
        expected = sum(one.site == "default" for one in events)
        assert (await store.history.totals(FOR_EVER)).total_events == expected
    assert asked > 1


async def test_in_memory_answers_the_same() -> None:
    async with open_store(None) as store:
        await store.store([event("e1"), event("e2", session_id="s2", user_id="ann")])
        assert await store.history.totals(FOR_EVER) == (2, 2, 1)
        assert await store.history.unique_users(FOR_EVER) == 1
        assert store.history.size_bytes == 0


async def test_export_crosses_empty_times(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.store([event("e1", START_S - 3e8), event("e2"), event("e3"), event("e4", START_S + 5)])
        chunks = [chunk async for chunk in store.history.export(FOR_EVER, rows=1)]
        assert [[one.id for one in chunk] for chunk in chunks] == [["e1"], ["e2"], ["e3"], ["e4"]]
        empty = Filter("default", START_S, START_S)
        assert [chunk async for chunk in store.history.export(empty)] == []
