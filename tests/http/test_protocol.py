"""FAULTS.md, 2f: what clients leave unfinished, on real sockets with short limits."""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

import httpx
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from websockets.asyncio.client import connect

from tests.access.opened import open_access
from tests.support.server import protocol_with, serve
from tests.support.service import protocol_of, settings_for_tests, until
from tracker.clock import SystemClock
from tracker.http import bodies
from tracker.http.access import PUBLIC, Gate, GuardedRoute
from tracker.http.app import DirectRoute, build_app
from tracker.http.clients import ClientAddresses
from tracker.http.protocol import LimitedProtocol, RequestLimits
from tracker.wiring import running

SHORT = RequestLimits(head_s=0.3, body_s=0.3, read_s=0.3, head_bytes=4_096)
HEAD = b"POST /direct HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
WHOLE = HEAD + b"Content-Length: 2\r\n\r\n{}"


class Place(NamedTuple):
    port: int
    protocol: type[LimitedProtocol]
    release: asyncio.Event
    """Lets ``/waits`` answer."""
    http: httpx.AsyncClient

    async def send(self, *parts: bytes) -> bytes:
        """Send, then read until the service closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
            return await asyncio.wait_for(reader.read(), 15)
        finally:
            writer.close()


@asynccontextmanager
async def place(
    limits: RequestLimits = SHORT,
    max_requests: int = 100,
    is_proxy: Callable[[str], bool] = lambda address: False,
) -> AsyncIterator[Place]:
    release = asyncio.Event()

    async def takes(request: Request) -> Response:
        return Response(await bodies.read(request, ("application/json",), 10_000), 201)

    async def waits(request: Request) -> Response:
        await release.wait()
        return Response(b"{}")

    async def endless(request: Request) -> Response:
        async def chunks() -> AsyncIterator[bytes]:
            while True:
                yield b"x" * 65_536
                await asyncio.sleep(0)

        return StreamingResponse(chunks())

    routes = [
        DirectRoute("/direct", takes, PUBLIC, ["POST"]),
        DirectRoute("/waits", waits, PUBLIC),
        GuardedRoute("/usual", takes, PUBLIC, ["POST"]),
        GuardedRoute("/endless", endless, PUBLIC),
    ]
    protocol = protocol_with(limits, is_proxy)
    async with (
        open_access() as opened,
        serve(
            build_app(routes, Gate(opened.access, ClientAddresses(())), max_requests=max_requests),
            http=protocol,
        ) as base_url,
        httpx.AsyncClient(base_url=base_url, trust_env=False, timeout=30) as http,
    ):
        yield Place(int(base_url.rpartition(":")[2]), protocol, release, http)


def refused(answer: bytes, status: int) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), answer
    assert b"connection: close" in head
    assert b"x-content-type-options: nosniff" in head
    assert set(json.loads(body)) == {"success", "message", "errors", "requestId"}


async def test_F2f_10_a_head_that_does_not_end_is_408() -> None:
    async with place() as here:
        began_s = time.monotonic()
        refused(await here.send(b"POST /direct HTTP/1.1\r\nHo"), 408)
        assert 0.25 < time.monotonic() - began_s < 8, "10 s unless it is told otherwise"


async def test_F2f_10_a_head_that_drips_is_408() -> None:
    async with place() as here:
        refused(await drip(here.port, HEAD), 408)


async def test_F2f_10_who_still_sends_when_refused_learns_why() -> None:
    async with place() as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        # To close on what was not read resets the connection: with the answer, or instead of it.
        for _ in range(10):
            writer.write(HEAD + b"X-Large: " + b"x" * 60_000)
            await asyncio.sleep(0.01)
        refused(await asyncio.wait_for(reader.read(), 15), 431)
        writer.close()


async def test_F2f_10_who_goes_on_sending_when_refused_is_cut_off() -> None:
    async with place() as here:
        _, writer = await asyncio.open_connection("127.0.0.1", here.port)

        def is_cut_off() -> bool:
            writer.write(b"x" * 1_000)
            return not here.protocol.connections_of

        await until(lambda: here.protocol.connections_of)
        await until(is_cut_off)
        writer.transport.abort()


async def drip(port: int, data: bytes) -> bytes:
    """Send a byte at a time until there is an answer; return that."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = asyncio.ensure_future(reader.read())
    try:
        for byte in data:
            if answer.done():
                break
            writer.write(bytes([byte]))
            await asyncio.wait({answer}, timeout=0.05)
        return await asyncio.wait_for(answer, 15)
    finally:
        writer.close()


async def test_F2f_10_a_body_that_does_not_come_is_408_on_every_route() -> None:
    async with place() as here:
        for path in (b"direct", b"usual"):
            head = HEAD.replace(b"direct", path) + b"Content-Length: 9\r\n\r\n"
            refused(await here.send(head, b"{"), 408)


async def test_F2f_10_a_connection_that_says_nothing_is_closed_without_a_word() -> None:
    async with place() as here:
        assert await here.send() == b""


async def test_F2f_10_a_later_request_of_a_connection_has_its_own_time() -> None:
    async with place() as here:
        answer = await here.send(WHOLE, b"POST /dir")
        first, _, second = answer.partition(b"{}")
        assert first.startswith(b"HTTP/1.1 201 ")
        refused(second, 408)


async def test_F2f_10_an_answer_that_nobody_reads_is_given_up() -> None:
    async with place() as here:
        # The reader takes two bytes and then stops the socket.
        _, writer = await asyncio.open_connection("127.0.0.1", here.port, limit=1)
        writer.write(b"GET /endless HTTP/1.1\r\nHost: test\r\n\r\n")
        await until(lambda: here.protocol.connections_of)
        await until(lambda: not here.protocol.connections_of)
        writer.transport.abort()


async def test_F2f_10_who_waits_for_a_slow_answer_is_not_sent_away() -> None:
    async with place() as here:
        asking = asyncio.ensure_future(here.http.get("/waits"))
        done, _ = await asyncio.wait({asking}, timeout=0.8)
        assert not done
        here.release.set()
        assert (await asking).status_code == 200


async def test_F2f_10_a_head_that_is_too_large_is_431_in_one_piece_or_many() -> None:
    async with place() as here:
        large = HEAD + b"X-Large: " + b"x" * 5_000
        refused(await here.send(large + b"\r\n\r\n"), 431)
        refused(await here.send(large), 431)
        refused(await here.send(b"GET /" + b"x" * 5_000 + b" HTTP/1.1\r\n\r\n"), 431)
        answer = await here.http.post("/direct", json={}, headers={"X-Fits": "x" * 3_000})
        assert answer.status_code == 201


async def test_F2f_10_connections_of_one_address_are_limited_and_come_free_again() -> None:
    async with place(SHORT._replace(head_s=60, connections_per_address=3)) as here:
        held = [await asyncio.open_connection("127.0.0.1", here.port) for _ in range(3)]
        await until(lambda: here.protocol.connections_of["127.0.0.1"] == 3)
        answer = await here.send()
        refused(answer, 503)
        assert b"retry-after: " in answer
        held[0][1].close()
        await until(lambda: here.protocol.connections_of["127.0.0.1"] == 2)
        assert (await here.http.post("/direct", json={})).status_code == 201
        for _, writer in held[1:]:
            writer.close()
    assert not here.protocol.connections_of


async def test_F2f_10_a_trusted_proxy_has_as_many_connections_as_it_likes() -> None:
    limits = SHORT._replace(connections_per_address=1)
    async with place(limits, is_proxy=lambda address: address == "127.0.0.1") as here:
        answers = await asyncio.gather(*(here.http.post("/direct", json={}) for _ in range(5)))
        assert {answer.status_code for answer in answers} == {201}


async def test_F2f_12_one_request_too_many_is_503_at_once_and_the_next_is_served() -> None:
    async with place(max_requests=2) as here:
        waiting = [asyncio.ensure_future(here.http.get("/waits")) for _ in range(2)]
        await until(lambda: here.protocol.connections_of["127.0.0.1"] == 2)
        began_s = time.monotonic()
        for path in ("/direct", "/usual"):
            answer = await here.http.post(path, json={})
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) >= 1
            assert set(answer.json()) == {"success", "message", "errors", "requestId"}
        assert time.monotonic() - began_s < 10
        here.release.set()
        assert [answer.status_code for answer in await asyncio.gather(*waiting)] == [200, 200]
        assert (await here.http.post("/direct", json={})).status_code == 201


async def test_what_is_not_HTTP_is_refused_in_the_one_shape() -> None:
    async with place() as here:
        refused(await here.send(b"\x16\x03\x01 nonsense\r\n\r\n"), 400)


async def test_a_direct_answer_closes_and_keeps_connections_as_the_client_asks() -> None:
    async with place() as here:
        answer = await here.send(WHOLE + WHOLE + WHOLE.replace(b"Host", b"Connection: close\r\nHost"))
        assert answer.count(b"HTTP/1.1 201 ") == 3
        assert answer.count(b"connection: close") == 1
        old = await here.send(WHOLE.replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert old.count(b"connection: close") == 1


async def test_a_web_socket_lives_beyond_the_limits_and_takes_no_place() -> None:
    async with (
        running(settings_for_tests(), SystemClock(), random.Random(1)) as service,
        serve(service.app, http=(protocol := protocol_of(service))) as base_url,
        httpx.AsyncClient(base_url=base_url, trust_env=False) as http,
        connect(f"ws{base_url.removeprefix('http')}/ws", proxy=None) as socket,
    ):
        await socket.recv()
        assert (await http.get("/api/status")).status_code == 200
        assert protocol.connections_of["127.0.0.1"] == 1
