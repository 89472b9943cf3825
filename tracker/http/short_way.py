"""The protocol with a short way for events that come one after the other over a connection.

A request of a known head that is there as a whole is answered without the parser, without
ASGI's messages and without a task. Whatever else arrives takes uvicorn's way.
"""

from collections.abc import Callable
from typing import Protocol

from starlette.responses import Response

from tracker.http.known_heads import END, KnownHeads
from tracker.http.protocol import IsProxy, LimitedProtocol, RequestLimits, as_written, values_of_server
from tracker.http.requests import DirectRequest

MAX_MISSING_BYTES = 16 * 1024
"""Many clients send the body apart: the next piece is waited for when it may be all of this."""


class Short(Protocol):
    """Who answers on the short way."""

    heads: KnownHeads
    short_paths: frozenset[str]
    """Those whose POSTs may take it."""

    def post(self, request: DirectRequest, body: bytes, respond: Callable[[Response], None]) -> None:
        """Call ``respond`` once, now or later."""
        ...


class ShortWayProtocol(LimitedProtocol):
    """Make a class of it with :func:`short_way_protocol`."""

    short: Short

    _is_answering = False
    _is_last = False
    _held = b""
    """What the client sent before it had the answer."""
    _unfinished = b""
    """A known head, and what is there of its body."""

    def data_received(self, data: bytes) -> None:
        if self._is_answering:
            self._held += data
            self.flow.pause_reading()
            return
        rest_came = bool(self._unfinished)
        if rest_came:
            data, self._unfinished = self._unfinished + data, b""
            self._has_begun = False
        if self._has_begun or self._is_refused or self.client is None or self._is_answering_otherwise:
            super().data_received(data)
            return
        head_bytes = data.find(END) + len(END)
        known = self.short.heads.get((self.client[0], data[:head_bytes]))
        missing_bytes = -1 if known is None else head_bytes + known.body_bytes - len(data)
        if known is not None and missing_bytes == 0:
            self._unset_keepalive_if_required()
            self._due_s = None
            self._is_answering = True
            self.short.post(known.request, data[head_bytes:], self._answer)
        elif 0 < missing_bytes <= MAX_MISSING_BYTES and not rest_came:
            self._unset_keepalive_if_required()
            self._due_s = self.loop.time() + self.limits.body_s
            self._unfinished = data
            self._has_begun = True
        else:
            self._parse(data, head_bytes)

    def shutdown(self) -> None:
        if self._is_answering:
            self._is_last = True
        else:
            super().shutdown()

    @property
    def _is_answering_otherwise(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _parse(self, data: bytes, head_bytes: int) -> None:
        before = self.cycle
        super().data_received(data)
        cycle = self.cycle
        # The first request of a connection may well be its only one.
        if before is None or cycle is before or self._is_refused or self.client is None:
            return
        scope = cycle.scope
        if scope["method"] == "POST" and scope["path"] in self.short.short_paths and cycle.keep_alive:
            self.short.heads.add(self.client[0], data[:head_bytes], dict(scope), len(data) - head_bytes)

    def _answer(self, response: Response) -> None:
        self._is_answering = False
        transport = self.transport
        if transport.is_closing():
            return
        written, goes_on = as_written(response, self.server_state.default_headers, not self._is_last)
        transport.write(written)
        if not goes_on:
            transport.close()
            return
        self._due_s = self.loop.time() + self.timeout_keep_alive
        if self._held:
            held, self._held = self._held, b""
            self.flow.resume_reading()
            self.data_received(held)


def short_way_protocol(
    limits: RequestLimits,
    short: Short,
    is_proxy: IsProxy = LimitedProtocol.is_proxy,
) -> type[ShortWayProtocol]:
    """Return the protocol of one server."""
    values = {"short": short, **values_of_server(limits, is_proxy)}
    return type("ShortWayProtocolOfServer", (ShortWayProtocol,), values)
