"""What the history's engine holds is let go while nothing is asked of it."""

import asyncio
import ctypes
from collections.abc import Awaitable, Callable

from tracker.store.history.database import HistoryDatabase
from tracker.store.history.mover import Mover
from tracker.store.history.program_pages import ProgramPages

LOOK_EVERY_S = 1.0
LONG_SILENCE_S = 60.0
RENEW_EVERY_S = 1_200.0
MUCH_TAKEN_OVER = 5_000
"""After so many rows the engine holds 5 to 10 MB more, and closing it is cheap beside taking them over."""


class Resting:
    """Looks once a second whether the history is silent.

    After a second or two the pages of its program are given back. The file itself is closed, which
    gives back 10 MB more, after a minute; and at once when much was taken over since it was opened. So
    a site with a visitor now and then does not open and close it all the time.

    Every 20 minutes it is closed without any silence, as soon as no question is being answered: of each
    batch of visits 4 KB stay in the engine's heap until then, some 10 MB.
    """

    def __init__(self, database: HistoryDatabase, mover: Mover) -> None:
        self._database = database
        self._mover = mover
        self._pages: ProgramPages | None = None
        self._rows_before = 0
        """Taken over when the file was closed last."""

    async def run(self) -> None:
        """For ever."""
        self._pages = ProgramPages()
        async with asyncio.TaskGroup() as group:
            group.create_task(in_silence(self.let_go, lambda: self._database.lent))
            # What is in memory alone cannot be opened again.
            if self._database.path is not None:
                group.create_task(self.renew())

    async def renew(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """For ever. Whoever comes next opens the file."""
        while True:
            await sleep(RENEW_EVERY_S)
            while not await self._mover.between_batches(self._close):
                await sleep(LOOK_EVERY_S)

    async def let_go(self, silent_s: float) -> None:
        """Nothing was asked or taken over for so long; a batch may be on its way that takes longer."""
        if self._mover.lag_s >= LOOK_EVERY_S:
            return
        if silent_s >= LONG_SILENCE_S or self._has_taken_over_much:
            await self._mover.between_batches(self._close)
        if self._pages is not None:
            self._pages.give_back()

    def _close(self) -> bool:
        """Return whether nobody was using it."""
        if not self._database.rest():
            return False
        self._rows_before = self._mover.rows
        trim_heap()
        return True

    @property
    def _has_taken_over_much(self) -> bool:
        return self._mover.rows - self._rows_before >= MUCH_TAKEN_OVER


def trim_heap() -> None:
    """Give back what is free between what is used, where the C library is glibc: 2 MB that the engine left.

    Not for the event loop's thread: it takes some milliseconds.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


async def in_silence(
    let_go: Callable[[float], Awaitable[None]],
    work_done: Callable[[], int],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """``let_go`` when no work was done for a second or two, and once more after a minute without any.

    Never ends. ``work_done`` counts what the history has done. ``let_go`` is told how long the silence is.
    """
    before, silent_s = -1, 0.0
    while True:
        await sleep(LOOK_EVERY_S)
        now = work_done()
        silent_s = silent_s + LOOK_EVERY_S if now == before else 0.0
        before = now
        if silent_s in (LOOK_EVERY_S, LONG_SILENCE_S):
            await let_go(silent_s)
