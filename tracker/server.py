"""uvicorn as this service runs it."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from tracker.http.frames import FrameProtocol
from tracker.http.protocol import LimitedProtocol

PING_INTERVAL_S = 10.0
PING_TIMEOUT_S = 10.0
DRAIN_S = 3
MAX_SOCKET_MESSAGE_BYTES = 16 * 1024


class AddressTaken(Exception):
    """Nothing can listen there."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(f"cannot listen on {host}:{port}: {reason}")
        self.host = host
        self.port = port


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes any free one.

    Raises:
        AddressTaken: the port is in use, or the host is not an address of this machine.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise AddressTaken(host, port, error.strerror or str(error)) from error


class Server(uvicorn.Server):
    """Ends on SIGINT and SIGTERM without raising the signal again, so that all else can end in order.

    A second signal skips the drain.
    """

    def __init__(
        self,
        app: ASGIApp,
        on_listening: Callable[[], None],
        on_exit: Callable[[], None],
        http: type[LimitedProtocol] = LimitedProtocol,
    ) -> None:
        """``on_listening`` is called once requests are answered and signals are heeded."""
        super().__init__(
            uvicorn.Config(
                app,
                http=http,
                ws=FrameProtocol,
                ws_ping_interval=PING_INTERVAL_S,
                ws_ping_timeout=PING_TIMEOUT_S,
                ws_max_size=MAX_SOCKET_MESSAGE_BYTES,
                ws_per_message_deflate=False,
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=DRAIN_S,
            )
        )
        self._on_listening = on_listening
        self._on_exit = on_exit

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._on_listening()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            self.force_exit = True
            self.config.timeout_graceful_shutdown = 0
        self.should_exit = True
        self._on_exit()
