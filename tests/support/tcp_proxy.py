"""A TCP proxy between a client and a server that makes the network bad on demand."""

import asyncio
import contextlib
import socket
import struct
from types import TracebackType
from typing import Self

CHUNK_BYTES = 1 << 16


class TcpProxy:
    """Forward each connection to ``host:port``; the public attributes say how badly.

    All may be changed while connections run. ``None`` and 0 turn a fault off.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self.latency_s = 0.0
        """Delay of every chunk, in either direction."""
        self.drip_bytes: int | None = None
        """Largest piece that is forwarded to the client at once, each after ``latency_s``."""
        self.cut_after_bytes: int | None = None
        """Bytes that the client gets over one connection before both ends are hung up."""
        self.black_hole = False
        """Accept, but never connect onwards: the client talks to nobody."""
        self.half_open = False
        """Swallow everything of running connections, in both directions, and close nothing."""
        self.connections = 0
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._server = await asyncio.start_server(self._on_connect, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await self._group.__aexit__(kind, error, trace)
        await self._server.wait_closed()

    def reset_all(self) -> None:
        """End every connection with a TCP reset (RST) on both sides."""
        for writer in self._writers:
            connection: socket.socket = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    def _on_connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = self._group.create_task(self._serve(reader, writer), name="tcp-proxy")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        onward = None
        try:
            if self.black_hole:
                await self._swallow(reader)
                return
            onward_reader, onward = await asyncio.open_connection(*self._target)
            self._writers.add(onward)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, onward, None, CHUNK_BYTES), name="tcp-proxy-up")
                both.create_task(self._pump(onward_reader, writer, self.cut_after_bytes, self.drip_bytes))
        except* (OSError, EOFError):
            pass
        finally:
            for end in (writer, onward):
                if end:
                    self._writers.discard(end)
                    end.close()

    async def _swallow(self, reader: asyncio.StreamReader) -> None:
        while await reader.read(CHUNK_BYTES):
            pass

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        cut_after: int | None,
        drip: int | None,
    ) -> None:
        """Forward until an end hangs up, which is told to the other pump by ``EOFError``."""
        sent = 0
        while data := await reader.read(drip or CHUNK_BYTES):
            if self.latency_s:
                await asyncio.sleep(self.latency_s)
            if self.half_open:
                continue
            if cut_after is not None:
                data = data[: cut_after - sent]
            writer.write(data)
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            sent += len(data)
            if cut_after is not None and sent >= cut_after:
                break
        if not self.half_open:
            raise EOFError
        # Even the end of one side stays untold.
        await asyncio.Event().wait()
