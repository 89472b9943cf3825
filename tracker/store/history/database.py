"""The DuckDB file of the history: opened, checked, shared among threads, opened anew when it fails."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Condition

from tracker.core.clock import Clock
from tracker.settings import Store
from tracker.store.errors import StoreError, StoreLocked, StoreTooNew, StoreUnusable
from tracker.store.history import engine, rewriting, tables
from tracker.store.history.answers import Answers
from tracker.store.history.engine import DuckDBPyConnection
from tracker.store.history.errors import HistoryDamaged, HistoryUnavailable, QueryTooLarge

log = logging.getLogger(__name__)

CHECKED_WHOLE_BYTES = 128 * 1024 * 1024
"""Up to this size every block is read at the start, about a second's work."""
MEMORY_LIMIT_MB = 256
MEMORY_LIMIT_IN_MEMORY_MB = 1024
TEMPORARY_FILES_MB = 2048
THREADS = 2
REOPEN_EVERY_S = 1.0


def history_path(settings: Store) -> Path | None:
    """Return where the history of this store lies; ``None`` when nothing is kept on disk."""
    return None if settings.in_memory else settings.path


class HistoryDatabase:
    """Hands out cursors, one for each user at a time.

    A failure that leaves DuckDB's whole database object unusable (a full disk does)
    closes it as soon as nobody uses a cursor any more; whoever comes next opens it
    anew, at most once a second. In memory everything is lost with it.

    A file may be closed while nobody uses it (:meth:`rest`); whoever comes next opens it, in 20 to 60 ms.
    """

    def __init__(self, path: Path | None, clock: Clock, root: DuckDBPyConnection) -> None:
        self.path = path
        self._clock = clock
        self._lock = Condition()
        self._root: DuckDBPyConnection | None = root
        self._idle: list[DuckDBPyConnection] = []
        self._in_use = 0
        self._is_broken = False
        self._is_closed = False
        self._is_resting = False
        self._is_rewriting = False
        self._next_try_s = 0.0
        self.answers = Answers()
        self.lent = 0
        """Cursors, since the start."""
        self.reopened = 0
        self.trouble: str | None = None
        """Why it cannot be used now, or which damage was met; ``None`` while all is well."""

    @contextmanager
    def cursor(self) -> Iterator[DuckDBPyConnection]:
        """Lend a cursor to one thread. What it left open is rolled back.

        Raises:
            HistoryUnavailable: closed, or not to be opened now.
            HistoryDamaged: a block that was read is not what was written.
            QueryTooLarge: the memory limit was met.
        """
        cursor = self._take()
        try:
            yield cursor
        except engine.Error as error:
            translated = self._translated(error)
            if translated is error:
                raise
            raise translated from error
        finally:
            self._give_back(cursor)

    def rewrite(self) -> None:
        """Write the file anew, without anything that was deleted. For a thread that holds no cursor.

        Whoever wants a cursor meanwhile waits: about two to four seconds for each million events.

        Raises:
            HistoryUnavailable: it could not be done; the file is as it was.
        """
        if self.path is None:
            return
        with self._lock:
            self._wake()
            if self._is_closed or self._is_broken or self._root is None:
                raise HistoryUnavailable(self.trouble or "closed")
            self._is_rewriting = True
            self._lock.wait_for(lambda: not self._in_use)
        try:
            self._root.execute("CHECKPOINT")
            self._close_unless_used()
            rewriting.rewrite(self.path)
            self._root = connect(self.path)
        except (engine.Error, StoreError, OSError) as error:
            log.error("the history could not be written anew: %s", _first_line(error))
            raise HistoryUnavailable(_first_line(error)) from error
        finally:
            with self._lock:
                self._is_rewriting = False
                self._lock.notify_all()

    def rest(self) -> bool:
        """Close the file until somebody wants a cursor; ``False``: it stays open, as somebody has one.

        What is in memory alone always stays.

        For a thread: what is in the file's log is written into the file first, and whoever
        comes meanwhile waits.
        """
        with self._lock:
            if self._is_resting:
                return True
            is_usable = self._root is not None and not (self._is_broken or self._is_rewriting)
            if self.path is None or not is_usable or self._in_use:
                return False
            self._is_resting = True
            self._close_unless_used()
            return True

    def close(self) -> None:
        """Close the file once every cursor is back. Nobody gets one any more."""
        with self._lock:
            self._lock.wait_for(lambda: not self._is_rewriting)
            self._is_closed = True
            self._close_unless_used()

    @property
    def size_bytes(self) -> int:
        """Size of the file and its log on disk; 0 in memory."""
        if self.path is None:
            return 0
        files = (self.path, wal_of(self.path))
        return sum(file.stat().st_size for file in files if file.exists())

    def _take(self) -> DuckDBPyConnection:
        with self._lock:
            self._lock.wait_for(lambda: not self._is_rewriting)
            if self._is_closed:
                raise HistoryUnavailable("closed")
            self._wake()
            if self._root is None:
                self._reopen()
            if self._is_broken or self._root is None:
                raise HistoryUnavailable(self.trouble or "failed")
            self._in_use += 1
            self.lent += 1
            return self._idle.pop() if self._idle else self._root.cursor()

    def _give_back(self, cursor: DuckDBPyConnection) -> None:
        with suppress(engine.Error):
            # Fails when there is no transaction, which is how it should be.
            cursor.execute("ROLLBACK")
        with self._lock:
            self._in_use -= 1
            self._idle.append(cursor)
            self._lock.notify_all()
            if self._is_broken or self._is_closed:
                self._close_unless_used()

    def _close_unless_used(self) -> None:
        # DuckDB keeps one object per file in a process: a cursor that stays open would
        # hand its broken state to the next one.
        if self._in_use:
            return
        root, self._root = self._root, None
        for connection in [*self._idle, *([root] if root else [])]:
            with suppress(engine.Error):
                connection.close()
        self._idle.clear()

    def _wake(self) -> None:
        if not self._is_resting:
            return
        self._is_resting = False
        if not self._is_closed and not self._connect():
            # From now on it is as after any other failure.
            self._is_broken = True
            log.error("the history cannot be opened: %s", self.trouble)

    def _reopen(self) -> None:
        if self._clock.now().monotonic_s < self._next_try_s or not self._connect():
            return
        self._is_broken = False
        self.trouble = None
        self.answers.changed(0)
        self.reopened += 1
        log.info("the history was opened again")

    def _connect(self) -> bool:
        self._next_try_s = self._clock.now().monotonic_s + REOPEN_EVERY_S
        try:
            if self.path is not None and not self.path.exists():
                # A new one in its place would look as if nothing had ever happened.
                raise StoreUnusable(self.path, "it is gone")
            self._root = connect(self.path)
        except (engine.Error, StoreError, OSError) as error:
            self.trouble = _first_line(error)
            return False
        return True

    def _translated(self, error: engine.Error) -> Exception:
        if _invalidates(error):
            with self._lock:
                if not self._is_broken:
                    self._is_broken = True
                    self.trouble = _first_line(error)
                    log.error("the history failed and is opened anew: %s", self.trouble)
            return HistoryUnavailable(self.trouble or "failed")
        if isinstance(error, engine.OutOfMemoryException):
            return QueryTooLarge()
        if _means_damage(error):
            if self.trouble is None:
                log.error("a part of the history cannot be read: %s", _first_line(error))
            self.trouble = _first_line(error)
            return HistoryDamaged(self.path or Path(":memory:"), _first_line(error))
        if isinstance(error, engine.IOException | engine.TransactionException):
            return HistoryUnavailable(_first_line(error))
        return error


def open_history(path: Path | None, clock: Clock) -> HistoryDatabase:
    """Open the history, or make it; ``None`` keeps everything in memory.

    Blocks for up to some seconds: every block is read up to 128 MiB. A damaged file
    is refused and left alone.

    Raises:
        StoreLocked: another process uses it.
        HistoryDamaged: it is no history, or no longer.
        StoreTooNew: a newer version of this program wrote it.
        StoreUnusable: the directory or the file cannot be made, read or written.
    """
    if path is None:
        return HistoryDatabase(None, clock, connect(None))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_where_missing(path)
        root = connect(path)
        try:
            if path.stat().st_size <= CHECKED_WHOLE_BYTES:
                read_everything(root)
        except BaseException:
            root.close()
            raise
        return HistoryDatabase(path, clock, root)
    except engine.Error as error:
        raise _refusal(path, error) from error
    except tables.UnknownVersion as error:
        if error.found < 0:
            raise HistoryDamaged(path, "it is not a history of this program") from error
        raise StoreTooNew(path, error.found, len(tables.STEPS)) from error
    except OSError as error:
        raise StoreUnusable(path, error.strerror or str(error)) from error


def connect(path: Path | None) -> DuckDBPyConnection:
    """Open one file with our limits and take it through the schema's steps."""
    limit_mb = MEMORY_LIMIT_IN_MEMORY_MB if path is None else MEMORY_LIMIT_MB
    connection = engine.connect(
        str(path or ":memory:"),
        config={
            "memory_limit": f"{limit_mb}MB",
            "threads": THREADS,
            "temp_directory": "" if path is None else f"{path}.tmp",
            "max_temp_directory_size": f"{TEMPORARY_FILES_MB}MB",
            # Without them what batches and queries let go is kept for the next ones: 26 to 38 MB.
            "allocator_background_threads": True,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    try:
        # It would be drawn into the log.
        connection.execute("SET enable_progress_bar = false")
        # No statement may reach another file, whatever a value in it says.
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        tables.migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def read_everything(cursor: DuckDBPyConnection) -> None:
    """Read every block once: DuckDB compares checksums as it reads. Raises ``engine.Error``."""
    for table in tables.TABLES:
        cursor.execute(f"SELECT bit_xor(hash(entry)) FROM {table} AS entry").fetchall()


def wal_of(path: Path) -> Path:
    return path.with_name(path.name + ".wal")


def _make_where_missing(path: Path) -> None:
    """Make a complete empty file under another name first.

    So an existing file that is empty is never one that we left half-made: it is damage.
    """
    if path.exists():
        if not path.stat().st_size:
            raise HistoryDamaged(path, "it is empty")
        return
    if wal_of(path).exists():
        raise HistoryDamaged(path, f"{path.name}.wal is there without its main file")
    new = path.with_name(path.name + ".new")
    for left in (new, wal_of(new)):
        left.unlink(missing_ok=True)
    connect(new).close()
    new.chmod(0o600)
    new.rename(path)


def _refusal(path: Path, error: engine.Error) -> Exception:
    text = str(error)
    if "Could not set lock" in text:
        owner = re.search(r"PID (\d+)", text)
        return StoreLocked(path, owner.group(1) if owner else "")
    if "already open in a different configuration" in text or "Unique file handle conflict" in text:
        return StoreLocked(path, "")
    if _means_damage(error):
        return HistoryDamaged(path, _first_line(error))
    return StoreUnusable(path, _first_line(error))


def _invalidates(error: engine.Error) -> bool:
    is_fatal = isinstance(
        error, engine.FatalException | engine.InternalException | engine.ConnectionException
    )
    # After a commit that was cut off, what follows it in the log might not be read any more.
    return is_fatal or any(text in str(error) for text in ("has been invalidated", "Failed to commit"))


def _means_damage(error: engine.Error) -> bool:
    text = str(error)
    if any(word in text for word in ("Corrupt", "not a valid DuckDB", "Could not read enough bytes")):
        return True
    return isinstance(error, engine.SerializationException | engine.InternalException)


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:300]
