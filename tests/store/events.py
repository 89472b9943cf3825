"""Events and files for the tests of this room."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.clock import START, FakeClock
from tracker.core.clock import Now
from tracker.core.inputs import SiteEvent
from tracker.store.database import Database, open_database
from tracker.store.entries import Stored
from tracker.store.journal import Journal


def event(event_id: str = "e1", page: str = "/", now: Now = START, session_id: str = "s1") -> SiteEvent:
    return SiteEvent(now, "default", event_id, "pageview", session_id, now.unix_s, page=page)


class OpenJournal:
    """A journal on a file of its own, and what it fed."""

    def __init__(self, database: Database, clock: FakeClock, max_events: int, max_bytes: int) -> None:
        self.database = database
        self.clock = clock
        self.fed: list[SiteEvent] = []
        self.journal = Journal(database.writer, clock, self.fed.append, max_events, max_bytes)

    async def append(self, *events: SiteEvent, site: str = "default") -> list[Stored]:
        return await self.journal.append(site, events)

    async def stored_ids(self) -> list[str]:
        return [event.id for _, event in await self.journal.read(0)]


@asynccontextmanager
async def open_journal(
    path: Path | None, max_events: int = 20_000, max_bytes: int = 16 * 1024 * 1024
) -> AsyncIterator[OpenJournal]:
    clock = FakeClock()
    database = open_database(path, clock)
    try:
        yield OpenJournal(database, clock, max_events, max_bytes)
    finally:
        await database.close()


@asynccontextmanager
async def held_writer(database: Database) -> AsyncIterator[None]:
    """Keep the writer's thread busy, so that what is submitted has to wait."""
    began, go_on = threading.Event(), threading.Event()

    def hold(connection: object) -> None:
        began.set()
        go_on.wait(60)

    held = asyncio.wrap_future(database.writer.submit(hold))
    await asyncio.to_thread(began.wait, 60)
    try:
        yield
    finally:
        go_on.set()
        await held


async def limit_pages(database: Database, pages: int) -> None:
    """Let the file grow to ``pages`` more pages: then SQLite says that the disk is full."""

    def limit(connection: sqlite3.Connection) -> None:
        (used,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {used + pages}")

    await database.writer.run(limit)
