"""Live state that survives a restart: what changed is written down once a second."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from tracker.core.clock import Clock
from tracker.core.ended import REMEMBERED_FOR_S
from tracker.core.restore import (
    FiguresRecord,
    SessionRecord,
    TimesRecord,
    export_figures,
    export_times,
    find_record,
)
from tracker.core.session import Session, Visibility
from tracker.core.site import LiveSite
from tracker.store import live_tables
from tracker.store.errors import JournalUnavailable
from tracker.store.live_tables import Cut, Key
from tracker.store.writer import Writer

log = logging.getLogger(__name__)

INTERVAL_S = 1.0
MANY_SESSIONS = 2_000
"""So many changed sessions are written at once: exporting them stops the event loop for about 10 ms."""
MANY_TIMES = 20_000
"""The same for sessions of which only the times moved."""
MAX_ENDED = 100_000
SETTLED_WITHIN_S = 30.0
"""After its end a session is written on for so long while its lookup is not settled."""
PRUNE_SLICE = 1_000
PRUNE_EVERY_S = 30.0


class RestoredState(NamedTuple):
    """What the last process knew. Feed the core with it, replay the journal, then tick.

    Sessions that were silent too long meanwhile are among the live ones: the first
    tick ends them as it ends any other.
    """

    written_at: float | None
    """Unix time of the checkpoint, ``None`` without one; from then on frames may be missing."""
    applied_seq: int
    """The last journal event that is part of it; those after it have to be replayed."""
    live: list[SessionRecord]
    """In the order of their last receipt."""
    ended: list[SessionRecord]
    """Those that are remembered, in the order of their end."""
    figures: list[FiguresRecord]
    unreadable: int
    """Rows that were no session or figures any more."""


async def load_checkpoint(writer: Writer) -> RestoredState:
    """Return the state of the last checkpoint; empty when there is none.

    Raises:
        JournalUnavailable: it cannot be read.
    """
    written_at, applied_seq = await writer.run(live_tables.read_mark)
    sessions, bad_sessions = await writer.run(live_tables.read_sessions)
    figures, bad_figures = await writer.run(live_tables.read_figures)
    return RestoredState(
        written_at,
        applied_seq,
        sorted((one for one in sessions if one.end is None), key=lambda one: one.last_receipt_at),
        sorted((one for one in sessions if one.end is not None), key=_noticed_at),
        figures,
        bad_sessions + bad_figures,
    )


class _Marks(NamedTuple):
    """What has to be written, by name and in the order of the first change."""

    sessions: dict[Key, None]
    times: dict[Key, None]
    sites: dict[str, None]


class Checkpoints:
    """Writes the sessions and figures that changed, together with the journal's number.

    All of one checkpoint is of one moment and in one transaction: events after its
    number can be replayed upon it, and figures come out exact. What is marked is a
    name, not a state, so a session that changes often costs one row a second. The
    marks are bounded by the sessions that live or ended lately.
    """

    def __init__(
        self,
        writer: Writer,
        clock: Clock,
        site: Callable[[str], LiveSite],
        applied_seq: Callable[[], int],
        interval_s: float = INTERVAL_S,
        keep_ended_s: float = REMEMBERED_FOR_S,
        first: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        """``applied_seq`` tells the number of the last journal event that the core has handled.

        ``keep_ended_s``: for how long the core remembers sessions that ended.
        ``first``: writes what must not be younger on the disk than the checkpoint.
        """
        self._writer = writer
        self._clock = clock
        self._site = site
        self._applied_seq = applied_seq
        self._interval_s = interval_s
        self._first = first
        self._keep_ended_s = keep_ended_s
        self._sessions: dict[Key, None] = {}
        self._times: dict[Key, None] = {}
        self._sites: dict[str, None] = {}
        self._many = asyncio.Event()
        self._pages = live_tables.WrittenPages()
        self._pruned_s = clock.now().monotonic_s
        self._writing = asyncio.Lock()
        self.written = 0
        self.failures = 0
        """Checkpoints in a row that were not written."""
        self.written_at: float | None = None
        self.written_seq = 0
        """Journal events up to here need no replay any more."""

    @property
    def waiting(self) -> int:
        """Sessions that have to be written."""
        return len(self._sessions) + len(self._times)

    def mark(self, session: Session, only_times: bool = False) -> None:
        """Note that ``session`` changed, ended, or came back. Constant time.

        ``only_times``: it is as it was written, but for the times that a sign of life moves.
        """
        key = (session.site, session.id)
        if not only_times:
            self._sessions[key] = None
        elif key not in self._sessions:
            self._times[key] = None
        self._sites[session.site] = None
        is_much = len(self._sessions) >= MANY_SESSIONS or len(self._times) >= MANY_TIMES
        if is_much and not self.failures:
            self._many.set()

    def mark_site(self, site: str) -> None:
        """Note that figures of ``site`` changed."""
        self._sites[site] = None

    @property
    def has_changes(self) -> bool:
        return bool(self._sessions or self._times or self._sites) or self._applied_seq() != self.written_seq

    async def run(self) -> None:
        """Write what changed once an interval, and at once when it is very much; for ever.

        Does not write when it is cancelled: whoever stops it calls :meth:`write` after
        the last change.
        """
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._interval_s):
                    await self._many.wait()
            if self.has_changes:
                await self.write()

    async def write(self) -> bool:
        """Write what is marked, also before the end; ``False``: it failed and stays marked."""
        async with self._writing:
            if self._first is not None:
                await self._first()
            return await self._write()

    async def _write(self) -> bool:
        marks = self._take_marks()
        cut = self._cut(marks)
        try:
            await self._writer.run(partial(live_tables.write, cut=cut, pages=self._pages))
        except Exception as error:
            self._pages.forget()
            self._mark_again(marks)
            if not isinstance(error, JournalUnavailable):
                raise
            self._failed(error)
            return False
        self._pages.keep(cut.figures)
        if self.failures:
            log.info("checkpoints are written again after %d failures", self.failures)
        self.failures = 0
        self.written += 1
        self.written_at = cut.written_at
        self.written_seq = cut.applied_seq
        for record in cut.sessions:
            if _may_change_unheard(record, cut.written_at):
                self._sessions[record.site, record.id] = None
                self.mark_site(record.site)
        await self._prune_sometimes()
        return True

    def _take_marks(self) -> _Marks:
        marks = _Marks(self._sessions, self._times, self._sites)
        self._sessions, self._times, self._sites = {}, {}, {}
        self._many.clear()
        return marks

    def _cut(self, marks: _Marks) -> Cut:
        # Without an await: a cut of two moments would count replayed events twice.
        now = self._clock.now()
        records: list[SessionRecord] = []
        forgotten: list[Key] = []
        for key in marks.sessions:
            record = find_record(self._site(key[0]), key[1], now)
            if record is None:
                forgotten.append(key)
            else:
                records.append(record)
        times: list[tuple[Key, TimesRecord]] = []
        for key in marks.times:
            # One that changed or ended since is marked as such too.
            session = None if key in marks.sessions else self._site(key[0]).find(key[1])
            if session is not None:
                times.append((key, export_times(session, now)))
        figures = [export_figures(self._site(name)) for name in marks.sites]
        return Cut(now.unix_s, self._applied_seq(), records, times, forgotten, figures)

    def _mark_again(self, marks: _Marks) -> None:
        self._sessions = {**marks.sessions, **self._sessions}
        self._times = {**marks.times, **self._times}
        self._sites = {**marks.sites, **self._sites}

    def _failed(self, error: JournalUnavailable) -> None:
        if not self.failures:
            log.error("live state cannot be written (%s); tried again every second", error.trouble)
        self.failures += 1

    async def _prune_sometimes(self) -> None:
        now = self._clock.now()
        if now.monotonic_s - self._pruned_s >= PRUNE_EVERY_S:
            self._pruned_s = now.monotonic_s
            with suppress(JournalUnavailable):
                await self.prune()

    async def prune(self) -> int:
        """Delete ended sessions that are too old or too many; return how many went.

        Raises:
            JournalUnavailable: it was not done; what is left goes the next time.
        """
        pruned = 0
        deleted = PRUNE_SLICE
        while deleted == PRUNE_SLICE:
            job = partial(
                live_tables.prune_ended,
                before=self._clock.now().unix_s - self._keep_ended_s,
                keep=MAX_ENDED,
                limit=PRUNE_SLICE,
            )
            deleted = await self._writer.run(job)
            pruned += deleted
        return pruned


def _may_change_unheard(record: SessionRecord, now_unix_s: float) -> bool:
    """Whether the answer of a lookup may change the session without an effect that names it."""
    if record.end is None:
        return record.visibility is Visibility.WAITING
    is_unsettled = record.visibility is Visibility.WAITING or not record.enrichment.is_settled
    return is_unsettled and now_unix_s - record.end.noticed_at < SETTLED_WITHIN_S


def _noticed_at(record: SessionRecord) -> float:
    assert record.end is not None
    return record.end.noticed_at
