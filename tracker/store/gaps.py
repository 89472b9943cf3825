"""Times in which the session emitter was away: what it said then is lost, and known to be."""

import sqlite3
from functools import partial
from typing import NamedTuple

from tracker.store.writer import Writer

MAX_GAPS = 10_000


class Gap(NamedTuple):
    site: str
    start: float
    end: float


class Gaps:
    """Keeps the last ten thousand gaps of all sites. Raises ``JournalUnavailable``."""

    def __init__(self, writer: Writer, limit: int = MAX_GAPS) -> None:
        self._writer = writer
        self._limit = limit

    async def add(self, site: str, start: float, end: float) -> None:
        await self._writer.run(partial(_add, gap=Gap(site, start, end), keep=self._limit))

    async def between(self, site: str, start: float, end: float) -> list[Gap]:
        """Return the gaps that overlap with that time, oldest first."""
        return await self._writer.run(partial(_between, wanted=Gap(site, start, end)))


def _add(connection: sqlite3.Connection, gap: Gap, keep: int) -> None:
    number = connection.execute(
        "INSERT INTO feed_gaps (site, started_at, ended_at) VALUES (?, ?, ?)", gap
    ).lastrowid
    connection.execute("DELETE FROM feed_gaps WHERE number <= ?", ((number or 0) - keep,))


def _between(connection: sqlite3.Connection, wanted: Gap) -> list[Gap]:
    rows = connection.execute(
        "SELECT site, started_at, ended_at FROM feed_gaps"
        " WHERE site = ? AND ended_at >= ? AND started_at <= ? ORDER BY started_at",
        wanted,
    )
    return [Gap(*row) for row in rows]
