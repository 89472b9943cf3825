"""The real service in a thread of its own, for pages that talk to all of it."""

import asyncio
import socket
from pathlib import Path
from random import Random
from typing import Any, Self

import httpx

from emitters.deanonymizer import Deanonymizer
from emitters.population import World
from tests.browser.loop_thread import LoopThread
from tests.support.server import serve
from tests.support.service import settings_for_tests
from tracker.clock import SystemClock
from tracker.wiring import Service, running

PATIENCE_S = 30.0


class RealService:
    """Stores in ``folder``, so that :meth:`stop` and :meth:`start` are a restart, on the same port."""

    def __init__(self, folder: Path, **values: object) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._values = {"store__url": f"duckdb:{folder}/tracker.duckdb", **values}
        self.http = httpx.Client(base_url=self.url, trust_env=False, timeout=PATIENCE_S)
        self.vendor = Deanonymizer(world=World(1, 20))
        self.service: Service | None = None
        self._unwanted: asyncio.Event | None = None
        self._runs: asyncio.Future[None] | None = None
        self._loop = LoopThread("real service", PATIENCE_S)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._loop.start()
        self._loop.run(self.vendor.start())
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._loop.run(self.vendor.stop())
        self.http.close()
        self._loop.stop()

    def start(self) -> None:
        self._loop.run(self._start())

    def stop(self) -> None:
        self._loop.run(self._stop())

    def post(self, *events: dict[str, Any]) -> None:
        """Store events as a web site does, and expect all of them to be taken."""
        answer = self.http.post("/api/events", json=list(events))
        assert answer.status_code == 201, answer.text

    def get(self, path: str) -> Any:
        """Return ``data`` of a successful answer."""
        answer = self.http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    # In the loop's thread

    async def _start(self) -> None:
        started = asyncio.get_running_loop().create_future()
        self._unwanted = asyncio.Event()
        self._runs = asyncio.ensure_future(self._serve(started, self._unwanted))
        await asyncio.wait([started, self._runs], return_when=asyncio.FIRST_COMPLETED)
        if self._runs.done():
            self._runs.result()

    async def _stop(self) -> None:
        if self._unwanted is not None and self._runs is not None:
            self._unwanted.set()
            await self._runs

    async def _serve(self, started: asyncio.Future[None], unwanted: asyncio.Event) -> None:
        """One task from beginning to end: a task group must be left by the task that entered it."""
        settings = settings_for_tests(deanonymizer__url=self.vendor.url, **self._values)
        async with (
            running(settings, SystemClock(), Random(1)) as service,
            serve(service.app, port=self.port),
        ):
            self.service = service
            started.set_result(None)
            await unwanted.wait()
