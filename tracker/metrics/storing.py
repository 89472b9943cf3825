"""What is kept: commits, the history, files and disk."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client.metrics_core import Metric

from tracker.metrics.families import counter, counters, gauge, gauges, histogram
from tracker.store.database import journal_path

if TYPE_CHECKING:
    from tracker.wiring import Service


def families(service: "Service") -> Iterator[Metric]:
    yield from _commits(service)
    yield from _history(service)
    yield from _disk(service)


def _commits(service: "Service") -> Iterator[Metric]:
    writer = service.database.writer
    yield histogram(
        "store_commit_duration_seconds",
        "How long commits of the journal's file took, until they were on the disk.",
        writer.commit_seconds,
    )
    yield counter(
        "store_commits_in_loop",
        "Commits that the event loop made itself, the disk being quick.",
        writer.commits_in_loop,
    )
    yield counters(
        "store_commit_failures",
        "Commits that failed, by what was wrong.",
        "trouble",
        {trouble.value: count for trouble, count in writer.failures.items()},
    )
    yield gauge(
        "store_checkpoint_timestamp_seconds",
        "Unix time of the last checkpoint of the live state; 0 before the first.",
        service.checkpoints.written_at or 0.0,
    )
    yield counter(
        "store_notices_dropped",
        "Ended visits, rejects and gaps that were given up because too many waited.",
        service.outbox.dropped,
    )


def _history(service: "Service") -> Iterator[Metric]:
    mover, readers = service.mover, service.readers
    yield gauge(
        "history_lag_seconds",
        "Age of the last moment at which the history had taken over all there was.",
        mover.lag_s,
    )
    yield counter("history_rows", "Rows that the history took over.", mover.rows)
    yield counter("history_unreadable_rows", "Rows that could not be taken over.", mover.unreadable)
    yield counters(
        "history_questions",
        "Questions to the history, by result.",
        "result",
        {"answered": readers.answered, "too_slow": readers.too_slow, "refused": readers.refused},
    )


def _disk(service: "Service") -> Iterator[Metric]:
    journal = journal_path(service.settings.store)
    yield gauges(
        "store_size_bytes",
        "Size of the store on disk, logs included, by file; 0 in memory.",
        "file",
        {
            "journal": 0 if journal is None else _size(journal) + _size(Path(f"{journal}-wal")),
            "history": service.history.size_bytes,
        },
    )
    yield gauge(
        "store_free_bytes",
        "Free space on the disk of the store; +Inf in memory.",
        float("inf") if journal is None else shutil.disk_usage(journal.parent).free,
    )


def _size(file: Path) -> int:
    with suppress(OSError):
        return file.stat().st_size
    return 0
