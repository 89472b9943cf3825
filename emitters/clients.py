"""One client of the session emitter, and what can be done to its connection."""

import socket
import struct

from websockets.asyncio.server import ServerConnection
from websockets.protocol import State


class Client(ServerConnection):
    """A connection that takes ready-made frames and can be broken on purpose."""

    is_frozen = False

    @property
    def is_writable(self) -> bool:
        return self.state is State.OPEN and not self.is_frozen and not self.transport.is_closing()

    @property
    def unsent_bytes(self) -> int:
        return self.transport.get_write_buffer_size()

    def write_frames(self, frames: bytes) -> None:
        """Write whole frames at once. There is no backpressure: look at ``unsent_bytes``."""
        if self.is_writable:
            self.transport.write(frames)

    def data_received(self, data: bytes) -> None:
        if not self.is_frozen:
            super().data_received(data)

    def freeze(self) -> None:
        """Read nothing, answer no ping, send nothing, and keep the socket."""
        self.is_frozen = True
        if self.keepalive_task is not None:
            self.keepalive_task.cancel()

    def say_goodbye(self, code: int) -> None:
        """Begin the closing handshake."""
        if self.is_writable:
            self.protocol.send_close(code)
            self.send_data()

    def hang_up(self) -> None:
        """End the TCP connection without a close frame (the client sees 1006)."""
        self.transport.abort()

    def hang_up_within(self, frame: bytes) -> None:
        """End the TCP connection after half of ``frame``."""
        self.write_frames(frame[: len(frame) // 2])
        self.transport.close()

    def reset(self) -> None:
        """Send a TCP reset."""
        reset_on_close(self.transport.get_extra_info("socket"))
        self.transport.abort()


def reset_on_close(sock: socket.socket) -> None:
    """Make the next close of ``sock`` a reset: linger on, for zero seconds."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
