"""A session emitter on raw sockets that does exactly what the test says, right or wrong."""

import asyncio
import base64
import contextlib
import hashlib
import json
import struct
import time
from collections.abc import Awaitable, Callable
from types import TracebackType

from emitters.listener import Listener
from tests.support.fault_proxy import reset

ACCEPT_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA


def encode_frame(payload: bytes, opcode: int = TEXT, *, fin: bool = True) -> bytes:
    """Return one unmasked WebSocket frame, as a server sends it."""
    head = bytes([opcode | (0x80 if fin else 0)])
    if len(payload) < 126:
        return head + bytes([len(payload)]) + payload
    if len(payload) < 1 << 16:
        return head + b"\x7e" + struct.pack("!H", len(payload)) + payload
    return head + b"\x7f" + struct.pack("!Q", len(payload)) + payload


def session_frame(
    guid: str = "ddace2a5-ec53-428f-985d-952fa09e7f27",
    event_type: str = "keep-alive",
    ip: str = "185.242.214.177",
    timestamp: str = "2025-03-03T04:04:03.489Z",
) -> bytes:
    """Return the text of one valid frame of the emitter."""
    return json.dumps({"eventType": event_type, "ip": ip, "guid": guid, "timestamp": timestamp}).encode()


class Peer:
    """One connection of the service, seen from the emitter."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def refuse(self, status: int, *headers: str) -> None:
        await self._request()
        lines = [f"HTTP/1.1 {status} No", "Content-Length: 0", *headers, "", ""]
        await self.send("\r\n".join(lines).encode())

    async def accept(self) -> None:
        """Answer the opening handshake as a good server does."""
        request = await self._request()
        key = next(
            line.split(b":", 1)[1].strip()
            for line in request.splitlines()
            if line.lower().startswith(b"sec-websocket-key:")
        )
        accept = base64.b64encode(hashlib.sha1(key + ACCEPT_GUID).digest())
        await self.send(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def text(self, payload: bytes) -> None:
        await self.send(encode_frame(payload))

    async def receive(self) -> tuple[int, bytes]:
        """Return opcode and payload of the next frame of the service.

        Raises:
            asyncio.IncompleteReadError: it hung up.
        """
        first, second = await self.reader.readexactly(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", await self.reader.readexactly(2))
        mask = await self.reader.readexactly(4)
        payload = await self.reader.readexactly(length)
        return first & 0x0F, bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))

    async def pong(self) -> None:
        """Answer pings until the service says goodbye or hangs up; never send data."""
        while True:
            opcode, payload = await self.receive()
            if opcode == CLOSE:
                return
            if opcode == PING:
                await self.send(encode_frame(payload, PONG))

    async def hang_up(self, code: int) -> None:
        await self.send(encode_frame(struct.pack("!H", code), CLOSE))
        with contextlib.suppress(asyncio.IncompleteReadError):
            await self.receive()

    def reset(self) -> None:
        """End the connection with a TCP reset instead of a goodbye."""
        reset(self.writer)

    async def until_gone(self) -> None:
        """Wait, without reading a meaning into anything, until the service hangs up."""
        while await self.reader.read(1 << 16):
            pass

    async def _request(self) -> bytes:
        return await self.reader.readuntil(b"\r\n\r\n")


class FaultyUpstream(Listener):
    """Server that hands each connection to ``behave``; the socket closes when that returns.

    ``attempts`` holds the monotonic time of every connection made, ``errors`` what
    ``behave`` raised unless the service merely hung up.
    """

    def __init__(self, behave: Callable[[Peer], Awaitable[None]]) -> None:
        super().__init__("127.0.0.1", 0)
        self.behave = behave
        self.attempts: list[float] = []
        self.errors: list[Exception] = []
        self._attempted = asyncio.Event()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await super().__aexit__(kind, error, trace)
        if error is None and self.errors:
            raise self.errors[0]

    async def attempted(self, times: int) -> None:
        """Wait until the service has connected ``times`` times in all."""
        while len(self.attempts) < times:
            self._attempted.clear()
            await self._attempted.wait()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.attempts.append(time.monotonic())
        self._attempted.set()
        try:
            await self.behave(Peer(reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except Exception as error:
            self.errors.append(error)
