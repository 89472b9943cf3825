"""WebSocket text frames as a server sends them: unmasked, uncompressed (RFC 6455, section 5.2)."""

from collections.abc import Iterator

FRAGMENT_BYTES = 64 * 1024
"""Longer messages are cut into frames of this size: what a slow reader leaves in its buffer stays small,
and a ping does not have to wait for the end of a snapshot."""

_CONTINUATION, _TEXT, _FINAL = 0x00, 0x01, 0x80


def text_frames(payload: bytes) -> Iterator[bytes]:
    """Yield the frames of one message."""
    if len(payload) <= FRAGMENT_BYTES:
        yield _header(_FINAL | _TEXT, len(payload)) + payload
        return
    for start in range(0, len(payload), FRAGMENT_BYTES):
        part = payload[start : start + FRAGMENT_BYTES]
        kind = _CONTINUATION if start else _TEXT
        final = _FINAL if start + FRAGMENT_BYTES >= len(payload) else 0
        yield _header(final | kind, len(part)) + part


def _header(first_byte: int, length: int) -> bytes:
    if length < 126:
        return bytes((first_byte, length))
    if length < 1 << 16:
        return bytes((first_byte, 126)) + length.to_bytes(2, "big")
    return bytes((first_byte, 127)) + length.to_bytes(8, "big")
