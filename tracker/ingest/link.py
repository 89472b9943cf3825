"""One connection to the session emitter: how it is opened, read, bounded and left."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.frames import Frame, Opcode
from websockets.protocol import Event, State

from tracker.ingest.frames import MAX_FRAME_BYTES

# The library writes the text of every frame to its log at DEBUG.
library_logger = logging.getLogger(f"{__name__}.websockets")
library_logger.setLevel(logging.WARNING)

MAX_QUEUED_FRAMES = 16
"""Frames read ahead, each up to 1 MiB. Those of one more read of the socket may come on top."""
READ_BYTES = 2**13
"""Read at once. All frames in it are taken apart in one go: 256 KiB of empty frames held the loop 0.6 s."""
MAX_UNSENT_BYTES = 2**18
"""Pongs that the other end does not take; beyond this the connection is cut."""
CLOSING_GRACE_S = 0.5
"""How long the other end may keep the socket after the goodbye."""


async def open_link(url: str, *, open_timeout_s: float, close_timeout_s: float) -> "Link":
    """Connect once.

    Raises:
        Exception: whatever kept it from standing; ``failure_kind`` has a word for each.
    """
    link = await Connect(
        url,
        compression=None,
        proxy=None,
        open_timeout=open_timeout_s,
        # Our own watch does this: the library's takes pongs that wait behind a
        # flood of frames for missing, and would cut a connection that works.
        ping_interval=None,
        close_timeout=close_timeout_s,
        max_size=MAX_FRAME_BYTES,
        max_queue=MAX_QUEUED_FRAMES,
        write_limit=MAX_UNSENT_BYTES,
        logger=library_logger,
        create_connection=Link,
    )
    if not isinstance(link, Link):
        raise TypeError("not the connection that was asked for")
    return link


class Connect(connect):
    """The library's way to connect, without redirects: one attempt asks one server, once."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class Link(ClientConnection):
    """One connection that knows when it last heard something and which messages were text.

    The library decodes text itself and ends the connection on a bad byte; here
    messages are read as bytes, so that one bad message costs only itself.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.is_text: deque[bool] = deque()
        """One entry for each message that ``recv`` will return, oldest first."""
        self.heard_at_s = self.message_at_s = self.loop.time()
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        transport.set_protocol(SmallReads(self))

    @property
    def queued(self) -> int:
        return len(self.is_text)

    async def until_deaf(self, ping_interval_s: float, timeout_s: float) -> None:
        """Ping for ever; return when nothing came within ``timeout_s`` of a ping.

        Any bytes count as a sign of life: a pong may stand behind megabytes of frames.

        Raises:
            ConnectionClosed: it ended otherwise.
        """
        while True:
            await asyncio.sleep(ping_interval_s)
            pong = await self.ping()
            while not await _came(pong, timeout_s):
                if not self._is_alive(timeout_s):
                    return

    async def leave(self, code: int, reason: str = "") -> None:
        """Say goodbye, and hang up when that is done or ``close_timeout`` is over."""
        try:
            async with asyncio.timeout(self.close_timeout):
                await self.close(code, reason)
        except TimeoutError:
            pass
        finally:
            self.transport.abort()

    def process_event(self, event: Event) -> None:
        if isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY):
            self.is_text.append(event.opcode is Opcode.TEXT)
        super().process_event(event)

    def data_received(self, data: bytes) -> None:
        self.heard_at_s = self.loop.time()
        super().data_received(data)
        if self.transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            self.transport.abort()
        if self.state is State.CLOSING and self._end is None:
            # After a goodbye the library waits for the other end to hang up, for ever.
            self._end = self.loop.call_later(CLOSING_GRACE_S, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._end:
            self._end.cancel()
        super().connection_lost(exc)

    def _is_alive(self, within_s: float) -> bool:
        """Tell whether bytes came, or were still being worked off, ``within_s`` seconds ago or later."""
        return self.loop.time() - max(self.heard_at_s, self.message_at_s) < within_s


class SmallReads(asyncio.BufferedProtocol):
    """Between the socket and a link: hands over at most ``READ_BYTES`` before other tasks have their turn."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._buffer = bytearray(READ_BYTES)

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self._link.data_received(bytes(self._buffer[:nbytes]))

    def eof_received(self) -> None:
        self._link.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._link.connection_lost(exc)

    def pause_writing(self) -> None:
        self._link.pause_writing()

    def resume_writing(self) -> None:
        self._link.resume_writing()


async def _came(pong: Awaitable[float], within_s: float) -> bool:
    try:
        async with asyncio.timeout(within_s):
            await asyncio.shield(pong)
    except TimeoutError:
        return False
    return True
