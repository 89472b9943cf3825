"""Opening, refusing and reopening the history's file."""

import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest

from tests.store.history.opened import FOR_EVER, event, open_store
from tests.support.clock import FakeClock
from tracker.settings import Store
from tracker.store.errors import StoreLocked, StoreTooNew, StoreUnusable
from tracker.store.history import tables
from tracker.store.history.database import history_path, open_history
from tracker.store.history.errors import HistoryDamaged, HistoryUnavailable


def test_the_path_comes_from_the_settings() -> None:
    assert history_path(Store()) == Path("data/tracker.duckdb")
    assert history_path(Store(url="duckdb::memory:")) is None


def test_S4_22_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "tracker.duckdb"
    database = open_history(path, FakeClock())
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert database.size_bytes > 0
    database.close()
    assert [file.name for file in path.parent.iterdir()] == ["tracker.duckdb"]


def test_F2d_06_a_second_process_is_refused_by_name(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.store.history.child", "hold", str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        with pytest.raises(StoreLocked, match=f"process {child.pid}"):
            open_history(tmp_path / "tracker.duckdb", FakeClock())
        child.communicate("", timeout=30)
    open_history(tmp_path / "tracker.duckdb", FakeClock()).close()


def _is_refused(path: Path) -> bool:
    try:
        open_history(path, FakeClock()).close()
    except HistoryDamaged:
        return True
    return False


async def _filled(folder: Path) -> bytes:
    async with open_store(folder) as store:
        await store.store([event(f"e{n}", page=f"/{n * n % 7919}") for n in range(20_000)])
    return (folder / "tracker.duckdb").read_bytes()


async def test_F2c_04_damage_is_refused_and_left_alone(tmp_path: Path) -> None:
    whole = await _filled(tmp_path)
    path = tmp_path / "tracker.duckdb"
    block = 262_144
    damaged = {
        "zero length": b"",
        "no database": b"hello" * 10_000,
        "header": whole[:4096] + b"\xff" * 4096 + whole[8192:],
        "half": whole[: len(whole) // 2],
        **{
            f"block at {at}": whole[:at] + b"\xa5" * 4096 + whole[at + 4096 :]
            for at in range(12_288 + 5_000, len(whole) - 4096, block)
        },
    }
    refused = 0
    for name, content in damaged.items():
        path.write_bytes(content)
        if name.startswith("block") and not _is_refused(path):
            # A block that is free may hold anything.
            continue
        with pytest.raises(HistoryDamaged, match=r"tracker\.store\.history\.salvage"):
            open_history(path, FakeClock())
        assert path.read_bytes() == content, name
        refused += 1
    assert refused >= 6
    path.write_bytes(whole)
    open_history(path, FakeClock()).close()


def test_F2c_04_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "tracker.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE something_else (a INTEGER)")
    with pytest.raises(HistoryDamaged, match="not a history"):
        open_history(path, FakeClock())
    path.unlink()
    path.with_name("tracker.duckdb.wal").write_bytes(b"left over")
    with pytest.raises(HistoryDamaged, match="without its main file"):
        open_history(path, FakeClock())
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnusable):
        open_history(tmp_path / "file" / "tracker.duckdb", FakeClock())


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tracker.duckdb"
    open_history(path, FakeClock()).close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE version SET number = 99")
    with pytest.raises(StoreTooNew, match="99"):
        open_history(path, FakeClock())


async def test_damage_met_later_is_told(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        with pytest.raises(HistoryDamaged), store.database.cursor():
            raise duckdb.Error("Corrupt database file: computed checksum 1 does not match 2")
        assert "checksum" in (store.database.trouble or "")
        assert (await store.history.totals(FOR_EVER)).total_events == 0, "the rest can still be read"


def test_limits_hold_and_statements_reach_no_other_file(tmp_path: Path) -> None:
    database = open_history(tmp_path / "tracker.duckdb", FakeClock())
    (tmp_path / "secret.csv").write_text("a\n1\n")
    with database.cursor() as cursor:
        assert cursor.execute("SELECT current_setting('threads')").fetchall() == [(2,)]
        limit = cursor.execute("SELECT current_setting('memory_limit')").fetchall()[0][0]
        assert limit.startswith("244."), "256 MB in MiB"
        for statement in (
            f"SELECT * FROM '{tmp_path}/secret.csv'",
            f"COPY events TO '{tmp_path}/out.csv'",
            f"ATTACH '{tmp_path}/other.duckdb'",
            "SET memory_limit = '8GB'",
            "SET enable_external_access = true",
        ):
            with pytest.raises(duckdb.Error):
                cursor.execute(statement)
    database.close()


def test_what_is_left_open_is_rolled_back(tmp_path: Path) -> None:
    database = open_history(tmp_path / "tracker.duckdb", FakeClock())
    with database.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("INSERT INTO gaps VALUES ('default', 1, 2)")
    with database.cursor() as cursor:
        assert cursor.execute("SELECT count(*) FROM gaps").fetchall() == [(0,)]
    database.close()


def test_it_is_reopened_when_the_last_cursor_is_back_and_not_too_often(tmp_path: Path) -> None:
    clock = FakeClock()
    path = tmp_path / "tracker.duckdb"
    database = open_history(path, clock)
    with database.cursor() as held:
        held.execute("SELECT 1")
        with pytest.raises(HistoryUnavailable), database.cursor():
            raise duckdb.FatalException("database has been invalidated")
        with pytest.raises(HistoryUnavailable), database.cursor():
            pass
    path.rename(tmp_path / "away")
    path.mkdir()
    for _ in range(3):
        with pytest.raises(HistoryUnavailable), database.cursor():
            pass
    path.rmdir()
    (tmp_path / "away").rename(path)
    with pytest.raises(HistoryUnavailable), database.cursor():
        pass
    clock.advance(1)
    with database.cursor() as cursor:
        assert tables.version_of(cursor) == len(tables.STEPS)
    assert database.reopened == 1
    database.close()
    with pytest.raises(HistoryUnavailable, match="closed"), database.cursor():
        pass


def test_closing_waits_for_those_who_read(tmp_path: Path) -> None:
    path = tmp_path / "tracker.duckdb"
    database = open_history(path, FakeClock())
    began, go_on = threading.Event(), threading.Event()
    found: list[object] = []

    def read() -> None:
        with database.cursor() as cursor:
            began.set()
            go_on.wait(10)
            found.extend(cursor.execute("SELECT count(*) FROM events").fetchall())

    thread = threading.Thread(target=read)
    thread.start()
    began.wait(10)
    database.close()
    go_on.set()
    thread.join()
    assert found == [(0,)]
    duckdb.connect(str(path)).close()
