"""The network that tests break at will: each fault of tests/support/fault_proxy.py, shown with bytes."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from emitters.listener import Listener
from tests.support.fault_proxy import CHUNK_BYTES, Drip, FaultProxy
from tests.support.service import until

PATIENCE_S = 10.0
SILENT_S = 0.05
"""How long nothing has to come, to be called nothing."""


class Echo(Listener):
    """Says back what it hears, and knows how its connections ended."""

    def __init__(self) -> None:
        super().__init__("127.0.0.1", 0)
        self.heard = b""
        self.ends: list[str] = []

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(CHUNK_BYTES):
                self.heard += data
                writer.write(data)
            self.ends.append("goodbye")
        except ConnectionResetError:
            self.ends.append("reset")


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def say(self, data: bytes) -> None:
        self._writer.write(data)

    async def hear(self, count: int) -> bytes:
        async with asyncio.timeout(PATIENCE_S):
            return await self._reader.readexactly(count)

    async def hear_to_the_end(self) -> bytes:
        async with asyncio.timeout(PATIENCE_S):
            return await self._reader.read()

    async def hears_nothing(self) -> bool:
        """Whether nothing comes, not even the end."""
        try:
            async with asyncio.timeout(SILENT_S):
                await self._reader.read(1)
        except TimeoutError:
            return True
        return False

    def leave(self) -> None:
        self._writer.close()


class Stage:
    def __init__(self, echo: Echo, proxy: FaultProxy) -> None:
        self.echo, self.proxy = echo, proxy
        self._clients: list[Client] = []

    async def client(self) -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", self.proxy.port))
        self._clients.append(client)
        return client

    def leave(self) -> None:
        for client in self._clients:
            client.leave()


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    async with Echo() as echo, FaultProxy(f"tcp://127.0.0.1:{echo.port}") as proxy:
        stage = Stage(echo, proxy)
        try:
            yield stage
        finally:
            stage.leave()


async def test_without_a_fault_every_byte_comes_through_and_is_counted() -> None:
    sent = bytes(range(256)) * 4096
    async with staged() as stage:
        first, second = await stage.client(), await stage.client()
        first.say(sent)
        second.say(b"other")
        assert await first.hear(len(sent)) == sent
        assert await second.hear(5) == b"other"
        assert stage.proxy.connections == 2
        assert stage.proxy.up.bytes == stage.proxy.down.bytes == len(sent) + 5
        first.leave()
        await until(lambda: stage.echo.ends == ["goodbye"], PATIENCE_S)


async def test_the_url_leads_through_the_proxy_and_a_new_target_counts_for_new_connections() -> None:
    async with Echo() as other, staged() as stage:
        assert FaultProxy("ws://here:1/feed?a=b").url == "ws://127.0.0.1:0/feed?a=b"
        before = await stage.client()
        before.say(b"1")
        await before.hear(1)
        stage.proxy.target = f"tcp://127.0.0.1:{other.port}"
        after = await stage.client()
        for client in (before, after):
            client.say(b"2")
            await client.hear(1)
        assert (stage.echo.heard, other.heard) == (b"12", b"2")
        await other.stop()
        assert await (await stage.client()).hear_to_the_end() == b"", "nobody there: hung up"


@pytest.mark.parametrize(("up_s", "down_s"), [(0.1, 0.0), (0.0, 0.1), (0.05, 0.07)])
async def test_latency_delays_each_way_by_itself(up_s: float, down_s: float) -> None:
    async with staged() as stage:
        client = await stage.client()
        client.say(b"a")
        await client.hear(1)
        stage.proxy.up.latency_s, stage.proxy.down.latency_s = up_s, down_s
        began_s = time.monotonic()
        client.say(b"b")
        await until(lambda: stage.echo.heard == b"ab", PATIENCE_S)
        heard_s = time.monotonic() - began_s
        assert await client.hear(1) == b"b"
        assert heard_s >= up_s
        assert time.monotonic() - began_s >= up_s + down_s


async def test_drip_lets_few_bytes_pass_at_once_and_can_be_turned_off() -> None:
    async with staged() as stage:
        client = await stage.client()
        stage.proxy.down.drip = Drip(2, 0.02)
        began_s = time.monotonic()
        client.say(b"12345678")
        assert await client.hear(8) == b"12345678"
        assert time.monotonic() - began_s >= 3 * 0.02
        assert stage.echo.heard == b"12345678", "the way up is free"
        stage.proxy.down.drip = None
        client.say(b"9" * 10_000)
        began_s = time.monotonic()
        await client.hear(10_000)
        assert time.monotonic() - began_s < 5_000 * 0.02


async def test_cut_lets_so_many_bytes_of_each_connection_pass_counted_from_the_order() -> None:
    async with staged() as stage:
        running = await stage.client()
        running.say(b"1234567890")
        await running.hear(10)
        stage.proxy.down.cut_after(3)
        fresh = await stage.client()
        for client in (running, fresh):
            client.say(b"abcdef")
            assert await client.hear_to_the_end() == b"abc"
        await until(lambda: stage.echo.ends == ["goodbye"] * 2, PATIENCE_S)
        stage.proxy.down.cut_after(None)
        healed = await stage.client()
        healed.say(b"abcdef")
        assert await healed.hear(6) == b"abcdef"
        stage.proxy.up.cut_after(2)
        healed.say(b"xyz")
        assert await healed.hear_to_the_end() in (b"", b"x", b"xy")
        assert stage.echo.heard.endswith(b"xy")


async def test_a_black_hole_swallows_new_connections_until_they_are_healed() -> None:
    async with staged() as stage:
        before = await stage.client()
        before.say(b"1")
        await before.hear(1)
        stage.proxy.black_hole = True
        lost = await stage.client()
        lost.say(b"2" * 1_000_000)
        assert await lost.hears_nothing()
        before.say(b"3")
        assert await before.hear(1) == b"3"
        stage.proxy.heal()
        with pytest.raises(ConnectionResetError):
            await lost.hear_to_the_end()
        after = await stage.client()
        after.say(b"4")
        assert await after.hear(1) == b"4"
        assert stage.echo.heard == b"134"


async def test_reset_reaches_both_ends_of_running_connections_and_new_ones_at_will() -> None:
    async with staged() as stage:
        client = await stage.client()
        client.say(b"1")
        await client.hear(1)
        stage.proxy.reset()
        with pytest.raises(ConnectionResetError):
            await client.hear_to_the_end()
        await until(lambda: stage.echo.ends == ["reset"], PATIENCE_S)
        stage.proxy.resets = True
        with pytest.raises(ConnectionResetError):
            await (await stage.client()).hear_to_the_end()
        stage.proxy.heal()
        healed = await stage.client()
        healed.say(b"2")
        assert await healed.hear(1) == b"2"


async def test_half_open_keeps_both_ends_in_the_dark_and_what_waits_goes_on_afterwards() -> None:
    async with staged() as stage:
        staying, leaving = await stage.client(), await stage.client()
        for client in (staying, leaving):
            client.say(b"1")
            await client.hear(1)
        stage.proxy.half_open = True
        staying.say(b"2")
        leaving.leave()
        assert await staying.hears_nothing()
        assert (stage.echo.heard, stage.echo.ends) == (b"11", [])
        stage.proxy.half_open = False
        assert await staying.hear(1) == b"2"
        await until(lambda: stage.echo.ends == ["goodbye"], PATIENCE_S)


async def test_one_way_can_be_stopped_alone() -> None:
    async with staged() as stage:
        client = await stage.client()
        stage.proxy.down.stopped = True
        client.say(b"1")
        await until(lambda: stage.echo.heard == b"1", PATIENCE_S)
        assert await client.hears_nothing()
        assert not stage.proxy.half_open
        stage.proxy.heal()
        assert await client.hear(1) == b"1"


async def test_a_stopped_proxy_refuses_and_comes_back_on_its_port() -> None:
    async with staged() as stage:
        client = await stage.client()
        client.say(b"1")
        await client.hear(1)
        port = stage.proxy.port
        await stage.proxy.stop()
        await until(lambda: stage.echo.ends, PATIENCE_S)
        with pytest.raises(ConnectionRefusedError):
            await stage.client()
        await stage.proxy.start()
        assert stage.proxy.port == port
        again = await stage.client()
        again.say(b"2")
        assert await again.hear(1) == b"2"
