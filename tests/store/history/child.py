"""A process with a journal and a history, for tests that kill it or take its disk away.

``python -m tests.store.history.child move FOLDER`` stores and moves for ever and prints each id
that was answered for. ``… full FOLDER`` meets the end of its disk and then gets more.
``… hold FOLDER`` opens the history and waits.
"""

import asyncio
import resource
import sys
from itertools import count
from pathlib import Path

from tests.store.history.opened import FOR_EVER, OpenStore, event, open_store
from tracker.clock import SystemClock
from tracker.store.errors import StoreError
from tracker.store.history.outbox import EndedVisit


def answer(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def move_for_ever(folder: Path) -> None:
    async with open_store(folder, SystemClock(), max_rows=40) as store:
        first = await store.journal.last_seq()

        async def come_in() -> None:
            for n in count():
                ids = [f"{first}-{n}-{i}" for i in range(1 + n % 30)]
                await store.journal.append("default", [event(one) for one in ids])
                visit = EndedVisit("default", f"{first}-{n}", "events", "192.0.2.1", 1.0, 2.0, "closed")
                store.outbox.put(visit)
                store.outbox.put(visit._replace(pages=1))
                await store.outbox.write()
                answer(" ".join([f"visit:{first}-{n}", *ids]))

        async with asyncio.TaskGroup() as group:
            group.create_task(come_in())
            group.create_task(store.mover.run())


async def run_out_of_disk(folder: Path) -> None:
    async with open_store(folder, SystemClock(), max_rows=500) as store:
        await _fill(store)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        while store.mover.applied_seq < await store.journal.last_seq():
            try:
                await store.mover.catch_up()
            except StoreError:
                await asyncio.sleep(0.05)
        answer(f"reopened {store.database.reopened}")
        answer(f"events {(await store.history.totals(FOR_EVER)).total_events}")
        answer(f"expected {await store.journal.last_seq()}")


async def _fill(store: OpenStore) -> None:
    """Store until the history fails, and then some more."""
    path = store.database.path
    assert path is not None
    # The journal is pruned as it goes: its files stay below this, and the history's log does not.
    resource.setrlimit(resource.RLIMIT_FSIZE, (8 * 1024 * 1024, resource.RLIM_INFINITY))
    failed_at = None
    for n in count():
        text = "".join(f"{n * 7919 + i:x}" for i in range(500))
        events = [event(f"e{n}-{i}", metadata={"text": text + str(i)}) for i in range(50)]
        await store.journal.append("default", events)
        try:
            await store.mover.catch_up()
        except StoreError as error:
            if failed_at is None:
                answer(f"failed {type(error).__name__}")
            failed_at = failed_at or n
        await store.journal.prune(store.mover.applied_seq)
        if failed_at is not None and n >= failed_at + 3:
            return


async def hold(folder: Path) -> None:
    async with open_store(folder, SystemClock()):
        answer("open")
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    what = {"move": move_for_ever, "full": run_out_of_disk, "hold": hold}[sys.argv[1]]
    asyncio.run(what(Path(sys.argv[2])))
