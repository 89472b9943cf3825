"""``python -m tracker.store.history.salvage DAMAGED NEW``: save what can be read of a damaged history.

``DAMAGED`` is only read. Put NEW in its place afterwards; what the journal still holds
is added at the next start: a number is lost only when it was in a part that could not be read
and is in the journal no more.
"""

import logging
import sys
from pathlib import Path
from typing import NamedTuple

from tracker.store.errors import StoreUnusable
from tracker.store.history import engine, tables
from tracker.store.history.engine import DuckDBPyConnection

log = logging.getLogger(__name__)

GROUP_ROWS = 122_880
"""Rows that DuckDB keeps together: damage reaches no farther."""
PART_ROWS = 2_048
"""Tried one by one where a group cannot be read as a whole."""


class Salvaged(NamedTuple):
    rows: int
    lost: int
    """Rows in parts that could not be read."""


def salvage(damaged: Path, new: Path) -> dict[str, Salvaged]:
    """Copy every part of ``damaged`` that can be read into ``new``; return what became of each table.

    Raises:
        StoreUnusable: ``new`` exists, or ``damaged`` cannot be opened at all.
    """
    if new.exists():
        raise StoreUnusable(new, "it exists already")
    connection = engine.connect(str(new))
    try:
        try:
            path = str(damaged).replace("'", "''")
            connection.execute(f"ATTACH '{path}' AS damaged (READ_ONLY)")
        except engine.Error as error:
            raise StoreUnusable(damaged, str(error).splitlines()[0]) from error
        # Later steps are made when it is opened: rows fit tables of their own version only.
        tables.migrate(connection, tables.STEPS[: _version_of(connection)])
        connection.execute("DELETE FROM main.applied")
        result = {table: _copy_table(connection, table) for table in tables.TABLES}
        if not result["applied"].rows:
            log.error("what was taken over from the journal is unknown: what it still holds may come twice")
            connection.execute(
                "INSERT INTO main.applied SELECT 'events', '', 0, coalesce(max(arrival), 0) FROM main.events"
            )
        return result
    finally:
        connection.close()
        new.chmod(0o600)


def _version_of(connection: DuckDBPyConnection) -> int:
    try:
        (found,) = connection.execute("SELECT max(number) FROM damaged.version").fetchall()[0]
    except engine.Error:
        found = None
    return found or len(tables.STEPS)


def _copy_table(connection: DuckDBPyConnection, table: str) -> Salvaged:
    try:
        found = connection.execute(f"SELECT count(*), max(rowid) FROM damaged.{table}").fetchall()
    except engine.Error as error:
        log.error("%s cannot be read at all: %s", table, error)
        return Salvaged(0, 0)
    rows, last = found[0]
    copied = 0
    for first in range(0, 0 if last is None else last + 1, GROUP_ROWS):
        copied += _copy_rows(connection, table, first, GROUP_ROWS)
    return Salvaged(copied, rows - copied)


def _copy_rows(connection: DuckDBPyConnection, table: str, first: int, count: int) -> int:
    try:
        copied = connection.execute(
            f"INSERT INTO main.{table} SELECT * FROM damaged.{table} WHERE rowid >= ? AND rowid < ?",
            [first, first + count],
        ).fetchall()
    except engine.Error:
        if count == PART_ROWS:
            return 0
        return sum(
            _copy_rows(connection, table, start, PART_ROWS)
            for start in range(first, first + count, PART_ROWS)
        )
    return int(copied[0][0])


def main() -> None:
    if len(sys.argv) != 3:
        raise SystemExit("usage: python -m tracker.store.history.salvage DAMAGED NEW")
    try:
        for table, result in salvage(Path(sys.argv[1]), Path(sys.argv[2])).items():
            sys.stdout.write(f"{table}: {result.rows} rows saved, {result.lost} lost\n")
    except StoreUnusable as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
