"""Who uses the service while it soaks: senders with a ledger of their own, and dashboards that count."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.contract.rig import SITE_MESSAGES, iso
from tests.support.fault_proxy import FaultProxy

PAGES = tuple(f"/page-{number}" for number in range(10))
EVENTS_OF_A_SESSION = 100
CATCH_UP_S = 2.0
TIMEOUT_S = 5.0
SENT, ACKNOWLEDGED = 1, 2


class Event(msgspec.Struct):
    id: str
    sessionId: str
    type: str
    page: str
    timestamp: str


class Difference(msgspec.Struct):
    """What a store has that it should not have, and the other way round; all zero when it is right."""

    lost: int = 0
    doubled: int = 0
    invented: int = 0


class Ledger:
    """What an outside sender knows of its events: one byte for each, the number in its id is the place."""

    def __init__(self) -> None:
        self._events = bytearray()
        self.acknowledged = 0
        self.sessions: set[str] = set()

    @property
    def sent(self) -> int:
        return len(self._events)

    def add(self) -> str:
        """Note one more event that is going to be sent; return its id."""
        self._events.append(SENT)
        return f"e{len(self._events) - 1}"

    def acknowledge(self, event_id: str) -> None:
        number = int(event_id[1:])
        self.acknowledged += self._events[number] == SENT
        self._events[number] = ACKNOWLEDGED

    def compare(self, stored: "Stored") -> Difference:
        """Every event that was answered is there once, the others at most once, and nothing else."""
        counts = stored.counts.ljust(len(self._events), b"\0")
        return Difference(
            lost=sum(
                state == ACKNOWLEDGED and not count
                for state, count in zip(self._events, counts, strict=False)
            ),
            doubled=sum(count > 1 for count in counts),
            invented=stored.strangers + sum(map(bool, counts[len(self._events) :])),
        )


class Stored:
    """How often each event was found in a store; a byte for each, so that millions fit."""

    def __init__(self) -> None:
        self.counts = bytearray()
        self.strangers = 0

    def add(self, event_id: str) -> None:
        if not event_id[1:].isdecimal():
            self.strangers += 1
            return
        number = int(event_id[1:])
        if number >= len(self.counts):
            self.counts.extend(bytes(number + 1 - len(self.counts)))
        self.counts[number] = min(self.counts[number] + 1, 255)


class Traffic:
    """Senders that POST at an even rate and repeat what was not answered, with the same ids.

    ``life`` is the number of the process that runs: what was tried and answered is counted by it.
    """

    def __init__(self, door: FaultProxy, site: str, life: Callable[[], int]) -> None:
        self.ledger = Ledger()
        self.tried: Counter[int] = Counter()
        self.answered: Counter[int] = Counter()
        self.repeated = 0
        self.found_stored = 0
        """Events that were repeated although they had been stored: only their answer was lost."""
        self.refusals: Counter[str] = Counter()
        self._door = door
        self._site = site
        self._life = life
        self._is_over = False

    def end(self) -> None:
        """Begin nothing new; what was begun is still brought to its end."""
        self._is_over = True

    async def send(self, name: str, rate: float, size: int) -> None:
        """Send ``rate`` events a second, ``size`` in each request."""
        async with httpx.AsyncClient(base_url=self._door.url, trust_env=False, timeout=TIMEOUT_S) as http:
            session = Session(name, self.ledger)
            due_s = time.monotonic()
            while not self._is_over:
                await self._deliver(http, [session.next() for _ in range(size)])
                now_s = time.monotonic()
                due_s = max(due_s + size / rate, now_s - CATCH_UP_S)
                await asyncio.sleep(max(0.0, due_s - now_s))

    async def _deliver(self, http: httpx.AsyncClient, events: list[Event]) -> None:
        body = msgspec.json.encode(events if len(events) > 1 else events[0])
        while not await self._try(http, body, len(events)):
            self.repeated += len(events)
            await asyncio.sleep(random.uniform(0.1, 0.4))
        for event in events:
            self.ledger.acknowledge(event.id)

    async def _try(self, http: httpx.AsyncClient, body: bytes, count: int) -> bool:
        life = self._life()
        self.tried[life] += count
        try:
            answer = await http.post(
                "/api/events",
                params={"site": self._site},
                content=body,
                headers={"content-type": "application/json"},
            )
        except httpx.TransportError:
            return False
        if answer.status_code in (429, 503):
            self.refusals[str(answer.status_code)] += 1
            return False
        self.answered[life] += count
        return self._read_answer(answer, count)

    def _read_answer(self, answer: httpx.Response, count: int) -> bool:
        data: dict[str, Any] = answer.json().get("data") or {}
        if count == 1:
            self.found_stored += data.get("duplicate", False)
            good = answer.status_code in (200, 201)
        else:
            self.found_stored += data.get("duplicates", 0)
            good = data.get("accepted", 0) + data.get("duplicates", 0) == count
        if not good:
            self.refusals[f"{answer.status_code} {answer.text[:200]}"] += 1
        return True


class Session:
    """Visits of one sender, one after the other; each event is on another page than the one before."""

    def __init__(self, sender: str, ledger: Ledger) -> None:
        self._sender = sender
        self._ledger = ledger
        self._events = 0

    def next(self) -> Event:
        visit, step = divmod(self._events, EVENTS_OF_A_SESSION)
        self._events += 1
        session = f"{self._sender}-{visit}"
        self._ledger.sessions.add(session)
        is_last = step == EVENTS_OF_A_SESSION - 1 and visit % 2 == 0
        kind = "session_end" if is_last else ("pageview", "click")[step % 2]
        return Event(self._ledger.add(), session, kind, PAGES[step % len(PAGES)], iso(time.time()))


class Message(msgspec.Struct):
    type: str
    seq: int
    data: msgspec.Raw


class Row(msgspec.Struct):
    sessionId: str


class Snapshot(msgspec.Struct):
    visitors: list[Row]


class Dashboard:
    """Keeps who is there, comes back when it is cut off, and knows when it was not told something."""

    def __init__(self, screens: FaultProxy, site: str) -> None:
        self.rows: set[str] = set()
        self.connections = 0
        self.snapshots = 0
        self.messages = 0
        self.holes: list[str] = []
        """Numbers that were left out without a snapshot that makes up for it."""
        self._screens = screens
        self._site = site
        self._last: int | None = None

    async def run(self) -> None:
        while True:
            with suppress(OSError, TimeoutError, WebSocketException):
                await self._watch()
            await asyncio.sleep(random.uniform(0.2, 0.6))

    async def _watch(self) -> None:
        resume = "" if self._last is None else f"&resume={self._last}"
        url = f"{self._screens.url}?batch=1&site={self._site}{resume}"
        async with connect(url, proxy=None, open_timeout=TIMEOUT_S, max_size=None) as socket:
            self.connections += 1
            await self._read(socket)

    async def _read(self, socket: ClientConnection) -> None:
        async for frame in socket:
            for message in _messages.decode(frame):
                self.messages += 1
                self._note(message)

    def _note(self, message: Message) -> None:
        kind, last = message.type, self._last
        if kind == "snapshot":
            self.snapshots += 1
            self.rows = {row.sessionId for row in msgspec.json.decode(message.data, type=Snapshot).visitors}
        elif last is None or message.seq != last + (kind in SITE_MESSAGES):
            self.holes.append(f"{kind} {message.seq} after {last}")
        self._last = message.seq
        if kind == "session_activity":
            self.rows.add(msgspec.json.decode(message.data, type=Row).sessionId)
        elif kind == "session_ended":
            self.rows.discard(msgspec.json.decode(message.data, type=Row).sessionId)


_messages = msgspec.json.Decoder(list[Message])
