"""WebSocket frames as bytes, so that one encoding serves every client.

The ``websockets`` library encodes each frame for each connection. A server's
frames carry no mask and, without compression, are the same for everybody.
"""

TEXT = 0x81
BINARY = 0x82


def websocket_frame(payload: bytes, *, is_binary: bool = False) -> bytes:
    """Return one unmasked, unfragmented, uncompressed frame (RFC 6455, section 5.2)."""
    opcode = BINARY if is_binary else TEXT
    length = len(payload)
    if length < 126:
        return bytes((opcode, length)) + payload
    if length < 1 << 16:
        return bytes((opcode, 126)) + length.to_bytes(2, "big") + payload
    return bytes((opcode, 127)) + length.to_bytes(8, "big") + payload
