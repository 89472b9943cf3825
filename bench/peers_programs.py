"""The programs that ``bench peers`` runs side by side, each with a ledger of what it accepted."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

import httpx

from bench.express import NodeProgram, node_program
from bench.installed import service_python
from bench.process import MeasuredService, measured_service

OURS = "service"
USUAL = "Express tracker, usual"
CHEAP = "Express tracker, best of its kind"
ECHO = "Express echo"
TRACKERS = (OURS, USUAL, CHEAP)
EVERYONE = (*TRACKERS, ECHO)
STORED_WITHIN_S = 60.0
LOOK_EVERY_S = 0.3


class LedgerError(Exception):
    """What a program accepted, stored and counted is not the same."""


class Counts(NamedTuple):
    stored: int
    counted: int


class Process(Protocol):
    """Where a program listens and what it takes of the machine."""

    @property
    def base_url(self) -> str: ...

    @property
    def rss_bytes(self) -> int: ...

    @property
    def cpu_s(self) -> float: ...


class Program:
    """One program under measurement, and what its senders know of it.

    Args:
        within_s: seconds in which all that was accepted has to be stored.
    """

    def __init__(self, name: str, process: Process, within_s: float = STORED_WITHIN_S) -> None:
        self.name = name
        self.process = process
        self.accepted = 0
        self.numbered = 0
        """The number of the next event that carries one."""
        self._within_s = within_s
        self._unknown = 0
        """Requests that were under way when a sender stopped: accepted or not."""

    @property
    def socket_path(self) -> str:
        return "/ws"

    @property
    def base_url(self) -> str:
        return self.process.base_url

    def note(self, accepted: int, unknown: int = 0) -> None:
        self.accepted += accepted
        self._unknown += unknown

    async def counts(self) -> Counts | None:
        """Return what the program itself tells, or ``None`` where it counts nothing."""
        return None

    async def settle(self) -> None:
        """Wait until the program is done with what it accepted, at next to no cost for it."""

    async def check(self) -> None:
        """Wait until all that was accepted is stored, and compare.

        Raises:
            LedgerError: something is lost, invented or counted wrongly.
        """
        deadline_s = time.monotonic() + self._within_s
        while (counts := await self.counts()) is not None:
            agrees = self.accepted <= counts.stored <= self.accepted + self._unknown
            if agrees and counts.stored == counts.counted:
                return
            if time.monotonic() > deadline_s:
                raise LedgerError(
                    f"{self.name}: accepted {self.accepted:,} (and at most {self._unknown:,} whose answer "
                    f"nobody waited for), stored {counts.stored:,}, counted {counts.counted:,}"
                )
            await asyncio.sleep(LOOK_EVERY_S)


class Service(Program):
    """Ours: stored is what the history tells, counted is the live counter of the door."""

    def __init__(self, service: MeasuredService) -> None:
        super().__init__(OURS, service)
        self._service = service

    @property
    def socket_path(self) -> str:
        return "/ws?batch=1"

    async def settle(self) -> None:
        deadline_s = time.monotonic() + STORED_WITHIN_S
        while (await self._service.status())["history"]["movedRows"] < self.accepted:
            if time.monotonic() > deadline_s:
                return  # the check tells what is missing
            await asyncio.sleep(LOOK_EVERY_S)

    async def counts(self) -> Counts:
        totals = await self._service.client.get("/api/analytics/totals", params={"range": "day"})
        stored = totals.raise_for_status().json()["data"]["totalEvents"]
        return Counts(stored, (await self._service.status())["ingest"]["accepted"])


class Tracker(Program):
    """Express: there is no store; it counts what it accepts."""

    async def counts(self) -> Counts:
        async with httpx.AsyncClient(base_url=self.base_url, timeout=60, trust_env=False) as client:
            summary = await client.get("/api/analytics/summary")
        counted = summary.raise_for_status().json()["data"]["accepted"]
        return Counts(counted, counted)


@asynccontextmanager
async def started(
    folder: Path, names: tuple[str, ...], idle_timeout_s: int = 60
) -> AsyncIterator[list[Program]]:
    """Start these programs, all at once. ``folder`` holds what all of them need."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(_program(name, folder, idle_timeout_s)) for name in names]


@asynccontextmanager
async def _program(name: str, folder: Path, idle_timeout_s: int) -> AsyncIterator[Program]:
    if name == OURS:
        with tempfile.TemporaryDirectory() as store:
            async with measured_service(
                f"store.url=duckdb:{store}/tracker.duckdb",
                "limits.ingest_per_second=0",
                f"sessions.idle_timeout_s={idle_timeout_s}",
                python=service_python(folder),
            ) as service:
                yield Service(service)
    elif name == ECHO:
        async with node_program(folder, "echo.mjs") as process:
            yield Program(name, process)
    else:
        async with _tracker(folder, name == CHEAP, idle_timeout_s) as process:
            yield Tracker(name, process)


@asynccontextmanager
async def _tracker(folder: Path, is_cheap: bool, idle_timeout_s: int) -> AsyncIterator[NodeProgram]:
    environment = {"CHEAP_STATS": "1" if is_cheap else "0", "IDLE_TIMEOUT_S": str(idle_timeout_s)}
    async with node_program(folder, "tracker.mjs", **environment) as process:
        yield process
