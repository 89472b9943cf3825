"""Section 3 of docs/faults.md, in small and with wide bounds: a change of kind shows, a busy machine not.

What the service can do stands in docs/performance.md; ``python -m bench`` measures it.
"""

import asyncio
import json
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from websockets.asyncio.client import connect

from emitters.population import World
from emitters.sessions import SessionEmitter
from tests.contract.process import ServiceProcess, serving
from tests.support.service import until

TRIES = 3
CONNECTIONS = 16
DASHBOARDS = 20
NEWS = 40
FIRST = 1_000
SESSIONS = 5_000
ARRAY = 500
PATIENCE_S = 30.0
IDLE_BYTES = 100_000_000


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with serving(tmp_path_factory.mktemp("service"), "limits.ingest_per_second=0") as started:
        yield started


def event(prefix: str, number: int) -> dict[str, str]:
    return {"type": "click", "sessionId": f"{prefix}-{number % 50}", "id": f"{prefix}-{number}", "page": "/"}


async def post_all(process: ServiceProcess, bodies: Sequence[bytes]) -> float:
    """POST over a few connections, one after the other on each; return the bodies a second."""
    address = urlsplit(process.base_url)
    waiting = iter(bodies)

    async def sender() -> None:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        for body in waiting:
            head = f"Host: {address.netloc}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
            writer.write(f"POST /api/events HTTP/1.1\r\n{head}\r\n\r\n".encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 201 "), answer
            length = re.search(rb"content-length: (\d+)", answer)
            assert length is not None
            await reader.readexactly(int(length[1]))
        writer.close()

    began_s = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(CONNECTIONS):
            tasks.create_task(sender())
    return len(bodies) / (time.monotonic() - began_s)


async def test_F3_01_single_events_are_on_the_disk_at_200_a_second_at_least(process: ServiceProcess) -> None:
    best = 0.0
    for attempt in range(TRIES):
        bodies = [json.dumps(event(f"single{attempt}", number)).encode() for number in range(400)]
        best = max(best, await post_all(process, bodies))
        assert on_disk(process, f"single{attempt}-") == len(bodies)
        if best >= 200:
            break
    print(f"{best:.0f} single events a second")
    assert best >= 200


def on_disk(process: ServiceProcess, prefix: str) -> int:
    """How many ids of events with this beginning another process finds in the journal."""
    file = f"file:{process.log.parent / 'tracker.journal'}?mode=ro"
    with closing(sqlite3.connect(file, uri=True)) as connection:
        count = connection.execute("SELECT count(*) FROM ids WHERE id GLOB ?", (prefix + "*",))
        return int(count.fetchone()[0])


async def test_F3_02_events_in_arrays_come_in_at_2000_a_second_at_least(process: ServiceProcess) -> None:
    best = 0.0
    for attempt in range(TRIES):
        arrays = [
            [event(f"array{attempt}-{array}", number) for number in range(ARRAY)] for array in range(16)
        ]
        best = max(best, ARRAY * await post_all(process, [json.dumps(array).encode() for array in arrays]))
        assert on_disk(process, f"array{attempt}-") == ARRAY * len(arrays)
        if best >= 2_000:
            break
    print(f"{best:.0f} events a second in arrays of {ARRAY}")
    assert best >= 2_000


async def test_F3_03_twenty_dashboards_show_19_of_20_events_within_a_second(process: ServiceProcess) -> None:
    heard_s: list[dict[int, float]] = [{} for _ in range(DASHBOARDS)]
    sent_s: dict[int, float] = {}
    connected = 0

    async def watch(heard: dict[int, float]) -> None:
        nonlocal connected
        async with connect(process.socket_url + "?batch=1", proxy=None, max_size=None) as socket:
            async for text in socket:
                connected += '"snapshot"' in str(text)
                now_s = time.monotonic()
                for number in re.findall(r'"currentPage":"/news/(\d+)"', str(text)):
                    heard.setdefault(int(number), now_s)

    async with (
        httpx.AsyncClient(base_url=process.base_url, trust_env=False, timeout=PATIENCE_S) as http,
        asyncio.TaskGroup() as tasks,
    ):
        watching = [tasks.create_task(watch(heard)) for heard in heard_s]
        await until(lambda: connected == DASHBOARDS, PATIENCE_S)
        for number in range(NEWS):
            news = {"type": "pageview", "sessionId": f"news-{number}", "page": f"/news/{number}"}
            sent_s[number] = time.monotonic()
            assert (await http.post("/api/events", json=news)).status_code == 201
            await asyncio.sleep(0.02)
        await until(lambda: all(len(heard) == NEWS for heard in heard_s), PATIENCE_S)
        for watcher in watching:
            watcher.cancel()
    delays_s = sorted(heard[number] - sent_s[number] for heard in heard_s for number in sent_s)
    p95_s = delays_s[int(len(delays_s) * 0.95)]
    print(f"event to dashboard: p50 {delays_s[len(delays_s) // 2]:.3f} s, p95 {p95_s:.3f} s")
    assert p95_s <= 1.0


async def test_F3_04_a_live_session_costs_2_KiB_at_most_and_an_idle_service_100_MB(tmp_path: Path) -> None:
    async with SessionEmitter(world=World(1, 20), rate=0, client_buffer_bytes=64 << 20) as emitter:
        with serving(tmp_path, f"upstream.url={emitter.url}", "sessions.idle_timeout_s=3600") as process:
            await emitter.wait_for_clients(1)
            memory = psutil.Process(process.popen.pid)
            # What only the start needed is given back soon after it.
            await until(lambda: memory.memory_info().rss < IDLE_BYTES, PATIENCE_S)
            idle_bytes = memory.memory_info().rss
            await open_sessions(emitter, process, range(FIRST))
            before_bytes = memory.memory_info().rss
            await open_sessions(emitter, process, range(FIRST, FIRST + SESSIONS))
            each_bytes = (memory.memory_info().rss - before_bytes) / SESSIONS
    print(f"idle: {idle_bytes / 2**20:.0f} MiB; a session more: {each_bytes:.0f} bytes")
    assert each_bytes <= 2_048


async def open_sessions(emitter: SessionEmitter, process: ServiceProcess, numbers: range) -> None:
    """Let them open, and wait until they are live and on the disk."""
    for number in numbers:
        # A private address: no lookup, so that the session alone is measured.
        ip = f"10.0.{number >> 8}.{number & 255}"
        await emitter.send(
            {"eventType": "session-opened", "ip": ip, "guid": f"6f0d9b1e-7c1a-4b6e-{number:012d}"}
        )
    async with httpx.AsyncClient(base_url=process.base_url, trust_env=False, timeout=PATIENCE_S) as http:

        async def are_there() -> bool:
            status = (await http.get("/api/status")).json()["data"]
            is_written = status["store"]["checkpointWaiting"] == 0
            return bool(status["core"]["liveSessions"] == numbers.stop and is_written)

        await until(are_there, PATIENCE_S)
