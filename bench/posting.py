"""Events POSTed at fixed times, whatever the answers take: the load of an open loop.

Its own few lines of HTTP: a general client costs more processor time than the service.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from urllib.parse import urlsplit

CONNECTIONS = 32


async def post_evenly(
    base_url: str, rate: float, seconds: float, body: Callable[[int], bytes]
) -> tuple[dict[str, float], list[float]]:
    """Return when each event was due (monotonic, by its number) and how long its answer took, in ms."""
    count = int(rate * seconds)
    began_s = time.monotonic() + 0.1
    answers_ms: list[float] = []

    async def drive(first: int) -> None:
        async with post(base_url) as send:
            for number in range(first, count, CONNECTIONS):
                due_s = began_s + number / rate
                if (wait_s := due_s - time.monotonic()) > 0:
                    await asyncio.sleep(wait_s)
                await send(body(number))
                answers_ms.append((time.monotonic() - due_s) * 1000)

    async with asyncio.TaskGroup() as tasks:
        for first in range(CONNECTIONS):
            tasks.create_task(drive(first))
    return {str(number): began_s + number / rate for number in range(count)}, answers_ms


@asynccontextmanager
async def post(base_url: str) -> AsyncIterator[Callable[[bytes], Awaitable[None]]]:
    """Connect and give what POSTs one body and waits for its 201."""
    host = urlsplit(base_url)
    reader, writer = await asyncio.open_connection(host.hostname, host.port)
    try:
        yield partial(_post, reader, writer)
    finally:
        writer.close()
        await writer.wait_closed()


async def _post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes) -> None:
    writer.write(
        b"POST /api/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 201"), head
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length))
