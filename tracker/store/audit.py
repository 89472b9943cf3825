"""What was done with access, and what was denied: the last lines of it."""

import sqlite3
from collections.abc import Sequence

from tracker.core.accounts import AuditLine
from tracker.store.rows import insert_rows
from tracker.store.writer import Writer

KEPT_LINES = 50_000
"""About 8 MB."""


class AuditTable:
    """Holds at most ``limit`` lines; the oldest go first. All raise ``JournalUnavailable``."""

    def __init__(self, writer: Writer, limit: int = KEPT_LINES) -> None:
        self._writer = writer
        self._limit = limit

    async def write(self, lines: Sequence[AuditLine]) -> None:
        def write(connection: sqlite3.Connection) -> None:
            head = "INSERT INTO audit (at, action, actor, site, address, detail)"
            insert_rows(connection, head, lines)
            connection.execute(
                "DELETE FROM audit WHERE number <= (SELECT max(number) FROM audit) - ?", (self._limit,)
            )

        await self._writer.run(write)

    async def read(self, limit: int, site: str | None = None) -> list[AuditLine]:
        """Return the newest lines, those of one site or all, newest first."""

        def read(connection: sqlite3.Connection) -> list[AuditLine]:
            rows = connection.execute(
                "SELECT at, action, actor, site, address, detail FROM audit"
                " WHERE ?1 IS NULL OR site = ?1 ORDER BY number DESC LIMIT ?2",
                (site, limit),
            )
            return [AuditLine(*row) for row in rows]

        return await self._writer.run(read)
