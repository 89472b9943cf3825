"""The short way answers as uvicorn's own way does, whatever comes in whatever pieces."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response

from tests.access.opened import open_access
from tests.support.server import ServerInTest, protocol_with, started
from tests.support.service import run_service, settings_for_tests, until
from tracker.core.accounts import Scope
from tracker.http import bodies
from tracker.http.access import PUBLIC, Gate
from tracker.http.app import DirectRoute, build_app
from tracker.http.clients import ClientAddresses
from tracker.http.errors import APIError
from tracker.http.protocol import LimitedProtocol, RequestLimits
from tracker.http.responses import success
from tracker.http.short_way import short_way_protocol

TYPES = ("application/json",)
LIMITS = RequestLimits(head_s=2, body_s=2, read_s=2)
KEEP_ALIVE_S = 1
VARYING = re.compile(rb'"requestId":"[0-9a-f]+"|date: [^\r]+')


class Said(NamedTuple):
    body: bytes
    stored: "asyncio.Future[None] | None"


class Echo:
    """Says what it was sent. The body tells when it answers, and whether it fails."""

    def __init__(self) -> None:
        self.short = 0
        self.release = asyncio.Event()
        """Lets ``"waits"`` be answered."""
        self.waiting: list[asyncio.Future[None]] = []

    async def post(self, request: Request) -> Response:
        said = self._said(await bodies.read(request, TYPES, 100_000))
        if said.stored is not None:
            await said.stored
        return self.finish(request, said)

    def begin(self, request: Request, body: bytes) -> Said:
        self.short += 1
        bodies.check_type(request, TYPES)
        return self._said(body)

    def finish(self, request: Request, said: Said) -> Response:
        if said.body == b'"late"':
            raise APIError(409, "Too late")
        if said.body == b'"closes"':
            raise APIError(413, "Too much", headers={"Connection": "close"})
        return success(
            request, {"said": said.body.decode(), "agent": request.headers.get("user-agent")}, "OK", 201
        )

    def _said(self, body: bytes) -> Said:
        if body == b'"wrong"':
            raise APIError(422, "Wrong")
        if body == b'"breaks"':
            raise RuntimeError("as it is told to")
        if body == b'"now"':
            return Said(body, None)
        loop = asyncio.get_running_loop()
        stored: asyncio.Future[None] = loop.create_future()
        if body == b'"waits"':
            self.waiting.append(stored)
        else:
            loop.call_soon(stored.set_result, None)
        return Said(body, stored)


class Place(NamedTuple):
    port: int
    echo: Echo
    protocol: type[LimitedProtocol]
    server: ServerInTest

    async def send(self, *parts: bytes) -> bytes:
        """Send the parts, each when the one before had time to arrive; return all answers."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0.002)
        try:
            return await asyncio.wait_for(reader.read(), 15)
        finally:
            writer.close()

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a connection of which the next ``post(b"{}")`` takes the short way."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        for _ in range(2):
            writer.write(post(b"{}"))
            assert b"201" in await answer(reader)
        return reader, writer

    async def wait_on_short_way(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a connection for whose request, on the short way, an answer is still to come."""
        reader, writer = await self.connect()
        for _ in range(2):
            while self.echo.waiting:
                self.echo.waiting.pop().set_result(None)
                await answer(reader)
            writer.write(post(b'"waits"'))
            await until(lambda: self.echo.waiting)
        assert self.echo.short == 1
        return reader, writer


@asynccontextmanager
async def place(
    limits: RequestLimits = LIMITS, short: bool = True, max_requests: int = 100
) -> AsyncIterator[Place]:
    echo = Echo()
    routes = [DirectRoute("/echo", echo.post, PUBLIC, ["POST"], [(b"x-route", b"echo")], echo)]
    async with open_access() as opened:
        app = build_app(routes, Gate(opened.access, ClientAddresses(())), max_requests=max_requests)
        protocol = short_way_protocol(limits, app) if short else protocol_with(limits)
        async with started(app, http=protocol, timeout_keep_alive=KEEP_ALIVE_S) as server:
            yield Place(int(server.base_url.rpartition(":")[2]), echo, protocol, server)


def post(body: bytes, *headers: bytes, length: int | None = None) -> bytes:
    length = len(body) if length is None else length
    lines = (
        b"Host: test",
        b"User-Agent: me",
        b"Content-Type: application/json",
        b"Content-Length: %d" % length,
        *headers,
    )
    return b"POST /echo HTTP/1.1\r\n" + b"\r\n".join(lines) + b"\r\n\r\n" + body


LAST = b"GET /none HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
CHUNKED = post(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked") + b"2\r\n{}\r\n0\r\n\r\n"


async def answer(reader: asyncio.StreamReader) -> bytes:
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 15)
    length = re.search(rb"content-length: (\d+)", head)
    return head + (await reader.readexactly(int(length[1])) if length else b"")


LARGE = b"[" + b" " * 50_000 + b"]"
BODIES = (b"{}", b'"now"', b'"late"', b'"wrong"', b'"breaks"', b"[" + b" " * 90 + b"]", LARGE)
PLAIN = st.sampled_from([post(body) for body in BODIES])
ODD = st.sampled_from(
    [
        post(b"{}", b"Expect: 100-continue"),
        post(b"{}", b"X-Other: yes"),
        post(b"{}").replace(b"application/json", b"image/png"),
        post(b"{}").replace(b"POST /echo", b"POST /echo?a=b"),
        post(b"{}").replace(b"POST", b"PUT"),
        CHUNKED,
        b"GET /echo HTTP/1.1\r\nHost: test\r\n\r\n",
        b"\r\n" + post(b"{}"),
    ]
)
ENDS = st.sampled_from(
    [
        LAST,
        post(b'"closes"'),
        post(b"{}", b"Connection: close"),
        b"nonsense\r\n\r\n",
        post(b'"longer"', length=9) + b" " + LAST,
    ]
)


@st.composite
def streams(draw: st.DrawFn) -> list[bytes]:
    """What a client sends, in the pieces in which it comes."""
    requests = draw(st.lists(PLAIN | PLAIN | ODD, max_size=8))
    pieces: list[bytes] = []
    for request in [*requests, draw(ENDS)]:
        cut = draw(st.none() | st.integers(0, len(request)))
        pieces += [request] if cut is None else [request[:cut], request[cut:]]
        if len(pieces) > 1 and draw(st.sampled_from([False, False, True])):
            pieces[-2:] = [pieces[-2] + pieces[-1]]
    return [piece for piece in pieces if piece]


async def test_the_same_bytes_have_the_same_answers(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    loop = asyncio.get_running_loop()
    async with place(RequestLimits()) as short, place(RequestLimits(), short=False) as usual:

        @settings(max_examples=80, deadline=None)
        @given(streams())
        @example([post(b"{}")] * 4 + [LAST])
        @example([post(b"{}") * 5 + LAST])
        @example([post(b"{}"), post(b"{}"), post(b"{}")[:30], post(b"{}")[30:], post(b"{}"), LAST])
        @example([post(b"{}"), post(b"{}"), post(b"{}")[:-2], b"{", b"}", post(b"{}")[:-2], b"{}", LAST])
        @example([post(b'"breaks"')] * 3 + [post(b'"late"')] * 3 + [post(b'"wrong"')] * 3 + [LAST])
        @example([post(b"{}"), post(b"{}"), CHUNKED, post(b"{}"), post(b"{}", b"Connection: close")])
        def same(pieces: list[bytes]) -> None:
            sent = [asyncio.run_coroutine_threadsafe(one.send(*pieces), loop) for one in (short, usual)]
            on_short_way, otherwise = (VARYING.sub(b"", one.result()) for one in sent)
            assert on_short_way == otherwise

        await asyncio.to_thread(same)
        assert short.echo.short > 10
        assert usual.echo.short == 0


async def test_from_the_third_request_of_a_connection_on_the_same_head_takes_the_short_way() -> None:
    async with place() as here:
        reader, writer = await here.connect()
        assert here.echo.short == 0
        for number in range(3):
            writer.write(post(b"{}"))
            told = await answer(reader)
            assert here.echo.short == number + 1
            assert json.loads(told.partition(b"\r\n\r\n")[2])["data"] == {"said": "{}", "agent": "me"}
            assert b"x-route: echo" in told
            assert b"x-content-type-options: nosniff" in told
        for other in (
            post(b"{}", b"X-Other: yes"),
            post(b"[1]"),
            post(b"{}").replace(b"Host: test", b"host: test"),
        ):
            writer.write(other)
            assert b" 201 " in await answer(reader)
        assert here.echo.short == 3, "other bytes, another head"
        _, second = await asyncio.open_connection("127.0.0.1", here.port)
        second.write(post(b"{}"))
        await until(lambda: here.echo.short == 4)
        second.close()
        writer.close()


async def test_requests_that_overtake_an_answer_are_answered_after_it_in_their_order() -> None:
    async with place() as here:
        reader, writer = await here.wait_on_short_way()
        writer.write(post(b"[1]") + post(b"{}") + post(b"[2]")[:-1])
        await asyncio.sleep(0.05)
        here.echo.waiting.pop().set_result(None)
        writer.write(b"]")
        said = [
            json.loads((await answer(reader)).partition(b"\r\n\r\n")[2])["data"]["said"] for _ in range(4)
        ]
        assert said == ['"waits"', "[1]", "{}", "[2]"]
        writer.write(post(b'"waits"'))
        await until(lambda: here.echo.waiting)
        writer.write(post(b"{}"))
        await asyncio.sleep(0.05)
        here.echo.waiting.pop().set_result(None)
        for _ in range(2):
            assert b" 201 " in await answer(reader)
        writer.write(post(b"{}"))
        assert b" 201 " in await answer(reader)
        writer.close()


async def test_who_sends_on_without_waiting_for_the_answer_is_not_read() -> None:
    async with place() as here:
        _, writer = await here.wait_on_short_way()
        writer.write(post(b"{}") * 160_000)
        draining = asyncio.ensure_future(writer.drain())
        done, _ = await asyncio.wait({draining}, timeout=1.5)
        assert not done
        draining.cancel()
        writer.transport.abort()
        here.echo.waiting.pop().set_result(None)
        await until(lambda: not here.protocol.connections_of)


async def test_F2f_10_a_body_that_drips_after_a_known_head_is_408() -> None:
    async with place() as here:
        reader, writer = await here.connect()
        body = b"[" + b" " * 198 + b"]"
        writer.write(post(body))
        await answer(reader)
        refused = asyncio.ensure_future(answer(reader))
        writer.write(post(body).removesuffix(body))
        for byte in body[:-1]:
            if refused.done():
                break
            writer.write(bytes([byte]))
            await asyncio.wait({refused}, timeout=0.05)
        assert refused.done(), "long before its end"
        assert b" 408 " in await refused
        writer.close()


async def test_who_waits_for_a_slow_answer_is_not_sent_away_and_who_is_silent_after_it_is() -> None:
    async with place() as here:
        reader, writer = await here.wait_on_short_way()
        here.echo.waiting.pop().set_result(None)
        assert b" 201 " in await answer(reader)
        writer.write(post(b'"waits"'))
        await until(lambda: here.echo.waiting)
        await asyncio.sleep(KEEP_ALIVE_S + LIMITS.head_s + 0.2)
        here.echo.waiting.pop().set_result(None)
        assert b" 201 " in await answer(reader)
        assert await asyncio.wait_for(reader.read(), 15) == b""
        writer.close()


async def test_who_goes_away_before_the_answer_does_no_harm() -> None:
    async with place() as here:
        _, writer = await here.connect()
        for _ in range(2):
            reader, other = await asyncio.open_connection("127.0.0.1", here.port)
            other.write(post(b"{}"))
            await answer(reader)
            other.write(post(b'"waits"'))
            await until(lambda: here.echo.waiting)
            other.transport.abort()
            await until(lambda: here.protocol.connections_of["127.0.0.1"] == 1)
            here.echo.waiting.pop().set_result(None)
        writer.write(post(b"{}"))
        await until(lambda: here.echo.short)
        writer.close()


async def test_one_request_too_many_is_503_on_the_short_way_too() -> None:
    async with place(max_requests=1) as here:
        reader, writer = await here.connect()
        _, other = await asyncio.open_connection("127.0.0.1", here.port)
        other.write(post(b'"waits"'))
        await until(lambda: here.echo.waiting)
        writer.write(post(b"{}"))
        told = await answer(reader)
        assert b" 503 " in told
        assert b"retry-after: 1" in told
        here.echo.waiting.pop().set_result(None)
        writer.write(post(b"{}"))
        await until(lambda: here.echo.short)
        assert b" 201 " in await answer(reader)
        other.close()
        writer.close()


async def test_a_server_that_ends_gives_the_answers_that_are_under_way() -> None:
    async with place() as here:
        reader, writer = await here.wait_on_short_way()
        here.server.should_exit = True
        await until(lambda: not here.server.servers[0].is_serving())
        await asyncio.sleep(0.1)
        here.echo.waiting.pop().set_result(None)
        told = await answer(reader)
        assert b" 201 " in told
        assert b"connection: close" in told
        assert await asyncio.wait_for(reader.read(), 15) == b""
        writer.close()


async def test_what_breaks_on_the_short_way_is_logged_and_told(caplog: pytest.LogCaptureFixture) -> None:
    async with place() as here:
        reader, writer = await here.connect()
        for _ in range(3):
            writer.write(post(b'"breaks"'))
            assert b" 500 " in await answer(reader)
        assert here.echo.short == 2
        assert caplog.text.count("RuntimeError: as it is told to") == 3
        writer.close()


async def test_a_key_that_is_revoked_ends_the_short_way_and_one_that_is_good_counts_as_used() -> None:
    async with run_service(settings_for_tests(auth__mode="required")) as running:
        book = running.service.access.book
        new = await book.create_key("default", [Scope.INGEST])
        reader = {"x-api-key": (await book.create_key("default", [Scope.READ])).text}
        headers = {"x-api-key": new.text}
        event = {"type": "pageview", "sessionId": "s1", "id": "11"}
        for number in range(12, 20):
            answer = await running.post({**event, "id": str(number)}, headers=headers)
            assert answer.status_code == 201
        assert running.service.app.heads.size == 1
        assert "tracker_known_heads 1.0" in (await running.http.get("/metrics", headers=reader)).text
        (key,) = [key for key in book.keys_of("default") if key.id == new.key.id]
        assert key.last_used_at
        await book.revoke_key(new.key.prefix)
        assert (await running.post({**event, "id": "20"}, headers=headers)).status_code == 401
