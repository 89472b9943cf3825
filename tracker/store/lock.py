"""One process owns the journal: a lock that the kernel takes back when the process dies."""

import fcntl
import os
from pathlib import Path

from tracker.store.errors import StoreLocked


class FileLock:
    """Holds ``path`` until :meth:`release`. The file itself stays: removing it would be a race.

    Raises:
        StoreLocked: another process holds it.
    """

    def __init__(self, path: Path, guarded: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(self._file, 32).decode("ascii", "replace").strip()
            os.close(self._file)
            raise StoreLocked(guarded, owner) from None
        os.ftruncate(self._file, 0)
        os.write(self._file, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        os.close(self._file)
