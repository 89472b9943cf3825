import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.store.events import held_writer, limit_pages
from tests.support.clock import FakeClock
from tracker.store.database import Database, open_database
from tracker.store.errors import JournalUnavailable, Trouble


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = open_database(tmp_path / "t.journal", FakeClock())
    yield database
    await database.close()


def insert_a_page(connection: sqlite3.Connection) -> int:
    connection.execute("INSERT INTO events (body) VALUES (zeroblob(3000))")
    return threading.get_ident()


async def test_a_job_is_all_or_nothing_and_its_own_error_is_raised(tmp_path: Path) -> None:
    database = open_database(tmp_path / "t.journal", FakeClock())

    def half(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO meta VALUES ('a', 'b')")
        raise LookupError("half way")

    with pytest.raises(LookupError):
        await database.writer.run(half)
    with pytest.raises(sqlite3.IntegrityError):
        await database.writer.run(lambda c: c.execute("INSERT INTO meta VALUES ('generation', 'again')"))
    rows = await database.writer.run(lambda c: c.execute("SELECT key FROM meta").fetchall())
    assert rows == [("generation",)]
    assert database.writer.trouble is None
    await database.close()


async def test_commits_are_counted_and_timed_and_reading_is_none(tmp_path: Path) -> None:
    database = open_database(tmp_path / "t.journal", FakeClock())
    writer = database.writer
    assert writer.commit_times == (0.0, 0.0, 0.0)
    for n in range(3):
        await writer.run(lambda c, n=n: c.execute("INSERT INTO meta VALUES (?, '')", (str(n),)))  # type: ignore[misc]
    await writer.run(lambda c: c.execute("SELECT * FROM meta").fetchall())
    assert writer.commits == 3
    await database.close()


async def test_damage_met_while_it_runs_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.journal"
    database = open_database(path, FakeClock())
    await database.writer.run(lambda c: c.execute("INSERT INTO events VALUES (1, zeroblob(50000))"))
    await database.close()
    database = open_database(path, FakeClock())
    spoil(path)
    with pytest.raises(JournalUnavailable) as caught:
        await database.writer.run(lambda c: c.execute("SELECT * FROM live_pages").fetchall())
    assert caught.value.trouble is Trouble.DAMAGED
    assert database.writer.failures == {Trouble.DAMAGED: 1}
    await database.close()


def spoil(path: Path) -> None:
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:4096] + b"\x55" * (size - 4096))


async def test_closing_twice_is_no_error_and_what_comes_later_is_told(tmp_path: Path) -> None:
    database = open_database(tmp_path / "t.journal", FakeClock())
    await asyncio.gather(database.close(), database.close())
    with pytest.raises(JournalUnavailable) as caught:
        await database.writer.run(lambda c: c.execute("SELECT 1"))
    assert caught.value.trouble is Trouble.CLOSED


async def test_what_is_short_runs_here_when_nothing_else_does(database: Database) -> None:
    done = database.writer.submit_or_run(insert_a_page)
    assert done.done()
    assert done.result() == threading.get_ident()
    assert (database.writer.commits, database.writer.commits_in_loop) == (1, 1)
    assert await database.writer.run(insert_a_page) != threading.get_ident()
    assert (database.writer.commits, database.writer.commits_in_loop) == (2, 1)


async def test_what_is_short_waits_for_nobody(database: Database, tmp_path: Path) -> None:
    async with held_writer(database):
        handed_over = database.writer.submit_or_run(insert_a_page)
        assert not handed_over.done()
    assert await asyncio.wrap_future(handed_over) != threading.get_ident()
    somebody = sqlite3.connect(tmp_path / "t.journal", isolation_level=None)
    somebody.execute("BEGIN IMMEDIATE")
    handed_over = database.writer.submit_or_run(insert_a_page)
    assert not handed_over.done(), "only the thread may wait for somebody else's lock"
    somebody.execute("ROLLBACK")
    somebody.close()
    assert await asyncio.wrap_future(handed_over) != threading.get_ident()
    assert database.writer.commits_in_loop == 0


async def test_a_disk_that_was_slow_is_left_to_the_thread_for_a_while(tmp_path: Path) -> None:
    clock = FakeClock()
    database = open_database(tmp_path / "t.journal", clock)

    def take_a_second_to_commit(connection: sqlite3.Connection) -> None:
        insert_a_page(connection)
        connection.set_trace_callback(lambda sql: clock.advance(1.0) and None)

    assert database.writer.submit_or_run(take_a_second_to_commit).done()
    await database.writer.run(lambda connection: connection.set_trace_callback(None))
    handed_over = database.writer.submit_or_run(insert_a_page)
    assert await asyncio.wrap_future(handed_over) != threading.get_ident()
    clock.advance(3_600.0)
    assert database.writer.submit_or_run(insert_a_page).done()
    await database.close()


async def test_a_disk_that_takes_long_to_fail_is_left_to_the_thread_too(tmp_path: Path) -> None:
    clock = FakeClock()
    database = open_database(tmp_path / "t.journal", clock)
    await limit_pages(database, 2)

    def take_a_second_to_fail(connection: sqlite3.Connection) -> None:
        clock.advance(1.0)
        for _ in range(5):
            insert_a_page(connection)

    assert database.writer.submit_or_run(take_a_second_to_fail).exception(timeout=0)
    handed_over = database.writer.submit_or_run(insert_a_page)
    assert await asyncio.wrap_future(handed_over) != threading.get_ident()
    await database.close()


async def test_trouble_of_what_runs_here_is_told_like_that_of_the_thread(database: Database) -> None:
    await limit_pages(database, 2)
    failed = database.writer.submit_or_run(lambda c: [insert_a_page(c) for _ in range(5)])
    error = failed.exception(timeout=0)
    assert isinstance(error, JournalUnavailable)
    assert error.trouble is database.writer.trouble is Trouble.FULL
    own = database.writer.submit_or_run(lambda c: c.execute("SELECT nothing"))
    assert isinstance(own.exception(timeout=0), sqlite3.OperationalError)
    assert database.writer.submit_or_run(insert_a_page).result(timeout=0)
    assert database.writer.trouble is None


async def test_only_the_thread_takes_the_log_over_into_the_file(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "t.journal"
    for _ in range(60):
        assert database.writer.submit_or_run(lambda c: [insert_a_page(c) for _ in range(25)]).done()
    assert file.stat().st_size < 1_000_000
    await database.writer.run(insert_a_page)
    assert file.stat().st_size > 5_000_000


async def test_closed_is_told_here_too(tmp_path: Path) -> None:
    database = open_database(tmp_path / "t.journal", FakeClock())
    await database.close()
    with pytest.raises(JournalUnavailable) as caught:
        database.writer.submit_or_run(insert_a_page)
    assert caught.value.trouble is Trouble.CLOSED
