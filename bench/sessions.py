"""What a live session costs: memory, and processor time for each event with few and with many of them."""

import asyncio
import time
from collections.abc import Iterator
from tempfile import TemporaryDirectory

from bench.figures import Figure
from bench.process import MeasuredService, measured_service
from emitters.sessions import SessionEmitter

FEW = 100
MANY = 100_000
EVENTS = 60_000
ROUNDS = 3
SLICE = 2_000


async def measure() -> list[Figure]:
    with TemporaryDirectory() as folder:
        on_disk = await _measure("on disk", f"duckdb:{folder}/tracker.duckdb")
    return [*await _measure("in memory", "duckdb::memory:"), *on_disk]


async def _measure(where: str, store_url: str) -> list[Figure]:
    async with (
        SessionEmitter(rate=0, client_buffer_bytes=256 << 20) as emitter,
        measured_service(
            f"upstream.url={emitter.url}",
            "upstream.enabled=true",
            "sessions.idle_timeout_s=3600",
            f"store.url={store_url}",
        ) as service,
    ):
        await emitter.wait_for_clients(1)
        await asyncio.sleep(1)
        idle_bytes = service.rss_bytes
        await _send(emitter, service, (_frame("session-opened", n) for n in range(FEW)))
        few_us = [await _keep_alive_us(emitter, service, FEW) for _ in range(ROUNDS)]
        before_bytes = service.rss_bytes
        await _send(emitter, service, (_frame("session-opened", n) for n in range(FEW, MANY)))
        await asyncio.sleep(3)
        full_bytes = service.rss_bytes
        same_us = [await _keep_alive_us(emitter, service, FEW) for _ in range(ROUNDS)]
        many_us = [await _keep_alive_us(emitter, service, MANY) for _ in range(ROUNDS)]
        live = (await service.status())["core"]["liveSessions"]
        assert live == MANY, f"{live} sessions are live"
        few, same, many = (sorted(rounds)[1] for rounds in (few_us, same_us, many_us))
        name = f"sessions, {where}"
        return [
            Figure(f"{name}: memory of the idle service", idle_bytes / 2**20, "MiB", "≤ 100"),
            Figure(f"{name}: memory each", (full_bytes - before_bytes) / (MANY - FEW), "bytes", "≤ 2,048"),
            Figure(f"{name}: processor time an event, {FEW} there", few, "µs"),
            Figure(f"{name}: the same {FEW} speak, {MANY:,} there", same / few, "×", "≤ 1.2"),
            Figure(f"{name}: all {MANY:,} speak in turn", many / few, "×"),
        ]


async def _keep_alive_us(emitter: SessionEmitter, service: MeasuredService, sessions: int) -> float:
    began_s = service.cpu_s
    # A stride through all of them: the next session is never the one in the processor's cache.
    await _send(emitter, service, (_frame("keep-alive", n * 7_919 % sessions) for n in range(EVENTS)))
    return (service.cpu_s - began_s) / EVENTS * 1e6


async def _send(emitter: SessionEmitter, service: MeasuredService, frames: Iterator[dict[str, str]]) -> None:
    """Send the frames and wait until the service has them."""
    target = (await service.status())["upstream"]["framesReceived"]
    for number, frame in enumerate(frames):
        target += 1
        await emitter.send(frame)
        if number % SLICE == SLICE - 1:
            await asyncio.sleep(SLICE / 20_000)
    deadline_s = time.monotonic() + 60
    while (await service.status())["upstream"]["framesReceived"] < target:
        assert time.monotonic() < deadline_s, "frames are missing"
        await asyncio.sleep(0.1)


def _frame(kind: str, number: int) -> dict[str, str]:
    # A private address: no lookup, so that the session alone is measured.
    ip = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return {"eventType": kind, "ip": ip, "guid": f"6f0d9b1e-7c1a-4b6e-9d55-{number:012d}"}
