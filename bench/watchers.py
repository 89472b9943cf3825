"""Dashboards that read everything, in a process of their own: ``python -m bench.watchers``.

All of them answer pings and count bytes; a few spread evenly over them also keep what arrived when. That is
searched for events when the report is asked for: readers share the processors with the programs under
measurement, and stand for machines that would not.

It obeys lines of JSON: ``{"do": "join", "url", "path", "count"}`` answers when all have their first message;
``{"do": "report", "began_s", "rate", "array", "first"}`` waits until nothing more comes and answers with a
:class:`Report`.
"""

import asyncio
import re
import time
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

import uvloop

from bench.child import answer, orders
from bench.dashboards import HANDSHAKE, PART_HEADER
from bench.figures import percentile

SAMPLE = 5
JOIN_WITHIN_S = 60.0
QUIET_S = 0.25
SETTLE_S = 20.0
EVENT = re.compile(rb'"id":"bench-(\d+)"')
TOLD = b'"visitor_update"'
MARK_BYTES = 40
"""No mark is longer."""
MOST_KEPT_BYTES = 64 * 1024 * 1024
"""A dashboard of the sample that got more searches it at once."""
PING = re.compile(rb"\x89\x04([\s\S]{4})|\x89\x00()")
"""Texts of the measurement are ASCII: it stands at the beginning of a ping, or by rare chance in a length;
a pong too many does no harm."""

_READ = bytearray(256 * 1024)
"""All read into this, one after the other: new memory for each read would cost more than the reading."""


class Report(NamedTuple):
    """What the sample saw since the last report."""

    p50_ms: float
    """From an event's due time to its arrival, over all dashboards of the sample; 0 when none arrived."""
    p99_ms: float
    seen: int
    """Events, the mean of the sample."""
    told: int
    """``visitor_update`` messages, the mean of the sample."""
    lost: int
    """Connections that ended, of all."""
    bytes_least: int
    """Read by the dashboard that got least."""
    bytes_most: int
    cpu_s: float


class Dashboard(asyncio.BufferedProtocol):
    def __init__(self, path: str, host: str, is_sampled: bool) -> None:
        self._request = HANDSHAKE.format(path=path, host=host).encode()
        self._head = b""
        self._tail = b""
        self._kept: list[tuple[float, bytearray]] = []
        self._kept_bytes = 0
        self._told = 0
        self._arrivals: list[tuple[float, list[bytes]]] = []
        self._transport: asyncio.Transport | None = None
        self.is_sampled = is_sampled
        self.is_there = asyncio.Event()
        self.is_lost = False
        self.bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance
        self._transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True

    def get_buffer(self, sizehint: int) -> bytearray:
        return _READ

    def buffer_updated(self, nbytes: int) -> None:
        self.bytes += nbytes
        if not self.is_there.is_set():
            self._head += _READ[:nbytes]
            if self._head.partition(b"\r\n\r\n")[2]:
                assert self._head.startswith(b"HTTP/1.1 101"), self._head[:200]
                self.is_there.set()
            return
        if _READ.find(b"\x89", 0, nbytes) >= 0:
            self._pong(nbytes)
        if self.is_sampled:
            self._kept.append((time.monotonic(), _READ[:nbytes]))
            self._kept_bytes += nbytes
            if self._kept_bytes > MOST_KEPT_BYTES:
                self._search()

    @property
    def told(self) -> int:
        """How many ``visitor_update`` messages came."""
        self._search()
        return self._told

    def start_over(self) -> None:
        """Forget what came so far."""
        self._search()
        self._arrivals.clear()
        self._tail = b""
        self.bytes = self._told = 0

    def _search(self) -> None:
        for at_s, data in self._kept:
            self._note(at_s, bytes(data))
        self._kept.clear()
        self._kept_bytes = 0

    def _note(self, at_s: float, data: bytes) -> None:
        if b"\x00" in data or b"\x80" in data:
            data = PART_HEADER.sub(b"", data)
        text = self._tail + data
        self._told += text.count(TOLD) - self._tail.count(TOLD)
        self._tail = text[-MARK_BYTES:]
        if numbers := EVENT.findall(text):
            self._arrivals.append((at_s, numbers))

    def _pong(self, nbytes: int) -> None:
        assert self._transport is not None
        for found in PING.finditer(_READ, 0, nbytes):
            payload = found[1] or b""
            # Masked with zeros: the payload stays as it is.
            self._transport.write(bytes((0x8A, 0x80 | len(payload))) + bytes(4) + payload)

    def first_seen(self) -> Iterator[tuple[int, float]]:
        self._search()
        seen: set[bytes] = set()
        for at_s, numbers in self._arrivals:
            for number in numbers:
                if number not in seen:
                    seen.add(number)
                    yield int(number), at_s


class Crowd:
    def __init__(self) -> None:
        self._dashboards: list[Dashboard] = []

    async def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        if order["do"] == "join":
            await self._join(order["url"], order["path"], order["count"])
            return {"there": len(self._dashboards)}
        await self._settle()
        return self._report(order)._asdict()

    async def _join(self, url: str, path: str, count: int) -> None:
        at = urlsplit(url)
        loop = asyncio.get_running_loop()
        every = max(1, count // SAMPLE)
        for number in range(count):
            dashboard = Dashboard(path, at.netloc, number % every == every // 2)
            self._dashboards.append(dashboard)
            await loop.create_connection(partial(_given, dashboard), at.hostname or "", at.port or 0)
        async with asyncio.timeout(JOIN_WITHIN_S):
            for dashboard in self._dashboards:
                await dashboard.is_there.wait()
        await self._settle()
        for dashboard in self._dashboards:
            dashboard.start_over()

    async def _settle(self) -> None:
        deadline_s = time.monotonic() + SETTLE_S
        before = -1
        while before != (now := sum(dashboard.bytes for dashboard in self._dashboards)):
            before = now
            if time.monotonic() > deadline_s:
                return
            await asyncio.sleep(QUIET_S)

    def _report(self, order: dict[str, Any]) -> Report:
        sample = [dashboard for dashboard in self._dashboards if dashboard.is_sampled]
        began_s, array, first = order["began_s"], order["array"], order["first"]
        per_array_s = array / order["rate"]
        delays_ms = [
            (at_s - began_s - (number - first) // array * per_array_s) * 1000
            for dashboard in sample
            for number, at_s in dashboard.first_seen()
            if number >= first
        ]
        sizes = [dashboard.bytes for dashboard in self._dashboards]
        return Report(
            percentile(delays_ms, 0.5) if delays_ms else 0.0,
            percentile(delays_ms, 0.99) if delays_ms else 0.0,
            round(len(delays_ms) / len(sample)),
            round(sum(dashboard.told for dashboard in sample) / len(sample)),
            sum(dashboard.is_lost for dashboard in self._dashboards),
            min(sizes),
            max(sizes),
            time.process_time(),
        )


def _given(dashboard: Dashboard) -> Dashboard:
    return dashboard


async def main() -> None:
    crowd = Crowd()
    async for order in orders():
        try:
            answer(**await crowd.obey(order))
        except (TimeoutError, OSError) as error:
            answer(failed=f"dashboards: {error!r}")


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
