"""WebSocket text frames as a server sends them: unmasked, uncompressed (RFC 6455, section 5.2)."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

FRAGMENT_BYTES = 64 * 1024
"""Longer messages are cut into frames of this size: what a slow reader leaves in its buffer stays small,
and a ping does not have to wait for the end of a snapshot."""

_CONTINUATION, _TEXT, _FINAL = 0x00, 0x01, 0x80


class Stream:
    """Frames one after the other, in one piece or in chunks. Each chunk ends where a frame ends.

    Args:
        ends: where chunks end; the last one is the end of ``data``.
    """

    __slots__ = ("_chunks", "_ends", "data")

    def __init__(self, data: bytes, ends: Sequence[int]) -> None:
        self.data = data
        self._ends = ends
        self._chunks: tuple[bytes, ...] | None = None

    @property
    def chunks(self) -> tuple[bytes, ...]:
        """At most 64 KiB and a header each."""
        if self._chunks is None:
            cuts = pairwise((0, *self._ends))
            is_small = len(self._ends) == 1
            self._chunks = (self.data,) if is_small else tuple(self.data[start:end] for start, end in cuts)
        return self._chunks


def text_frames(payloads: Iterable[bytes]) -> Stream:
    """Return the frames of these messages."""
    parts: list[bytes | memoryview] = []
    ends: list[int] = []
    start = at = 0
    for payload in payloads:
        for header, content in _frames(payload):
            size_bytes = len(header) + len(content)
            if at > start and at + size_bytes - start > FRAGMENT_BYTES:
                ends.append(at)
                start = at
            parts += header, content
            at += size_bytes
    if at:
        ends.append(at)
    return Stream(b"".join(parts), ends)


def _frames(payload: bytes) -> Iterator[tuple[bytes, bytes | memoryview]]:
    """Yield header and content of each frame of one message."""
    length = len(payload)
    if length <= FRAGMENT_BYTES:
        yield _header(_FINAL | _TEXT, length), payload
        return
    view = memoryview(payload)
    for start in range(0, length, FRAGMENT_BYTES):
        part = view[start : start + FRAGMENT_BYTES]
        kind = _CONTINUATION if start else _TEXT
        final = _FINAL if start + FRAGMENT_BYTES >= length else 0
        yield _header(final | kind, len(part)), part


def _header(first_byte: int, length: int) -> bytes:
    if length < 126:
        return bytes((first_byte, length))
    if length < 1 << 16:
        return bytes((first_byte, 126)) + length.to_bytes(2, "big")
    return bytes((first_byte, 127)) + length.to_bytes(8, "big")
