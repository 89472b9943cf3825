import asyncio
import json
import time

import pytest
from websockets.asyncio.client import connect

from emitters.sessions import SessionEmitter
from tests.support.timing import TRIES

pytestmark = pytest.mark.timeout(90)

OPENED = {
    "eventType": "session-opened",
    "ip": "185.242.214.177",
    "guid": "ddace2a5-ec53-428f-985d-952fa09e7f27",
    "timestamp": "2025-03-03T04:04:03.489Z",
}


async def test_what_a_test_sends_reaches_every_client_and_nothing_else_does() -> None:
    async with SessionEmitter() as emitter, connect(emitter.url) as one, connect(emitter.url) as two:
        await emitter.wait_for_clients(2)
        await emitter.send(OPENED)
        await emitter.send("no JSON")
        await emitter.send(b"\x00\xff")
        for client in (one, two):
            assert json.loads(await client.recv()) == OPENED
            assert await client.recv() == "no JSON"
            assert await client.recv() == b"\x00\xff"
        assert emitter.open_sessions == {OPENED["guid"]: OPENED["ip"]}
        assert emitter.frames_sent == 3
        await emitter.send(json.dumps(OPENED | {"eventType": "session-closed"}))
        assert emitter.open_sessions == {}


async def test_a_clean_feed_says_what_its_ledger_says() -> None:
    here: dict[str, str] = {}
    async with SessionEmitter(rate=400, speed=20) as emitter:
        async with connect(emitter.url) as client:
            await emitter.wait_for_clients(1)
            begun = emitter.frames_sent
            received = 0
            # Until it has caught up: on a busy machine the emitter is far ahead of its reader.
            while received < max(300, emitter.frames_sent - begun):
                frame = json.loads(await client.recv())
                received += 1
                assert set(frame) == {"eventType", "ip", "guid", "timestamp"}
                if frame["eventType"] == "session-closed":
                    here.pop(frame["guid"], None)
                else:
                    here[frame["guid"]] = frame["ip"]
        assert begun == 0 or begun < 50
        assert emitter.ledger.left > 0
        assert emitter.ledger.frames["garbage"] == 0
        assert len(here.keys() & emitter.open_sessions.keys()) > 0


@pytest.mark.parametrize("rate", [200.0, 1_000.0])
async def test_the_rate_is_kept(rate: float) -> None:
    async with SessionEmitter(rate=rate) as emitter, connect(emitter.url, max_queue=None) as client:
        await emitter.wait_for_clients(1)
        # What a stall held up comes in part only: a second without one has to be among them.
        for _ in range(TRIES):
            begin_s = time.monotonic()
            received = 0
            while time.monotonic() - begin_s < 1.0:
                await client.recv()
                received += 1
            if 0.8 * rate <= received <= 1.2 * rate:
                break
        assert 0.8 * rate <= received <= 1.2 * rate


async def test_two_emitters_with_one_seed_tell_of_the_same_sessions() -> None:
    async def first_frames(seed: int) -> list[tuple[str, str, str]]:
        async with SessionEmitter(seed=seed, rate=0, speed=1) as emitter, connect(emitter.url) as client:
            await emitter.wait_for_clients(1)
            emitter.rate = 500.0
            frames = [json.loads(await client.recv()) for _ in range(50)]
            return [(frame["eventType"], frame["guid"], frame["ip"]) for frame in frames]

    assert await first_frames(3) == await first_frames(3)
    assert await first_frames(3) != await first_frames(4)


async def test_a_client_that_does_not_read_is_dropped_and_the_others_are_not() -> None:
    async with SessionEmitter(client_buffer_bytes=256 << 10) as emitter, connect(emitter.url) as reader:
        _, deaf = await _open_without_reading(emitter.port)
        await emitter.wait_for_clients(2)
        for _ in range(64):  # far more than all buffers of the kernel hold
            await emitter.send("x" * (512 << 10))
            assert len(await reader.recv()) == 512 << 10
        await emitter.wait_for_clients(1)
        assert emitter.clients_connected == 1
        assert emitter.clients_dropped == 1
        await emitter.send("still here")
        assert await reader.recv() == "still here"
        deaf.transport.abort()


async def _open_without_reading(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert b" 101 " in await reader.readuntil(b"\r\n")
    return reader, writer


async def test_stop_and_start_keep_the_port() -> None:
    async with SessionEmitter() as emitter:
        url = emitter.url
        await emitter.stop()
        with pytest.raises(OSError, match=str(emitter.port)):
            await connect(url)
        await emitter.start()
        async with connect(url) as client:
            await emitter.wait_for_clients(1)
            await emitter.send("back")
            assert await client.recv() == "back"


async def test_a_taken_port_is_an_error() -> None:
    async with SessionEmitter() as emitter:
        with pytest.raises(OSError, match=str(emitter.port)):
            await SessionEmitter(port=emitter.port).start()


async def test_waiting_for_clients_that_do_not_come_ends() -> None:
    async with SessionEmitter() as emitter:
        with pytest.raises(TimeoutError):
            await emitter.wait_for_clients(1, timeout_s=0.05)
