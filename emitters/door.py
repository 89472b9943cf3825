"""The door of the session emitter: who is connected, and what is done to the connections."""

import asyncio
import logging
import time
from http import HTTPStatus
from typing import cast

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from emitters.clients import Client
from emitters.http1 import retry_after_header
from emitters.listener import close_door
from emitters.wire import websocket_frame

CONNECTION_FAULTS: dict[str, str] = {
    "refuse": "every handshake is answered 403",
    "status-429": "every handshake is answered 429 with Retry-After (--retry-after)",
    "status-503": "every handshake is answered 503",
    "handshake-hang": "the handshake is never answered",
    "accept-and-close": "the handshake succeeds, then the connection is closed at once (1000)",
    "drop": "all connections end without a close frame every --drop-every seconds",
    "reset": "each connection is reset (TCP RST) shortly after it began",
    "mid-message": "each connection ends in the middle of a frame shortly after it began",
    "half-open": "connections stay open, but nothing is read, answered or sent",
    "silence": "pings are answered, no frame comes",
    "flood": "20,000 frames a second, whatever --rate says",
}

_STRIKE_AFTER_S = 0.2
_DROP_EVERY_S = 10.0
_ATTEMPTS_KEPT = 10_000
_GOODBYE_S = 0.3

_REFUSALS = {
    "refuse": HTTPStatus.FORBIDDEN,
    "status-429": HTTPStatus.TOO_MANY_REQUESTS,
    "status-503": HTTPStatus.SERVICE_UNAVAILABLE,
}

_logger = logging.getLogger("emitters.sessions")
_logger.addHandler(logging.NullHandler())
_logger.propagate = False  # a stand-in that breaks connections on purpose has nothing to complain about


_UNFINISHED = websocket_frame(
    b'{"eventType":"session-opened","ip":"185.242.214.177","guid":"cut-off-in-the-middle"}'
)


class Door:
    """Accepts clients, hands frames to all of them, and breaks connections by order.

    ``stop`` and ``start`` close and open it on the same port. The arguments are
    those of ``SessionEmitter``.
    """

    def __init__(
        self,
        host: str,
        port: int,
        connection_fault: str | None,
        drop_every_s: float | None,
        retry_after: str,
        client_buffer_bytes: int,
    ) -> None:
        self.host = host
        self.port = port
        self.drop_every_s = drop_every_s
        self.retry_after = retry_after
        self.client_buffer_bytes = client_buffer_bytes
        self.connection_attempts: list[float] = []
        self.clients_dropped = 0
        self._clients: dict[Client, float] = {}
        self._unanswered: set[ServerConnection] = set()
        self._changed = asyncio.Condition()
        self._server: Server | None = None
        self._dropped_at_s = time.monotonic()
        self._connection_fault: str | None = None
        self.connection_fault = connection_fault

    @property
    def url(self) -> str:
        return f"ws://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def clients_connected(self) -> int:
        return len(self._clients)

    @property
    def connection_fault(self) -> str | None:
        return self._connection_fault

    @connection_fault.setter
    def connection_fault(self, name: str | None) -> None:
        if name is not None and name not in CONNECTION_FAULTS:
            raise ValueError(f"no connection fault is called {name!r}")
        self._connection_fault = name
        self._dropped_at_s = time.monotonic()
        if name == "half-open":
            for client in self._clients:
                client.freeze()

    async def open(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken or may not be used.
        """
        self._server = await serve(
            self._attend,
            self.host,
            self.port,
            process_request=self._answer_handshake,
            compression=None,
            open_timeout=None,
            close_timeout=1,
            max_size=1 << 16,
            logger=_logger,
            create_connection=Client,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End every connection, politely for a moment, and stop listening."""
        if self._server is None:
            return
        server, self._server = self._server, None
        await close_door(server.server)
        server.close()
        try:
            async with asyncio.timeout(_GOODBYE_S):
                await server.wait_closed()
        except TimeoutError:
            self.drop_all()
            for connection in self._unanswered:
                connection.transport.abort()
            await server.wait_closed()

    async def wait_for_clients(self, count: int, timeout_s: float = 15.0) -> None:
        """Wait until ``count`` clients or more are connected; 0 waits until none is.

        Raises:
            TimeoutError: it did not happen in time.
        """
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(lambda: len(self._clients) >= count if count else not self._clients)

    async def wait_for_attempts(self, count: int, timeout_s: float = 15.0) -> None:
        """Wait until ``count`` handshakes were asked for since the beginning.

        Raises:
            TimeoutError: it did not happen in time.
        """
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(lambda: len(self.connection_attempts) >= count)

    def drop_all(self, code: int | None = None) -> None:
        """End every connection: with the closing handshake and ``code``, or without one (1006)."""
        for client in list(self._clients):
            if code is None or not client.is_writable:
                client.hang_up()
            else:
                client.say_goodbye(code)

    async def _answer_handshake(self, connection: ServerConnection, request: Request) -> Response | None:
        self.connection_attempts.append(time.monotonic())
        del self.connection_attempts[:-_ATTEMPTS_KEPT]
        await self._tell_waiting()
        fault = self.connection_fault
        if fault == "handshake-hang":
            self._unanswered.add(connection)
            await connection.wait_closed()
            self._unanswered.discard(connection)
        if fault not in _REFUSALS:
            return None
        response = connection.respond(_REFUSALS[fault], f"{fault}\n")
        if fault == "status-429":
            response.headers.update(retry_after_header(self.retry_after))
        return response

    async def _attend(self, connection: ServerConnection) -> None:
        client = cast(Client, connection)
        if self.connection_fault == "accept-and-close":
            return
        if self.connection_fault == "half-open":
            client.freeze()
        self._clients[client] = time.monotonic()
        await self._tell_waiting()
        try:
            async for _ in client:
                pass  # clients have nothing to say; reading keeps pings and closes going
        except ConnectionClosed:
            pass
        finally:
            del self._clients[client]
            await self._tell_waiting()

    async def _tell_waiting(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def broadcast(self, frames: bytes) -> None:
        """Write whole WebSocket frames to every client; one that leaves too much unread is dropped."""
        for client in list(self._clients):
            client.write_frames(frames)
            if client.unsent_bytes > self.client_buffer_bytes:
                self.clients_dropped += 1
                client.hang_up()

    def strike_connections(self, now_s: float) -> None:
        """Do to the connections what the fault of the hour does to them."""
        fault = self.connection_fault
        every_s = self.drop_every_s or (_DROP_EVERY_S if fault == "drop" else None)
        if every_s is not None and now_s - self._dropped_at_s >= every_s:
            self._dropped_at_s = now_s
            self.drop_all()
        if fault in ("reset", "mid-message"):
            for client, since_s in list(self._clients.items()):
                if now_s - since_s >= _STRIKE_AFTER_S and client.is_writable:
                    if fault == "reset":
                        client.reset()
                    else:
                        client.hang_up_within(_UNFINISHED)
