"""A deanonymizer on a real socket that answers, or fails to, as the test says."""

import asyncio
import gzip
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

Reply = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Script = Callable[[str, int], Reply]
"""From the address that is asked for and the number of the call (1, 2, ...) to what happens."""

COMPANY = {"guid": "8c0b1a52-1111-4c11-9d3e-2f2b6a5c7e10", "name": "Acme", "domain": "acme.com"}


def answer(status: int = 200, body: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
    """A complete answer; ``body``: bytes as they are, anything else as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def reply(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = {"content-length": str(len(content)), **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + content)
        await writer.drain()

    return reply


def found(ip: str = "", company: Any = COMPANY, contact: Any = None) -> Reply:
    return answer(200, {"ip": ip, "data": {"company": company, "contact": contact}})


def delayed(reply: Reply, seconds: float) -> Reply:
    async def later(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await reply(reader, writer)

    return later


def gzipped(content: bytes) -> Reply:
    return answer(200, gzip.compress(content), {"content-encoding": "gzip"})


async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Says nothing until the caller goes."""
    await reader.read()


async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Begins a good answer and sends a byte of it every 20 ms."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    await _for_ever(writer, b"x", 0.02)


async def endless_headers(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await _for_ever(writer, b"x-more: 1\r\n", 0.005)


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ends the connection with RST."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _for_ever(writer: asyncio.StreamWriter, data: bytes, every_s: float) -> None:
    while not writer.is_closing():
        writer.write(data)
        await writer.drain()
        await asyncio.sleep(every_s)


class Server:
    """``script`` may be exchanged at any time."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.connections = 0
        self.url = ""
        self._called = asyncio.Event()
        self._handlers: set[asyncio.Task[Any]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._handlers.add(task)
        self.connections += 1
        try:
            while not writer.is_closing():
                await self._exchange(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # asyncio 3.11 logs a cancelled handler as an error
        finally:
            self._handlers.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        body = await reader.readexactly(int(headers["content-length"]))
        ip = json.loads(body)["ip"]
        self.asked.append(ip)
        self._called.set()
        self.headers.append(headers)
        await self.script(ip, len(self.asked))(reader, writer)

    async def until_asked(self, times: int) -> None:
        while len(self.asked) < times:
            self._called.clear()
            await self._called.wait()

    async def stop(self) -> None:
        handlers = list(self._handlers)
        for task in handlers:
            task.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)


@asynccontextmanager
async def serving(script: Script) -> AsyncIterator[Server]:
    """Serve on a free port of the loopback."""
    server = Server(script)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/deanonymize"
    try:
        yield server
    finally:
        listener.close()
        await server.stop()


def always(reply: Reply) -> Script:
    return lambda _, __: reply


def in_turn(*replies: Reply) -> Script:
    """The first call gets the first reply, and so on; the last one repeats."""
    return lambda _, number: replies[min(number, len(replies)) - 1]
