"""From a POST to the frame on each dashboard, at an even rate, with one dashboard that never reads."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit

from websockets.asyncio.client import connect

from bench.figures import Figure, percentile
from bench.posting import post_evenly
from bench.process import MeasuredService, measured_service

MARK = b'"id":"bench-'
PART_HEADER = re.compile(rb"[\x00\x80](?:[\x00-\x7d]|\x7e[\s\S]{2}|\x7f[\s\S]{8})")
"""The header of a further part of a long message; the texts of the benchmark hold neither first byte."""
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


class Watcher(asyncio.Protocol):
    """Notes when each event first arrived. It searches the bytes: to take frames apart costs too much.

    Frames of a server are neither masked nor compressed, so texts stand in them as they are. Pings
    stay unanswered: a run has to be over before the service cuts the connection.
    """

    def __init__(self, path: str, host: str) -> None:
        self._request = HANDSHAKE.format(path=path, host=host).encode()
        self._rest = b""
        self.seen_s: dict[str, float] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now_s = time.monotonic()
        text = self._rest + data
        if b"\x00" in text or b"\x80" in text:
            text = PART_HEADER.sub(b"", text)
        position = text.find(MARK)
        while position >= 0:
            start = position + len(MARK)
            end = text.find(b'"', start)
            if end < 0:
                break
            self.seen_s.setdefault(text[start:end].decode(), now_s)
            position = text.find(MARK, end)
        self._rest = text[position:] if position >= 0 else text[-len(MARK) :]


async def measure(
    rate: float = 500, dashboards: int = 50, seconds: float = 12, batch: bool = True
) -> list[Figure]:
    calm = await _run(rate, dashboards, seconds, batch, stalled=0)
    stalled = await _run(rate, dashboards, seconds, batch, stalled=1)
    kind = "batched" if batch else "single"
    name = f"dashboards: {rate:,.0f} events/s, {dashboards} dashboards, {kind} frames"
    return [
        Figure(f"{name}: p50", calm.p50_ms, "ms"),
        Figure(f"{name}: p99", calm.p99_ms, "ms", "≤ 150"),
        Figure(f"{name}: events missing", calm.missing, "", "0"),
        # A service that gets no processor for 0.4 s leaves out the oldest of more than 200 events.
        Figure(f"{name}: of them left out of a crowded moment", calm.left_out, "", "0"),
        Figure(f"{name}, one never reads: p50", stalled.p50_ms, "ms"),
        Figure(f"{name}, one never reads: p99", stalled.p99_ms, "ms", "≤ 150"),
        Figure(f"{name}, one never reads: memory more", stalled.rss_mib - calm.rss_mib, "MiB", "bounded"),
        Figure(f"{name}: processor time an event", calm.cpu_us, "µs"),
    ]


class Run(NamedTuple):
    p50_ms: float
    p99_ms: float
    missing: int
    """Over all dashboards."""
    left_out: int
    rss_mib: float
    cpu_us: float
    """An event."""


async def _run(rate: float, dashboards: int, seconds: float, batch: bool, stalled: int) -> Run:
    query = "?batch=1" if batch else ""
    async with (
        measured_service("store.url=duckdb::memory:", "limits.ingest_per_second=0") as service,
        AsyncExitStack() as stack,
    ):
        for _ in range(stalled):
            await stack.enter_async_context(_never_reads(service, query))
        at = urlsplit(service.base_url)
        loop = asyncio.get_running_loop()
        watchers = [Watcher(f"/ws{query}", at.netloc) for _ in range(dashboards)]
        for watcher in watchers:
            transport, _ = await loop.create_connection(
                partial(_given, watcher), at.hostname or "", at.port or 0
            )
            stack.callback(transport.abort)
        await asyncio.sleep(1)
        cpu_s = service.cpu_s
        sent_s, _ = await post_evenly(service.base_url, rate, seconds, _event)
        await asyncio.sleep(1)
        cpu_s = service.cpu_s - cpu_s
        rss_mib = service.rss_bytes / 2**20
        delays_ms = [
            (seen_s - sent_s[number]) * 1000 for w in watchers for number, seen_s in w.seen_s.items()
        ]
        return Run(
            p50_ms=percentile(delays_ms, 0.5),
            p99_ms=percentile(delays_ms, 0.99),
            missing=dashboards * len(sent_s) - len(delays_ms),
            left_out=dashboards * (await service.status())["dashboards"]["droppedFeedEvents"],
            rss_mib=rss_mib,
            cpu_us=cpu_s / len(sent_s) * 1e6,
        )


def _given(watcher: Watcher) -> Watcher:
    return watcher


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
