"""Answers of the deanonymizer across a restart, so that none is bought twice."""

import sqlite3
from collections.abc import Iterable, Sequence
from functools import partial

from tracker.core.identity import Identity
from tracker.store.codec import IDENTITY, KeptIdentity
from tracker.store.rows import insert_rows
from tracker.store.writer import Writer

SLICE = 1_000

Entry = tuple[str, Identity | None, float]
"""Canonical address, answer (``None`` is a miss), Unix seconds at which it was fetched."""


class Identities:
    """Holds at most ``limit`` addresses, none older than ``keep_s``; those fetched first go first.

    Every method blocks until the disk has it: call it from a worker thread.
    All raise ``JournalUnavailable`` when the disk does not take it.
    """

    def __init__(self, writer: Writer, limit: int, keep_s: float) -> None:
        self._writer = writer
        self._limit = limit
        self._keep_s = keep_s

    def load(self, now_unix_s: float) -> Iterable[Entry]:
        """Return every entry that is young enough, those fetched last at the end."""
        while self._prune(now_unix_s - self._keep_s) == SLICE:
            pass
        return self._writer.submit(_read).result()

    def save(self, entries: Sequence[Entry]) -> None:
        """Insert or replace, a thousand at a time."""
        for start in range(0, len(entries), SLICE):
            rows = [
                (address, fetched_at, IDENTITY.encode(KeptIdentity(identity)))
                for address, identity, fetched_at in entries[start : start + SLICE]
            ]
            self._writer.submit(partial(_write, rows=rows)).result()
            self._prune(0.0)

    def delete(self, address: str) -> None:
        self._writer.submit(
            lambda connection: connection.execute("DELETE FROM identities WHERE address = ?", (address,))
        ).result()

    def load_spend(self) -> tuple[str, int] | None:
        """Return the UTC day and its calls that were saved last."""
        return self._writer.submit(_read_spend).result()

    def save_spend(self, day: str, calls: int) -> None:
        self._writer.submit(
            lambda connection: connection.execute(
                "INSERT INTO spend VALUES (1, ?, ?)"
                " ON CONFLICT DO UPDATE SET day = excluded.day, calls = excluded.calls",
                (day, calls),
            )
        ).result()

    def _prune(self, before: float) -> int:
        return self._writer.submit(partial(_prune, before=before, keep=self._limit)).result()


def _read(connection: sqlite3.Connection) -> list[Entry]:
    entries: list[Entry] = []
    rows = connection.execute("SELECT address, body, fetched_at FROM identities ORDER BY fetched_at")
    for address, body, fetched_at in rows:
        try:
            entries.append((address, IDENTITY.decode(body).identity, fetched_at))
        except (ValueError, TypeError):
            # Damaged, or of a newer version: it is bought again.
            continue
    return entries


def _write(connection: sqlite3.Connection, rows: list[tuple[str, float, bytes]]) -> None:
    insert_rows(
        connection,
        "INSERT INTO identities (address, fetched_at, body)",
        rows,
        "ON CONFLICT (address) DO UPDATE SET fetched_at = excluded.fetched_at, body = excluded.body",
    )


def _prune(connection: sqlite3.Connection, before: float, keep: int) -> int:
    (count,) = connection.execute("SELECT count(*) FROM identities").fetchone()
    oldest = "SELECT rowid FROM identities"
    return connection.execute(
        f"DELETE FROM identities WHERE rowid IN ({oldest} WHERE fetched_at < ? ORDER BY fetched_at LIMIT ?)"
        f" OR rowid IN ({oldest} ORDER BY fetched_at LIMIT ?)",
        (before, SLICE, min(SLICE, max(0, count - keep))),
    ).rowcount


def _read_spend(connection: sqlite3.Connection) -> tuple[str, int] | None:
    row = connection.execute("SELECT day, calls FROM spend").fetchone()
    return None if row is None else (str(row[0]), int(row[1]))
