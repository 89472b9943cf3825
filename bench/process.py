"""The service under measurement: its own process, as a user runs it."""

import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import psutil

from bench.program import Program, listening

READY = "tracker listening on "


class MeasuredService(Program):
    def __init__(self, base_url: str, process: psutil.Process, client: httpx.AsyncClient) -> None:
        super().__init__(base_url, process)
        self.client = client

    @property
    def socket_url(self) -> str:
        return self.base_url.replace("http", "ws", 1) + "/ws"

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
async def measured_service(*assignments: str, python: str = sys.executable) -> AsyncIterator[MeasuredService]:
    """Start ``tracker serve`` with these settings on a free port; stop it at the end."""
    settings = ["server.port=0", "upstream.enabled=false", "deanonymizer.enabled=false", *assignments]
    words = [word for setting in settings for word in ("--set", setting)]
    command = (python, "-m", "tracker", "serve", *words)
    async with (
        listening(*command, says=READY) as (base_url, process),
        httpx.AsyncClient(base_url=base_url, timeout=60, trust_env=False) as client,
    ):
        yield MeasuredService(base_url, process, client)
