"""A journal with a history behind it, for the tests of this room."""

import random
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.clock import FakeClock
from tracker.core.clock import Clock, Now
from tracker.core.history import Filter
from tracker.core.inputs import SiteEvent
from tracker.store.database import Database, open_database
from tracker.store.history.database import HistoryDatabase, open_history
from tracker.store.history.eraser import Eraser
from tracker.store.history.history import History
from tracker.store.history.mover import Mover
from tracker.store.history.outbox import Outbox
from tracker.store.history.readers import Readers
from tracker.store.journal import Journal

START_S = 1_790_000_000.0
FOR_EVER = Filter("default", START_S - 4e8, START_S + 4e8)


class OpenStore:
    """Everything between an event and a figure."""

    def __init__(
        self, journal_file: Database, database: HistoryDatabase, clock: Clock, max_rows: int
    ) -> None:
        self.journal_file = journal_file
        self.database = database
        self.clock = clock
        self.journal = Journal(journal_file.writer, clock, lambda event: None)
        self.outbox = Outbox(journal_file.writer)
        self.mover = Mover(
            journal_file.writer, database, clock, interval_s=0.01, retry_after_s=0.01, max_rows=max_rows
        )
        self.readers = Readers(database)
        self.history = History(database, self.readers, self.mover, clock)
        self.eraser = Eraser(journal_file.writer, self.mover, database, clock)

    async def store(self, events: Sequence[SiteEvent]) -> None:
        """Append to the journal and let the history take it over."""
        for first in range(0, len(events), 1_000):
            await self.journal.append("default", events[first : first + 1_000])
        await self.outbox.write()
        await self.mover.catch_up()

    async def close(self) -> None:
        self.readers.close()
        await self.mover.close()
        self.database.close()
        await self.journal_file.close()


@asynccontextmanager
async def open_store(
    folder: Path | None, clock: Clock | None = None, max_rows: int = 5_000
) -> AsyncIterator[OpenStore]:
    """Open ``folder``'s files, or all in memory, and close them at the end."""
    clock = clock or FakeClock()
    journal_file = open_database(folder and folder / "tracker.journal", clock)
    try:
        database = open_history(folder and folder / "tracker.duckdb", clock)
    except BaseException:
        await journal_file.close()
        raise
    store = OpenStore(journal_file, database, clock, max_rows)
    try:
        yield store
    finally:
        await store.close()


def event(event_id: str, at: float = START_S, **fields: object) -> SiteEvent:
    """One pageview of session ``s1`` at ``at``, or whatever ``fields`` says."""
    plain = SiteEvent(Now(1_000.0, at), "default", event_id, "pageview", "s1", at)
    return plain._replace(**fields)  # type: ignore[arg-type]  # names are the tests' own


def random_events(count: int, seed: int = 1, days: float = 40.0) -> Iterable[SiteEvent]:
    """Events over ``days`` before START_S, mostly in order, as they would come in."""
    chance = random.Random(seed)
    sessions = [_session(chance, n) for n in range(max(1, count // 8))]
    width_s = days * 86_400 / count
    for n in range(count):
        at = START_S - days * 86_400 + n * width_s
        late_s = chance.choice((0, 0, 0, 0.5, 5, 900, 86_400 * chance.random()))
        session = sessions[min(len(sessions) - 1, max(0, n // 8 + chance.randint(-20, 20)))]
        own_id = f"{int(at * 1000):012x}{chance.getrandbits(80):020x}"
        yield SiteEvent(
            Now(1_000.0, round(at, 3)),
            "default" if chance.random() < 0.9 else "other",
            own_id if chance.random() < 0.8 else f"client-{n}",
            chance.choices(("pageview", "click", "sign up", "Ünïcode ☃"), (7, 2, 1, 0.3))[0],
            session.session_id,
            round(at - late_s, 3),
            page=chance.choice((None, "/", "/pricing", "/docs", f"/p/{chance.randint(1, 300)}")),
            user_id=session.user_id if chance.random() < 0.9 else None,
            country=session.country,
            device=session.device,
            browser=session.browser,
            os=session.os,
            referrer=session.referrer,
            ip=session.ip,
            metadata={"plan": "pro", "n": n} if chance.random() < 0.1 else {},
            timestamp_adjusted=chance.random() < 0.01,
        )


def _session(chance: random.Random, number: int) -> SiteEvent:
    user = f"user-{chance.randint(1, 800)}" if chance.random() < 0.6 else None
    return SiteEvent(
        Now(0.0, 0.0),
        "default",
        "",
        "",
        user if user and chance.random() < 0.2 else f"session-{number}-{chance.getrandbits(64):x}",
        0.0,
        user_id=user,
        country=chance.choice((None, "DE", "US", "CH", "fr")),
        device=chance.choice((None, "desktop", "mobile", "tablet")),
        browser=chance.choice((None, "Chrome", "Safari")),
        os=chance.choice((None, "Linux", "iOS")),
        referrer=chance.choice((None, "https://news.example/", f"https://r{number % 50}.example/")),
        ip=f"192.0.2.{chance.randint(1, 250)}",
    )
