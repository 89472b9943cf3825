"""Each fault of connections does what its name says, seen from the client's socket."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK, InvalidStatus

from emitters.sessions import SessionEmitter
from tests.support.timing import TRIES

pytestmark = pytest.mark.timeout(60)

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@asynccontextmanager
async def _broken(fault: str | None, rate: float = 0.0) -> AsyncIterator[SessionEmitter]:
    async with SessionEmitter(connection_fault=fault, rate=rate) as emitter:
        yield emitter


@asynccontextmanager
async def _raw(emitter: SessionEmitter) -> AsyncIterator[asyncio.StreamReader]:
    """A client that sees every byte after the handshake."""
    reader, writer = await asyncio.open_connection("127.0.0.1", emitter.port)
    writer.write(HANDSHAKE)
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    try:
        yield reader
    finally:
        writer.transport.abort()


async def _receive_all(client: ClientConnection) -> None:
    async with asyncio.timeout(15):
        while True:
            await client.recv()


async def _close_code(client: ClientConnection) -> int:
    with pytest.raises(ConnectionClosed) as caught:
        await _receive_all(client)
    return caught.value.rcvd.code if caught.value.rcvd is not None else 1006


@pytest.mark.parametrize(("fault", "status"), [("refuse", 403), ("status-429", 429), ("status-503", 503)])
async def test_handshakes_are_refused_and_counted(fault: str, status: int) -> None:
    async with _broken(fault) as emitter:
        for attempt in (1, 2):
            before_s = time.monotonic()
            with pytest.raises(InvalidStatus) as caught:
                await connect(emitter.url)
            assert caught.value.response.status_code == status
            assert caught.value.response.headers.get("Retry-After") == ("5" if status == 429 else None)
            assert len(emitter.connection_attempts) == attempt
            assert before_s <= emitter.connection_attempts[-1] <= time.monotonic()
        emitter.connection_fault = None
        async with connect(emitter.url):
            await emitter.wait_for_clients(1)


async def test_retry_after_may_be_a_date() -> None:
    async with SessionEmitter(connection_fault="status-429", retry_after="date") as emitter:
        with pytest.raises(InvalidStatus) as caught:
            await connect(emitter.url)
        assert caught.value.response.headers["Retry-After"].endswith(" GMT")


async def test_a_handshake_may_hang() -> None:
    async with _broken("handshake-hang") as emitter:
        with pytest.raises(TimeoutError):
            await connect(emitter.url, open_timeout=0.2)
        await emitter.wait_for_attempts(1)
        reader, writer = await asyncio.open_connection("127.0.0.1", emitter.port)
        writer.write(HANDSHAKE)
        await emitter.wait_for_attempts(2)
        begin_s = time.monotonic()
        await emitter.stop()
        assert time.monotonic() - begin_s < 5
        assert await reader.read() == b""
        writer.close()


async def test_accept_and_close() -> None:
    async with _broken("accept-and-close") as emitter:
        client = await connect(emitter.url)
        with pytest.raises(ConnectionClosedOK):
            await client.recv()


async def test_drop_ends_all_connections_again_and_again() -> None:
    async with SessionEmitter(connection_fault="drop", drop_every_s=0.5) as emitter:
        for _ in range(2):
            async with connect(emitter.url) as one, connect(emitter.url) as two:
                assert await _close_code(one) == 1006
                assert await _close_code(two) == 1006


async def test_drop_all_with_and_without_a_close_frame() -> None:
    async with _broken(None) as emitter:
        for code, seen in ((None, 1006), (1012, 1012)):
            async with connect(emitter.url) as client:
                await emitter.wait_for_clients(1)
                emitter.drop_all(code)
                assert await _close_code(client) == seen
                await emitter.wait_for_clients(0)


async def test_reset_is_a_tcp_reset() -> None:
    async with _broken("reset") as emitter, _raw(emitter) as reader:
        with pytest.raises(ConnectionResetError):
            async with asyncio.timeout(15):
                await reader.read()


async def test_mid_message_ends_within_a_frame() -> None:
    async with _broken("mid-message") as emitter, _raw(emitter) as reader:
        async with asyncio.timeout(15):
            said = await reader.read()
        assert said[0] == 0x81
        assert 2 < len(said) < 2 + said[1]


async def test_half_open_answers_no_ping_and_keeps_the_socket() -> None:
    async with _broken("half-open", rate=500) as emitter, connect(emitter.url, ping_interval=None) as client:
        await emitter.wait_for_clients(1)
        pong = await client.ping()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await asyncio.shield(pong)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await client.recv()
        assert emitter.clients_connected == 1
        client.transport.abort()


async def test_half_open_may_begin_later_and_is_noticed_by_keepalive() -> None:
    async with _broken(None, rate=500) as emitter:
        async with connect(emitter.url, ping_interval=0.1, ping_timeout=1.0, close_timeout=0.1) as client:
            await client.recv()
            emitter.connection_fault = "half-open"
            with pytest.raises(ConnectionClosedError):
                await _receive_all(client)
        emitter.connection_fault = None
        async with connect(emitter.url) as client:
            await client.recv()


async def test_silence_answers_pings_and_says_nothing() -> None:
    async with _broken("silence", rate=500) as emitter, connect(emitter.url) as client:
        await emitter.wait_for_clients(1)
        async with asyncio.timeout(15):
            await (await client.ping())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.recv()
        emitter.connection_fault = None
        await client.recv()


async def test_flood_is_20000_frames_a_second_from_few_visitors() -> None:
    async with _broken("flood", rate=20) as emitter, connect(emitter.url, max_queue=None) as client:
        await emitter.wait_for_clients(1)
        best = 0.0
        for _ in range(TRIES):
            begin_s, before = time.monotonic(), emitter.frames_sent
            while time.monotonic() - begin_s < 0.5:
                await client.recv()
            best = max(best, (emitter.frames_sent - before) / (time.monotonic() - begin_s))
            if best > 10_000:
                break
        assert best > 3_000, "what a slow machine sends; without the fault it is 20"
        assert len(emitter.open_sessions) < 500


async def test_an_unknown_fault_is_refused() -> None:
    async with _broken(None) as emitter:
        with pytest.raises(ValueError, match="no connection fault is called 'nonsense'"):
            emitter.connection_fault = "nonsense"
        assert emitter.connection_fault is None


async def test_stopping_is_quick_even_with_clients_that_say_nothing() -> None:
    async with _broken("half-open") as emitter, _raw(emitter):
        await emitter.wait_for_clients(1)
        begin_s = time.monotonic()
        await emitter.stop()
        assert time.monotonic() - begin_s < 5
