"""Keeps answers and the day's spending across a restart, so that nothing is bought twice."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from tracker.core.identity import Identity
from tracker.enrichment.cache import Entry
from tracker.enrichment.retries import Sleep

log = logging.getLogger(__name__)

MAX_WAITING = 10_000
SAVE_EVERY_S = 1.0

KeptIdentity = tuple[str, Identity | None, float]
"""Canonical address, answer (``None`` is a miss), Unix seconds at which it was fetched."""


Spend = tuple[str, int]
"""UTC day (``2026-11-22``) and its calls."""

Judged = TypeVar("Judged")


class IdentityStore(Protocol):
    """What enrichment needs of a store.

    Always called from one and the same thread, which is not the event loop's; may
    block and may raise anything. Clearing out entries that are too old is its own task.
    """

    def load(self, now_unix_s: float) -> Iterable[KeptIdentity]:
        """Every entry, those fetched last at the end. Those that are too old may be left out."""

    def save(self, entries: Sequence[KeptIdentity]) -> None:
        """Insert or replace; at most 10,000 at a time."""

    def delete(self, address: str) -> None:
        """Forget an address; unknown ones are no error."""

    def load_spend(self) -> Spend | None:
        """What was saved last."""

    def save_spend(self, day: str, calls: int) -> None: ...


class NoStore:
    """Keeps nothing (``duckdb::memory:``)."""

    def load(self, now_unix_s: float) -> Iterable[KeptIdentity]:
        return ()

    def save(self, entries: Sequence[KeptIdentity]) -> None:
        pass

    def delete(self, address: str) -> None:
        pass

    def load_spend(self) -> Spend | None:
        return None

    def save_spend(self, day: str, calls: int) -> None:
        pass


def _new_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "lookup-store")


class Saver:
    """Writes what changed, at most once a second and at the end.

    What waits is bounded (10,000 addresses): when it is full the oldest change is
    given up and counted; its address will be bought again after a restart. A store
    that fails is tried again every second. A crash loses the last second at most.
    """

    def __init__(self, store: IdentityStore, sleep: Sleep) -> None:
        self._store = store
        self._sleep = sleep
        self._thread = _new_thread()
        self._changes: dict[str, Entry | None] = {}
        self._spend: Spend | None = None
        self._something = asyncio.Event()
        self.given_up = 0
        self.failures = 0
        """Failed writes since the last good one."""

    @property
    def waiting(self) -> int:
        return len(self._changes)

    def changed(self, address: str, entry: Entry | None) -> None:
        """Note the newest state of ``address``; ``None`` deletes it."""
        self._changes.pop(address, None)
        self._changes[address] = entry
        if len(self._changes) > MAX_WAITING:
            del self._changes[next(iter(self._changes))]
            self.given_up += 1
        self._something.set()

    def spent(self, spend: Spend) -> None:
        """Note the day's calls so far."""
        self._spend = spend
        self._something.set()

    async def load(
        self, now_unix_s: float, judge: Callable[[Identity | None], Judged]
    ) -> tuple[list[tuple[str, Entry, Judged]], Spend | None]:
        """Return what was kept, each entry with what ``judge`` made of it off the event loop.

        Raises whatever the store raises.
        """

        def read() -> tuple[list[tuple[str, Entry, Judged]], Spend | None]:
            kept = [
                (address, Entry(identity, fetched_at), judge(identity))
                for address, identity, fetched_at in self._store.load(now_unix_s)
            ]
            return kept, self._store.load_spend()

        return await asyncio.get_running_loop().run_in_executor(self._thread, read)

    async def run(self) -> None:
        while True:
            await self._something.wait()
            await self.flush()
            await self._sleep(SAVE_EVERY_S)

    async def aclose(self) -> None:
        """Write what waits, once, and end the thread; a later call begins a new one."""
        try:
            await self.flush()
        finally:
            thread, self._thread = self._thread, _new_thread()
            thread.shutdown(wait=False)

    async def flush(self) -> None:
        """Write what waits; when the store fails it waits on."""
        changes, spend = self._changes, self._spend
        self._changes, self._spend = {}, None
        self._something.clear()
        if not changes and spend is None:
            return
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._write, changes, spend)
        except Exception as error:
            self._failed(error)
            self._put_back(changes, spend)
        except asyncio.CancelledError:
            # It may never have begun; to write twice does no harm.
            self._put_back(changes, spend)
            raise
        else:
            if self.failures:
                log.info("lookup cache: saved again after %d failures", self.failures)
            self.failures = 0

    def _write(self, changes: dict[str, Entry | None], spend: Spend | None) -> None:
        entries = [(address, *entry) for address, entry in changes.items() if entry is not None]
        if spend is not None:
            self._store.save_spend(*spend)
        if entries:
            self._store.save(entries)
        for address, entry in changes.items():
            if entry is None:
                self._store.delete(address)

    def _failed(self, error: Exception) -> None:
        if not self.failures:
            log.error("lookup cache: cannot be saved (%s); tried again every second", type(error).__name__)
        self.failures += 1

    def _put_back(self, changes: dict[str, Entry | None], spend: Spend | None) -> None:
        newer, self._changes = self._changes, changes
        for address, entry in newer.items():
            self.changed(address, entry)
        self._spend = self._spend or spend
        self._something.set()
