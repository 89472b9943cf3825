"""Versions of the file, forward only."""

from pathlib import Path

import duckdb
import pytest

from tests.store.history.opened import FOR_EVER, event, open_store
from tracker.store.history import tables


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
