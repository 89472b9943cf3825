"""What happens to the process itself: signals, stalls, a taken port.

``STALLED_S=30 pytest`` of this file stops it as long as the catalogue of faults says.
"""

import asyncio
import os
import re
import signal
import subprocess
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from emitters.population import World
from emitters.sessions import SessionEmitter
from tests.contract.process import ServiceProcess, command, environment, serving
from tests.contract.rig import frame
from tests.support.dashboard import open_dashboard
from tests.support.service import until

SENDERS = 8
STALLED_S = float(os.environ.get("STALLED_S", "5"))


class Sender:
    """Posts events one after the other and remembers which were acknowledged."""

    def __init__(self, process: ServiceProcess) -> None:
        self.acknowledged: list[dict[str, Any]] = []
        self._process = process

    async def run(self, number: int) -> None:
        async with httpx.AsyncClient(base_url=self._process.base_url, trust_env=False, timeout=15) as http:
            for n in count():
                event = {"type": "click", "sessionId": f"s{number}", "id": f"{number}-{n}", "page": "/"}
                try:
                    response = await http.post("/api/events", json=event)
                except httpx.TransportError:
                    return
                if response.status_code == 201:
                    self.acknowledged.append(event)


@pytest.mark.parametrize(
    ("number", "statuses", "goodbyes"),
    [
        (signal.SIGTERM, {0, 143, -signal.SIGTERM}, {1001, 1012}),
        (signal.SIGKILL, {-signal.SIGKILL}, {1006}),
    ],
    ids=["SIGTERM", "SIGKILL"],
)
async def test_F2d_01_F2d_02_an_end_under_load_loses_nothing_acknowledged(
    tmp_path: Path, number: signal.Signals, statuses: set[int], goodbyes: set[int]
) -> None:
    with serving(tmp_path) as process:
        sender = Sender(process)
        async with connect(process.socket_url, proxy=None) as dashboard, asyncio.TaskGroup() as tasks:
            for sender_number in range(SENDERS):
                tasks.create_task(sender.run(sender_number), name=f"sender {sender_number}")
            watching = tasks.create_task(read_to_end(dashboard), name="dashboard")
            await until(lambda: len(sender.acknowledged) > 50, within_s=60)
            began_s = time.monotonic()
            process.send(number)
            status = await process.exit_status()
            took_s = time.monotonic() - began_s
        assert status in statuses
        assert watching.result() in goodbyes
    print(f"{len(sender.acknowledged)} acknowledged; ended after {took_s:.1f} s with {status}")
    with serving(tmp_path) as process:
        async with httpx.AsyncClient(base_url=process.base_url, trust_env=False, timeout=15) as http:
            for start in range(0, len(sender.acknowledged), 1000):
                events = sender.acknowledged[start : start + 1000]
                data = (await http.post("/api/events", json=events)).json()["data"]
                assert (data["duplicates"], data["accepted"]) == (len(events), 0)
            table = (await http.get("/api/visitors")).json()["data"]
            assert table["total"] == SENDERS
    assert "Traceback" not in process.log.read_text()


async def read_to_end(dashboard: Any) -> int:
    with suppress(ConnectionClosed):
        while True:
            await dashboard.recv()
    return int(dashboard.close_code)


async def test_F2d_01_an_unfinished_request_holds_up_no_end_and_a_second_SIGTERM_none_at_all(
    tmp_path: Path,
) -> None:
    with serving(tmp_path) as process:
        address = process.base_url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(address[0], int(address[1]))
        writer.write(
            b"POST /api/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100\r\n\r\n{"
        )
        await writer.drain()
        async with httpx.AsyncClient(base_url=process.base_url, trust_env=False, timeout=15) as http:
            await http.get("/health")  # what came before it has been read too
        process.send(signal.SIGTERM)
        await asyncio.sleep(0.3)
        assert process.popen.poll() is None, "it waits for the request a while"
        began_s = time.monotonic()
        process.send(signal.SIGTERM)
        assert await process.exit_status() in (0, 143, -signal.SIGTERM)
        assert time.monotonic() - began_s < 10
        writer.close()
        del reader


async def test_F2d_04_a_stall_ends_no_session_whose_frames_were_queued(tmp_path: Path) -> None:
    # So many that a tick comes before the last queued frame has been read.
    names = {f"s{number}" for number in range(1000)}
    async with SessionEmitter(world=World(1, 20)) as emitter:
        with serving(tmp_path, f"upstream.url={emitter.url}", "sessions.idle_timeout_s=4") as process:
            await emitter.wait_for_clients(1)
            await speak(emitter, names | {"silent"})
            async with open_dashboard(process.socket_url) as dashboard:
                await dashboard.wait_for(lambda seen: set(seen.rows) == names | {"silent"})
                await speak(emitter, names)
                await asyncio.sleep(0.4)  # nothing waits to be told: after the stall an end shows at once
                process.send(signal.SIGSTOP)
                stopped_s = time.monotonic()
                await asyncio.sleep(1)
                await speak(emitter, names)
                await asyncio.sleep(stopped_s + STALLED_S - time.monotonic())
                process.send(signal.SIGCONT)
                while not dashboard.of_type("session_ended"):
                    await asyncio.sleep(0.7)
                    await speak(emitter, names)
                ended = {data["sessionId"] for data in dashboard.of_type("session_ended")}
                assert ended == {"silent"}, "who said nothing goes, and nobody else"
                assert set(dashboard.rows) == names
                assert len(emitter.connection_attempts) == 1
        stalls_s = re.findall(r"the event loop stood still for ([\d.]+) s", process.log.read_text())
        assert max(map(float, stalls_s)) > STALLED_S - 1


async def speak(emitter: SessionEmitter, names: set[str]) -> None:
    for name in names:
        await emitter.send(frame("keep-alive", name))


def test_F2d_06_a_taken_port_and_a_store_in_use_are_named_and_end_with_1(tmp_path: Path) -> None:
    store = f"store.url=duckdb:{tmp_path / 'tracker.duckdb'}"
    with serving(tmp_path) as process:
        port = process.base_url.rpartition(":")[2]
        same_port = start_and_wait(tmp_path, f"server.port={port}", "store.url=duckdb::memory:")
        same_store = start_and_wait(tmp_path, "server.port=0", store)
    assert same_port.stdout.startswith(f"error: cannot listen on 127.0.0.1:{port}")
    assert "server.port" in same_port.stdout, "what to do about it"
    assert same_store.stdout.startswith("error: ")
    assert "tracker.journal" in same_store.stdout
    for ended in (same_port, same_store):
        assert ended.returncode == 1
        assert "Traceback" not in ended.stdout + ended.stderr


def start_and_wait(folder: Path, *settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*settings),
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(),
        timeout=60,
        check=False,
    )
