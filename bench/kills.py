"""The service is killed under load, again and again: is all that it acknowledged there exactly once?"""

import asyncio
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import httpx
import msgspec

from bench.figures import Figure
from bench.process import MeasuredService, measured_service

ROUNDS = 200
TERMINATIONS = 50
SENDERS = 8
ARRAY = 20
SECONDS = (0.02, 0.8)
"""How long one round lasts."""
SETTLE_S = 30.0


class Event(msgspec.Struct):
    id: str
    sessionId: str
    type: str = "click"


class Ledger:
    """What an outside sender knows of its events. Those without an answer are sent again."""

    def __init__(self) -> None:
        self.sent: set[str] = set()
        self.acknowledged: set[str] = set()
        self._unanswered: list[Event] = []

    def take(self, count: int, sender: int) -> list[Event]:
        events = [self._unanswered.pop() for _ in range(min(count, len(self._unanswered)))]
        first = len(self.sent)
        events += [Event(f"event-{first + n}", f"session-{sender}") for n in range(count - len(events))]
        self.sent.update(event.id for event in events)
        return events

    def answered(self, events: list[Event]) -> None:
        self.acknowledged.update(event.id for event in events)

    def unanswered(self, events: list[Event]) -> None:
        self._unanswered += events


class Outcome(NamedTuple):
    acknowledged: int
    lost: int
    doubled: int
    invented: int
    longest_start_s: float
    longest_end_s: float


async def measure() -> list[Figure]:
    figures = []
    for number, rounds in ((signal.SIGKILL, ROUNDS), (signal.SIGTERM, TERMINATIONS)):
        with TemporaryDirectory() as folder:
            outcome = await run(Path(folder), rounds, number, random.Random(1))
        name = f"{rounds} × {number.name}"
        figures += [
            Figure(f"{name}: acknowledged", outcome.acknowledged, "events"),
            Figure(f"{name}: lost", outcome.lost, "events", "0"),
            Figure(f"{name}: doubled", outcome.doubled, "events", "0"),
            Figure(f"{name}: longest start", outcome.longest_start_s, "s", "≤ 3"),
            Figure(f"{name}: longest end", outcome.longest_end_s, "s", "≤ 10"),
        ]
    return figures


async def run(folder: Path, rounds: int, number: signal.Signals, rng: random.Random) -> Outcome:
    """Start the service on the same store ``rounds`` times, end it by ``number``, and compare at the end."""
    ledger = Ledger()
    settings = (f"store.url=duckdb:{folder / 'tracker.duckdb'}", "limits.ingest_per_second=0")
    starts_s, ends_s = [], []
    for _ in range(rounds):
        began_s = time.monotonic()
        async with measured_service(*settings) as service:
            starts_s.append(time.monotonic() - began_s)
            async with asyncio.TaskGroup() as tasks:
                for sender in range(SENDERS):
                    count = ARRAY if sender == 0 else 1
                    tasks.create_task(_send(service, ledger, sender, count), name=f"sender {sender}")
                await asyncio.sleep(rng.uniform(*SECONDS))
                service.send(number)
                began_s = time.monotonic()
        ends_s.append(time.monotonic() - began_s)
    async with measured_service(*settings) as service:
        stored = await _stored(service, ledger)
    return Outcome(
        len(ledger.acknowledged),
        len(ledger.acknowledged - stored.keys()),
        sum(count > 1 for count in stored.values()),
        len(stored.keys() - ledger.sent),
        max(starts_s),
        max(ends_s),
    )


async def _send(service: MeasuredService, ledger: Ledger, sender: int, count: int) -> None:
    """Send until the service is gone."""
    async with httpx.AsyncClient(base_url=service.base_url, trust_env=False, timeout=15) as client:
        while True:
            events = ledger.take(count, sender)
            body = msgspec.json.encode(events if count > 1 else events[0])
            try:
                response = await client.post(
                    "/api/events", content=body, headers={"content-type": "application/json"}
                )
            except httpx.TransportError:
                ledger.unanswered(events)
                return
            if response.status_code in (200, 201):
                ledger.answered(events)
            else:
                ledger.unanswered(events)
                await asyncio.sleep(0.01)


async def _stored(service: MeasuredService, ledger: Ledger) -> Counter[str]:
    """Return how often each event is in the history, once all of the journal has come there."""
    stored: Counter[str] = Counter()
    with suppress(TimeoutError):
        async with asyncio.timeout(SETTLE_S):
            while not ledger.acknowledged <= stored.keys():
                await asyncio.sleep(1)
                stored = await _export(service)
    return stored


async def _export(service: MeasuredService) -> Counter[str]:
    stored: Counter[str] = Counter()
    parameters = {"format": "ndjson", "range": "day"}
    async with service.client.stream("GET", "/api/analytics/export", params=parameters) as response:
        async for line in response.aiter_lines():
            stored[msgspec.json.decode(line)["id"]] += 1
    return stored
