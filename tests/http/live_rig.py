"""Core, hub and ``/ws`` under the real server, with clients that behave and clients that do not."""

import asyncio
import base64
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.access.opened import open_access
from tests.support.server import serve
from tests.support.service import WAIT_S
from tracker.access.control import AccessControl
from tracker.access.principal import Mode
from tracker.clock import SystemClock
from tracker.core.core import Core
from tracker.core.inputs import SiteEvent
from tracker.core.rules import Rules
from tracker.http.access import Gate, guard
from tracker.http.clients import ClientAddresses
from tracker.http.websocket import LiveSocket
from tracker.live.hub import Hub
from tracker.pipeline import Pipeline

Message = dict[str, Any]


class Live:
    """A served hub. Without ``flushing`` the test calls ``hub.flush()`` itself."""

    def __init__(self, hub: Hub, core: Core, clock: SystemClock, url: str) -> None:
        self.hub = hub
        self.url = url
        self._pipeline = Pipeline(core)
        self._pipeline.connect(hub.shell)
        self._clock = clock
        self._events = 0

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def event(self, session_id: str = "a", page: str = "/", **fields: Any) -> None:
        self._events += 1
        now = self._clock.now()
        given = {"id": f"e{self._events}", "type": "pageview", "site": "default"} | fields
        event = SiteEvent(now=now, session_id=session_id, occurred_at=now.unix_s, page=page, **given)
        self._pipeline.feed(event)

    def connect(self, query: str = "", **options: Any) -> connect:
        return connect(f"{self.url.replace('http', 'ws')}/ws{query}", max_size=None, **options)

    async def until(self, condition: Callable[[], bool], within_s: float = WAIT_S) -> None:
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
                await asyncio.sleep(0.01)

    async def until_connected(self, dashboards: int) -> None:
        await self.until(lambda: self.hub.snapshot().dashboards == dashboards)


@asynccontextmanager
async def live(
    flushing: bool = True, allowed_origins: tuple[str, ...] = (), **options: Any
) -> AsyncIterator[Live]:
    clock = SystemClock()
    core = Core(Rules(spike_visitors_per_minute=0, milestones=()), clock.now())
    hub = Hub(core, clock)
    async with (
        open_access(mode=Mode.OPEN) as opened,
        serve(_app(hub, opened.access, allowed_origins), **options) as url,
        asyncio.TaskGroup() as tasks,
    ):
        flusher = tasks.create_task(hub.run()) if flushing else None
        yield Live(hub, core, clock, url)
        if flusher is not None:
            flusher.cancel()


def _app(hub: Hub, access: AccessControl, allowed_origins: tuple[str, ...]) -> Starlette:
    routes = LiveSocket(hub, SystemClock(), access.watchers, allowed_origins).routes()
    guard(routes, Gate(access, ClientAddresses(()), allowed_origins))
    return Starlette(routes=routes)


async def receive(client: ClientConnection, within_s: float = WAIT_S) -> list[Message]:
    """Return the messages of the next frame."""
    async with asyncio.timeout(within_s):
        frame = json.loads(await client.recv())
    return frame if isinstance(frame, list) else [frame]


async def receive_until(client: ClientConnection, kind: str) -> list[Message]:
    """Return everything up to the first message of a type."""
    messages: list[Message] = []
    while not messages or messages[-1]["type"] != kind:
        messages += await receive(client)
    return messages


async def close_code(client: ClientConnection, within_s: float = WAIT_S) -> int | None:
    """Read until the server has closed; return its code."""
    with suppress(ConnectionClosed):
        async with asyncio.timeout(within_s):
            while True:
                await client.recv()
    return client.close_code


class StandingReader:
    """A client that shakes hands and then reads nothing until it is told to."""

    def __init__(self, port: int, query: str = "", buffer_bytes: int = 4096) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        self._socket.setblocking(False)
        self._port = port
        self._query = query

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self._socket, ("127.0.0.1", self._port))
        key = base64.b64encode(bytes(16)).decode()
        request = (
            f"GET /ws{self._query} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        await loop.sock_sendall(self._socket, request.encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += await loop.sock_recv(self._socket, 1)
        assert answer.startswith(b"HTTP/1.1 101")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._socket.close()

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self._socket, data)

    async def read_until(self, marker: bytes, within_s: float = WAIT_S) -> bytes:
        """Read at last; return what came up to and with ``marker``."""
        received = bytearray()
        async with asyncio.timeout(within_s):
            while marker not in received:
                part = await self._read()
                assert part, f"the connection ended before {marker!r}"
                received += part
        return bytes(received)

    async def read_to_end(self, within_s: float = WAIT_S) -> bytes:
        received = bytearray()
        async with asyncio.timeout(within_s):
            while part := await self._read():
                received += part
        return bytes(received)

    async def _read(self) -> bytes:
        try:
            return await asyncio.get_running_loop().sock_recv(self._socket, 65536)
        except ConnectionError:
            return b""
