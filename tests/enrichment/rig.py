"""The service of lookups between a test's client and a test's core."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random

import msgspec

from tests.support.clock import FakeClock
from tracker.clock import SystemClock
from tracker.core.clock import Clock
from tracker.core.effects import Lookup
from tracker.core.identity import Company, Identity
from tracker.core.inputs import (
    IdentityResolved,
    Input,
    LookupFailed,
    LookupSkipped,
    NoticeRaised,
)
from tracker.enrichment.cache import IdentityCache
from tracker.enrichment.caller import Client
from tracker.enrichment.client import DeanonymizerClient
from tracker.enrichment.errors import EnrichmentError
from tracker.enrichment.filters import AnswerFilter
from tracker.enrichment.persistence import IdentityStore
from tracker.enrichment.retries import Sleep
from tracker.enrichment.service import Enrichment
from tracker.settings import Deanonymizer, Filters

ACME = Identity(Company("8c0b1a52-1111-4c11-9d3e-2f2b6a5c7e10", "Acme", "acme.com"))

Settled = IdentityResolved | LookupFailed | LookupSkipped


class FakeClient:
    """Answers with what ``outcome`` returns, or raises it."""

    def __init__(self, outcome: Callable[[str], Identity | EnrichmentError | None]) -> None:
        self.outcome = outcome
        self.asked: list[str] = []
        self.closed = False

    async def ask(self, ip: str, deadline_s: float | None = None) -> Identity | None:
        self.asked.append(ip)
        await asyncio.sleep(0)
        outcome = self.outcome(ip)
        if isinstance(outcome, EnrichmentError):
            raise outcome
        return outcome

    async def aclose(self) -> None:
        self.closed = True


class Rig:
    """Stands where the core stands."""

    def __init__(self, service_of: Callable[[Callable[[Input], None]], Enrichment]) -> None:
        self.answers: list[Settled] = []
        self.notices: list[NoticeRaised] = []
        self.on_answer: Callable[[Settled], None] = lambda _: None
        self._changed = asyncio.Event()
        self._waiting: dict[str, list[asyncio.Future[Settled]]] = {}
        self.service = service_of(self._take)

    def _take(self, answer: Input) -> None:
        if isinstance(answer, NoticeRaised):
            self.notices.append(answer)
            return
        assert isinstance(answer, IdentityResolved | LookupFailed | LookupSkipped)
        self.answers.append(answer)
        self._changed.set()
        for future in self._waiting.pop(answer.address, []):
            if not future.done():
                future.set_result(answer)
        self.on_answer(answer)

    async def until(self, wanted: Callable[[], bool]) -> None:
        """Wait for answers until ``wanted``."""
        async with asyncio.timeout(15):
            while not wanted():
                self._changed.clear()
                await self._changed.wait()

    async def ask(self, address: str, ip: str | None = None) -> Settled:
        future: asyncio.Future[Settled] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(address, []).append(future)
        self.service.submit(Lookup(address, address if ip is None else ip))
        async with asyncio.timeout(15):
            return await future


def rig_of(
    client: Client | str,
    *,
    clock: Clock | None = None,
    sleep: Sleep = asyncio.sleep,
    store: IdentityStore | None = None,
    filters: Filters | None = None,
    queue_size: int = 10_000,
    **changes: object,
) -> Rig:
    """``client`` may be the URL of a server, ``changes`` are settings."""
    used_clock = clock or SystemClock()
    settings = msgspec.convert({**msgspec.to_builtins(Deanonymizer()), **changes}, Deanonymizer)
    answer_filter = AnswerFilter(filters or Filters())
    if isinstance(client, str):
        settings = msgspec.structs.replace(settings, url=client)
    used_client = (
        DeanonymizerClient(settings, answer_filter, used_clock) if isinstance(client, str) else client
    )
    return Rig(
        lambda sink: Enrichment(
            settings,
            answer_filter,
            used_client,
            IdentityCache(settings, used_clock),
            used_clock,
            Random(1),
            sink,
            store=store,
            sleep=sleep,
            queue_size=queue_size,
        )
    )


@asynccontextmanager
async def lookups(
    client: Client | str,
    *,
    clock: Clock | None = None,
    sleep: Sleep = asyncio.sleep,
    store: IdentityStore | None = None,
    filters: Filters | None = None,
    queue_size: int = 10_000,
    **changes: object,
) -> AsyncIterator[Rig]:
    """Run the service of ``rig_of``."""
    rig = rig_of(
        client, clock=clock, sleep=sleep, store=store, filters=filters, queue_size=queue_size, **changes
    )
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(rig.service.run())
        try:
            yield rig
        finally:
            running.cancel()


def client_of(
    url: str, clock: Clock | None = None, filters: Filters | None = None, **changes: object
) -> DeanonymizerClient:
    """A client alone."""
    settings = msgspec.convert({**msgspec.to_builtins(Deanonymizer()), **changes, "url": url}, Deanonymizer)
    return DeanonymizerClient(settings, AnswerFilter(filters or Filters()), clock or FakeClock())
