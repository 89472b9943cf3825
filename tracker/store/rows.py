"""Many rows in few statements.

Every step of a statement gives up the interpreter's lock and has to get it back:
5 ms each while the event loop is busy. ``executemany`` steps once a row, so 500 rows
could take seconds; rows of one VALUES list are one step.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

# Powers of two, so that few texts are enough and all stay prepared. 128 rows of seven
# columns stay below the 999 parameters that SQLite allowed before 3.32.
CHUNKS = (128, 64, 32, 16, 8, 4, 2, 1)

Row = TypeVar("Row", bound=Sequence[Any])


def insert_rows(
    connection: sqlite3.Connection, head: str, rows: Sequence[Sequence[Any]], tail: str = ""
) -> None:
    """Run ``head VALUES (…), (…) tail`` for all rows, which have the same length."""
    for chunk in chunks_of(rows):
        values = [value for row in chunk for value in row]
        connection.execute(f"{head} VALUES {places(len(chunk), len(chunk[0]))} {tail}", values)


def select_matching(
    connection: sqlite3.Connection, columns: str, table: str, on: str, keys: Sequence[Sequence[Any]]
) -> list[Any]:
    """Return ``columns`` of the rows of ``table`` that match one of ``keys``.

    ``on`` compares the table's columns with ``key.column1``, ``key.column2``, …
    """
    found: list[Any] = []
    for chunk in chunks_of(keys):
        values = [value for key in chunk for value in key]
        wanted = f"(VALUES {places(len(chunk), len(chunk[0]))}) AS key"
        # CROSS fixes the order: key by key through the index. (a, b) IN (VALUES …) scans the table.
        found += connection.execute(f"SELECT {columns} FROM {wanted} CROSS JOIN {table} ON {on}", values)
    return found


def chunks_of(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    start = 0
    for size in CHUNKS:
        while len(rows) - start >= size:
            yield rows[start : start + size]
            start += size


def places(rows: int, columns: int) -> str:
    return ",".join([f"({','.join('?' * columns)})"] * rows)
