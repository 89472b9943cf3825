"""The door's durable log: an event is answered for when it is on the disk, not before."""

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from itertools import islice
from threading import Lock
from typing import NamedTuple

from tracker.core.clock import Clock, Now
from tracker.core.inputs import SiteEvent
from tracker.store import entries
from tracker.store.codec import content_digest, encode_event
from tracker.store.entries import Row, Stored
from tracker.store.errors import EventNotStorable, JournalFull
from tracker.store.writer import Writer

log = logging.getLogger(__name__)

MAX_WAITING_EVENTS = 20_000
MAX_WAITING_BYTES = 16 * 1024 * 1024
MAX_GROUP_EVENTS = 1_000
MAX_GROUP_IN_LOOP = 200
"""Larger groups are worth another thread: SQLite works on them beside the event loop."""
GATHER_S = 0.005
"""So long at the most a group waits for what the next turn brings."""
KEEP_IDS_S = 86_400.0
CLOCK_JUMP_S = 60.0
"""The wall clock was set when it moved so much more, or less, than the monotonic one."""
PRUNE_SLICE = 1_000


class Append(NamedTuple):
    """One call that waits for its commit."""

    events: Sequence[SiteEvent]
    rows: list[Row]
    size_bytes: int
    answer: asyncio.Future[list[Stored]]


Group = list[tuple[Append, list[Stored]]]


class Journal:
    """Appends of all callers share commits: what arrives during one makes up the next.

    ``feed`` gets every stored event once, in the order of their numbers, in the
    event loop, before its caller is answered, and also when that caller went away.
    """

    def __init__(
        self,
        writer: Writer,
        clock: Clock,
        feed: Callable[[SiteEvent], None],
        max_waiting_events: int = MAX_WAITING_EVENTS,
        max_waiting_bytes: int = MAX_WAITING_BYTES,
        max_ids: int | None = None,
    ) -> None:
        """``max_ids``: forget ids beyond so many even before their day is over; ``None`` keeps all."""
        self._writer = writer
        self._clock = clock
        self._feed = feed
        self._max_waiting_events = max_waiting_events
        self._max_waiting_bytes = max_waiting_bytes
        self._max_ids = max_ids
        self._lock = Lock()
        self._waiting: deque[Append] = deque()
        self._is_scheduled = False
        self._gathered = 0
        self._gather_until_s = 0.0
        self._groups_under_way = 0
        self._pruned_at = clock.now()
        self._keep_ids_until_s = 0.0
        self.waiting_events = 0
        """Events that are not committed yet."""
        self.waiting_bytes = 0
        self.rows = 0
        """Events stored since the start."""
        self.refused = 0
        """Events turned away because too much waited."""
        self.unreadable = 0
        """Rows met in reading that are no events any more."""
        self.fed_seq = 0
        """The last number that ``feed`` or :meth:`replay` handed on."""

    def append(self, site: str, events: Sequence[SiteEvent]) -> "asyncio.Future[list[Stored]]":
        """Return the future of what becomes of each event: done once all of them are committed and fed.

        All or none are stored. ``site`` and ``event.id`` together are the identity
        of an event for at least 24 hours, concurrent appends and restarts included.
        A caller that is cancelled may find its events stored nevertheless.

        Raises:
            JournalFull: 20,000 events or 16 MiB wait already.
            EventNotStorable: an event has no written form.
            JournalUnavailable: the disk did not take it. The future raises it.
        """
        answer: asyncio.Future[list[Stored]] = asyncio.get_running_loop().create_future()
        if not events:
            answer.set_result([])
            return answer
        rows = [_row(site, event, index) for index, event in enumerate(events)]
        append = Append(events, rows, sum([len(row.body) for row in rows]), answer)
        self._admit(append)
        self._waiting.append(append)
        self._schedule()
        return answer

    async def settled(self) -> None:
        """Wait until everything that was appended before is committed and fed, or has failed.

        Raises:
            JournalUnavailable: the disk does not take anything now.
        """
        answer: asyncio.Future[list[Stored]] = asyncio.get_running_loop().create_future()
        self._waiting.append(Append((), [], 0, answer))
        self._schedule()
        await answer

    async def read(self, after_seq: int, limit: int = MAX_GROUP_EVENTS) -> list[tuple[int, SiteEvent]]:
        """Return the next events after ``after_seq`` with their numbers, in order.

        Less than ``limit`` need not mean that it was the end: rows that cannot be
        read are left out and counted. An empty list is the end.
        """
        job = partial(entries.select, after_seq=after_seq, limit=limit, now=self._clock.now())
        found, unreadable = await self._writer.run(job)
        self.unreadable += unreadable
        return found

    async def replay(self, after_seq: int, feed: Callable[[SiteEvent], None]) -> int:
        """Hand on every event after ``after_seq`` in order; return how many there were.

        For the start, before the first append: events that were committed but not
        yet part of the last checkpoint.
        """
        count = 0
        self.fed_seq = after_seq
        while events := await self.read(self.fed_seq):
            for seq, event in events:
                feed(event)
                self.fed_seq = seq
            count += len(events)
        return count

    async def prune(self, applied_seq: int) -> int:
        """Delete bodies up to ``applied_seq`` and those of their ids that are older than 24 h.

        In transactions of at most 1,000 rows, so that appends pass in between.
        ``applied_seq`` must be what every reader is done with: the checkpoint and
        the mover. Returns the number of bodies and ids that went. For 24 h after the wall
        clock was set, nobody knows which ids are old enough, and all of them stay.
        """
        clock = self._clock.now()
        now = clock.unix_s
        pruned = await self._prune(entries.prune_bodies, applied_seq, now)
        if self._may_prune_ids(clock):
            pruned += await self._prune(entries.prune_ids, applied_seq, now - KEEP_IDS_S)
        if self._max_ids is not None:
            in_excess = min(applied_seq, self.fed_seq - self._max_ids)
            pruned += await self._prune(entries.prune_ids, in_excess, now)
        return pruned

    def _may_prune_ids(self, now: Now) -> bool:
        before, self._pruned_at = self._pruned_at, now
        moved_s = now.unix_s - before.unix_s - (now.monotonic_s - before.monotonic_s)
        if abs(moved_s) > CLOCK_JUMP_S:
            self._keep_ids_until_s = now.monotonic_s + KEEP_IDS_S
        return now.monotonic_s >= self._keep_ids_until_s

    async def _prune(self, prune: Callable[..., int], up_to_seq: int, before: float) -> int:
        pruned = 0
        deleted = PRUNE_SLICE
        while deleted == PRUNE_SLICE:
            job = partial(prune, applied_seq=up_to_seq, before=before, limit=PRUNE_SLICE)
            deleted = await self._writer.run(job)
            pruned += deleted
        return pruned

    async def last_seq(self) -> int:
        """Return the number of the newest event; 0 when there never was one."""
        return await self._writer.run(entries.newest)

    async def generation(self) -> str:
        """Return the name of this file: numbers of different generations mean different events."""
        return await self._writer.run(entries.generation)

    def _admit(self, append: Append) -> None:
        events = self.waiting_events + len(append.rows)
        size_bytes = self.waiting_bytes + append.size_bytes
        # An empty room lets anything in: what never fits would be told to come again for ever.
        if self.waiting_events and (
            events > self._max_waiting_events or size_bytes > self._max_waiting_bytes
        ):
            self.refused += len(append.rows)
            raise JournalFull
        self.waiting_events = events
        self.waiting_bytes = size_bytes

    def _schedule(self) -> None:
        with self._lock:
            if self._is_scheduled:
                return
            self._is_scheduled = True
        # After all that this turn still brings: a group taken at once held a third as many events.
        asyncio.get_running_loop().call_soon(self._submit)

    def _submit(self) -> None:
        loop = asyncio.get_running_loop()
        # A turn that brought more is followed by another: who sends one event after the other does so
        # because the last group was answered, and most of them are on their way.
        if not self._gathered:
            self._gather_until_s = loop.time() + GATHER_S
        if self._gathered < self.waiting_events <= MAX_GROUP_IN_LOOP and loop.time() < self._gather_until_s:
            self._gathered = self.waiting_events
            loop.call_soon(self._submit)
            return
        self._gathered = 0
        group: list[Append] = []
        # Behind a group that is under way: events are handed on in the order of their numbers.
        is_short = not self._groups_under_way and self.waiting_events <= MAX_GROUP_IN_LOOP
        submit = self._writer.submit_or_run if is_short else self._writer.submit
        try:
            written = submit(lambda connection: self._write(connection, group))
        except Exception as error:
            self._fail(group, error)
            if self._waiting:
                self._schedule()
            return
        self._groups_under_way += 1
        # One that the thread was quick with waits for the one before it, which is done but not settled.
        if written.done() and self._groups_under_way == 1:
            self._settle(group, written)
        else:
            written.add_done_callback(lambda done: loop.call_soon_threadsafe(self._settle, group, done))

    # In the writer's thread, or the loop's

    def _write(self, connection: sqlite3.Connection, group: list[Append]) -> Group:
        # A second try after a lock keeps its group.
        if not group:
            with self._lock:
                self._is_scheduled = False
                self._take_up_to(MAX_GROUP_EVENTS, group)
        rows = [row for append in group for row in append.rows]
        results = iter(entries.store(connection, rows))
        return [(append, list(islice(results, len(append.rows)))) for append in group]

    def _take_up_to(self, limit: int, group: list[Append]) -> None:
        taken = 0
        while self._waiting and (not taken or taken + len(self._waiting[0].rows) <= limit):
            append = self._waiting.popleft()
            group.append(append)
            taken += len(append.rows)

    # Back in the event loop

    def _settle(self, group: list[Append], written: "Future[Group]") -> None:
        self._groups_under_way -= 1
        error = written.exception()
        if error is None:
            self._answer(written.result())
        else:
            self._fail(group, error)
        if self._waiting:
            self._schedule()

    def _answer(self, group: Group) -> None:
        for append, results in group:
            self._release(append)
            for event, stored in zip(append.events, results, strict=True):
                if not (stored.duplicate or stored.conflict):
                    self._hand_on(stored.seq, event)
            if not append.answer.done():
                append.answer.set_result(results)

    def _fail(self, group: list[Append], error: BaseException) -> None:
        if not group:
            # The transaction could not even begin.
            with self._lock:
                self._is_scheduled = False
                self._take_up_to(MAX_GROUP_EVENTS, group)
        for append in group:
            self._release(append)
            if not append.answer.done():
                append.answer.set_exception(error)

    def _release(self, append: Append) -> None:
        self.waiting_events -= len(append.rows)
        self.waiting_bytes -= append.size_bytes

    def _hand_on(self, seq: int, event: SiteEvent) -> None:
        self.rows += 1
        try:
            self._feed(event)
        except Exception:
            log.exception("event %d is stored, but could not be applied", seq)
        self.fed_seq = seq


def _row(site: str, event: SiteEvent, index: int) -> Row:
    try:
        body = encode_event(event)
        site.encode()
        return Row(site, event.id, content_digest(event), event.now.unix_s, body)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise EventNotStorable(index, type(error).__name__) from error
