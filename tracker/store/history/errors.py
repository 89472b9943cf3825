"""What can go wrong with the history, beside what can with any file of the store.

StoreError
├── StoreDamaged
│   └── HistoryDamaged      a part of the file cannot be read
├── HistoryUnavailable      it is closed, or opened anew after a failure
├── HistoryBusy             too many questions wait
├── QueryTooSlow            a question took longer than it may
├── QueryTooLarge           a question, or its answer, needs more memory than it may
└── QueryRefused            a question that cannot be asked; says which part of it is wrong
"""

from pathlib import Path

from tracker.store.errors import StoreDamaged, StoreError


class HistoryDamaged(StoreDamaged):
    """Nothing was changed: whoever reads this decides what becomes of the file."""

    def __init__(self, path: Path, finding: str) -> None:
        StoreError.__init__(
            self,
            f"{path} is damaged ({finding}); it was left as it is. Put a backup in its place; or save what "
            f"can be read with: python -m tracker.store.history.salvage {path} NEW_FILE; or move "
            f"{path.name} and {path.name}.wal away to start with an empty one. What the journal still "
            "holds is added in either case",
        )
        self.path = path


class HistoryUnavailable(StoreError):
    """Nothing was changed. It opens by itself as soon as it can: nothing has to be restarted."""

    def __init__(self, trouble: str, retry_after_s: float = 5.0) -> None:
        super().__init__(f"the history is not available ({trouble})")
        self.trouble = trouble
        self.retry_after_s = retry_after_s


class HistoryBusy(StoreError):
    def __init__(self, retry_after_s: float = 2.0) -> None:
        super().__init__("too many questions to the history wait")
        self.retry_after_s = retry_after_s


class QueryTooSlow(StoreError):
    def __init__(self, limit_s: float) -> None:
        super().__init__(f"took longer than {limit_s:g} s: ask for a shorter time or with more filters")
        self.limit_s = limit_s


class QueryTooLarge(StoreError):
    def __init__(self) -> None:
        super().__init__("needs too much memory: ask for a shorter time or with more filters")


class QueryRefused(StoreError, ValueError):
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
