"""The sender of an open loop: on time, nothing twice, and it ends when the other side does not keep up."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from bench.posting import post_open_loop

Server = Callable[[bytes], Awaitable[bytes]]
CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"


@asynccontextmanager
async def serving(answer: Server) -> AsyncIterator[str]:
    serving: list[asyncio.Task[None] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.current_task())
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length: ")[2].split()[0])
                answered = await answer(await reader.readexactly(length))
                writer.write(answered[:30])
                await writer.drain()
                writer.write(answered[30:])
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the sender has gone
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await asyncio.gather(*filter(None, serving))


async def test_every_body_is_sent_once_and_its_answer_counted() -> None:
    bodies: list[bytes] = []

    async def answer(body: bytes) -> bytes:
        bodies.append(body)
        return CREATED

    async with serving(answer) as url:
        posted = await post_open_loop(url, 500, 0.1, lambda n: b"%d" % n, 4, is_patient=True)
    assert sorted(map(int, bodies)) == list(range(50))
    assert (posted.sent, len(posted.answers_ms)) == (50, 50)
    assert posted.took_s >= 0.09


async def test_it_ends_on_time_when_answers_are_too_slow() -> None:
    async def answer(body: bytes) -> bytes:
        await asyncio.sleep(0.05)
        return CREATED

    async with serving(answer) as url:
        posted = await post_open_loop(url, 1_000, 0.2, lambda n: b"x", 2)
    assert 2 <= posted.sent == len(posted.answers_ms) <= 12
    assert max(posted.answers_ms) > 100


async def test_an_answer_that_is_no_success_ends_it() -> None:
    async def answer(body: bytes) -> bytes:
        return b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"

    async with serving(answer) as url:
        with pytest.raises(RuntimeError, match="503"):
            await post_open_loop(url, 100, 0.1, lambda n: b"x", 2)


async def test_a_connection_that_ends_leaves_one_of_its_events_unknown() -> None:
    async def answer(body: bytes) -> bytes:
        if body == b"3":
            raise ConnectionResetError
        return CREATED

    async with serving(answer) as url:
        posted = await post_open_loop(url, 200, 0.1, lambda n: b"%d" % n, 2)
    assert (posted.sent, posted.unanswered, len(posted.answers_ms)) == (20, 1, 19)


async def test_it_ends_when_all_connections_have() -> None:
    async def answer(body: bytes) -> bytes:
        raise ConnectionResetError

    async with serving(answer) as url:
        posted = await post_open_loop(url, 200, 5, lambda n: b"x", 3)
    assert (posted.sent, posted.unanswered) == (3, 3)
