"""The service under measurement: its own process, as a user runs it."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import psutil

READY = "tracker listening on "


class MeasuredService:
    def __init__(self, base_url: str, process: psutil.Process, client: httpx.AsyncClient) -> None:
        self.base_url = base_url
        self.client = client
        self._process = process

    @property
    def socket_url(self) -> str:
        return self.base_url.replace("http", "ws", 1) + "/ws"

    @property
    def rss_bytes(self) -> int:
        return int(self._process.memory_info().rss)

    @property
    def cpu_s(self) -> float:
        """Processor time of the process so far, all threads."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    async def status(self) -> dict[str, Any]:
        response = await self.client.get("/api/status")
        data: dict[str, Any] = response.raise_for_status().json()["data"]
        return data

    async def visitors(self) -> dict[str, Any]:
        response = await self.client.get("/api/visitors")
        data: dict[str, Any] = response.raise_for_status().json()["data"]
        return data


@asynccontextmanager
async def measured_service(*assignments: str) -> AsyncIterator[MeasuredService]:
    """Start ``tracker serve`` with these settings on a free port; stop it at the end."""
    settings = ["server.port=0", "upstream.enabled=false", "deanonymizer.enabled=false", *assignments]
    words = [word for setting in settings for word in ("--set", setting)]
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tracker", "serve", *words, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert child.stdout is not None
        line = (await child.stdout.readline()).decode().strip()
        if not line.startswith(READY):
            raise RuntimeError(f"the service did not start: {line}")
        base_url = line.removeprefix(READY)
        async with httpx.AsyncClient(base_url=base_url, timeout=60, trust_env=False) as client:
            yield MeasuredService(base_url, psutil.Process(child.pid), client)
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()
