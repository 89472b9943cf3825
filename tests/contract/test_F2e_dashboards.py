"""FAULTS 2e against the whole service: many dashboards, slow ones, dead ones, hostile ones.

Smaller numbers than ``python -m bench dashboards-many``, which does the same with 2,000.
"""

import asyncio
import random
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.contract.process import ServiceProcess, command, environment, serving
from tests.contract.rig import Listener, listen, numbers_rise_by_one, page, told
from tests.http.live_rig import StandingReader, close_code
from tests.support.dashboard import DashboardClient, open_dashboard
from tests.support.server import serve
from tests.support.service import RunningService, run_service, settings_for_tests, until
from tracker.clock import SystemClock
from tracker.wiring import running

MANY = 300
FEW_FILES = 200
ROOM = FEW_FILES - 64


def port_of(service: RunningService) -> int:
    return int(service.base_url.rsplit(":", 1)[1])


def dashboards_of(service: RunningService) -> int:
    return service.service.hub.snapshot().dashboards


@asynccontextmanager
async def many(port: int, count: int) -> AsyncIterator[list[StandingReader]]:
    """Dashboards that all arrive at once; each has its snapshot."""
    async with AsyncExitStack() as stack:
        readers = [StandingReader(port, "?batch=1", 256 * 1024) for _ in range(count)]
        async with asyncio.TaskGroup() as tasks:
            for reader in readers:
                tasks.create_task(stack.enter_async_context(reader))
        async with asyncio.TaskGroup() as tasks:
            for reader in readers:
                tasks.create_task(reader.read_until(b'"type":"snapshot"', 30))
        yield readers


def shows(path: str, seen: DashboardClient) -> bool:
    return seen.rows.get("s", {}).get("currentPage") == path


async def test_F2e_01_slow_reader_gets_a_new_snapshot_and_its_peers_lose_no_time() -> None:
    async with (
        run_service() as service,
        open_dashboard(service.socket_url) as peer,
        StandingReader(port_of(service), "?batch=1") as slow,
    ):
        await until(lambda: dashboards_of(service) == 2)
        counters = service.service.hub.counters
        delays_s = []
        number = 0
        while not counters.overflows:
            number += 1
            path = f"/{number}"
            began_s = time.monotonic()
            metadata = {"text": "x" * 15_000}
            await service.post([{"type": "view", "sessionId": "s", "page": path, "metadata": metadata}] * 20)
            await peer.wait_for(partial(shows, path))
            delays_s.append(time.monotonic() - began_s)
            assert service.service.hub.snapshot().queued_bytes <= 1024 * 1024
        await page(service, path="/the-end")
        received = await slow.read_until(b'"page":"/the-end"')
    assert received.count(b'"type":"snapshot"') == 2
    assert b'"currentPage":"/the-end"' in received[received.rindex(b'"type":"snapshot"') :]
    # Who waited for the slow one would wait until its pings are over, 20 s.
    assert sorted(delays_s)[int(len(delays_s) * 0.9)] < 3


async def test_F2e_02_dead_reader_is_gone_and_nothing_of_it_stays() -> None:
    """With pings of 0.3 + 2 s instead of 10 + 10; those are held to 25 s by tests/test_server.py."""
    async with (
        running(settings_for_tests(), SystemClock(), random.Random(1)) as service,
        serve(service.app, ws_ping_interval=0.3, ws_ping_timeout=2) as base_url,
        open_dashboard(base_url.replace("http", "ws", 1) + "/ws") as peer,
        StandingReader(int(base_url.rsplit(":", 1)[1])),
    ):
        await until(lambda: service.hub.dashboards == 2)
        await until(lambda: service.hub.dashboards == 1)
        await peer.wait_for(lambda seen: seen.of_type("user_disconnected"))
        assert service.hub.snapshot().queued_bytes == 0


async def test_F2e_03_many_clients_cost_little_and_all_hear_within_a_second(tmp_path: Path) -> None:
    with serving(tmp_path) as process:
        async with httpx.AsyncClient(base_url=process.base_url, trust_env=False, timeout=30) as http:
            events = [{"type": "pageview", "sessionId": f"s{number}", "page": "/a"} for number in range(100)]
            assert (await http.post("/api/events", json=events)).status_code == 201
            before = await memory_at_rest(process)
            async with many(int(process.base_url.rsplit(":", 1)[1]), MANY) as readers:
                grown_kib = (memory(process) - before) / 1024 / MANY
                rendered = await told(http, 'dashboard_snapshots_total{source="rendered"}')
                assert await told(http, "dashboards") == MANY
                began_s = time.monotonic()
                assert (await http.post("/api/events", json=events[0] | {"page": "/news"})).status_code == 201
                async with asyncio.TaskGroup() as tasks:
                    for reader in readers:
                        tasks.create_task(reader.read_until(b'"/news"'))
                assert time.monotonic() - began_s < 5
    print(f"each dashboard: {grown_kib:.0f} KiB")
    assert 5 < grown_kib < 60
    assert 0 < rendered < MANY / 5, "those who arrive together share a snapshot"


def memory(process: ServiceProcess) -> int:
    """Its resident bytes."""
    return int(psutil.Process(process.popen.pid).memory_info().rss)


async def memory_at_rest(process: ServiceProcess) -> int:
    """Its resident bytes once it gives back no more of what its start and first events needed."""
    least, since_s = memory(process), time.monotonic()
    while time.monotonic() - since_s < 3:
        await asyncio.sleep(0.1)
        if memory(process) < least:
            least, since_s = memory(process), time.monotonic()
    return least


async def test_F2e_03_reconnect_storm_is_soon_over_and_health_answers_meanwhile(tmp_path: Path) -> None:
    health_s: list[float] = []

    async def ask_health(base_url: str) -> None:
        async with httpx.AsyncClient(base_url=base_url, trust_env=False, timeout=30) as http:
            while True:
                began_s = time.monotonic()
                assert (await http.get("/health")).status_code == 200
                health_s.append(time.monotonic() - began_s)
                await asyncio.sleep(0.01)

    with serving(tmp_path) as process:
        port = int(process.base_url.rsplit(":", 1)[1])
        async with listen(process.socket_url) as witness, asyncio.TaskGroup() as tasks:
            async with many(port, MANY):
                await until(lambda: counted(witness) == MANY + 1)
            await until(lambda: counted(witness) == 1)
            asking = tasks.create_task(ask_health(process.base_url))
            await until(lambda: health_s)
            told, began_s = len(witness.messages), time.monotonic()
            async with many(port, MANY):
                assert time.monotonic() - began_s < 15
                # One number for all who came in a moment, not one message for each of them.
                await until(lambda: counted(witness) == MANY + 1)
                assert len(witness.messages) - told < MANY * 2 / 3
                assert numbers_rise_by_one(witness)
            asking.cancel()
    # The clients of the test hold its own loop, which measures that too.
    assert sorted(health_s)[int(len(health_s) * 0.9)] < 2
    assert max(health_s) < 10


def counted(listener: Listener) -> int:
    """How many dashboards there are, as the newest message says."""
    said = [m["data"] for m in listener.messages if m["type"] in ("user_connected", "user_disconnected")]
    return int(said[-1]["totalDashboards"]) if said else 0


@contextmanager
def with_few_files() -> Iterator[str]:
    """The service under a limit of open files that it cannot raise; gives its URL."""
    settings = ("server.port=0", "upstream.enabled=false", "deanonymizer.enabled=false")
    limited = ["sh", "-c", f'ulimit -n {FEW_FILES}; exec "$@"', "sh"]
    words = [*limited, *command(*settings, "store.url=duckdb::memory:")]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as popen:
        assert popen.stdout is not None
        try:
            yield popen.stdout.readline().split()[-1]
        finally:
            popen.terminate()
            assert popen.stderr is not None
            log = popen.stderr.read()
    assert f"only {FEW_FILES} files may be open (ulimit -n): at most {ROOM} dashboards" in log
    assert "Traceback" not in log


async def test_F2e_03_one_too_many_is_refused_and_all_others_are_served() -> None:
    with with_few_files() as base_url:
        async with (
            httpx.AsyncClient(base_url=base_url, trust_env=False, timeout=30) as http,
            AsyncExitStack() as stack,
        ):
            socket_url = base_url.replace("http", "ws", 1) + "/ws"
            port = int(base_url.rsplit(":", 1)[1])
            readers = [await stack.enter_async_context(StandingReader(port)) for _ in range(ROOM)]
            for _ in range(5):
                with pytest.raises(InvalidStatus) as refused:
                    await connect(socket_url, proxy=None)
                assert refused.value.response.status_code == 503
                assert int(refused.value.response.headers["Retry-After"]) >= 1
            assert (await http.get("/health")).status_code == 200
            event = {"type": "pageview", "sessionId": "s", "page": "/"}
            assert (await http.post("/api/events", json=event)).status_code == 201
            status = (await http.get("/api/status")).json()["data"]["dashboards"]
            assert (status["dashboards"], status["maxDashboards"], status["turnedAway"]) == (ROOM, ROOM, 5)
            await readers[0].__aexit__()

            async def there_is_room() -> bool:
                status = (await http.get("/api/status")).json()["data"]["dashboards"]
                return bool(status["dashboards"] < ROOM)

            await until(there_is_room)
            async with connect(socket_url, proxy=None) as client:
                assert '"snapshot"' in str(await client.recv())


async def test_F2e_04_hostile_messages_harm_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    async def send(client: ClientConnection, message: Any, times: int) -> None:
        with suppress(ConnectionClosed):
            for _ in range(times):
                await client.send(message)

    async with (
        run_service() as service,
        open_dashboard(service.socket_url) as peer,
        AsyncExitStack() as stack,
    ):
        hostile = [await stack.enter_async_context(connect(service.socket_url, proxy=None)) for _ in range(5)]
        await send(hostile[0], "x" * 10_000_000, 1)
        assert await close_code(hostile[0]) == 1009
        await send(hostile[1], '{"type":"ping"}', 100)
        assert await close_code(hostile[1]) == 1008
        with suppress(ConnectionClosed):
            for _ in range(1_000):
                await hostile[2].ping()
        assert await close_code(hostile[2]) == 1008
        await send(hostile[3], b"\x00\x01", 3)
        await send(hostile[4], '{"type":"drop tables"}', 3)
        await page(service)
        await peer.wait_for(lambda seen: "s" in seen.rows)
        await until(lambda: dashboards_of(service) == 3)
    assert "Traceback" not in caplog.text


async def test_F2e_05_F3_05_reconnect_resumes_or_starts_anew_and_agrees_with_REST() -> None:
    async with run_service() as service:
        async with listen(service.socket_url, "?batch=1") as before:
            await page(service, "a", "/1")
            await before.wait_for("session_activity")
            seen = before.messages[-1]["seq"]
        async with listen(service.socket_url, "?batch=1") as other:
            await other.wait_for("snapshot")
            await page(service, "b", "/2")
            async with listen(service.socket_url, f"?batch=1&resume={seen}") as resumed:
                await until(
                    lambda: [row for row in resumed.of_type("session_activity") if row["sessionId"] == "b"]
                )
                assert resumed.of_type("snapshot") == []
                assert numbers_rise_by_one(resumed)
        for number in range(200):
            await service.post({"type": "view", "sessionId": f"s{number % 20}", "page": f"/{number}"})
        began_s = time.monotonic()
        async with open_dashboard(service.socket_url + f"?batch=1&resume={seen}", "") as late:
            rest = await service.visitors()
            await late.wait_for(
                lambda shown: (
                    {key: row["currentPage"] for key, row in shown.rows.items()}
                    == {key: row["currentPage"] for key, row in rest.items()}
                )
            )
            assert len(rest) == 22
            assert time.monotonic() - began_s < 10
