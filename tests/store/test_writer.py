import asyncio
import sqlite3
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tracker.store.database import open_database
from tracker.store.errors import JournalUnavailable, Trouble


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
