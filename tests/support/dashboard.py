"""A dashboard that keeps its table as a browser does: from the snapshot and what follows."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError

from tests.support.service import WAIT_S, until


class DashboardClient:
    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.messages: list[dict[str, Any]] = []
        self.raw_frames: list[str] = []
        self.rows: dict[str, dict[str, Any]] = {}
        self.stats: dict[str, Any] = {}

    async def read(self) -> None:
        """Read to the end. A connection that is cut hides no assertion of the test behind its error."""
        with suppress(ConnectionClosedError):
            await self._read()

    async def _read(self) -> None:
        async for frame in self.socket:
            assert isinstance(frame, str)
            self.raw_frames.append(frame)
            decoded = json.loads(frame)
            for message in decoded if isinstance(decoded, list) else [decoded]:
                self.messages.append(message)
                self._apply(message["type"], message["data"])

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [message["data"] for message in self.messages if message["type"] == kind]

    async def wait_for(self, holds: Callable[["DashboardClient"], Any], within_s: float = WAIT_S) -> Any:
        return await until(lambda: holds(self), within_s)

    def _apply(self, kind: str, data: dict[str, Any]) -> None:
        if kind == "snapshot":
            self.rows = {row["sessionId"]: row for row in data["visitors"]}
            self.stats = data["stats"]
        elif kind == "session_activity":
            self.rows[data["sessionId"]] = data
        elif kind == "session_ended":
            self.rows.pop(data["sessionId"], None)
        elif kind == "visitor_update":
            self.stats = data["stats"]


@asynccontextmanager
async def open_dashboard(socket_url: str, query: str = "?batch=1") -> AsyncIterator[DashboardClient]:
    """Connect, wait for the snapshot, and read in the background until the end."""
    async with asyncio.TaskGroup() as tasks, connect(socket_url + query, proxy=None) as socket:
        client = DashboardClient(socket)
        reading = tasks.create_task(client.read(), name="dashboard client")
        await client.wait_for(lambda dashboard: dashboard.of_type("snapshot"))
        yield client
        reading.cancel()
