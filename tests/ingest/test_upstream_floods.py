"""Row 05 of the fault table: a fast sender, a slow sink."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from tests.ingest.upstream_rig import QUICK, Inputs, Service
from tests.support.faulty_upstream import FaultyUpstream, Peer, encode_frame, session_frame
from tests.support.timing import without_collector
from tracker.core.inputs import Input, UpstreamFrame
from tracker.ingest.link import MAX_QUEUED_FRAMES, READ_BYTES

LAG_S = 0.1
"""Of processor time. To take a whole flood apart at once would cost half a second and more."""


@contextlib.asynccontextmanager
async def measured_lag() -> AsyncIterator[list[float]]:
    """Collect how long the loop works before a competing task has its turn, in seconds.

    In processor time of this thread, so that nothing else on the machine is taken for lag.
    """
    lags: list[float] = []

    async def measure() -> None:
        while True:
            asked = time.thread_time()
            await asyncio.sleep(0.002)
            lags.append(time.thread_time() - asked)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(measure(), name="measured-lag")
        try:
            with without_collector():
                yield lags
        finally:
            task.cancel()


async def flooded(flood: bytes, good_frames: int) -> Service:
    """Send all of it at once, after a first frame; return the connection when it has read the good frames."""
    begins = asyncio.Event()

    async def behave(peer: Peer) -> None:
        await peer.accept()
        await peer.text(session_frame("first"))
        await begins.wait()
        await peer.send(flood)
        await peer.until_gone()

    async with FaultyUpstream(behave) as upstream:
        service = Service(upstream.url)
        async with service.running(), measured_lag() as lags:
            await service.inputs.frames(1)
            lags.clear()
            begins.set()
            await service.inputs.frames(1 + good_frames)
    assert sorted(lags)[len(lags) * 99 // 100] < LAG_S
    return service


async def test_F2a_05_F3_02_a_flood_of_30000_frames_arrives_whole_in_order_and_lets_others_run() -> None:
    guids = [f"s{number:05}" for number in range(30_000)]
    service = await flooded(b"".join(encode_frame(session_frame(guid)) for guid in guids), len(guids))
    assert service.inputs.guids == ["first", *guids]


async def test_F2a_05_a_flood_of_the_smallest_frames_lets_others_run() -> None:
    """Read in larger portions they hold the loop the longest: many fit into one."""
    service = await flooded(encode_frame(b"") * 80_000 + encode_frame(session_frame("last")), 1)
    assert service.connection.frames_rejected == 80_000


async def test_F2a_05_a_slow_sink_slows_the_sender_loses_nothing_and_is_not_taken_for_a_dead_line() -> None:
    frame = encode_frame(session_frame("slow"))
    number, queued, sent = 200, [0], 0
    inputs = Inputs()

    def slow_sink(item: Input) -> None:
        inputs(item)
        if isinstance(item, UpstreamFrame):
            work_until = time.thread_time() + 0.005
            while time.thread_time() < work_until:
                pass
            queued.append(service.connection.queued_frames)

    async def behave(peer: Peer) -> None:
        nonlocal sent
        await peer.accept()
        await peer.send(frame * number)
        while True:
            await peer.text(b" " * 60_000)
            sent += 60_000

    async with FaultyUpstream(behave) as upstream:
        service = Service(
            upstream.url, timing=QUICK._replace(open_timeout_s=5.0), sink=slow_sink, silence_timeout_s=0.3
        )
        async with service.running(), measured_lag() as lags:
            await inputs.frames(1)
            lags.clear()
            await inputs.frames(number)
            assert len(upstream.attempts) == 1
    assert max(queued) <= MAX_QUEUED_FRAMES + READ_BYTES // len(frame) + 1
    assert sent < 2**24, "the sender was held by TCP"
    assert sorted(lags)[len(lags) * 99 // 100] < LAG_S
