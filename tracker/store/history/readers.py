"""The threads that answer questions, each question with a time limit."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

from tracker.store.history import engine
from tracker.store.history.database import HistoryDatabase
from tracker.store.history.engine import DuckDBPyConnection
from tracker.store.history.errors import HistoryBusy, HistoryUnavailable, QueryTooSlow

T = TypeVar("T")
Job = Callable[[DuckDBPyConnection], T]

THREADS = 2
LIMIT_S = 5.0
MAX_WAITING = 64
INTERRUPT_EVERY_S = 0.05


class Readers:
    """Runs questions on two threads; up to 64 wait for their turn, more are refused."""

    def __init__(
        self,
        database: HistoryDatabase,
        limit_s: float = LIMIT_S,
        threads: int = THREADS,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self._database = database
        self._limit_s = limit_s
        self._max_in_hand = threads + max_waiting
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="history-reader")
        self._is_closed = False
        self.in_hand = 0
        """Questions that run or wait."""
        self.answered = 0
        self.too_slow = 0
        self.refused = 0

    async def run(self, job: Job[T]) -> T:
        """Return what ``job`` returns; its turn and its run take ``limit_s`` at most.

        Raises:
            HistoryBusy: too many wait already.
            QueryTooSlow: it was interrupted.
            HistoryUnavailable, HistoryDamaged, QueryTooLarge: see ``HistoryDatabase.cursor``.
        """
        if self._is_closed:
            raise HistoryUnavailable("closed")
        if self.in_hand >= self._max_in_hand:
            self.refused += 1
            raise HistoryBusy
        run = _Run(self._database)
        self.in_hand += 1
        future = asyncio.wrap_future(self._pool.submit(run.do, job))
        future.add_done_callback(self._is_over)
        try:
            await asyncio.wait({future}, timeout=self._limit_s)
            is_late = not future.done()
        finally:
            while not future.done():
                # One that is between two statements when it is interrupted does not notice.
                run.interrupt()
                await asyncio.wait({future}, timeout=INTERRUPT_EVERY_S)
        try:
            result = future.result()
        except (engine.InterruptException, _Interrupted) as error:
            self.too_slow += 1
            raise QueryTooSlow(self._limit_s) from error
        if is_late:
            self.too_slow += 1
            raise QueryTooSlow(self._limit_s)
        self.answered += 1
        return result

    def _is_over(self, future: "asyncio.Future[T]") -> None:
        # Whoever asked may be gone: then nobody else looks at how it went.
        future.exception()
        self.in_hand -= 1

    def close(self) -> None:
        """Take no more questions. Those in hand are answered."""
        self._is_closed = True
        self._pool.shutdown(wait=False)


class _Interrupted(Exception):
    pass


class _Run:
    """One question, from its place in the queue to its answer."""

    def __init__(self, database: HistoryDatabase) -> None:
        self._database = database
        self._lock = Lock()
        self._cursor: DuckDBPyConnection | None = None
        self._is_interrupted = False

    def do(self, job: Job[T]) -> T:
        with self._database.cursor() as cursor:
            with self._lock:
                if self._is_interrupted:
                    raise _Interrupted
                self._cursor = cursor
            try:
                return job(cursor)
            finally:
                with self._lock:
                    self._cursor = None

    def interrupt(self) -> None:
        with self._lock:
            self._is_interrupted = True
            if self._cursor is not None:
                self._cursor.interrupt()
