"""Events POSTed at fixed times, whatever the answers take: the load of an open loop.

Its own few lines of HTTP: a general client costs more processor time than the service.
"""

import asyncio
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import NamedTuple, cast
from urllib.parse import urlsplit

CONNECTIONS = 32
HEAD_START_S = 0.1
TICK_S = 0.001
"""Timers of uvloop know no less: it would ask again and again, with a processor at full use."""
LENGTH = re.compile(rb"(?i)\r\ncontent-length: (\d+)")
REQUEST = (
    b"POST /api/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%b"
)

Answer = Callable[["Connection"], None]


class Posted(NamedTuple):
    """What became of an open loop."""

    began_s: float
    """When the first body was due (monotonic)."""
    answers_ms: list[float]
    """From due to answered, in the order of the answers."""
    sent: int
    unanswered: int
    """Sent on a connection that ended then: nobody knows what became of them."""
    took_s: float
    """Until the last answer."""


class Connection(asyncio.Protocol):
    """One request at a time; tells ``answered`` of each success.

    Any other answer is kept as ``fault`` and told too, as is the end of the connection while one is awaited.
    """

    def __init__(self, answered: Answer) -> None:
        self.answered = answered
        self.due_s = 0.0
        self.fault: str | None = None
        self.is_lost = False
        self._transport: asyncio.Transport | None = None
        self._data = b""
        self._is_waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        if self._is_waiting:
            self._settle(f"the connection ended before the answer: {exc}")

    def data_received(self, data: bytes) -> None:
        data = self._data = self._data + data if self._data else data
        head_bytes = data.find(b"\r\n\r\n") + 4
        if head_bytes < 4:
            return
        length = LENGTH.search(data, 0, head_bytes)
        if length and len(data) < head_bytes + int(length[1]):
            return
        self._data = b""
        is_success = length is not None and data.startswith(b"HTTP/1.1 201")
        self._settle(None if is_success else f"answered with: {data[:300]!r}")

    def send(self, body: bytes, due_s: float = 0.0) -> None:
        assert self._transport is not None
        self.due_s = due_s
        self._is_waiting = True
        self._transport.write(REQUEST % (len(body), body))

    def _settle(self, fault: str | None) -> None:
        self._is_waiting = False
        self.fault = self.fault or fault
        self.answered(self)


class OpenLoop:
    """Sends body after body when it is due, on whichever connection is free."""

    def __init__(self, rate: float, seconds: float, body: Callable[[int], bytes], is_patient: bool) -> None:
        self._count = round(rate * seconds)
        self._rate = rate
        self._body = body
        self._loop = asyncio.get_running_loop()
        self._began_s = time.monotonic() + HEAD_START_S
        self._ends_s = float("inf") if is_patient else self._began_s + seconds
        self._free: deque[Connection] = deque()
        self._next = 0
        self._in_flight = 0
        self._unanswered = 0
        self._timer: asyncio.TimerHandle | None = None
        self._last_s = self._began_s
        self._answers_ms: list[float] = []
        self._done: asyncio.Future[None] = self._loop.create_future()

    def answered(self, connection: Connection) -> None:
        self._last_s = time.monotonic()
        self._in_flight -= 1
        if self._done.done():
            return
        if connection.is_lost:
            self._unanswered += 1
        elif connection.fault:
            self._done.set_exception(RuntimeError(connection.fault))
            return
        else:
            self._answers_ms.append((self._last_s - connection.due_s) * 1000)
            self._free.append(connection)
        self._send_due()

    async def run(self, connections: list[Connection]) -> Posted:
        self._free.extend(connections)
        self._send_due()
        await self._done
        took_s = self._last_s - self._began_s
        return Posted(self._began_s, self._answers_ms, self._next, self._unanswered, took_s)

    def _send_due(self) -> None:
        if self._done.done():
            return
        now_s = time.monotonic()
        if now_s >= self._ends_s:
            self._count = self._next
        while self._free and self._next < self._count:
            due_s = self._began_s + self._next / self._rate
            if due_s > now_s:
                self._wake_at(due_s)
                return
            connection = self._free.popleft()
            if connection.is_lost:
                continue
            self._in_flight += 1
            connection.send(self._body(self._next), due_s)
            self._next += 1
        if not self._in_flight and (self._next >= self._count or not self._free):
            self._done.set_result(None)

    def _wake_at(self, due_s: float) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(max(TICK_S, due_s - time.monotonic()), self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._send_due()


async def post_open_loop(
    base_url: str,
    rate: float,
    seconds: float,
    body: Callable[[int], bytes],
    connections: int = CONNECTIONS,
    *,
    is_patient: bool = False,
) -> Posted:
    """POST ``rate`` bodies a second, each at its time.

    When no connection is free at that time a body waits, and that counts. What could not be sent
    within ``seconds`` is left out, unless the sender ``is_patient``: then all of it is sent. A connection
    that ends is not made anew.

    Raises:
        RuntimeError: an answer was no success.
    """
    async with AsyncExitStack() as stack:
        loop = OpenLoop(rate, seconds, body, is_patient)
        return await loop.run(
            [await stack.enter_async_context(_connected(base_url, loop.answered)) for _ in range(connections)]
        )


async def post_evenly(
    base_url: str, rate: float, seconds: float, body: Callable[[int], bytes]
) -> tuple[dict[str, float], list[float]]:
    """Return when each event was due (monotonic, by its number) and how long its answer took, in ms."""
    posted = await post_open_loop(base_url, rate, seconds, body, is_patient=True)
    if posted.unanswered or posted.sent < round(rate * seconds):
        raise RuntimeError(f"{posted.unanswered} connections ended before the answer")
    return {str(number): posted.began_s + number / rate for number in range(posted.sent)}, posted.answers_ms


@asynccontextmanager
async def post(base_url: str) -> AsyncIterator[Callable[[bytes], Awaitable[None]]]:
    """Connect and give what POSTs one body and waits for its 201."""
    waiting: list[asyncio.Future[None]] = []

    def answered(connection: Connection) -> None:
        answer = waiting.pop()
        if connection.fault:
            answer.set_exception(RuntimeError(connection.fault))
        elif not answer.done():
            answer.set_result(None)

    async def send(connection: Connection, body: bytes) -> None:
        waiting.append(asyncio.get_running_loop().create_future())
        connection.send(body)
        await waiting[-1]

    async with _connected(base_url, answered) as connection:
        yield partial(send, connection)


@asynccontextmanager
async def _connected(base_url: str, answered: Answer) -> AsyncIterator[Connection]:
    at = urlsplit(base_url)
    transport, connection = await asyncio.get_running_loop().create_connection(
        lambda: Connection(answered), at.hostname or "", at.port or 0
    )
    try:
        yield connection
    finally:
        transport.abort()
