"""Takes what the journal holds into the history: in batches, in order, exactly once."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TypeVar

from tracker.core.clock import Clock
from tracker.store.errors import StoreError
from tracker.store.history import engine, feed, loading
from tracker.store.history.database import HistoryDatabase
from tracker.store.history.engine import DuckDBPyConnection
from tracker.store.history.errors import HistoryUnavailable
from tracker.store.history.loading import Applied, Batch
from tracker.store.writer import Writer

log = logging.getLogger(__name__)

T = TypeVar("T")

INTERVAL_S = 0.5
RETRY_AFTER_S = 1.0
STREAMS = ("events", "outbox")
UNREADABLE = (engine.DataError, engine.ProgrammingError, engine.IntegrityError)


class Mover:
    """The only writer of the history; deletions of others go through :meth:`write`.

    It keeps the number of the last row in the same transaction as the rows, so a
    crash between two batches, or within one, neither loses nor doubles any. What the
    history does not take now waits in the journal's file, which bounds itself by the disk.
    """

    def __init__(
        self,
        writer: Writer,
        database: HistoryDatabase,
        clock: Clock,
        interval_s: float = INTERVAL_S,
        retry_after_s: float = RETRY_AFTER_S,
        max_rows: int = feed.MAX_ROWS,
    ) -> None:
        self._writer = writer
        self._database = database
        self._clock = clock
        self._interval_s = interval_s
        self._retry_after_s = retry_after_s
        self._max_rows = max_rows
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history-writer")
        self._moving = asyncio.Lock()
        self._applied: dict[str, Applied] = {}
        self.seen_seq = 0
        """As ``applied_seq``, but known also while a batch is on its way; for the backlog only."""
        self.rows = 0
        """Rows taken over since the start."""
        self.unreadable = 0
        """Rows of the journal that were none any more, and were left out."""
        self.failures = 0
        """Tries in a row that failed."""
        self.trouble: str | None = None
        self._caught_up_s = clock.now().monotonic_s

    @property
    def applied_seq(self) -> int:
        """The last event of the journal that is in the history: up to here it may be pruned.

        0 until the first batch, or the first look for one, after the start or a failure.
        """
        return self._applied_seq("events")

    def _applied_seq(self, stream: str) -> int:
        applied = self._applied.get(stream)
        return applied.seq if applied else 0

    @property
    def lag_s(self) -> float:
        """Seconds since all there was had been taken over; stays below 1 while all is well."""
        return max(0.0, self._clock.now().monotonic_s - self._caught_up_s)

    async def run(self) -> None:
        """Move for ever. Whoever cancels it calls :meth:`catch_up` after the last event."""
        while True:
            try:
                await self._take_turn()
            except StoreError as error:
                self._note(error)
                await asyncio.sleep(self._retry_after_s)
            else:
                self._note(None)
                await asyncio.sleep(self._interval_s)

    async def _take_turn(self) -> None:
        """Take over what there is, but leave what came in meanwhile to the next turn.

        A batch costs about 15 ms of processor time whatever is in it: to follow a steady stream until
        nothing is left would never end, and take a core for a handful of rows at a time.
        """
        began_s = self._clock.now().monotonic_s
        for stream in STREAMS:
            while await self.move(stream) >= self._max_rows // 2:
                pass
        self._caught_up_s = began_s

    async def catch_up(self) -> None:
        """Take over everything that is committed now; what comes in meanwhile may wait.

        Raises:
            JournalUnavailable, HistoryUnavailable, HistoryDamaged, QueryTooLarge: what
                is left stays in the journal.
        """
        began_s = self._clock.now().monotonic_s
        for stream in STREAMS:
            last_seq = await self._writer.run(partial(feed.last_seq, stream=stream))
            while await self.move(stream) and self._applied_seq(stream) < last_seq:
                pass
        self._caught_up_s = began_s

    async def move(self, stream: str) -> int:
        """Take over the next batch of ``stream``; return how many rows it had, 0 at the end."""
        async with self._moving:
            applied = self._applied.get(stream) or await self._look(stream)
            batch = await self._writer.run(
                partial(feed.read_batch, stream=stream, after_seq=applied.seq, max_rows=self._max_rows)
            )
            if batch is None:
                return 0
            # Unknown until it is committed: what failed halfway is looked up again.
            del self._applied[stream]
            after, rows = await self._apply(stream, applied, batch)
            self._know(stream, after)
            self.rows += rows
            if stream == "outbox":
                await self._writer.run(partial(feed.delete_applied, up_to_seq=after.seq))
            return batch.rows

    async def write(self, job: Callable[[DuckDBPyConnection], T]) -> T:
        """Run ``job`` between two batches, on the thread that writes. Transactions are its own."""

        def run(cursor: DuckDBPyConnection) -> T:
            try:
                return job(cursor)
            finally:
                self._database.answers.changed(0)

        async with self._moving:
            return await self._on_thread(run)

    async def between_batches(self, job: Callable[[], T]) -> T:
        """Run ``job`` as :meth:`write` does, but without a cursor: it may close the file meanwhile."""
        async with self._moving:
            return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, job))

    async def close(self) -> None:
        """Wait for what is being written. Called once, after :meth:`run` was cancelled."""
        async with self._moving:
            self._thread.shutdown(wait=False)

    async def _look(self, stream: str) -> Applied:
        generation = await self._writer.run(feed.read_generation)
        applied = await self._on_thread(partial(loading.read_applied, stream=stream, generation=generation))
        self._know(stream, applied)
        return applied

    def _know(self, stream: str, applied: Applied) -> None:
        self._applied[stream] = applied
        if stream == "events":
            self.seen_seq = applied.seq

    async def _apply(self, stream: str, applied: Applied, batch: Batch) -> tuple[Applied, int]:
        try:
            return await self._on_thread(
                partial(self._load, stream=stream, before=applied, batch=batch)
            ), batch.rows
        except UNREADABLE as error:
            log.warning("a batch of %s holds what cannot be read (%s)", stream, type(error).__name__)
        return await self._apply_readable(stream, applied, batch.last_seq)

    async def _apply_readable(self, stream: str, applied: Applied, last_seq: int) -> tuple[Applied, int]:
        """Take over what can be, row by row where need be; rows that cannot are left out and counted."""
        batch = await self._writer.run(
            partial(feed.read_readable, stream=stream, after_seq=applied.seq, last_seq=last_seq)
        )
        job = partial(self._load, stream=stream, before=applied)
        try:
            after = await self._on_thread(partial(job, batch=batch))
        except UNREADABLE:
            if last_seq - applied.seq > 1:
                middle = (applied.seq + last_seq) // 2
                halfway, first = await self._apply_readable(stream, applied, middle)
                after, second = await self._apply_readable(stream, halfway, last_seq)
                return after, first + second
            after = await self._on_thread(partial(job, batch=Batch("[]", last_seq, 0)))
            batch = Batch("[]", last_seq, 0, 1)
        self.unreadable += batch.unreadable
        return after, batch.rows

    def _load(self, cursor: DuckDBPyConnection, stream: str, before: Applied, batch: Batch) -> Applied:
        since_ms = 0
        try:
            after = loading.apply(cursor, stream, before, batch)
            # It is committed: what fails now must not look as if it was not.
            with suppress(engine.Error):
                since_ms = loading.changed_since_ms(cursor, stream, before, batch)
        finally:
            self._database.answers.changed(since_ms)
        return after

    async def _on_thread(self, job: Callable[[DuckDBPyConnection], T]) -> T:
        def run() -> T:
            with self._database.cursor() as cursor:
                return job(cursor)

        try:
            future = self._thread.submit(run)
        except RuntimeError as error:
            raise HistoryUnavailable("closed") from error
        # When the mover is cancelled its batch goes on, before whatever comes next on this thread.
        return await asyncio.shield(asyncio.wrap_future(future))

    def _note(self, error: StoreError | None) -> None:
        trouble = str(error) if error else None
        self.failures = self.failures + 1 if error else 0
        if trouble == self.trouble:
            return
        self.trouble = trouble
        if trouble is None:
            log.info("the history takes over events again")
        else:
            log.error("events wait in the journal: %s", trouble)
