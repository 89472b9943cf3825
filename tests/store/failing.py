"""A process whose disk ends at one place after another: ``python -m tests.store.failing FILE TIMES``.

Each time the journal's log may grow by so many bytes more than the time before, so the write that fails is
another one, or another part of it. Prints for each append ``stored ID ...`` or ``failed ID ...``.
"""

import asyncio
import resource
import sys
from pathlib import Path

from tests.store.child import answer
from tests.store.events import event
from tracker.clock import SystemClock
from tracker.store.database import open_database
from tracker.store.errors import JournalUnavailable
from tracker.store.journal import Journal

STEP_BYTES = 139
EVENTS = 5
PAGE = "/" + "x" * 8_000


def allow(size_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, resource.RLIM_INFINITY))


async def fail_everywhere(path: Path, times: int) -> None:
    clock = SystemClock()
    database = open_database(path, clock)
    journal = Journal(database.writer, clock, lambda happened: None)
    log = path.with_name(path.name + "-wal")
    await journal.append("default", [event("first", page=PAGE)])
    for number in range(times):
        names = [f"e{number}-{n}" for n in range(EVENTS)]
        allow(log.stat().st_size + number * STEP_BYTES)
        try:
            await journal.append("default", [event(name, page=PAGE) for name in names])
            what = "stored"
        except JournalUnavailable:
            what = "failed"
        allow(resource.RLIM_INFINITY)
        answer(" ".join((what, *names)))
    await database.close()


if __name__ == "__main__":
    asyncio.run(fail_everywhere(Path(sys.argv[1]), int(sys.argv[2])))
