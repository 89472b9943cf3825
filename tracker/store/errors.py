"""Everything that can go wrong with the journal's file.

StoreError
├── StoreLocked         another process uses the file
├── StoreDamaged        the file, or a part of it, is no journal
├── StoreTooNew         a newer version of this program wrote it
├── StoreUnusable       it cannot be opened or made
├── JournalFull         too much waits for the disk
├── JournalUnavailable  the disk does not take it now
└── EventNotStorable    this event cannot be written, ever
"""

from enum import StrEnum
from pathlib import Path


class StoreError(Exception):
    pass


class StoreLocked(StoreError):
    def __init__(self, path: Path, owner: str) -> None:
        by = f"process {owner}" if owner else "another process"
        super().__init__(
            f"{path} is in use by {by}: stop that one first, or give this one a store.url of its own"
        )
        self.path = path


class StoreDamaged(StoreError):
    """Nothing was changed: whoever reads this decides what becomes of the file."""

    def __init__(self, path: Path, finding: str) -> None:
        super().__init__(
            f"{path} is damaged ({finding}); it was left as it is. Put a backup in its place, or move "
            f"{path.name}, {path.name}-wal and {path.name}-shm away together to start with an empty one"
        )
        self.path = path


class StoreTooNew(StoreError):
    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(
            f"{path} was written by a newer version (schema {found}, this one knows {known}): "
            "run that version, or put the backup from before the upgrade in its place"
        )
        self.path = path


class StoreUnusable(StoreError):
    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be opened: {reason}")
        self.path = path


class Trouble(StrEnum):
    """What keeps the file from being written."""

    FULL = "full"
    LOCKED = "locked"
    IO = "io"
    READ_ONLY = "read_only"
    DAMAGED = "damaged"
    CLOSED = "closed"
    OTHER = "other"


class JournalUnavailable(StoreError):
    """Nothing of this was committed. The next try may succeed: nothing has to be restarted."""

    def __init__(self, trouble: Trouble, retry_after_s: float = 5.0) -> None:
        super().__init__(f"the journal cannot be written ({trouble})")
        self.trouble = trouble
        self.retry_after_s = retry_after_s


class JournalFull(StoreError):
    """Nothing of this was taken: too much waits already."""

    def __init__(self, retry_after_s: float = 1.0) -> None:
        super().__init__("too many events wait to be written")
        self.retry_after_s = retry_after_s


class EventNotStorable(StoreError):
    """Event ``index`` of an append has no written form; nothing of the append was taken."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(f"event {index} cannot be stored: {reason}")
        self.index = index
