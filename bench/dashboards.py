"""From a POST to the frame on each dashboard, at an even rate, with one dashboard that never reads."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from websockets.asyncio.client import ClientConnection, connect

from bench.figures import Figure, percentile
from bench.posting import post_evenly
from bench.process import MeasuredService, measured_service

MARK = '"id":"bench-'


class Watcher:
    """Notes when each event first arrived. It searches the text: parsing costs too much."""

    def __init__(self) -> None:
        self.seen_s: dict[str, float] = {}

    async def watch(self, socket: ClientConnection) -> None:
        async for frame in socket:
            assert isinstance(frame, str)
            now_s = time.monotonic()
            position = frame.find(MARK)
            while position >= 0:
                start = position + len(MARK)
                end = frame.index('"', start)
                self.seen_s.setdefault(frame[start:end], now_s)
                position = frame.find(MARK, end)


async def measure(
    rate: float = 500, dashboards: int = 50, seconds: float = 15, batch: bool = True
) -> list[Figure]:
    calm = await _run(rate, dashboards, seconds, batch, stalled=0)
    stalled = await _run(rate, dashboards, seconds, batch, stalled=1)
    kind = "batched" if batch else "single"
    name = f"dashboards: {rate:,.0f} events/s, {dashboards} dashboards, {kind} frames"
    return [
        Figure(f"{name}: p50", calm[0], "ms"),
        Figure(f"{name}: p99", calm[1], "ms", "≤ 150"),
        Figure(f"{name}: frames missing", calm[2], "events", "0"),
        Figure(f"{name}, one never reads: p50", stalled[0], "ms"),
        Figure(f"{name}, one never reads: p99", stalled[1], "ms", "≤ 150"),
        Figure(f"{name}, one never reads: memory more", stalled[3] - calm[3], "MiB", "bounded"),
        Figure(f"{name}: processor time an event", calm[4], "µs"),
    ]


async def _run(
    rate: float, dashboards: int, seconds: float, batch: bool, stalled: int
) -> tuple[float, float, int, float, float]:
    query = "?batch=1" if batch else ""
    async with (
        measured_service("store.url=duckdb::memory:", "limits.ingest_per_second=0") as service,
        AsyncExitStack() as stack,
    ):
        for _ in range(stalled):
            await stack.enter_async_context(_never_reads(service, query))
        watchers = [Watcher() for _ in range(dashboards)]
        async with asyncio.TaskGroup() as tasks:
            sockets = [
                await stack.enter_async_context(
                    connect(service.socket_url + query, proxy=None, max_size=None)
                )
                for _ in watchers
            ]
            reading = [tasks.create_task(w.watch(s)) for w, s in zip(watchers, sockets, strict=True)]
            await asyncio.sleep(1)
            cpu_s = service.cpu_s
            sent_s, _ = await post_evenly(service.base_url, rate, seconds, _event)
            await asyncio.sleep(1)
            cpu_s = service.cpu_s - cpu_s
            rss_mib = service.rss_bytes / 2**20
            for task in reading:
                task.cancel()
        delays_ms = [
            (seen_s - sent_s[number]) * 1000 for w in watchers for number, seen_s in w.seen_s.items()
        ]
        missing = dashboards * len(sent_s) - len(delays_ms)
        return (
            percentile(delays_ms, 0.5),
            percentile(delays_ms, 0.99),
            missing,
            rss_mib,
            cpu_s / len(sent_s) * 1e6,
        )


def _event(number: int) -> bytes:
    event = {
        "id": f"bench-{number}",
        "type": "pageview",
        "sessionId": f"visitor-{number % 300}",
        "page": f"/page/{number % 40}",
        "country": "DE",
    }
    return json.dumps(event).encode()


@asynccontextmanager
async def _never_reads(service: MeasuredService, query: str) -> AsyncIterator[None]:
    """A dashboard whose program hangs: the connection is open and nothing is read."""
    async with connect(service.socket_url + query, proxy=None, max_queue=1, ping_interval=None) as socket:
        socket.transport.pause_reading()
        yield
        socket.transport.abort()
