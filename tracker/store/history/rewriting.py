"""The history's file written anew, so that nothing that was deleted is left in it.

DuckDB uses the blocks of deleted rows again without clearing them, and keeps deleted rows
beside those that are left: their texts can be read in the file long after.
"""

import os
from contextlib import suppress
from pathlib import Path

from tracker.store.history import engine, tables

MEMORY_LIMIT_MB = 256


def rewrite(path: Path) -> None:
    """Replace the file by a copy of what is in it. Nobody has it open meanwhile.

    Takes about two to four seconds and 30 MB of free disk for each million events. Until the copy is
    complete the old file stays as it is.

    Raises:
        engine.Error, OSError: it could not be copied; the old file is in place.
    """
    new = path.with_name(path.name + ".rewritten")
    _remove(new)
    try:
        _copy(path, new)
        new.chmod(0o600)
        new.replace(path)
    finally:
        _remove(new)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _copy(path: Path, new: Path) -> None:
    connection = engine.connect(
        str(new),
        config={
            "memory_limit": f"{MEMORY_LIMIT_MB}MB",
            "threads": 1,
            "temp_directory": f"{new}.tmp",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    try:
        connection.execute("SET enable_progress_bar = false")
        tables.migrate(connection)
        connection.execute(f"ATTACH '{str(path).replace(chr(39), chr(39) * 2)}' AS old (READ_ONLY)")
        for table in tables.TABLES:
            connection.execute(f"DELETE FROM main.{table}")
            connection.execute(f"INSERT INTO main.{table} SELECT * FROM old.{table}")
        connection.execute("DETACH old")
        connection.execute("CHECKPOINT")
    finally:
        connection.close()


def _remove(new: Path) -> None:
    for left in (new, new.with_name(new.name + ".wal")):
        left.unlink(missing_ok=True)
    with suppress(OSError):
        new.with_name(new.name + ".tmp").rmdir()
