"""FAULTS.md 2c and 2d: opening, owning and refusing the file."""

import asyncio
import fcntl
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.store.events import event, open_journal
from tests.support.clock import FakeClock
from tracker.settings import Store
from tracker.store import schema
from tracker.store.database import journal_path, open_database
from tracker.store.errors import StoreDamaged, StoreError, StoreLocked, StoreTooNew, StoreUnusable
from tracker.store.lock import FileLock


async def a_used_file(path: Path, events: int = 300) -> bytes:
    async with open_journal(path) as opened:
        await opened.append(*(event(f"e{n}", page="/" + "x" * 200) for n in range(events)))
    return content(path)


def content(path: Path) -> bytes:
    return path.read_bytes()


def names_in(directory: Path) -> set[str]:
    return {file.name for file in directory.iterdir()}


def refusal(path: Path) -> StoreError:
    with pytest.raises(StoreError) as caught:
        open_database(path, FakeClock())
    return caught.value


def test_the_journal_lies_beside_the_store() -> None:
    assert journal_path(Store("duckdb:data/tracker.duckdb")) == Path("data/tracker.journal")
    assert journal_path(Store("duckdb::memory:")) is None


async def test_in_memory_nothing_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_journal(None) as opened:
        assert [stored.seq for stored in await opened.append(event("a"), event("b"))] == [1, 2]
        assert await opened.stored_ids() == ["a", "b"]
    assert names_in(tmp_path) == set()


async def test_S4_22_only_the_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "data" / "t.journal"
    async with open_journal(path) as opened:
        await opened.append(event())
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert set(modes.values()) == {0o600}
    assert {"t.journal", "t.journal-wal"} <= set(modes)


async def test_every_commit_is_flushed_to_the_disk(tmp_path: Path) -> None:
    async with open_journal(tmp_path / "t.journal") as opened:
        wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}
        for pragma, value in wanted.items():
            found = await opened.database.writer.run(
                lambda connection, p=pragma: connection.execute(f"PRAGMA {p}").fetchone()[0]  # type: ignore[misc]
            )
            assert found == value, pragma


async def test_a_clean_end_leaves_one_file_that_opens_again(tmp_path: Path) -> None:
    path = tmp_path / "t.journal"
    await a_used_file(path, 3)
    assert names_in(tmp_path) == {"t.journal", "t.journal.lock"}
    async with open_journal(path) as opened:
        assert await opened.stored_ids() == ["e0", "e1", "e2"]


async def test_F2d_06_a_second_instance_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.journal"
    code = (
        "import sys, pathlib; from tracker.clock import SystemClock;"
        "from tracker.store.database import open_database;"
        "open_database(pathlib.Path(sys.argv[1]), SystemClock())"
    )
    async with open_journal(path) as opened:
        command = [sys.executable, "-c", code, str(path)]
        second = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
        assert second.returncode != 0
        assert f"StoreLocked: {path} is in use by process {os.getpid()}: stop that one first" in second.stderr
        await opened.append(event())
    async with open_journal(path) as opened:
        assert await opened.stored_ids() == ["e1"]


def test_the_lock_goes_with_its_holder(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock", tmp_path / "t")
    with pytest.raises(StoreLocked):
        FileLock(tmp_path / "lock", tmp_path / "t")
    lock.release()
    FileLock(tmp_path / "lock", tmp_path / "t").release()


async def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.journal"
    await a_used_file(path, 1)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {len(schema.STEPS) + 1}")
    connection.close()
    error = refusal(path)
    assert isinstance(error, StoreTooNew)
    assert f"schema {len(schema.STEPS) + 1}, this one knows {len(schema.STEPS)}" in str(error)


def test_steps_are_taken_once_and_all_or_nothing(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x", isolation_level=None)
    first = ("CREATE TABLE a (x)", "INSERT INTO a VALUES (1)")
    schema.migrate(connection, (first,))
    with pytest.raises(sqlite3.OperationalError):
        schema.migrate(connection, (first, ("INSERT INTO a VALUES (2)", "NOT SQL")))
    assert schema.version_of(connection) == 1
    schema.migrate(connection, (first, ("INSERT INTO a VALUES (3)",)))
    assert connection.execute("SELECT x FROM a").fetchall() == [(1,), (3,)]
    assert schema.version_of(connection) == 2
    connection.close()


@pytest.mark.parametrize(
    ("written", "finding"),
    [(b"", "it is empty"), (b"hello, I am no database" * 100, "not an SQLite database")],
)
def test_F2c_04_what_is_no_journal_is_refused_and_left_alone(
    tmp_path: Path, written: bytes, finding: str
) -> None:
    path = tmp_path / "t.journal"
    path.write_bytes(written)
    error = refusal(path)
    assert isinstance(error, StoreDamaged)
    assert finding in str(error)
    assert "move t.journal, t.journal-wal and t.journal-shm away" in str(error)
    assert path.read_bytes() == written
    # The refusal lets the lock go.
    with (tmp_path / "t.journal.lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


async def test_F2c_04_overwritten_pages_are_found(tmp_path: Path) -> None:
    path = tmp_path / "t.journal"
    good = await a_used_file(path)
    assert len(good) > 20 * 4096
    found = 0
    for page in range(1, len(good) // 4096):
        bad = bytearray(good)
        bad[page * 4096 : (page + 1) * 4096] = bytes((page * 7 + n * 31) % 256 for n in range(4096))
        path.write_bytes(bad)
        try:
            await open_database(path, FakeClock()).close()
        except StoreDamaged:
            found += 1
            assert path.read_bytes() == bytes(bad)
    # Pages that are free hold nothing that could be damaged.
    assert found >= len(good) // 4096 - 3


async def test_F2c_04_a_log_without_its_main_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.journal"
    (tmp_path / "t.journal-wal").write_bytes(b"what an earlier file left")
    error = refusal(path)
    assert isinstance(error, StoreDamaged)
    assert "without its main file" in str(error)
    assert not path.exists()


async def test_F2c_04_a_damaged_file_keeps_its_log(tmp_path: Path) -> None:
    path, copy = tmp_path / "t.journal", tmp_path / "copy" / "t.journal"
    copy.parent.mkdir()
    await a_used_file(path)
    async with open_journal(path) as opened:
        await opened.append(event("last"))
        log = path.with_name("t.journal-wal").read_bytes()
        bad = path.read_bytes()
    bad = bad[: 4096 * 5] + b"x" * 4096 * 8 + bad[4096 * 13 :]
    copy.write_bytes(bad)
    copy.with_name("t.journal-wal").write_bytes(log)
    assert isinstance(refusal(copy), StoreDamaged)
    assert copy.read_bytes() == bad
    assert copy.with_name("t.journal-wal").read_bytes() == log


async def test_F2c_03_a_torn_log_loses_its_tail_only(tmp_path: Path) -> None:
    path, copy = tmp_path / "t.journal", tmp_path / "copy" / "t.journal"
    copy.parent.mkdir()
    async with open_journal(path) as opened:
        for n in range(20):
            await opened.append(event(f"e{n}"))
        # What a crash leaves behind.
        log = path.with_name("t.journal-wal").read_bytes()
        copy.write_bytes(path.read_bytes())
    copy.with_name("t.journal-wal").write_bytes(log[: len(log) - 3000])
    async with open_journal(copy) as opened:
        ids = await opened.stored_ids()
        assert 10 < len(ids) < 20
        assert ids == [f"e{n}" for n in range(len(ids))]


def test_a_directory_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    error = refusal(tmp_path / "file" / "t.journal")
    assert isinstance(error, StoreUnusable)
    assert "cannot be opened" in str(error)
