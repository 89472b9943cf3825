"""A flood of frames from the session emitter: is anything lost, is the table right, what does it cost?"""

import asyncio
import time

from bench.figures import Figure
from bench.process import MeasuredService, measured_service
from emitters.sessions import SessionEmitter

SESSIONS = 4_500  # one answer of /api/visitors holds all of them
DRAIN_WITHIN_S = 30.0


async def measure(rate: float = 20_000, seconds: float = 30) -> list[Figure]:
    async with (
        SessionEmitter(rate=0, client_buffer_bytes=256 << 20, sessions_max=SESSIONS) as emitter,
        measured_service(
            f"upstream.url={emitter.url}", "upstream.enabled=true", "store.url=duckdb::memory:"
        ) as service,
    ):
        await emitter.wait_for_clients(1)
        rss_bytes, cpu_s = [service.rss_bytes], service.cpu_s
        began_s = time.monotonic()
        emitter.rate = rate
        while time.monotonic() - began_s < seconds:
            await asyncio.sleep(0.25)
            rss_bytes.append(service.rss_bytes)
        emitter.rate = 0
        sent_in_s = time.monotonic() - began_s
        received, drained_in_s = await _drain(service, emitter)
        cpu_s = service.cpu_s - cpu_s
        there = set(emitter.open_sessions)
        shown = {row["sessionId"] for row in (await service.visitors())["visitors"]}
        goal = f"≥ {rate:,.0f} for {seconds:.0f} s"
        return [
            Figure("upstream: frames sent", emitter.frames_sent / sent_in_s, "frames/s", goal),
            Figure("upstream: frames lost", emitter.frames_sent - received, "frames", "0"),
            Figure("upstream: sessions there at the end", len(there), "sessions"),
            Figure("upstream: sessions shown wrongly or missing", len(shown ^ there), "sessions", "0"),
            Figure("upstream: time to drain", drained_in_s, "s"),
            Figure("upstream: processor time a frame", cpu_s / max(1, received) * 1e6, "µs"),
            Figure("upstream: memory before", rss_bytes[0] / 2**20, "MiB"),
            Figure("upstream: memory at its peak", max(rss_bytes) / 2**20, "MiB", "bounded"),
        ]


async def _drain(service: MeasuredService, emitter: SessionEmitter) -> tuple[int, float]:
    """Return the frames received and the seconds until the last one was."""
    began_s = time.monotonic()
    received = 0
    while received < emitter.frames_sent and time.monotonic() - began_s < DRAIN_WITHIN_S:
        await asyncio.sleep(0.05)
        received = (await service.status())["upstream"]["framesReceived"]
    return received, time.monotonic() - began_s
