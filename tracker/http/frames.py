"""uvicorn's WebSocket protocol, made fit for many dashboards and for some that do not read.

What it adds to uvicorn 0.54's own:

- ``websocket.send`` may carry ``tracker.frames``: chunks of ready-made frames,
  written as they are. One message that goes to 50 dashboards is framed once, and
  the 50 messages of a flush are one write. ``scope["extensions"]`` announces it.
- The same extension holds ``write``, a way past all tasks for frames that fit
  into the buffer: with 2,000 dashboards it halves what a flush costs.
- A flood of frames, pings above all, closes with 1008. They are read in small
  portions: 256 KiB of pings at once held the loop for 0.2 s.
- A small write buffer, in user space and in the kernel, which takes up to 4 MB
  for a client that reads nothing: a slow reader shows early and costs little.
- A connection that has to end does end. uvicorn closes the transport, and that
  waits until all is written, for a dead reader for ever.
- A client's bad UTF-8 closes with 1007 and logs no traceback; a message that is
  too large is answered with 1009 before the connection is gone.
"""

import asyncio
import socket
from collections.abc import Mapping, Sequence
from typing import Any, cast

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

FRAMES = "tracker.frames"
WRITE_BUFFER_BYTES = 64 * 1024
SEND_BUFFER_BYTES = 128 * 1024
PORTION_BYTES = 1024
FRAMES_PER_SECOND = 50.0
FRAMES_BURST = 200.0
"""Of any kind, parts of messages too. Whole messages have a narrower limit (tracker/http/websocket.py)."""
LINGER_S = 1.0
"""How long a client may take to read the close frame and what was written before it."""


class FrameProtocol(WebSocketsSansIOProtocol):
    """Give it to ``uvicorn.Config(ws=...)``."""

    _abort_timer: asyncio.TimerHandle | None = None
    _frames_left = FRAMES_BURST
    _counted_s = 0.0
    _is_flooded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._counted_s = self.loop.time()
        self.transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        super().connection_lost(exc)

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            cast(dict[str, Any], self.scope["extensions"])[FRAMES] = {"write": self.write_at_once}

    # Reading

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), PORTION_BYTES):
            if self._is_flooded:
                return
            super().data_received(data[start : start + PORTION_BYTES])

    def handle_events(self) -> None:
        if self.conn.events and not self._allows(len(self.conn.events)):
            self._is_flooded = True
            self.conn.fail(1008, "too many frames")
            self.handle_parser_exception()
            # From here on nothing is read: an answer to an earlier close would not be heard either.
            self._end_soon(LINGER_S)
            return
        super().handle_events()

    def _allows(self, frames: int) -> bool:
        now_s = self.loop.time()
        earned = (now_s - self._counted_s) * FRAMES_PER_SECOND
        self._frames_left = min(FRAMES_BURST, self._frames_left + earned) - frames
        self._counted_s = now_s
        return self._frames_left >= 0

    # Writing

    def write_at_once(self, frames: bytes) -> bool:
        """Write whole frames now; ``False`` where that would not be at once, or to nobody."""
        if not self.writable.is_set() or self.disconnected or self.close_sent or self.transport.is_closing():
            return False
        self.transport.write(frames)
        return True

    async def send(self, message: ASGISendEvent) -> None:
        fields = cast(Mapping[str, Any], message)
        if fields["type"] == "websocket.close":
            # A close frame is small and must not wait for a reader that stands still.
            self.writable.set()
            await super().send(message)
            self._end_soon(self.close_timeout)
        elif fields["type"] == "websocket.send" and self.close_sent:
            raise ClientDisconnected
        elif FRAMES in fields:
            await self._write(fields[FRAMES])
        else:
            await super().send(message)

    async def _write(self, chunks: Sequence[bytes]) -> None:
        """Write chunks that end where a frame ends, so that pings may go in between."""
        for chunk in chunks:
            if not self.writable.is_set():
                await self.writable.wait()
            if self.disconnected or self.close_sent or self.transport.is_closing():
                raise ClientDisconnected
            self.transport.write(chunk)

    def handle_ping(self) -> None:
        pong = b"".join(self.conn.data_to_send())
        # Who pings without reading would fill the memory with answers.
        if self.writable.is_set():
            self.transport.write(pong)

    # Ending

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._end_soon(LINGER_S)

    def shutdown(self) -> None:
        super().shutdown()
        self._end_soon(LINGER_S)

    def handle_parser_exception(self) -> None:
        """Close for a broken rule: too large, not masked, not UTF-8."""
        if self.close_sent:
            return
        assert self.conn.close_sent is not None
        code, reason = self.conn.close_sent.code, self.conn.close_sent.reason
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        # What the client still sends is read and dropped: to close on unread data resets the
        # connection, and the client might never see why.
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(LINGER_S, self.transport.abort)

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and not self.close_sent and not self._is_utf8():
            self.frames = []
            self.conn.fail(1007, "text must be UTF-8")
            self.handle_parser_exception()
        else:
            super().send_receive_event_to_app()

    def _is_utf8(self) -> bool:
        try:
            b"".join(self.frames).decode()
        except UnicodeDecodeError:
            return False
        return True

    def _end_soon(self, delay_s: float) -> None:
        if self._abort_timer is not None and self._abort_timer.when() <= self.loop.time() + delay_s:
            return
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        self._abort_timer = self.loop.call_later(delay_s, self.transport.abort)
