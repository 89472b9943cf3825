"""The connection to the session emitter: made anew for ever, never trusted.

What it reads becomes inputs of the core. Frames wait in the socket while the
core is busy; nothing here grows with the flood.
"""

import asyncio
import contextlib
import logging
import random
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from tracker.core.clock import Clock, Now
from tracker.core.inputs import Input, UpstreamChanged, UpstreamState
from tracker.ingest.backoff import Backoff
from tracker.ingest.failures import close_code, count, failure_kind, requested_delay_s
from tracker.ingest.frames import FrameReject, parse
from tracker.ingest.link import MAX_QUEUED_FRAMES, Link, open_link
from tracker.ingest.rejects import RejectLog
from tracker.ingest.state_log import LogAllowance
from tracker.settings import Upstream

logger = logging.getLogger(__name__)

SLICE_S = 0.005
NO_DATA = 4000


class Timing(NamedTuple):
    """Deadlines of one connection, in seconds."""

    open_timeout_s: float = 10.0
    """For name, TCP, TLS and handshake together."""
    ping_interval_s: float = 10.0
    ping_timeout_s: float = 10.0
    close_timeout_s: float = 1.5
    down_after_s: float = 4.5
    """Without a connection for so long, the feed is shown as down. Users are promised 5, grace included."""
    healthy_after_s: float = 30.0
    """A connection that lived so long ends the outage, even when no frame came."""
    silence_cap_s: float = 600.0
    """The silence that is borne never doubles beyond this."""


class UpstreamConnection:
    """Keep one connection to the session emitter and feed the core from it.

    The sink gets each valid frame, in order, and each change of state. It is
    called on the event loop; an exception in it costs that one input.
    Backpressure: a slow sink slows the reading, then the sender (TCP). An
    emitter that sends faster than the sink takes is therefore delayed, not cut.

    Args:
        settings: where to connect and for which site.
        sink: takes each input; synchronous.
        rejects: gets what could not be used.
        clock: receipt times, ages and delays.
        rng: jitter of the reconnects.
        timing: deadlines; tests shorten them.
        backoff: delays between attempts; ``None`` for the usual ones.
        sleep: waits for the next attempt.
    """

    def __init__(
        self,
        settings: Upstream,
        sink: Callable[[Input], None],
        rejects: RejectLog,
        clock: Clock,
        rng: random.Random,
        *,
        timing: Timing = Timing(),
        backoff: Backoff | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._sink = sink
        self._rejects = rejects
        self._clock = clock
        self._timing = timing
        self._backoff = backoff or Backoff(rng)
        self._sleep = sleep
        self._silence_s = settings.silence_timeout_s
        self._link: Link | None = None
        self._down_timer: asyncio.TimerHandle | None = None
        self._failed_attempts = 0
        self._log_allowance = LogAllowance()
        self._last_frame_s: float | None = None
        self.state = UpstreamState.DOWN
        self.since = clock.now().unix_s
        self.frames_received = 0
        self.frames_rejected = 0
        self.sink_errors = 0
        self.connect_attempts = 0
        self.connect_failures: Counter[str] = Counter()
        self.disconnects: Counter[str] = Counter()
        self.stalled = 0

    def snapshot(self) -> dict[str, object]:
        """Return the state and every counter, as ``/api/status`` shows them."""
        age_s = None if self._last_frame_s is None else self._clock.now().monotonic_s - self._last_frame_s
        return {
            "state": str(self.state),
            "since": self.since,
            "framesReceived": self.frames_received,
            "framesRejected": self.frames_rejected,
            "sinkErrors": self.sink_errors,
            "connectAttempts": self.connect_attempts,
            "connectFailures": dict(self.connect_failures),
            "disconnects": dict(self.disconnects),
            "stalled": self.stalled,
            "lastFrameAgeS": age_s,
            "queuedFrames": self.queued_frames,
            "queueBound": MAX_QUEUED_FRAMES,
        }

    @property
    def queued_frames(self) -> int:
        """Frames read from the socket that the sink has not had yet."""
        return self._link.queued if self._link else 0

    async def run(self) -> None:
        """Stay connected until cancelled; then close politely, within two seconds."""
        self._enter(UpstreamState.RECONNECTING)
        try:
            while True:
                await self._sleep(self._backoff.due_in_s(self._clock.now().monotonic_s))
                await self._attempt()
        finally:
            self._disarm()
            self.state, self.since = UpstreamState.DOWN, self._clock.now().unix_s

    async def _attempt(self) -> None:
        self.connect_attempts += 1
        self._backoff.attempt_started(self._clock.now().monotonic_s)
        try:
            link = await open_link(
                self._settings.url,
                open_timeout_s=self._timing.open_timeout_s,
                close_timeout_s=self._timing.close_timeout_s,
            )
        except Exception as error:
            # Whatever it was, the answer is to try again: the kind tells it to the operator.
            self._count_failure(error)
            return
        self._link = link
        opened_s = self._clock.now().monotonic_s
        try:
            self._enter(UpstreamState.CONNECTED)
            self._failed_attempts = 0
            closed = await self._serve(link)
        finally:
            self._link = None
            await link.leave(CloseCode.NORMAL_CLOSURE)
        self._count_loss(closed, lived_s=self._clock.now().monotonic_s - opened_s)

    async def _serve(self, link: Link) -> ConnectionClosed:
        """Read until the connection is over, under watch; return how it ended."""
        async with asyncio.TaskGroup() as group:
            watches = (
                group.create_task(self._watch_pongs(link), name="upstream-pongs"),
                group.create_task(self._watch_silence(link), name="upstream-silence"),
            )
            try:
                return await self._read(link)
            finally:
                for watch in watches:
                    watch.cancel()

    async def _read(self, link: Link) -> ConnectionClosed:
        time_s = link.loop.time
        pause_at_s = time_s() + SLICE_S
        try:
            while True:
                data = await link.recv(decode=False)
                self._take(data, is_text=link.is_text.popleft())
                link.message_at_s = time_s()
                # Reading what is there already never gives way to other tasks by itself.
                if link.message_at_s >= pause_at_s:
                    await asyncio.sleep(0)
                    pause_at_s = time_s() + SLICE_S
        except ConnectionClosed as closed:
            return closed

    def _take(self, data: bytes, is_text: bool) -> None:
        now = self._clock.now()
        self.frames_received += 1
        self._last_frame_s = now.monotonic_s
        self._silence_s = self._settings.silence_timeout_s
        try:
            self._handle(data, is_text, now)
        except Exception as error:
            self._count_sink_error(error)

    def _handle(self, data: bytes, is_text: bool, now: Now) -> None:
        try:
            message = data.decode() if is_text else data
        except UnicodeDecodeError:
            self._reject("invalid_utf8", data)
            return
        frame = parse(message, now, self._settings.site)
        if isinstance(frame, FrameReject):
            self._reject(frame.reason, message)
            return
        self._backoff.reset()
        self._sink(frame)

    def _reject(self, reason: str, data: bytes | str) -> None:
        self.frames_rejected += 1
        self._rejects.add("upstream", self._settings.site, reason, data)

    def _count_sink_error(self, error: Exception) -> None:
        self.sink_errors += 1
        if self.sink_errors == 1:
            # Only where, not what: the message of an exception may quote the frame.
            where = "".join(traceback.format_tb(error.__traceback__))
            logger.error(
                "the sink failed (%s), further failures are only counted:\n%s", type(error).__name__, where
            )

    async def _watch_pongs(self, link: Link) -> None:
        """Close a connection whose other end is gone without a word."""
        with contextlib.suppress(ConnectionClosed):
            await link.until_deaf(self._timing.ping_interval_s, self._timing.ping_timeout_s)
            await link.leave(CloseCode.INTERNAL_ERROR, "no pong")

    async def _watch_silence(self, link: Link) -> None:
        """Connect anew when pongs flow but no data; bear twice the silence the next time."""
        while True:
            left_s = link.message_at_s + self._silence_s - link.loop.time()
            if left_s <= 0 and not link.queued:
                break
            await asyncio.sleep(max(left_s, SLICE_S))
        self.stalled += 1
        cap_s = max(self._timing.silence_cap_s, self._settings.silence_timeout_s)
        self._silence_s = min(self._silence_s * 2, cap_s)
        await link.leave(NO_DATA, "no data")

    def _count_failure(self, error: Exception) -> None:
        now = self._clock.now()
        self._failed_attempts += 1
        count(self.connect_failures, failure_kind(error))
        self._backoff.failed(now.monotonic_s, requested_delay_s(error, now.unix_s))

    def _count_loss(self, closed: ConnectionClosed, lived_s: float) -> None:
        code = close_code(closed)
        count(self.disconnects, str(code))
        if closed.sent and closed.sent.code == code == CloseCode.MESSAGE_TOO_BIG:
            self.frames_received += 1
            self._reject("frame_too_big", b"")
        if lived_s >= self._timing.healthy_after_s:
            self._backoff.reset()
        self._backoff.lost(self._clock.now().monotonic_s)
        self._enter(UpstreamState.RECONNECTING)

    def _enter(self, state: UpstreamState) -> None:
        if state is self.state:
            return
        now = self._clock.now()
        self.state, self.since = state, now.unix_s
        self._disarm()
        if state is UpstreamState.RECONNECTING:
            loop = asyncio.get_running_loop()
            self._down_timer = loop.call_later(self._timing.down_after_s, self._enter, UpstreamState.DOWN)
        self._log_state(now)
        try:
            self._sink(UpstreamChanged(now, self._settings.site, state))
        except Exception as error:
            self._count_sink_error(error)

    def _disarm(self) -> None:
        if self._down_timer:
            self._down_timer.cancel()
            self._down_timer = None

    def _log_state(self, now: Now) -> None:
        if (left_out := self._log_allowance.take(self.state, now.monotonic_s)) is None:
            return
        logger.log(
            logging.WARNING if self.state is UpstreamState.DOWN else logging.INFO,
            "upstream of site %s is %s; failed attempts since it stood: %d; lines left out: %d",
            self._settings.site,
            self.state,
            self._failed_attempts,
            left_out,
        )
