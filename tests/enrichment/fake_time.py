"""A clock whose sleepers wake when the test lets time pass."""

import asyncio
import heapq
from itertools import count

from tests.support.clock import FakeClock

TURNS = 25  # of the event loop, after which whatever can go on without time passing has


class FakeTime(FakeClock):
    def __init__(self) -> None:
        super().__init__()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now().monotonic_s + seconds, next(self._order), future))
        await future

    async def pass_(self, seconds: float) -> None:
        """Let ``seconds`` pass, waking each sleeper at its time."""
        ends_at_s = self.now().monotonic_s + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= ends_at_s:
            due_at_s, _, future = heapq.heappop(self._sleepers)
            self.advance(max(0.0, due_at_s - self.now().monotonic_s))
            if not future.done():
                future.set_result(None)
            await self.settle()
        self.advance(max(0.0, ends_at_s - self.now().monotonic_s))

    async def settle(self) -> None:
        for _ in range(TURNS):
            await asyncio.sleep(0)
