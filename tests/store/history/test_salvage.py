"""What can be read of a damaged history is saved."""

import random
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from tests.store.history.opened import FOR_EVER, event, open_store
from tests.support.clock import FakeClock
from tracker.store.errors import StoreUnusable
from tracker.store.history.database import open_history, wal_of
from tracker.store.history.errors import HistoryDamaged
from tracker.store.history.salvage import salvage

EVENTS = 20_000


def damage(path: Path) -> None:
    """Overwrite a part of a block of rows: the file opens, and cannot be read as a whole.

    The last block that matters holds texts of some rows only; the first ones, a column of all rows.
    """
    whole = path.read_bytes()
    for at in reversed(range(12_288 + 5_000, len(whole) - 4096, 262_144)):
        path.write_bytes(whole[:at] + b"\xa5" * 4096 + whole[at + 4096 :])
        with suppress(duckdb.Error):
            duckdb.connect(str(path), read_only=True).close()
            try:
                open_history(path, FakeClock()).close()
            except HistoryDamaged:
                return
    raise AssertionError("no block mattered")


def run_command(damaged: Path, new: Path) -> str:
    command = [sys.executable, "-m", "tracker.store.history.salvage", str(damaged), str(new)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_F2c_04_salvage_then_the_journal_goes_on(tmp_path: Path) -> None:
    path, rng = tmp_path / "tracker.duckdb", random.Random(1)
    async with open_store(tmp_path) as store:
        await store.store([event(f"e{n}", page=f"/{rng.randbytes(60).hex()}") for n in range(EVENTS)])
    async with open_store(tmp_path) as store:
        await store.journal.append("default", [event("not yet moved")])
    damage(path)
    before = path.read_bytes()
    output = run_command(path, tmp_path / "new.duckdb")
    assert path.read_bytes() == before, "the damaged file is only read"
    saved, lost = (int(word) for word in output.splitlines()[0].split() if word.isdigit())
    assert saved + lost == EVENTS
    assert 0 < lost < EVENTS / 2 < saved, "rows beside the damage are saved"
    (tmp_path / "new.duckdb").replace(path)
    async with open_store(tmp_path) as store:
        await store.mover.catch_up()
        assert (await store.history.totals(FOR_EVER)).total_events == saved + 1


async def test_F2c_04_what_stands_in_the_log_is_saved_too_and_both_files_stay_as_they_are(
    tmp_path: Path,
) -> None:
    path = tmp_path / "tracker.duckdb"
    async with open_store(tmp_path) as store:
        await store.store([event(f"e{n}") for n in range(3)])
    with duckdb.connect(str(path)) as connection:
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        connection.execute("INSERT INTO events SELECT * FROM events")
    before = [file.read_bytes() for file in (path, wal_of(path))]
    assert salvage(path, tmp_path / "new.duckdb")["events"] == (6, 0)
    assert [file.read_bytes() for file in (path, wal_of(path))] == before


@pytest.mark.parametrize("events", [1, 3_000])
async def test_a_whole_file_is_copied_whole(tmp_path: Path, events: int) -> None:
    async with open_store(tmp_path) as store:
        await store.store([event(f"e{n}") for n in range(events)])
    result = salvage(tmp_path / "tracker.duckdb", tmp_path / "new.duckdb")
    assert result["events"] == (events, 0)
    assert result["applied"] == (2, 0)
    with pytest.raises(StoreUnusable, match="exists"):
        salvage(tmp_path / "tracker.duckdb", tmp_path / "new.duckdb")
    (tmp_path / "bad.duckdb").write_bytes(b"nothing" * 9_000)
    with pytest.raises(StoreUnusable):
        salvage(tmp_path / "bad.duckdb", tmp_path / "other.duckdb")
