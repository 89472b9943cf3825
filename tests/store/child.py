"""A process with a journal, for tests that kill it or take its disk away.

``python -m tests.store.child append FILE CALLERS`` prints each id that was answered for.
``python -m tests.store.child full FILE`` meets the end of its disk and then gets more.
"""

import asyncio
import resource
import sys
from itertools import count
from pathlib import Path

from tests.store.events import event
from tracker.clock import SystemClock
from tracker.store.database import open_database
from tracker.store.errors import JournalUnavailable
from tracker.store.journal import Journal


def answer(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def append_for_ever(path: Path, callers: int) -> None:
    clock = SystemClock()
    journal = Journal(open_database(path, clock).writer, clock, lambda happened: None)
    first = await journal.last_seq()

    async def caller(number: int) -> None:
        for n in count():
            events = [event(f"{first}-{number}-{n}-{i}", now=clock.now()) for i in range(1 + n % 3)]
            await journal.append("default", events)
            answer(" ".join(one.id for one in events))

    async with asyncio.TaskGroup() as group:
        for number in range(callers):
            group.create_task(caller(number))


async def run_out_of_disk(path: Path) -> None:
    clock = SystemClock()
    database = open_database(path, clock)
    journal = Journal(database.writer, clock, lambda happened: None)
    resource.setrlimit(resource.RLIMIT_FSIZE, (512 * 1024, resource.RLIM_INFINITY))
    for n in count():
        try:
            await journal.append("default", [event(f"e{n}", page="/" + "x" * 20_000)])
        except JournalUnavailable as error:
            answer(f"unavailable {error.trouble}")
            break
        answer(f"stored e{n}")
    answer(f"readable {len(await journal.read(0))}")
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await journal.append("default", [event("after")])
    answer("stored after")
    await database.close()


if __name__ == "__main__":
    what, file = sys.argv[1], Path(sys.argv[2])
    asyncio.run(append_for_ever(file, int(sys.argv[3])) if what == "append" else run_out_of_disk(file))
