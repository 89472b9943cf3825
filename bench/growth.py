"""Does an event cost more where many sessions are live, and where much is stored? One service for each case.

All of them stand side by side and are asked in turn, so that a machine which is not equally fast for long
is so for none of them.
"""

import shutil
import tempfile
import time
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.figures import Figure
from bench.history import fill
from bench.posting import post, post_evenly
from bench.process import MeasuredService, measured_service

ROUNDS = 5
RATE = 1_000.0
EVENTS = 5_000
SENDERS = 500
"""Sessions of whom the measured events tell."""
ARRAY = 500
EVENT = b'{"type":"pageview","sessionId":"s%d","page":"/p%d","country":"DE","metadata":{"device":"mobile"}}'
STEPS = (0, 2_000_000, 10_000_000)


class Case(NamedTuple):
    sessions: int
    stored: int

    def __str__(self) -> str:
        return f"{self.sessions:,} sessions, {self.stored:,} events stored"


EMPTY = Case(0, 0)
CASES = (
    EMPTY,
    *(Case(sessions, 0) for sessions in (10_000, 100_000)),
    *(Case(0, stored) for stored in STEPS[1:]),
    Case(100_000, STEPS[-1]),
)


async def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            services = {
                case: await stack.enter_async_context(_service(Path(folder) / str(number), case))
                for number, case in enumerate(CASES)
            }
            for case, service in services.items():
                await _open_sessions(service, case.sessions)
                await _cost_us(service)
            rounds = [
                {case: await _cost_us(service) for case, service in services.items()} for _ in range(ROUNDS)
            ]
    figures = [Figure(f"growth: processor time an event, {EMPTY}", median(_of(rounds, EMPTY)), "µs")]
    for case in CASES[1:]:
        ratios = [one[case] / one[EMPTY] for one in rounds]
        figures.append(Figure(f"growth: the same with {case}, over that", median(ratios), "×", "≤ 1.3"))
    return figures


def _of(rounds: list[dict[Case, float]], case: Case) -> list[float]:
    return [one[case] for one in rounds]


def _service(folder: Path, case: Case) -> AbstractAsyncContextManager[MeasuredService]:
    folder.mkdir()
    store = folder / "tracker.duckdb"
    if case.stored:
        _filled(folder.parent, case.stored, store)
    return measured_service(
        f"store.url=duckdb:{store}", "limits.ingest_per_second=0", "sessions.idle_timeout_s=3600"
    )


def _filled(cache: Path, events: int, store: Path) -> None:
    """Fill a history, or copy the one that was filled before with as many."""
    filled = cache / f"filled-{events}.duckdb"
    if not filled.exists():
        fill(filled, events, time.time())
    shutil.copyfile(filled, store)


async def _open_sessions(service: MeasuredService, count: int) -> None:
    async with post(service.base_url) as send:
        for first in range(0, count, ARRAY):
            await send(b"[" + b",".join(_event(SENDERS + first + n) for n in range(ARRAY)) + b"]")
    live = (await service.status())["core"]["liveSessions"]
    if live != count:
        raise RuntimeError(f"{live} sessions are live instead of {count}")


async def _cost_us(service: MeasuredService) -> float:
    cpu_s = service.cpu_s
    await post_evenly(service.base_url, RATE, EVENTS / RATE, lambda number: _event(number % SENDERS))
    return (service.cpu_s - cpu_s) / EVENTS * 1e6


def _event(session: int) -> bytes:
    return EVENT % (session, session % 50)
