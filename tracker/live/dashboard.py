"""One connected client and what waits for it."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from msgspec import Raw

from tracker.live.counters import Counters
from tracker.live.encoding import Audience, Bundle, Message, Unencodable, encode
from tracker.live.masking import without_contacts
from tracker.live.messages import TYPE_OF, Wire

MAX_BUNDLES = 256
MAX_BYTES = 1024 * 1024
MAX_AT_ONCE_BYTES = 512 * 1024
"""A flush is rarely longer. All dashboards share it, also those whose buffer it fills."""
OVERFLOWS_TO_CLOSE = 3
OVERFLOW_WINDOW_S = 60.0
TRY_AGAIN_LATER = 1013

WriteAtOnce = Callable[[bytes], bool]
"""Writes whole frames to a connection; ``False`` when it is busy, and nothing was written."""


class Answer(NamedTuple):
    """A message for one dashboard alone; its ``seq`` is known when its turn comes."""

    type: str
    data: bytes

    @property
    def size_bytes(self) -> int:
        return len(self.data)


class Dashboard:
    """A bounded queue between the hub and one connection.

    The hub offers without waiting; the connection's writer takes with
    :meth:`frames` (or :meth:`texts`) as fast as its client reads. At most 256
    bundles and 1 MiB wait. One more, and the queue is dropped; the next thing the
    writer gets is a snapshot, rendered when it asks and not before. The third
    overflow within a minute closes the connection (1013).

    A connection that can write at once says so with :meth:`write_with`. What the
    site tells then goes out as it is offered, as long as nothing waits: no task has
    to wake up for it, which is most of the cost of a flush.

    Messages for this dashboard alone (answers, errors, snapshots) carry the ``seq``
    of the last site message before them and do not count up.
    """

    __slots__ = (
        "_close_code",
        "_counters",
        "_ended",
        "_given_seq",
        "_lost",
        "_overflows_s",
        "_queue",
        "_ready",
        "_request_snapshot",
        "_start",
        "_write_at_once",
        "_writer_waits",
        "audience",
        "batch",
        "queued_bytes",
        "site",
    )

    def __init__(
        self,
        site: str,
        audience: Audience,
        batch: bool,
        request_snapshot: "Callable[[Dashboard], None]",
        counters: Counters,
    ) -> None:
        self.site = site
        self.audience = audience
        self.batch = batch
        self.queued_bytes = 0
        self._queue: deque[Bundle | Answer] = deque()
        self._start: deque[Bundle] = deque()
        self._given_seq = 0
        self._lost = True
        self._writer_waits = False
        self._write_at_once: WriteAtOnce | None = None
        self._ready = asyncio.Event()
        self._ended = asyncio.Event()
        self._close_code: int | None = None
        self._overflows_s: list[float] = []
        self._request_snapshot = request_snapshot
        self._counters = counters

    @property
    def queued(self) -> int:
        return len(self._queue)

    @property
    def is_lost(self) -> bool:
        """Nothing of the site is queued: only a snapshot can go on from here."""
        return self._lost

    # What the connection calls

    async def frames(self) -> Sequence[bytes]:
        """Wait for something to send; return it as WebSocket frames, ready to be written."""
        return (await self._next()).stream(self.batch).chunks

    async def texts(self) -> Sequence[str]:
        """The same for a server that makes the frames itself: one text each."""
        return [payload.decode() for payload in (await self._next()).payloads(self.batch)]

    def write_with(self, write_at_once: WriteAtOnce) -> None:
        """Let the hub write past the queue and :meth:`frames` whenever both have nothing to do."""
        self._write_at_once = write_at_once

    async def ended(self) -> int | None:
        """Wait until the connection has to end; return the code to close with, if any."""
        await self._ended.wait()
        return self._close_code

    def end(self, code: int | None = None) -> None:
        """End the connection; ``None``: the client is gone already. The first reason holds."""
        if not self._ended.is_set():
            self._close_code = code
            self._ended.set()

    # What the hub calls

    def offer(self, bundle: Bundle, monotonic_s: float) -> None:
        """Send or queue messages of the site."""
        if not self._lost and not self._goes_at_once(bundle):
            self._put(bundle, monotonic_s)

    def tell(self, data: Wire, monotonic_s: float) -> None:
        """Queue a message for this dashboard alone."""
        shown = data if self.audience.sees_contacts else without_contacts(data)
        try:
            answer = Answer(TYPE_OF[type(data)], encode(shown, self.audience.naming))
        except Unencodable:
            self._counters.unencodable += 1
            return
        self._put(answer, monotonic_s)

    def start_from(self, bundles: Sequence[Bundle]) -> None:
        """Go on from ``bundles``: a snapshot, or the messages that were missed.

        They come before everything queued and are not counted against its bounds:
        there is at most one such start at a time, and its bytes are shared.
        """
        self.lose()
        self._lost = False
        self._start.extend(bundle for bundle in bundles if bundle.messages)
        self._given_seq = bundles[-1].last_seq

    def lose(self) -> None:
        """Drop what is queued of the site and go on with a snapshot when the writer asks."""
        self._start.clear()
        self._queue = deque(item for item in self._queue if isinstance(item, Answer))
        self.queued_bytes = sum(item.size_bytes for item in self._queue)
        self._lost = True
        self._ready.set()

    def _goes_at_once(self, bundle: Bundle) -> bool:
        if self._write_at_once is None or not self._writer_waits or self._queue or self._start:
            return False
        stream = bundle.stream(self.batch).data
        # What is longer may fill the buffer for long: that is for the writer, who waits between its chunks.
        if len(stream) > MAX_AT_ONCE_BYTES or not self._write_at_once(stream):
            return False
        self._count(bundle)
        return True

    def _put(self, item: Bundle | Answer, monotonic_s: float) -> None:
        if self._queue and (
            len(self._queue) >= MAX_BUNDLES or self.queued_bytes + item.size_bytes > MAX_BYTES
        ):
            self._overflow(monotonic_s)
            return
        self._queue.append(item)
        self.queued_bytes += item.size_bytes
        self._ready.set()

    def _overflow(self, monotonic_s: float) -> None:
        self._counters.overflows += 1
        self._queue.clear()
        self.lose()
        recent = [at_s for at_s in self._overflows_s if monotonic_s - at_s < OVERFLOW_WINDOW_S]
        self._overflows_s = [*recent, monotonic_s]
        if len(self._overflows_s) >= OVERFLOWS_TO_CLOSE:
            self._counters.closed_slow += 1
            self.end(TRY_AGAIN_LATER)

    async def _next(self) -> Bundle:
        while self._lost or not (self._start or self._queue):
            self._ready.clear()
            if self._lost:
                self._request_snapshot(self)
            self._writer_waits = True
            try:
                await self._ready.wait()
            finally:
                self._writer_waits = False
        bundle = self._start.popleft() if self._start else self._take()
        self._count(bundle)
        return bundle

    def _count(self, bundle: Bundle) -> None:
        self._given_seq = bundle.last_seq
        self._counters.messages_sent += len(bundle.messages)
        self._counters.bytes_sent += bundle.size_bytes

    def _take(self) -> Bundle:
        item = self._queue.popleft()
        self.queued_bytes -= item.size_bytes
        return self._finish(item) if isinstance(item, Answer) else item

    def _finish(self, answer: Answer) -> Bundle:
        message = Message(answer.type, Raw(answer.data), self._given_seq)
        return Bundle([encode(message, self.audience.naming)], self._given_seq)
