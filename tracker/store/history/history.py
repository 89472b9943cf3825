"""The past, for whoever asks: every question on a thread of its own, with a time limit."""

from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from functools import partial
from typing import TypeVar

from tracker.core.clock import Clock
from tracker.core.history import (
    Cohort,
    EventPage,
    EventSummary,
    Filter,
    FunnelStep,
    StoredEvent,
    TimeSeries,
    TopItem,
    Totals,
    UserStats,
    VisitRow,
)
from tracker.store.history import events, figures, removal, visits
from tracker.store.history.buckets import zone_of
from tracker.store.history.database import HistoryDatabase
from tracker.store.history.events import Place, Slice
from tracker.store.history.mover import Mover
from tracker.store.history.readers import Readers

T = TypeVar("T")

EXPORT_ROWS = 2_000
EXPORT_FIRST_MS = 3_600_000
MAX_SESSION_EVENTS = 1_000
MAX_VISITS = 100


class History:
    """Answers of the event store. Distinct counts are exact.

    Every method raises ``QueryRefused`` (what was asked for makes no sense), ``QueryTooSlow``,
    ``QueryTooLarge``, ``HistoryBusy``, ``HistoryUnavailable`` or ``HistoryDamaged``.
    What happened less than a second ago may be missing.
    """

    def __init__(self, database: HistoryDatabase, readers: Readers, mover: Mover, clock: Clock) -> None:
        self._database = database
        self._readers = readers
        self._mover = mover
        self._clock = clock

    async def totals(self, wanted: Filter) -> Totals:
        return await self._answer(figures.totals, wanted)

    async def unique_users(self, wanted: Filter) -> int:
        return await self._answer(figures.unique_users, wanted)

    async def timeseries(
        self, wanted: Filter, interval_s: int | None = None, timezone: str = "UTC"
    ) -> TimeSeries:
        """``interval_s``: one of ``buckets.LADDER_S``; ``None`` chooses one that gives at most 200 points."""
        zone, answers = zone_of(timezone), self._database.answers
        return await self._readers.run(
            partial(figures.time_series, wanted=wanted, interval_s=interval_s, zone=zone, answers=answers)
        )

    async def top(self, wanted: Filter, dimension: str, limit: int = 5) -> list[TopItem]:
        """``dimension``: one of ``filters.DIMENSIONS``; at most 100 values."""
        return await self._answer(figures.top, wanted, dimension, limit)

    async def event_summary(self, wanted: Filter, event: str) -> EventSummary:
        return await self._answer(figures.event_summary, wanted, event)

    async def user_stats(self, wanted: Filter, user_id: str) -> UserStats:
        return await self._readers.run(partial(figures.user_stats, wanted=wanted, user_id=user_id))

    async def funnel(self, wanted: Filter, steps: Sequence[str]) -> list[FunnelStep]:
        return await self._answer(figures.funnel, wanted, tuple(steps))

    async def retention(self, wanted: Filter, timezone: str = "UTC") -> list[Cohort]:
        return await self._answer(figures.retention, wanted, zone_of(timezone))

    async def events(self, wanted: Filter, limit: int = 100, cursor: str | None = None) -> EventPage:
        """Return a page of events, the newest first, 1,000 at most.

        Events that come in while one pages neither repeat nor hide any.
        """
        return await self._readers.run(
            lambda lent: events.page(lent, wanted, figures.checked(lent, wanted), limit=limit, before=cursor)
        )

    async def session_events(
        self, site: str, session_id: str, limit: int = MAX_SESSION_EVENTS
    ) -> list[StoredEvent]:
        """Return the last events of a session, the oldest first, 1,000 at most."""
        wanted = max(1, min(limit, MAX_SESSION_EVENTS))
        return await self._readers.run(
            partial(events.of_session, site=site, session_id=session_id, limit=wanted)
        )

    async def session_visits(self, site: str, session_id: str) -> list[VisitRow]:
        """Return the last 100 visits of a session that have ended, the newest first."""
        return await self._readers.run(
            partial(visits.of_session, site=site, session_id=session_id, limit=MAX_VISITS)
        )

    async def company_visits(self, wanted: Filter, limit: int = MAX_VISITS) -> list[VisitRow]:
        """Return the visits of a company that began in the range and have ended, the newest first.

        100 at most.
        """
        shown = max(1, min(limit, MAX_VISITS))
        return await self._readers.run(partial(visits.of_company, wanted=wanted, limit=shown))

    async def export(self, wanted: Filter, rows: int = EXPORT_ROWS) -> AsyncIterator[list[StoredEvent]]:
        """Yield all events in chunks of at most ``rows``, the oldest first.

        Memory does not grow with their number: each chunk is a question of its own, about
        a part of the time that holds about as many. Other questions are answered in between.
        """
        after = Place(wanted.start_ms, -1)
        width_ms = EXPORT_FIRST_MS
        while after.time_ms < wanted.end_ms:
            part = Slice(after, min(wanted.end_ms, after.time_ms + width_ms))
            chunk, last = await self._readers.run(
                lambda lent, part=part: events.read_slice(  # type: ignore[misc]  # cannot infer
                    lent, wanted, figures.checked(lent, wanted), part, rows
                )
            )
            if chunk:
                yield chunk
            after = last or Place(part.end_ms, -1)
            if last:
                width_ms = max(1, width_ms // 2)
            elif len(chunk) <= rows // 2:
                width_ms *= 2

    async def retain(self, keep_days: int) -> int:
        """Delete what is older than ``keep_days`` whole days; return how many rows went."""
        now = self._clock.now().unix_s
        return await self._mover.write(partial(removal.retain, keep_days=keep_days, now_unix_s=now))

    async def _answer(self, question: Callable[..., T], wanted: Filter, *rest: Hashable) -> T:
        # Companies become known when visits end, and change figures of all times.
        if wanted.company is not None or "company" in rest:
            return await self._readers.run(lambda lent: question(lent, wanted, *rest))
        answers = self._database.answers
        return await self._readers.run(lambda lent: answers.answer(question, wanted, rest, lent))

    @property
    def size_bytes(self) -> int:
        return self._database.size_bytes
