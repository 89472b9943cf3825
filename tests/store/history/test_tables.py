"""Versions of the file, forward only."""

import shutil
from pathlib import Path

import duckdb
import pytest

from tests.store.history.opened import FOR_EVER, START_S, event, open_store
from tracker.store.history import tables
from tracker.store.history.database import connect, wal_of
from tracker.store.history.salvage import salvage


def test_a_step_is_made_once_and_remembered(tmp_path: Path) -> None:
    path = tmp_path / "file.duckdb"
    steps = (*tables.STEPS, ("CREATE TABLE later (a INTEGER)", "INSERT INTO later VALUES (1)"))
    for known in (tables.STEPS, tables.STEPS, steps, steps):
        with duckdb.connect(str(path)) as connection:
            tables.migrate(connection, known)
            assert tables.version_of(connection) == len(known)
    with duckdb.connect(str(path)) as connection:
        assert connection.execute("SELECT * FROM later").fetchall() == [(1,)]
        with pytest.raises(tables.UnknownVersion):
            tables.migrate(connection)


def test_a_step_that_fails_leaves_nothing(tmp_path: Path) -> None:
    broken = (*tables.STEPS, ("CREATE TABLE half (a INTEGER)", "INSERT INTO nowhere VALUES (1)"))
    with duckdb.connect(str(tmp_path / "file.duckdb")) as connection:
        tables.migrate(connection)
        with pytest.raises(duckdb.CatalogException):
            tables.migrate(connection, broken)
        assert tables.version_of(connection) == len(tables.STEPS)
        names = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        assert names == {*tables.TABLES, "version"}


async def test_what_was_stored_survives_an_upgrade(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.store([event("e1")])
    with duckdb.connect(str(tmp_path / "tracker.duckdb")) as connection:
        tables.migrate(connection, (*tables.STEPS, ("ALTER TABLE events ADD COLUMN new_one VARCHAR",)))
        connection.execute("UPDATE version SET number = ?", [len(tables.STEPS)])
        connection.execute("ALTER TABLE events DROP COLUMN new_one")
    async with open_store(tmp_path) as store:
        assert (await store.history.totals(FOR_EVER)).total_events == 1


def make_first_version(path: Path, users: list[str | None]) -> None:
    with duckdb.connect(str(path)) as connection:
        tables.migrate(connection, tables.STEPS[:1])
        connection.executemany(
            "INSERT INTO events VALUES ('default', ?, 1, 1, 'pageview', 's', 1, ?, NULL, NULL, NULL, NULL,"
            " NULL, NULL, '', NULL, 'c', NULL, false)",
            [(int(START_S * 1000) + n, user) for n, user in enumerate(users)],
        )


def test_a_kill_right_after_an_upgrade_leaves_a_file_that_can_be_opened(tmp_path: Path) -> None:
    path, left = tmp_path / "tracker.duckdb", tmp_path / "left.duckdb"
    make_first_version(path, ["ann"])
    with connect(path):
        shutil.copyfile(path, left)
        if wal_of(path).exists():
            shutil.copyfile(wal_of(path), wal_of(left))
    with connect(left) as connection:
        assert tables.version_of(connection) == len(tables.STEPS)
        assert connection.execute("SELECT user_id FROM events").fetchall() == [("ann",)]


@pytest.mark.parametrize("is_salvaged", [False, True])
async def test_users_of_a_file_of_the_first_version_are_found(tmp_path: Path, is_salvaged: bool) -> None:
    make_first_version(tmp_path / "tracker.duckdb", ["ann", None, "bob", "ann"])
    if is_salvaged:
        assert salvage(tmp_path / "tracker.duckdb", tmp_path / "new")["events"] == (4, 0)
        (tmp_path / "new").replace(tmp_path / "tracker.duckdb")
    async with open_store(tmp_path) as store:
        await store.store([event("e5", user_id="ann")])
        assert (await store.history.totals(FOR_EVER)).total_events == 5
        for user, count in (("ann", 3), ("bob", 1), ("", 0)):
            stats = await store.history.user_stats(FOR_EVER, user)
            assert (stats.total_events, len(stats.recent_events)) == (count, count)
            assert (await store.history.totals(FOR_EVER._replace(user_id=user))).total_events == count
