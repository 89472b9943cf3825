"""What the server's WebSocket protocol adds to uvicorn's."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from time import thread_time
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from tests.http.live_rig import StandingReader
from tests.support.server import serve
from tests.support.timing import TRIES, without_collector
from tracker.http.frames import FRAMES, FRAMES_BURST, SEND_BUFFER_BYTES, WRITE_BUFFER_BYTES, FrameProtocol

HELLO = b"\x81\x05hello"
KIBIBYTE = b"\x81\x7e\x04\x00" + b"x" * 1024


class Talk:
    """An application that accepts and leaves the rest to the test."""

    def __init__(self) -> None:
        self.scope: Scope = {}
        self.opened = asyncio.Event()
        self.finish = asyncio.Event()
        self.received: list[Message] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        self.scope, self.send, self.receive = scope, send, receive
        self.opened.set()
        await self.finish.wait()

    @property
    def protocol(self) -> FrameProtocol:
        owner = getattr(self.send, "__self__", None)
        assert isinstance(owner, FrameProtocol)
        return owner

    async def write(self, chunks: list[bytes]) -> None:
        await self.send({"type": "websocket.send", FRAMES: chunks})

    async def write_until_full(self) -> int:
        """Write until writing waits; return how many bytes that took."""
        written = 0
        writable = self.protocol.writable
        while writable.is_set():
            await self.write([KIBIBYTE])
            written += len(KIBIBYTE)
            if not writable.is_set():
                # Until the kernel takes nothing more either.
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.4):
                        await writable.wait()
        return written


async def test_ready_made_frames_are_written_as_they_are() -> None:
    talk = Talk()
    async with serve(talk) as url, StandingReader(port_of(url)) as client:
        await talk.opened.wait()
        assert FRAMES in talk.scope["extensions"]
        await talk.write([HELLO, HELLO + HELLO])
        await talk.send({"type": "websocket.send", "text": "plain"})
        talk.finish.set()
        assert (await client.read_to_end()).startswith(HELLO * 3 + b"\x81\x05plain")


async def test_writing_waits_for_a_reader_that_stands_still_and_holds_little() -> None:
    talk = Talk()
    async with serve(talk) as url, StandingReader(port_of(url)) as client:
        await talk.opened.wait()
        written = await talk.write_until_full()
        # The kernel doubles what it is asked for, and the reader has a buffer too.
        assert written < WRITE_BUFFER_BYTES + 8 * SEND_BUFFER_BYTES
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(client.read_until(HELLO))
            await talk.write([HELLO])
        talk.finish.set()


async def test_writing_to_a_client_that_is_gone_says_so() -> None:
    talk = Talk()
    async with serve(talk) as url:
        async with StandingReader(port_of(url)):
            await talk.opened.wait()
        assert (await talk.receive())["type"] == "websocket.disconnect"
        with pytest.raises(OSError):
            await talk.write([HELLO])
        talk.finish.set()


async def test_writing_after_the_close_says_so_in_both_ways() -> None:
    talk = Talk()
    async with serve(talk) as url, StandingReader(port_of(url)) as client:
        await talk.opened.wait()
        await talk.send({"type": "websocket.close", "code": 1013})
        with pytest.raises(OSError):
            await talk.write([HELLO])
        with pytest.raises(OSError):
            await talk.send({"type": "websocket.send", "text": "late"})
        assert await client.read_until(b"\x03\xf5") == b"\x88\x02\x03\xf5"
        talk.finish.set()


async def test_a_close_does_not_wait_for_the_reader() -> None:
    talk = Talk()
    async with serve(talk) as url, StandingReader(port_of(url)) as client:
        await talk.opened.wait()
        await talk.write_until_full()
        async with asyncio.timeout(5):
            await talk.send({"type": "websocket.close", "code": 1013})
        assert (await client.read_until(b"\x88\x02\x03\xf5"))[-4:] == b"\x88\x02\x03\xf5"
        talk.finish.set()


async def test_nothing_is_written_after_the_close_by_one_who_waited_to_write() -> None:
    talk = Talk()
    async with serve(talk) as url, StandingReader(port_of(url)) as client:
        await talk.opened.wait()
        await talk.write_until_full()
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(gives_up(talk.write([HELLO])))
            await asyncio.sleep(0)
            await talk.send({"type": "websocket.close", "code": 1013})
        assert waiting.result()
        talk.finish.set()
        assert (await client.read_until(b"\x88\x02\x03\xf5")).endswith(b"\x88\x02\x03\xf5")


async def test_a_closed_connection_is_gone_though_its_client_never_reads() -> None:
    class Impatient(FrameProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            self.close_timeout = 0.2

    talk = Talk()
    async with serve(talk, ws=Impatient) as url, StandingReader(port_of(url)):
        await talk.opened.wait()
        await talk.write_until_full()
        await talk.send({"type": "websocket.close", "code": 1013})
        assert not talk.protocol.disconnected
        async with asyncio.timeout(5):
            for _ in range(2):  # one for the close, one when the connection is lost
                assert (await talk.receive())["type"] == "websocket.disconnect"
        talk.finish.set()


PING = b"\x89\x80" + bytes(4)
EMPTY_PART = b"\x00\x80" + bytes(4)
MESSAGE = b"\x81\x81" + bytes(4) + b"x"


@pytest.mark.parametrize(
    ("first", "flood"),
    [(b"", PING), (b"\x01\x80" + bytes(4), EMPTY_PART), (b"", MESSAGE)],
    ids=["pings", "empty parts", "messages"],
)
async def test_F2e_04_a_flood_of_frames_closes_1008_and_does_not_hold_the_loop(
    first: bytes, flood: bytes
) -> None:
    holds_s: list[float] = []
    while len(holds_s) < TRIES and min(holds_s, default=1.0) >= 0.05:
        holds_s.append(await _hold_of_a_flood_s(first + flood * 200_000))
    # One read of 256 KiB, taken apart at once, takes 0.2 s.
    assert min(holds_s) < 0.1


async def _hold_of_a_flood_s(data: bytes) -> float:
    """Let one client flood and be closed; return the longest turn of the loop meanwhile."""
    talk = Talk()
    async with serve(talk) as url, StandingReader(port_of(url)) as client, asyncio.TaskGroup() as tasks:
        await talk.opened.wait()
        talk.protocol.transport.pause_reading()
        sending = tasks.create_task(client.send(data))
        await asyncio.sleep(0.05)  # until the buffers are full, so that the first read is a large one
        with without_collector():
            watching = tasks.create_task(longest_hold_s())
            talk.protocol.transport.resume_reading()
            await client.read_until(b"\x88\x11\x03\xf0too many frames")
            watching.cancel()
        await sending
        talk.finish.set()
    assert len(talk.protocol.frames) <= FRAMES_BURST
    assert talk.protocol.queue.qsize() <= FRAMES_BURST + 2
    return HOLDS_S[-1]


async def test_F2e_04_frames_at_a_fair_rate_are_no_flood() -> None:
    talk = Talk()
    async with serve(talk) as url, StandingReader(port_of(url)) as client:
        await talk.opened.wait()
        await client.send(PING * int(FRAMES_BURST - 20))
        await client.read_until(b"\x8a\x00" * int(FRAMES_BURST - 20))
        await talk.write([HELLO])
        await client.read_until(HELLO)
        talk.finish.set()


async def test_frames_are_written_at_once_only_where_they_leave_at_once() -> None:
    talk = Talk()
    async with serve(talk) as url, StandingReader(port_of(url)) as client:
        await talk.opened.wait()
        write = talk.scope["extensions"][FRAMES]["write"]
        assert write(HELLO)
        assert await client.read_until(HELLO) == HELLO
        await talk.write_until_full()
        assert not write(HELLO)
        await talk.send({"type": "websocket.close", "code": 1013})
        assert not write(HELLO)
        assert (await client.read_until(b"\x88\x02\x03\xf5")).endswith(b"x\x88\x02\x03\xf5")
        talk.finish.set()


async def test_a_refused_handshake_is_no_websocket() -> None:
    async def never(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("not reached")

    async with serve(never) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(url))
        writer.write(
            b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: tooshort\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 400")


HOLDS_S: list[float] = []


async def longest_hold_s() -> None:
    """Note in ``HOLDS_S`` the longest turn of the loop, in processor time: other programs do not count."""
    HOLDS_S.append(0.0)
    while True:
        before_s = thread_time()
        await asyncio.sleep(0)
        HOLDS_S[-1] = max(HOLDS_S[-1], thread_time() - before_s)


async def gives_up(writing: Coroutine[Any, Any, None]) -> bool:
    """Tell whether ``writing`` found the connection closed."""
    try:
        await writing
    except OSError:
        return True
    return False


def port_of(url: str) -> int:
    return int(url.rsplit(":", 1)[1])
