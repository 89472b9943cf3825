"""The session emitter: a WebSocket server that tells every client who comes and goes."""

import asyncio
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import msgspec

from emitters.door import Door
from emitters.population import World
from emitters.schedule import DEFAULT_SESSIONS_MAX, Ledger, Schedule
from emitters.visits import Step, encode, timestamp_json
from emitters.wire import websocket_frame

DEFAULT_PORT = 8080
FLOOD_PER_SECOND = 20_000.0

_SLICE_S = 0.005
_IDLE_SLICE_S = 0.02
_CATCH_UP_S = 0.25
_FRAMES_PER_WRITE = 500


class SessionEmitter(Door):
    """A feed of visits for any number of clients, in this process.

    ``async with SessionEmitter() as emitter`` listens on a free port of the
    loopback and says only what a test tells it to say. ``stop`` and ``start``
    close and open the door on the same port.

    Args:
        port: 0 takes any free port, which ``port`` and ``url`` then name.
        rate: frames a second made up from visits; 0 for none.
        speed: divides every wait inside a visit.
        faults: names of ``VISIT_FAULTS`` that happen to ``fault_rate`` of the visits.
        connection_fault: one of ``CONNECTION_FAULTS``; may be set at any time.
        drop_every_s: seconds after which all connections end; ``None`` for never
            (10 while the fault is ``drop``).
        retry_after: the Retry-After header of ``status-429``; empty for none.
        sessions_max: visits at once.
        client_buffer_bytes: a client that leaves more than this unread is dropped.

    Attributes:
        ledger: the truth about the visits, and what was sent.
        connection_attempts: monotonic times of the handshakes asked for, the last 10,000.
        clients_dropped: clients that read too slowly.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        rate: float = 0.0,
        seed: int = 1,
        speed: float = 1.0,
        faults: Sequence[str] = (),
        fault_rate: float = 0.05,
        connection_fault: str | None = None,
        drop_every_s: float | None = None,
        retry_after: str = "5",
        sessions_max: int = DEFAULT_SESSIONS_MAX,
        client_buffer_bytes: int = 8 << 20,
        world: World | None = None,
    ) -> None:
        super().__init__(host, port, connection_fault, drop_every_s, retry_after, client_buffer_bytes)
        self.rate = rate
        self.world = world or World(seed)
        self._pace_task: asyncio.Task[None] | None = None
        self._schedule = Schedule(
            self.world,
            seed=seed,
            speed=speed,
            faults=faults,
            fault_rate=fault_rate,
            sessions_max=sessions_max,
        )

    @property
    def ledger(self) -> Ledger:
        return self._schedule.ledger

    @property
    def open_sessions(self) -> dict[str, str]:
        """Guid → address of everyone who is there now, whatever the clients were told."""
        return self.ledger.open_sessions

    @property
    def frames_sent(self) -> int:
        return self.ledger.frames_sent

    async def start(self) -> None:
        """Listen and begin to send.

        Raises:
            OSError: the port is taken or may not be used.
        """
        await self.open()
        self._pace_task = asyncio.get_running_loop().create_task(self._pace(), name="session emitter")

    async def stop(self) -> None:
        """End every connection and stop listening. Raises what ended the sending, if anything did."""
        if self._pace_task is None:
            return
        task, self._pace_task = self._pace_task, None
        task.cancel()
        await asyncio.wait({task})
        await self.close()
        if not task.cancelled():
            await task

    async def wait(self) -> None:
        """Wait until the sending ends, which it does only by ``stop`` or by a bug."""
        if self._pace_task is not None:
            await asyncio.wait({self._pace_task})

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def send(self, message: object) -> None:
        """Send one frame to every client: text as it is, bytes as a binary frame, anything else as JSON."""
        if isinstance(message, bytes):
            frame = websocket_frame(message, is_binary=True)
        elif isinstance(message, str):
            frame = websocket_frame(message.encode())
        else:
            frame = websocket_frame(msgspec.json.encode(message))
        self.ledger.note_scripted(_parsed(message))
        self.broadcast(frame)
        await asyncio.sleep(0)

    async def _pace(self) -> None:
        """Send what is due, in slices of a few milliseconds, for ever."""
        owed = 0.0
        last_s = time.monotonic()
        while True:
            rate = self._rate_now()
            await asyncio.sleep(_SLICE_S if rate else _IDLE_SLICE_S)
            now_s = time.monotonic()
            # A stall is caught up with in part only: what comes after it is no flood.
            owed = min(owed + rate * (now_s - last_s), max(1.0, rate * _CATCH_UP_S))
            last_s = now_s
            due = int(owed)
            owed -= due
            await self._send_due(now_s, due)
            self.strike_connections(now_s)

    def _rate_now(self) -> float:
        return max(self.rate, FLOOD_PER_SECOND) if self.connection_fault == "flood" else self.rate

    async def _send_due(self, now_s: float, due: int) -> None:
        while due > 0:
            count = min(due, _FRAMES_PER_WRITE)
            due -= count
            steps = self._next_steps(now_s, count)
            if self.connection_fault != "silence":
                self.broadcast(_frames(steps))
            if due:
                await asyncio.sleep(0)

    def _next_steps(self, now_s: float, count: int) -> list[Step]:
        """Return ``count`` frames; a flood is of keep-alives and opens no more visits than usual."""
        if self.connection_fault != "flood":
            return self._schedule.take(now_s, count)
        usual = max(1, round(count * self.rate / self._rate_now()))
        steps = self._schedule.take(now_s, usual)
        return steps + self._schedule.extra_keep_alives(count - usual)


def _parsed(message: object) -> object:
    if not isinstance(message, str):
        return message
    try:
        return msgspec.json.decode(message)
    except msgspec.DecodeError:
        return message


def _frames(steps: Sequence[Step]) -> bytes:
    now_unix_s = time.time()
    now_json = timestamp_json(now_unix_s)
    return b"".join(
        websocket_frame(encode(step, now_unix_s, now_json), is_binary=step.is_binary) for step in steps
    )
