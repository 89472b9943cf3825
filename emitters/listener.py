"""A server of connections that is started, waited for and stopped."""

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress
from types import TracebackType
from typing import Self

from emitters.http1 import HEAD_MAX_BYTES

GOODBYE_S = 0.3
BACKLOG = 1024
TURNS_TO_ENTER = 5


async def close_door(server: asyncio.Server) -> None:
    """Stop accepting, let those that were accepted come in, and close the server.

    asyncio makes a connection of them in tasks of its own, some turns of the loop later. When the server
    is closed by then (Python 3.11), their sockets are left open, or nobody knows that they are to be closed.
    """
    try:
        # Windows has no readers on loops.
        with suppress(NotImplementedError):
            for listening in server.sockets:
                asyncio.get_running_loop().remove_reader(listening.fileno())
        for _ in range(TURNS_TO_ENTER):
            await asyncio.sleep(0)
    finally:
        server.close()


class Listener(ABC):
    """Base of what answers on a port. A subclass says in :meth:`converse` what it does with a connection."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        """0 is any free one; the one that it got once it listens."""
        self._server: asyncio.Server | None = None
        self._stopped = asyncio.Event()
        self._conversations: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken or may not be used.
        """
        self._server = await asyncio.start_server(
            self._take, self.host, self.port, limit=HEAD_MAX_BYTES, backlog=BACKLOG
        )
        self._stopped.clear()
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and cut every connection off."""
        if self._server is None:
            return
        server, self._server = self._server, None
        await close_door(server)
        conversations = set(self._conversations)
        for task in conversations:
            task.cancel()
        if conversations:
            await asyncio.wait(conversations)
            # Their connections are closed in the next turn.
            await asyncio.sleep(0)
        # From Python 3.12 on this waits for readers that never read, too.
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await server.wait_closed()
        self._stopped.set()

    async def wait(self) -> None:
        """Wait until it is stopped."""
        await self._stopped.wait()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @abstractmethod
    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer on one connection until its end, which is closed afterwards."""

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._conversations.add(task)
        try:
            await self.converse(reader, writer)
        except (ConnectionError, TimeoutError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._conversations.discard(task)
            writer.close()
