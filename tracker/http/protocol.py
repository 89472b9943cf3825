"""uvicorn's HTTP protocol with an end to everything that a client may leave unfinished.

What it adds to uvicorn 0.54's own, which waits for ever and takes a header of 20 MB:

- The head of a request has to be there within 10 s, its body within 15 s more, and
  what we answer has to be read: no byte taken for 15 s ends the connection.
- A head is at most 32 KiB. A client address has a limited number of connections;
  WebSockets are counted by the hub instead.
- What is refused here is answered in the one shape of failures.
- ``scope["extensions"]`` offers ``tracker.exchange``: an :class:`Exchange`.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

from starlette.responses import Response
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from tracker.http.errors import APIError
from tracker.http.headers import NO_STORE, SECURITY_HEADERS, as_lines
from tracker.http.responses import failure

EXCHANGE = "tracker.exchange"
RETRY_AFTER_S = 2
LINGER_S = 1.0
"""How long a refused client is still listened to: to close on what it sends would reset the
connection, and it might never see why."""
CLOSE = b"connection: close\r\n"
_STATUS_LINES = {int(status): line for status, line in STATUS_LINE.items()}
_SECURITY_LINES = as_lines(*SECURITY_HEADERS, NO_STORE)
"""What is answered here is about visitors: it names no caching of its own."""


class RequestLimits(NamedTuple):
    head_s: float = 10.0
    body_s: float = 15.0
    read_s: float = 15.0
    """How long the client may take nothing of an answer that waits for it."""
    head_bytes: int = 32 * 1024
    connections_per_address: int = 2_000
    """0 is no limit."""


class LimitedProtocol(HttpToolsProtocol):
    """Make a class of it with :func:`values_of_server` and give that to ``uvicorn.Config(http=...)``."""

    limits = RequestLimits()
    connections_of: Counter[str] = Counter()
    """Open connections by address; bounded by the open connections."""
    is_proxy: Callable[[str], bool] = staticmethod(lambda address: False)
    """Proxies that are trusted carry the requests of many: they are not counted."""

    _address: str | None = None
    _timer: asyncio.TimerHandle | None = None
    _due_s: float | None = None
    """When what is being received has to be there (the loop's time)."""
    _paused_at_s = 0.0
    _is_closing = False
    _has_begun = False
    _in_head = True
    _head_bytes = 0
    _is_refused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        self._due_s = self.loop.time() + self.limits.head_s
        self._timer = self.loop.call_at(self._due_s, self._look_at_the_time)
        if self.client is not None and not self._take_place(self.client[0]):
            wait = {"Retry-After": str(RETRY_AFTER_S)}
            self._refuse(APIError(503, "Too many connections from this address", headers=wait))
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        self._leave()
        super().handle_websocket_upgrade()

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        # Within a head that has no end yet, nothing else looks at its size.
        if self._in_head and self._head_bytes > self.limits.head_bytes:
            self._refuse_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._has_begun = self._in_head = True
        self._due_s = self.loop.time() + self.limits.head_s

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_bytes = 0
        self._due_s = self.loop.time() + self.limits.body_s
        size = len(self.url) + sum([len(name) + len(value) + 4 for name, value in self.headers])
        if size > self.limits.head_bytes:
            self._refuse_head()
        elif not self._is_refused:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._is_refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._due_s = None
        self._has_begun = False
        self._in_head = True
        if not self._is_refused:
            super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._paused_at_s = self.loop.time()

    def send_400_response(self, msg: str) -> None:
        self._refuse(APIError(400, "This is not valid HTTP"))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        cast(dict[str, Any], cycle.scope)["extensions"] = {EXCHANGE: Exchange(cycle)}
        super()._start_asgi_task(cycle, app)

    # Time

    def _look_at_the_time(self) -> None:
        """End what takes too long. One timer for the connection: one for each request would cost more."""
        wait_s = self._end_what_is_over()
        if wait_s is not None:
            self._timer = self.loop.call_later(wait_s, self._look_at_the_time)

    def _end_what_is_over(self) -> float | None:
        """Return when to look again; ``None`` when the connection is gone."""
        now_s = self.loop.time()
        if self.transport.is_closing() and not self._is_closing:
            # It waits until the client has read the rest.
            self._is_closing = True
            return self.limits.read_s
        if self._is_closing or (self.flow.write_paused and now_s >= self._paused_at_s + self.limits.read_s):
            self.transport.abort()
            return None
        if self.flow.write_paused:
            return self._paused_at_s + self.limits.read_s - now_s
        if self._due_s is None or self.flow.read_paused or self._is_answering_the_one_before:
            return self.limits.head_s
        if now_s >= self._due_s:
            self._end_slow_request()
            return self.limits.read_s
        return self._due_s - now_s

    @property
    def _is_answering_the_one_before(self) -> bool:
        return self._in_head and self.cycle is not None and not self.cycle.response_complete

    def _end_slow_request(self) -> None:
        is_answered = not self._in_head and self.cycle.response_started
        if is_answered or not self._has_begun:
            self.transport.close()
        else:
            self._refuse(APIError(408, "The request took too long to arrive"))

    # Places and refusals

    def _take_place(self, address: str) -> bool:
        most = self.limits.connections_per_address
        if self.is_proxy(address):
            return True
        if most and self.connections_of[address] >= most:
            return False
        self._address = address
        self.connections_of[address] += 1
        return True

    def _leave(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._address is not None:
            self.connections_of[self._address] -= 1
            if not self.connections_of[self._address]:
                del self.connections_of[self._address]
            self._address = None

    def _refuse_head(self) -> None:
        self._refuse(APIError(431, f"The head of the request is larger than {self.limits.head_bytes} bytes"))

    def _refuse(self, error: APIError) -> None:
        self._is_refused = True
        response = failure(error)
        head = _head(response, self.server_state.default_headers)
        self.transport.write(b"".join((*head, CLOSE, b"\r\n", response.body)))
        if not self.transport.is_closing():
            self.transport.write_eof()
            self.loop.call_later(LINGER_S, self.transport.close)


IsProxy = Callable[[str], bool]


def values_of_server(limits: RequestLimits, is_proxy: IsProxy) -> dict[str, Any]:
    """Return what the protocol of one server has for its own: it counts its own connections."""
    return {"limits": limits, "connections_of": Counter(), "is_proxy": staticmethod(is_proxy)}


class Exchange:
    """A request and its answer without the messages of ASGI."""

    __slots__ = ("_cycle",)

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle

    def take_body(self) -> bytes | None:
        """Return the body when all of it is there already, and nothing of it was received otherwise."""
        cycle = self._cycle
        if cycle.more_body or cycle.disconnected or cycle.response_complete:
            return None
        body, cycle.body = cycle.body, bytearray()
        cycle.flow.resume_reading()
        return bytes(body)

    def answer(self, response: Response) -> None:
        """Do what uvicorn does with the two messages of an answer, in one write.

        Each write may wake the client, which may take our place on the processor. Only
        for answers with a body whose headers are our own: nothing is checked again.
        """
        cycle = self._cycle
        if cycle.disconnected:
            return
        cycle.response_started = True
        cycle.waiting_for_100_continue = False
        written, cycle.keep_alive = as_written(response, cycle.default_headers, cycle.keep_alive)
        cycle.transport.write(written)
        cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()


def as_written(
    response: Response, default_headers: Sequence[tuple[bytes, bytes]], keep_alive: bool
) -> tuple[bytes, bool]:
    """Return the bytes of an answer, and whether the connection goes on after it."""
    content = _head(response, default_headers)
    if any(name == b"connection" for name, _ in response.raw_headers):
        keep_alive = False
    elif not keep_alive:
        content.append(CLOSE)
    content.append(b"\r\n")
    content.append(bytes(response.body))
    return b"".join(content), keep_alive


def _head(response: Response, default_headers: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
    content = [_STATUS_LINES[response.status_code]]
    for name, value in (*default_headers, *response.raw_headers):
        content += (name, b": ", value, b"\r\n")
    content.append(_SECURITY_LINES)
    return content
