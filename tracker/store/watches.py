"""The watch lists of all sites."""

import sqlite3

from tracker.core.watches import WatchKind, WatchRule
from tracker.store.writer import Writer


class WatchTable:
    """One method is one transaction. All raise ``JournalUnavailable``."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def load(self) -> list[WatchRule]:
        """Return all rules, the oldest first."""

        def read(connection: sqlite3.Connection) -> list[WatchRule]:
            rows = connection.execute(
                "SELECT id, site, kind, pattern, created_at FROM watches ORDER BY created_at, id"
            )
            # A kind of a newer version means nothing here.
            return [
                WatchRule(row[0], row[1], WatchKind(row[2]), row[3], row[4])
                for row in rows
                if row[2] in set(WatchKind)
            ]

        return await self._writer.run(read)

    async def add(self, rule: WatchRule) -> None:
        await self._writer.run(
            lambda connection: connection.execute("INSERT INTO watches VALUES (?, ?, ?, ?, ?)", rule).rowcount
        )

    async def remove(self, rule_id: str) -> None:
        await self._writer.run(
            lambda connection: connection.execute("DELETE FROM watches WHERE id = ?", (rule_id,)).rowcount
        )
