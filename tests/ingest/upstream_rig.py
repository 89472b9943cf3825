"""The connection to the session emitter under test, and what its tests share."""

import asyncio
import contextlib
import itertools
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from tests.support.clock import FakeClock
from tests.support.faulty_upstream import Peer, session_frame
from tracker.clock import SystemClock
from tracker.core.clock import Clock
from tracker.core.inputs import Input, UpstreamChanged, UpstreamFrame
from tracker.ingest.backoff import Backoff
from tracker.ingest.rejects import RejectLog
from tracker.ingest.upstream import Timing, UpstreamConnection
from tracker.settings import Upstream

PATIENCE_S = 15.0
SLACK_S = 5.0
"""How late a busy machine may be before a test calls it a fault."""
QUICK = Timing(
    open_timeout_s=0.3, ping_interval_s=0.1, ping_timeout_s=0.1, close_timeout_s=0.1, down_after_s=0.2
)
UNHURRIED = QUICK._replace(ping_interval_s=30.0, ping_timeout_s=30.0, down_after_s=30.0, open_timeout_s=5.0)

Behaviour = Callable[[Peer], Awaitable[None]]


def gaps(starts: Sequence[float]) -> list[float]:
    return [later - earlier for earlier, later in itertools.pairwise(starts)]


class Inputs:
    """A sink that keeps what it gets and lets the test wait for it."""

    def __init__(self) -> None:
        self.guids: list[str] = []
        self.states: list[str] = []
        self._came = asyncio.Event()

    def __call__(self, item: Input) -> None:
        if isinstance(item, UpstreamFrame):
            self.guids.append(item.session_id)
        elif isinstance(item, UpstreamChanged):
            self.states.append(str(item.state))
        self._came.set()

    async def until(self, fulfilled: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not fulfilled():
                self._came.clear()
                await self._came.wait()

    async def frames(self, number: int) -> None:
        await self.until(lambda: len(self.guids) >= number)


class Service:
    """The connection under test with everything around it."""

    def __init__(
        self,
        url: str,
        *,
        timing: Timing = UNHURRIED,
        backoff: Backoff | None = None,
        silence_timeout_s: float = 60.0,
        clock: Clock | None = None,
        sink: Callable[[Input], None] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        clock = clock or SystemClock()
        self.inputs = Inputs()
        self.rejects = RejectLog(clock)
        self.connection = UpstreamConnection(
            Upstream(url=url, silence_timeout_s=silence_timeout_s),
            sink or self.inputs,
            self.rejects,
            clock,
            random.Random(7),
            timing=timing,
            backoff=backoff or Backoff(random.Random(7), base_s=0.01, spacing_s=0.02),
            sleep=sleep,
        )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group, asyncio.timeout(PATIENCE_S * 2):
            task = group.create_task(self.connection.run(), name="upstream")
            try:
                yield
            finally:
                task.cancel()


async def serve_one_frame(peer: Peer) -> None:
    await peer.accept()
    await peer.text(session_frame("good"))
    await peer.until_gone()


def first_then(first: Behaviour, times: int = 1) -> Behaviour:
    """Behave badly for so many connections, then serve one good frame and stay."""
    left = times

    async def behave(peer: Peer) -> None:
        nonlocal left
        left -= 1
        await (first if left >= 0 else serve_one_frame)(peer)

    return behave


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Widest(random.Random):
    """Always draws the upper end, so that the window itself shows."""

    def uniform(self, a: float, b: float) -> float:
        return b


class Sleeps:
    """Stands in for sleeping: moves the clock, and hangs for good after ``limit_s``."""

    def __init__(self, clock: FakeClock, limit_s: float) -> None:
        self.starts_s: list[float] = []
        self.over = asyncio.Event()
        self._clock = clock
        self._end_s = clock.now().monotonic_s + limit_s

    async def __call__(self, seconds: float) -> None:
        now = self._clock.advance(seconds)
        self.starts_s.append(now.monotonic_s)
        if now.monotonic_s >= self._end_s:
            self.over.set()
            await asyncio.Event().wait()
