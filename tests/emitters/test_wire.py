import pytest
from websockets.frames import Frame, Opcode

from emitters.wire import websocket_frame


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65_535, 65_536, 1_500_000])
@pytest.mark.parametrize("is_binary", [False, True])
def test_frames_are_those_of_the_library(length: int, is_binary: bool) -> None:
    payload = b"x" * length
    reference = Frame(Opcode.BINARY if is_binary else Opcode.TEXT, payload).serialize(mask=False)
    assert websocket_frame(payload, is_binary=is_binary) == reference
