"""The whole service on loopback: real sockets, real store, stand-ins only for the outside world."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx

from tests.support.server import serve
from tracker import settings as settings_module
from tracker.clock import SystemClock
from tracker.core.clock import Clock
from tracker.http.protocol import RequestLimits
from tracker.http.short_way import ShortWayProtocol, short_way_protocol
from tracker.settings import Settings
from tracker.wiring import Service, running

WAIT_S = 15.0
"""How long to wait for what comes at once: a busy machine may be late, and one that comes ends the wait."""


class RunningService(NamedTuple):
    service: Service
    base_url: str
    http: httpx.AsyncClient

    @property
    def socket_url(self) -> str:
        return self.base_url.replace("http", "ws", 1) + "/ws"

    async def post(self, body: object, **options: Any) -> httpx.Response:
        return await self.http.post("/api/events", json=body, **options)

    async def get(self, path: str, **query: str | int) -> Any:
        """Return ``data`` of a successful answer."""
        response = await self.http.get(path, params=query)
        assert response.status_code == 200, response.text
        return response.json()["data"]

    async def visitors(self) -> dict[str, dict[str, Any]]:
        """The visitor table by session id."""
        return {row["sessionId"]: row for row in (await self.get("/api/visitors"))["visitors"]}


def settings_for_tests(**values: object) -> Settings:
    """Settings by name, ``section__key=value``; nothing of the outside is on unless it is named."""
    defaults: dict[str, object] = {
        "server__port": 0,
        "store__url": "duckdb::memory:",
        "upstream__enabled": "upstream__url" in values,
        "deanonymizer__enabled": "deanonymizer__url" in values,
        "limits__ingest_per_second": 0,
        "limits__exports_per_minute": 0,
    }
    environment = {f"TRACKER_{name.upper()}": _text(value) for name, value in (defaults | values).items()}
    return settings_module.load(None, environment=environment)


def protocol_of(service: Service) -> type[ShortWayProtocol]:
    return short_way_protocol(RequestLimits(), service.app)


@asynccontextmanager
async def run_service(
    settings: Settings | None = None, clock: Clock | None = None
) -> AsyncIterator[RunningService]:
    async with (
        running(settings or settings_for_tests(), clock or SystemClock(), random.Random(1)) as service,
        serve(service.app, http=protocol_of(service)) as base_url,
        httpx.AsyncClient(base_url=base_url, trust_env=False, timeout=2 * WAIT_S) as client,
    ):
        yield RunningService(service, base_url, client)


async def until(holds: Callable[[], Any], within_s: float = WAIT_S) -> Any:
    """Wait until ``holds`` gives, or its awaitable gives, something true; return that."""
    try:
        async with asyncio.timeout(within_s):
            while True:
                result = holds()
                if hasattr(result, "__await__"):
                    result = await result
                if result:
                    return result
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"did not come true within {within_s} s") from None


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(f'"{item}"' if isinstance(item, str) else str(item) for item in value) + "]"
    return str(value)
