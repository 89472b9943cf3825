"""Questions on threads of their own: limits of time and number."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest
from duckdb import DuckDBPyConnection

from tests.support.clock import FakeClock
from tracker.store.history.database import HistoryDatabase, open_history
from tracker.store.history.errors import HistoryBusy, HistoryUnavailable, QueryTooLarge, QueryTooSlow
from tracker.store.history.readers import Readers

ENDLESS = "SELECT count(*) FROM range(1000000000) AS a(i), range(1000000) AS b(j) WHERE (i * j) % 7 = 3"


@pytest.fixture
def database() -> Iterator[HistoryDatabase]:
    database = open_history(None, FakeClock())
    yield database
    database.close()


def endless(cursor: DuckDBPyConnection) -> None:
    cursor.execute(ENDLESS).fetchall()


async def test_S4_12_a_slow_statement_is_interrupted(database: HistoryDatabase) -> None:
    readers = Readers(database, limit_s=0.6)
    began_s = time.monotonic()
    with pytest.raises(QueryTooSlow):
        await readers.run(endless)
    assert time.monotonic() - began_s < 10
    assert await readers.run(lambda cursor: cursor.execute("SELECT 7").fetchall()) == [(7,)]
    assert (readers.too_slow, readers.answered, readers.in_hand) == (1, 1, 0)


async def test_what_waited_too_long_is_never_begun(database: HistoryDatabase) -> None:
    readers = Readers(database, limit_s=0.1, threads=1)
    go_on = threading.Event()
    begun: list[int] = []
    async with asyncio.TaskGroup() as group:
        group.create_task(_fails(readers.run(lambda cursor: go_on.wait(30))))
        second = group.create_task(_fails(readers.run(lambda cursor: begun.append(1))))
        await asyncio.sleep(0.3)
        go_on.set()
        await second
    assert begun == []
    assert readers.too_slow == 2


async def _fails(question: object) -> None:
    with pytest.raises(QueryTooSlow):
        await question  # type: ignore[misc]  # any awaitable


async def test_too_many_are_refused_at_once(database: HistoryDatabase) -> None:
    readers = Readers(database, threads=1, max_waiting=2)
    go_on = threading.Event()
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(readers.run(lambda cursor: go_on.wait(30))) for _ in range(3)]
        await asyncio.sleep(0)
        assert readers.in_hand == 3
        with pytest.raises(HistoryBusy):
            await readers.run(lambda cursor: None)
        go_on.set()
        for one in asked:
            assert await one is True
    assert (readers.refused, readers.in_hand) == (1, 0)


async def test_who_goes_away_takes_the_question_along(database: HistoryDatabase) -> None:
    readers = Readers(database, threads=1)
    async with asyncio.timeout(15), asyncio.TaskGroup() as group:
        asked = group.create_task(readers.run(endless))
        await asyncio.sleep(0.1)
        asked.cancel()
        await asyncio.wait({asked})
        assert asked.cancelled()
        assert await readers.run(lambda cursor: 1) == 1
    assert readers.in_hand == 0


async def test_who_goes_away_twice_leaves_no_question_behind(database: HistoryDatabase) -> None:
    readers = Readers(database, threads=1)
    begun, go_on = threading.Event(), threading.Event()

    def wait(cursor: DuckDBPyConnection) -> None:
        begun.set()
        go_on.wait(30)

    asked = asyncio.ensure_future(readers.run(wait))
    await asyncio.to_thread(begun.wait, 30)
    for _ in range(2):
        asked.cancel()
        await asyncio.sleep(0)
    await asyncio.wait({asked})
    go_on.set()
    assert await readers.run(lambda cursor: 1) == 1
    assert readers.in_hand == 0


async def test_a_question_without_end_of_memory(database: HistoryDatabase) -> None:
    # Time enough to run out of memory first, also on a busy machine.
    readers = Readers(database, limit_s=60)
    with pytest.raises(QueryTooLarge):
        await readers.run(
            lambda cursor: cursor.execute(
                "SELECT list(i || 'some text that is rather long') FROM range(100000000) AS numbers(i)"
            ).fetchall()
        )
    assert await readers.run(lambda cursor: 1) == 1


async def test_a_fault_of_the_question_reaches_who_asked(database: HistoryDatabase) -> None:
    readers = Readers(database)
    with pytest.raises(ZeroDivisionError):
        await readers.run(lambda cursor: 1 // 0)
    readers.close()
    with pytest.raises(HistoryUnavailable):
        await readers.run(lambda cursor: 1)
