"""The one that talks to the journal's file: a thread, or the event loop where that is cheaper."""

import asyncio
import logging
import sqlite3
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import NamedTuple, TypeVar

from tracker.core.clock import Clock
from tracker.histogram import COMMIT_BOUNDS_S, Histogram
from tracker.store.errors import JournalUnavailable, Trouble
from tracker.store.pace import Pace

log = logging.getLogger(__name__)

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]
"""What is done in one transaction. May be run again when the file was locked."""

REMEMBERED_COMMITS = 1_000

# Nothing but the commit itself may hold the event loop up: neither a lock of somebody else
# nor taking the log over into the file.
IN_THREAD = ("PRAGMA busy_timeout = 5000", "PRAGMA wal_autocheckpoint = 1000")
IN_LOOP = ("PRAGMA busy_timeout = 0", "PRAGMA wal_autocheckpoint = 0")

TROUBLES = {
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_BUSY: Trouble.LOCKED,
    sqlite3.SQLITE_LOCKED: Trouble.LOCKED,
    sqlite3.SQLITE_IOERR: Trouble.IO,
    sqlite3.SQLITE_CANTOPEN: Trouble.IO,
    sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
    sqlite3.SQLITE_PERM: Trouble.READ_ONLY,
    sqlite3.SQLITE_CORRUPT: Trouble.DAMAGED,
    sqlite3.SQLITE_NOTADB: Trouble.DAMAGED,
}


class CommitTimes(NamedTuple):
    """Milliseconds of the last 1,000 commits, fsync included; 0 before the first."""

    last_ms: float
    p50_ms: float
    p99_ms: float


class Writer:
    """Runs jobs one after the other, each in a transaction of its own, durable when it returns.

    There's no backpressure here: whoever submits bounds what it has waiting. A file
    that somebody else holds is waited for; every other trouble fails the job at once and
    the next job tries anew, so a disk that has space again needs no restart.
    """

    def __init__(self, connection: sqlite3.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._is_closing = False
        self._turn = Lock()
        self._manners: tuple[str, ...] = IN_THREAD
        self._pace = Pace(clock)
        self._changes_before = connection.total_changes
        self._commit_ms: deque[float] = deque(maxlen=REMEMBERED_COMMITS)
        self.commit_seconds = Histogram(COMMIT_BOUNDS_S)
        self.commits = 0
        self.commits_in_loop = 0
        """Those of them that the event loop did not hand over."""
        self.failures: Counter[Trouble] = Counter()
        self.trouble: Trouble | None = None
        """What is wrong now; ``None`` while writing works."""

    def submit(self, job: Job[T]) -> Future[T]:
        """Let ``job`` run after all that was submitted before. From any thread.

        Raises:
            JournalUnavailable: already closed. The future raises it as well.
        """
        try:
            return self._thread.submit(self._transact, job)
        except RuntimeError as error:
            raise JournalUnavailable(Trouble.CLOSED) from error

    def submit_or_run(self, job: Job[T]) -> Future[T]:
        """Run ``job`` here and now if nothing else is at work and the disk is quick, else :meth:`submit` it.

        For what is short, from the event loop: two hand-overs between threads cost more than
        a commit on such a disk. ``job`` may be run again by the thread.

        Raises:
            JournalUnavailable: already closed. The future raises it as well.
        """
        if self._is_closing or not self._pace.is_quick() or not self._turn.acquire(blocking=False):
            return self.submit(job)
        done: Future[T] = Future()
        started_s = self._clock.now().monotonic_s
        try:
            done.set_result(self._attempt(job, IN_LOOP))
            self._note(None)
        except Exception as error:
            trouble = _trouble_of(error)
            if trouble is Trouble.LOCKED:
                return self.submit(job)
            if trouble is None:
                done.set_exception(error)
            else:
                self._note(trouble)
                # A dying disk may take long to say so.
                self._pace.note(self._clock.now().monotonic_s - started_s)
                done.set_exception(JournalUnavailable(trouble))
        finally:
            self._turn.release()
        return done

    async def run(self, job: Job[T]) -> T:
        """Run ``job`` and return its result once it is committed.

        Raises:
            JournalUnavailable: it was not committed.
        """
        return await asyncio.wrap_future(self.submit(job))

    @property
    def commit_times(self) -> CommitTimes:
        ordered = sorted(self._commit_ms) or [0.0]
        last = self._commit_ms[-1] if self._commit_ms else 0.0
        return CommitTimes(last, ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100])

    async def close(self) -> None:
        """Run what waits, then close the file."""
        if self._is_closing:
            return
        self._is_closing = True
        closed = self._thread.submit(self._connection.close)
        self._thread.shutdown(wait=False)
        await asyncio.wrap_future(closed)

    def _transact(self, job: Job[T]) -> T:
        while True:
            with self._turn:
                try:
                    result = self._attempt(job, IN_THREAD)
                    self._note(None)
                    return result
                except Exception as error:
                    trouble = _trouble_of(error)
                    if trouble is None:
                        raise
                    self._note(trouble)
                    # Each try has waited for busy_timeout already.
                    if trouble is not Trouble.LOCKED or self._is_closing:
                        raise JournalUnavailable(trouble) from error

    def _attempt(self, job: Job[T], manners: tuple[str, ...]) -> T:
        connection = self._connection
        if manners is not self._manners:
            for pragma in manners:
                connection.execute(pragma)
            self._manners = manners
        try:
            # A transaction that begins as a reader fails at its first write when another one
            # wrote meanwhile, whatever the timeout.
            connection.execute("BEGIN IMMEDIATE")
            result = job(connection)
            changed = connection.total_changes
            started_s = self._clock.now().monotonic_s
            connection.execute("COMMIT")
        except BaseException:
            # Some errors have ended the transaction already.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        if changed != self._changes_before:
            self._changes_before = changed
            self.commits += 1
            taken_s = self._clock.now().monotonic_s - started_s
            if manners is IN_LOOP:
                self.commits_in_loop += 1
                self._pace.note(taken_s)
            self._commit_ms.append(taken_s * 1000)
            self.commit_seconds.add(taken_s)
        return result

    def _note(self, trouble: Trouble | None) -> None:
        if trouble is not None:
            self.failures[trouble] += 1
        if trouble is self.trouble:
            return
        self.trouble = trouble
        if trouble is None:
            log.info("the journal can be written again")
        else:
            log.error("the journal cannot be written (%s); tried again with the next write", trouble)


def _trouble_of(error: Exception) -> Trouble | None:
    """Return what ``error`` means for the file, or ``None`` when the job itself is wrong."""
    if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
        return None
    if not isinstance(error, sqlite3.DatabaseError):
        return None
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    return TROUBLES.get(code & 0xFF, Trouble.OTHER if code & 0xFF != sqlite3.SQLITE_ERROR else None)
