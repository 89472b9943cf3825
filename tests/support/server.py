"""A Starlette application under the real uvicorn, on a free port of loopback, in the test's own loop."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from tracker.http.frames import FrameProtocol
from tracker.http.protocol import IsProxy, LimitedProtocol, RequestLimits, values_of_server


def protocol_with(
    limits: RequestLimits, is_proxy: IsProxy = LimitedProtocol.is_proxy
) -> type[LimitedProtocol]:
    """Return the protocol of one server without the short way."""
    return type("LimitedProtocolOfServer", (LimitedProtocol,), values_of_server(limits, is_proxy))


class ServerInTest(uvicorn.Server):
    """Tells when it listens, and leaves the signals to the test run."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    @property
    def base_url(self) -> str:
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        return f"http://{host}:{port}"


@asynccontextmanager
async def serve(app: ASGIApp, **options: Any) -> AsyncIterator[str]:
    """Run ``app`` and give its base URL. ``options`` go to :class:`uvicorn.Config`."""
    async with started(app, **options) as server:
        yield server.base_url


@asynccontextmanager
async def started(app: ASGIApp, **options: Any) -> AsyncIterator[ServerInTest]:
    """The same, and give the server."""
    defaults: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": 0,
        "http": LimitedProtocol,
        "ws": FrameProtocol,
        "ws_max_size": 16 * 1024,
        "ws_ping_interval": 10.0,
        "ws_ping_timeout": 10.0,
        "ws_per_message_deflate": False,
        "lifespan": "off",
        "log_config": None,
        "access_log": False,
        "proxy_headers": False,
        "server_header": False,
        "timeout_graceful_shutdown": 3,
    }
    server = ServerInTest(uvicorn.Config(app, **(defaults | options)))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(server.serve(), name="uvicorn")
        try:
            await server.listens.wait()
            yield server
        finally:
            # After a failure too: a group that is left with an error would cancel the shutdown.
            server.should_exit = True
            await running
