"""Section 2d of docs/faults.md: a part that dies again and again, and descriptors that are used up."""

import asyncio
import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from tests.contract.process import ServiceProcess, serving
from tests.support.dashboard import open_dashboard
from tests.support.service import run_service, until
from tracker.supervisor import FAILING_RESTARTS

FILES_LEFT = 20
PATIENCE_S = 30.0
EVENT = {"type": "pageview", "sessionId": "s", "page": "/"}


async def test_F2d_05_a_part_that_dies_for_ever_is_told_and_all_others_run() -> None:
    async def broken() -> None:
        raise ValueError("injected")

    async with (
        run_service() as service,
        open_dashboard(service.socket_url) as dashboard,
        asyncio.TaskGroup() as tasks,
    ):
        supervisor = service.service.supervisor
        dying = tasks.create_task(supervisor.run({"broken": broken}), name="dying")
        await until(lambda: supervisor.restarts["broken"] >= FAILING_RESTARTS, PATIENCE_S)
        ready = await service.http.get("/ready")
        assert ready.status_code == 503
        assert [fault["field"] for fault in ready.json()["errors"]] == ["broken"]
        figures = (await service.http.get("/metrics")).text
        assert 'tracker_task_restarts_total{task="broken"}' in figures
        assert 'tracker_part_down{part="broken"} 1' in figures
        assert (await service.post(EVENT)).status_code == 201
        await dashboard.wait_for(lambda seen: "s" in seen.rows)
        assert (await service.http.get("/health")).status_code == 200
        assert set(supervisor.restarts) == {"broken"}
        dying.cancel()


async def test_F2d_06_without_descriptors_who_is_there_is_served_and_it_is_over_when_some_come_free(
    tmp_path: Path,
) -> None:
    with serving(tmp_path) as process:
        async with httpx.AsyncClient(base_url=process.base_url, trust_env=False, timeout=PATIENCE_S) as http:
            assert (await http.get("/health")).status_code == 200
            with no_more_descriptors(process) as callers:
                await until(lambda: open_files(process) >= limit_of(process) - 1, PATIENCE_S)
                assert len(callers) > FILES_LEFT
                for number in range(20):
                    answer = await http.post("/api/events", json=EVENT | {"id": f"e{number}"})
                    assert answer.status_code == 201
                    assert (await http.get("/health")).status_code == 200
                assert (await http.get("/api/analytics/summary")).status_code == 200

            async def is_open_to_others() -> bool:
                async with httpx.AsyncClient(trust_env=False, timeout=1) as other:
                    try:
                        return (await other.get(process.base_url + "/ready")).status_code == 200
                    except httpx.TransportError:
                        return False

            await until(is_open_to_others, PATIENCE_S)
            totals = {}

            async def is_in_the_history() -> bool:
                totals.update((await http.get("/api/analytics/totals")).json()["data"])
                return bool(totals["totalEvents"] == 20)

            await until(is_in_the_history, PATIENCE_S)
    assert "Traceback" not in process.log.read_text()


def open_files(process: ServiceProcess) -> int:
    return len(list(Path(f"/proc/{process.popen.pid}/fd").iterdir()))


def limit_of(process: ServiceProcess) -> int:
    return resource.prlimit(process.popen.pid, resource.RLIMIT_NOFILE)[0]


@contextmanager
def no_more_descriptors(process: ServiceProcess) -> Iterator[list[socket.socket]]:
    """Let callers that say nothing take every descriptor that the process may still have."""
    before = resource.prlimit(process.popen.pid, resource.RLIMIT_NOFILE)
    host, port = process.base_url.removeprefix("http://").split(":")
    resource.prlimit(process.popen.pid, resource.RLIMIT_NOFILE, (open_files(process) + FILES_LEFT, before[1]))
    with ExitStack() as callers:
        yield [
            callers.enter_context(socket.create_connection((host, int(port)), PATIENCE_S))
            for _ in range(FILES_LEFT * 3)
        ]
