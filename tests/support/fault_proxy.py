"""A TCP proxy between a client and a server that makes the network bad on demand."""

import asyncio
import contextlib
import socket
import struct
from typing import NamedTuple, NoReturn
from urllib.parse import urlsplit

from emitters.listener import Listener

CHUNK_BYTES = 1 << 16
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Drip(NamedTuple):
    """``bytes`` at once, and ``every_s`` seconds after each."""

    bytes: int
    every_s: float


class Way:
    """One of the two directions; what is set holds for connections that run and for new ones."""

    def __init__(self) -> None:
        self.latency_s = 0.0
        """How late what was sent arrives, at least; what follows it meanwhile comes together."""
        self.drip: Drip | None = None
        """``None``: as fast as it is read."""
        self.bytes = 0
        """Passed so far, of all connections."""
        self._left: int | None = None
        self._orders = 0
        self._is_open = asyncio.Event()
        self._is_open.set()

    def cut_after(self, count: int | None) -> None:
        """Hang up both ends of each connection that passed ``count`` bytes from now on; ``None``: no more."""
        self._left = count
        self._orders += 1

    @property
    def stopped(self) -> bool:
        """Pass nothing, not even an end, and keep the connections. What waits goes on afterwards."""
        return not self._is_open.is_set()

    @stopped.setter
    def stopped(self, value: bool) -> None:
        if value:
            self._is_open.clear()
        else:
            self._is_open.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> NoReturn:
        """Pass on what ``reader`` gives, until an end is gone or the connection is cut: ``EOFError``."""
        with contextlib.suppress(OSError):
            await self._carry(reader, writer)
        await self._is_open.wait()
        raise EOFError

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        orders, sent = self._orders, 0
        while data := await reader.read(CHUNK_BYTES):
            if self.latency_s:
                await asyncio.sleep(self.latency_s)
            while data:
                await self._is_open.wait()
                if orders != self._orders:
                    orders, sent = self._orders, 0
                size = self.drip.bytes if self.drip else CHUNK_BYTES
                piece, data = data[:size], data[size:]
                if self._left is not None:
                    piece = piece[: self._left - sent]
                writer.write(piece)
                await writer.drain()
                sent += len(piece)
                self.bytes += len(piece)
                if self._left is not None and sent >= self._left:
                    return
                if self.drip:
                    await asyncio.sleep(self.drip.every_s)


class FaultProxy(Listener):
    """Pass each connection on to the server of the URL ``target``, and break it as ordered.

    Clients use ``url`` in its place. Everything may be set at any time. ``up`` is the way to
    the server, ``down`` the way to the client. ``stop`` and ``start`` close and open the port,
    which stays the same.
    """

    def __init__(self, target: str) -> None:
        super().__init__("127.0.0.1", 0)
        self.target = target
        """May become another server at any time, for new connections."""
        self.up, self.down = Way(), Way()
        self.black_hole = False
        """Accept, read and forget: new connections talk to nobody."""
        self.resets = False
        """Answer new connections with a reset (RST)."""
        self.connections = 0
        """Accepted so far."""
        self._streams: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """``target`` by way of the proxy."""
        return urlsplit(self.target)._replace(netloc=f"{self.host}:{self.port}").geturl()

    @property
    def half_open(self) -> bool:
        """Whether both ways are stopped: each end believes that the other one is there."""
        return self.up.stopped and self.down.stopped

    @half_open.setter
    def half_open(self, value: bool) -> None:
        self.up.stopped = self.down.stopped = value

    def reset(self) -> None:
        """End every connection of this moment with a TCP reset (RST) to both of its ends."""
        for writer in self._streams:
            reset(writer)

    def heal(self) -> None:
        """Turn every fault off. Connections that were swallowed end, for nobody ever heard of them."""
        for way in (self.up, self.down):
            way.latency_s, way.drip, way.stopped = 0.0, None, False
            way.cut_after(None)
        if self.black_hole:
            self.reset()
        self.black_hole = self.resets = False

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.resets:
            reset(writer)
            return
        self._streams.add(writer)
        try:
            if self.black_hole:
                while await reader.read(CHUNK_BYTES):
                    pass
            else:
                await self._pass_on((reader, writer))
        finally:
            self._streams.discard(writer)

    async def _pass_on(self, client: Stream) -> None:
        target = urlsplit(self.target)
        try:
            server = await asyncio.open_connection(target.hostname, target.port)
        except OSError:
            return
        self._streams.add(server[1])
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self.up.carry(client[0], server[1]), name="way up")
                both.create_task(self.down.carry(server[0], client[1]), name="way down")
        except* (OSError, EOFError):
            pass
        finally:
            self._streams.discard(server[1])
            server[1].close()


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with a TCP reset (RST) instead of a goodbye."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
