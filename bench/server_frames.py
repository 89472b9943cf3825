"""WebSocket frames as a server sends them, taken apart: unmasked, uncompressed."""

from collections.abc import Iterator


class Frames:
    """Takes a server's frames apart; gives whole messages."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._parts: list[bytes] = []
        self.pings: list[bytes] = []
        self.closed = False

    def messages(self, data: bytes) -> Iterator[bytes]:
        self._rest += data
        while (frame := self._next()) is not None:
            first, payload = frame
            kind = first & 0x0F
            if kind == 0x9:
                self.pings.append(payload)
            elif kind == 0x8:
                self.closed = True
            elif kind in (0x0, 0x1):
                self._parts.append(payload)
                if first & 0x80:
                    yield b"".join(self._parts)
                    self._parts.clear()

    def _next(self) -> tuple[int, bytes] | None:
        rest = self._rest
        if len(rest) < 2:
            return None
        length, start = rest[1], 2
        if length >= 126:
            start = 4 if length == 126 else 10
            length = int.from_bytes(rest[2:start], "big")
        if len(rest) < max(start, start + length):
            return None
        payload = bytes(rest[start : start + length])
        first = rest[0]
        del rest[: start + length]
        return first, payload
