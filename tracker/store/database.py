"""The SQLite file that holds what must be durable at once: opened, checked, owned.

It stands beside the event store: ``data/tracker.journal`` for
``duckdb:data/tracker.duckdb``.
"""

import os
import sqlite3
from pathlib import Path

from tracker.core.clock import Clock
from tracker.settings import Store
from tracker.store import schema
from tracker.store.errors import StoreDamaged, StoreError, StoreTooNew, StoreUnusable
from tracker.store.lock import FileLock
from tracker.store.writer import Writer

MAGIC = b"SQLite format 3\0"
CHECKED_WHOLE_BYTES = 256 * 1024 * 1024
"""Up to this size every page is checked at the start, about a second's work."""

PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA busy_timeout = 5000",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA journal_size_limit = 67108864",
    # KiB: the inner pages of an index of a million ids; the system caches the rest.
    "PRAGMA cache_size = -1024",
)


def journal_path(settings: Store) -> Path | None:
    """Return where the journal of this store lies; ``None`` when nothing is kept on disk."""
    return None if settings.in_memory else settings.path.with_suffix(".journal")


class Database:
    """Owner of the file and of the thread that works on it."""

    def __init__(self, connection: sqlite3.Connection, clock: Clock, lock: FileLock | None) -> None:
        self.writer = Writer(connection, clock)
        self._lock = lock

    async def close(self) -> None:
        """Write what waits, close the file and let others have it."""
        try:
            await self.writer.close()
        finally:
            if self._lock is not None:
                self._lock.release()
                self._lock = None


def open_database(path: Path | None, clock: Clock) -> Database:
    """Open the journal's file, or make it; ``None`` keeps everything in memory.

    The directory is made for its owner alone (0700), and so is the file (0600).
    Blocks for up to some seconds: every page is checked up to 256 MiB, only the
    schema and the ends of each table beyond. A damaged file is refused and left alone.

    Raises:
        StoreLocked: another process uses it.
        StoreDamaged: it is no journal, or no longer.
        StoreTooNew: a newer version of this program wrote it.
        StoreUnusable: the directory or the file cannot be made, read or written.
    """
    if path is None:
        connection = _connect(":memory:")
        schema.migrate(connection)
        return Database(connection, clock, None)
    lock = None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(path.with_name(path.name + ".lock"), path)
        _make_where_missing(path)
        return Database(_open_checked(path), clock, lock)
    except (StoreError, OSError, sqlite3.Error) as error:
        if lock is not None:
            lock.release()
        if isinstance(error, OSError):
            raise StoreUnusable(path, error.strerror or str(error)) from error
        if isinstance(error, sqlite3.Error):
            raise StoreUnusable(path, str(error)) from error
        raise


def _connect(where: str) -> sqlite3.Connection:
    connection = sqlite3.connect(where, isolation_level=None, check_same_thread=False)
    for pragma in PRAGMAS:
        connection.execute(pragma)
    return connection


def _make_where_missing(path: Path) -> None:
    """Make a complete empty file under another name first.

    So an existing file that is empty is never one that we left half-made: it is damage.
    """
    if path.exists():
        return
    for suffix in ("-wal", "-shm"):
        if path.with_name(path.name + suffix).exists():
            # SQLite would play the old log into the new file.
            raise StoreDamaged(path, f"{path.name}{suffix} is there without its main file")
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    connection = _connect(str(new))
    try:
        schema.migrate(connection)
    finally:
        connection.close()
    new.rename(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _open_checked(path: Path) -> sqlite3.Connection:
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise StoreDamaged(path, "it is empty" if not path.stat().st_size else "not an SQLite database")
    try:
        _refuse_what_is_wrong(path)
        return _connect_and_migrate(path)
    except sqlite3.DatabaseError as error:
        if _means_damage(error):
            raise StoreDamaged(path, str(error)) from error
        raise


def _connect_and_migrate(path: Path) -> sqlite3.Connection:
    connection = _connect(str(path))
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        schema.migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse_what_is_wrong(path: Path) -> None:
    # As a reader: who may write puts the log into the file when he closes it, damaged or not.
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        version = schema.version_of(connection)
        if version > len(schema.STEPS):
            raise StoreTooNew(path, version, len(schema.STEPS))
        finding = _check(connection, path.stat().st_size)
        if finding is not None:
            raise StoreDamaged(path, finding)
    finally:
        connection.close()


def _check(connection: sqlite3.Connection, size_bytes: int) -> str | None:
    """Return what is wrong with the file, or ``None``."""
    if size_bytes <= CHECKED_WHOLE_BYTES:
        (finding,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if finding != "ok":
            return str(finding).splitlines()[-1]
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    if not tables:
        return "it has no tables"
    for (table,) in tables:
        for order in ("ASC", "DESC"):
            connection.execute(f'SELECT * FROM "{table}" ORDER BY 1 {order} LIMIT 1').fetchall()
    return None


def _means_damage(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT)
