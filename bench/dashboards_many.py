"""Thousands of dashboards: what each costs, how late they hear, and how long it takes when all come back."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from bench.figures import Figure, percentile
from bench.posting import post_evenly
from bench.process import MeasuredService, measured_service

SAMPLE_EVERY_S = 0.02
LAG_EVERY_S = 0.25
WITHIN_S = 90.0


class Crowd:
    """The process with the clients (bench/crowd.py)."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def order(self, do: str, **fields: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **fields}).encode() + b"\n")
        async with asyncio.timeout(WITHIN_S):
            answer: dict[str, Any] = json.loads(await self._process.stdout.readline())
        return answer


class Watch:
    """How the service fares meanwhile: the time of each answer of ``/health``, and its loop's lag."""

    def __init__(self, service: MeasuredService) -> None:
        self._service = service
        self.health_ms: list[float] = []
        self.lag_ms: list[float] = []
        self.rss_bytes = 0

    async def ask_health(self) -> None:
        at = urlsplit(self._service.base_url)
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        while True:
            began_s = time.monotonic()
            writer.write(b"GET /health HTTP/1.1\r\nHost: bench\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]))
            self.health_ms.append((time.monotonic() - began_s) * 1000)
            await asyncio.sleep(SAMPLE_EVERY_S)

    async def ask_lag(self) -> None:
        while True:
            self.lag_ms.append((await self._service.status())["loopLagS"] * 1000)
            self.rss_bytes = max(self.rss_bytes, self._service.rss_bytes)
            await asyncio.sleep(LAG_EVERY_S)


@asynccontextmanager
async def _watched(service: MeasuredService) -> AsyncIterator[Watch]:
    watch = Watch(service)
    async with asyncio.TaskGroup() as tasks:
        watching = [tasks.create_task(watch.ask_health()), tasks.create_task(watch.ask_lag())]
        try:
            yield watch
        finally:
            for task in watching:
                task.cancel()


@asynccontextmanager
async def _crowd(service: MeasuredService) -> AsyncIterator[Crowd]:
    at = urlsplit(service.base_url)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.crowd", str(at.hostname), str(at.port), "/ws?batch=1",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 26,
    )  # fmt: skip
    try:
        yield Crowd(process)
    finally:
        process.kill()
        await process.wait()


async def measure(dashboards: int = 2_000, rate: float = 50, seconds: float = 20) -> list[Figure]:
    name = f"{dashboards:,} dashboards"
    async with (
        measured_service("store.url=duckdb::memory:", "limits.ingest_per_second=0") as service,
        _crowd(service) as crowd,
    ):
        await post_evenly(service.base_url, 300, 1, _visit)
        await asyncio.sleep(1)
        base_bytes = service.rss_bytes
        arrival = await crowd.order("join", count=dashboards, jitter=False)
        await asyncio.sleep(2)
        figures = await _steady(name, service, crowd, dashboards, rate, seconds)
        each_kib = (service.rss_bytes - base_bytes) / 1024 / dashboards
        figures = [
            Figure(f"{name}: memory each", each_kib, "KiB", "≤ 60"),
            Figure(f"{name}: all arrive at once: the last has its snapshot", arrival["took_s"], "s", "≤ 15"),
            *figures,
            *await _storm(f"{name}, all cut, back with jitter", service, crowd, dashboards, jitter=True),
            *await _storm(f"{name}, all cut, back at once", service, crowd, dashboards, jitter=False),
        ]
        each_kib = (service.rss_bytes - base_bytes) / 1024 / dashboards
        return [*figures, Figure(f"{name}: memory each after the storms", each_kib, "KiB", "≤ 60")]


async def _steady(
    name: str, service: MeasuredService, crowd: Crowd, dashboards: int, rate: float, seconds: float
) -> list[Figure]:
    cpu_s = service.cpu_s
    async with _watched(service) as watch:
        due_s, _ = await post_evenly(service.base_url, rate, seconds, _event)
        await asyncio.sleep(1)
    cpu_s = service.cpu_s - cpu_s
    counts = await crowd.order("counts")
    seen_s = (await crowd.order("seen"))["seen_s"]
    delays_ms = [(at_s - due_s[number]) * 1000 for number, times in seen_s.items() for at_s in times]
    in_sample = max(map(len, seen_s.values()))
    at_rate = f"{name}, {rate:.0f} events/s"
    return [
        Figure(f"{at_rate}: p50", percentile(delays_ms, 0.5), "ms"),
        Figure(f"{at_rate}: p99", percentile(delays_ms, 0.99), "ms", "≤ 1,000"),
        Figure(f"{at_rate}: last", max(delays_ms), "ms"),
        Figure(f"{at_rate}: not seen by the sample", in_sample * len(due_s) - len(delays_ms), "events", "0"),
        Figure(f"{at_rate}: gaps", counts["gaps"], "", "0"),
        Figure(f"{at_rate}: connections lost", dashboards - counts["there"], "", "0"),
        Figure(f"{at_rate}: bytes, the least of any", counts["bytes_least"] / counts["bytes_most"], "× most"),
        Figure(f"{at_rate}: processor time", cpu_s / (seconds + 1), "cores"),
        Figure(f"{at_rate}: loop lag p99", percentile(watch.lag_ms, 0.99), "ms", "< 250"),
        Figure(f"{at_rate}: /health p99", percentile(watch.health_ms, 0.99), "ms"),
    ]


async def _storm(
    name: str, service: MeasuredService, crowd: Crowd, dashboards: int, jitter: bool
) -> list[Figure]:
    cpu_s = service.cpu_s
    async with _watched(service) as watch, asyncio.TaskGroup() as tasks:
        tasks.create_task(post_evenly(service.base_url, 50, 5, _visit))
        await asyncio.sleep(1)
        await crowd.order("cut")
        arrival = await crowd.order("join", count=dashboards, jitter=jitter)
    counts = await crowd.order("counts")
    return [
        Figure(f"{name}: the last has its snapshot", arrival["took_s"], "s", "≤ 15"),
        Figure(f"{name}: attempts that failed", arrival["failed"], ""),
        Figure(f"{name}: there in the end", counts["there"], "", f"{dashboards:,}"),
        Figure(f"{name}: processor time", service.cpu_s - cpu_s, "s"),
        Figure(f"{name}: loop lag, worst", max(watch.lag_ms), "ms"),
        Figure(f"{name}: /health p99", percentile(watch.health_ms, 0.99), "ms"),
        Figure(f"{name}: /health, worst", max(watch.health_ms), "ms"),
        Figure(f"{name}: memory at its peak", watch.rss_bytes / 2**20, "MiB"),
    ]


def _event(number: int) -> bytes:
    return _body(number, {"id": f"bench-{number}"})


def _visit(number: int) -> bytes:
    return _body(number, {})


def _body(number: int, more: dict[str, str]) -> bytes:
    event = {
        "type": "pageview",
        "sessionId": f"visitor-{number % 300}",
        "page": f"/page/{number % 40}",
        "country": "DE",
    }
    return json.dumps(more | event).encode()
