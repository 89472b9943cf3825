"""Lookups for the core: cache, single flight, a bounded queue and its workers.

The core asks with the effect ``Lookup`` and is answered with an input for the
address, however many asked for it: ``IdentityResolved``, ``LookupFailed`` or
``LookupSkipped``. After ``LookupFailed`` an ``IdentityResolved`` may follow unasked,
when the address served as the probe that found the service alive again.
"""

import asyncio
import logging
from collections.abc import Callable
from random import Random
from typing import Any

from tracker.core.clock import Clock
from tracker.core.effects import Lookup
from tracker.core.identity import Identity
from tracker.core.inputs import IdentityResolved, Input, LookupFailed, LookupSkipped
from tracker.enrichment.breaker import BreakerState
from tracker.enrichment.cache import Entry, IdentityCache
from tracker.enrichment.caller import Caller, Client
from tracker.enrichment.errors import BudgetSpent, EnrichmentError, Rejected
from tracker.enrichment.filters import AnswerFilter, Outdated
from tracker.enrichment.ledger import Ledger
from tracker.enrichment.persistence import IdentityStore, NoStore, Saver
from tracker.enrichment.retries import Sleep
from tracker.settings import Deanonymizer

log = logging.getLogger(__name__)

QUEUE_SIZE = 10_000
LOAD_AT_ONCE = 500
RETRY_S = (10.0, 20.0)
RETRY_REJECTED_S = (300.0, 360.0)
AFTER_GATE_S = (0.1, 3.0)
AFTER_PROBE_S = (1.0, 10.0)
# After the probe, so that whoever comes back finds the breaker closed by it.


class Enrichment:
    """``sink`` takes the answers; ``store`` keeps them across a restart (``None``: nothing does).

    What the cache knows is answered inside ``submit``, through the sink, before it
    returns. That is safe: the core's effects are carried out after ``handle`` has
    returned, and an address is forgotten here before its answer goes out. What the
    sink raises is logged and goes no further.
    """

    def __init__(
        self,
        settings: Deanonymizer,
        filters: AnswerFilter,
        client: Client,
        cache: IdentityCache,
        clock: Clock,
        random: Random,
        sink: Callable[[Input], None],
        *,
        store: IdentityStore | None = None,
        sleep: Sleep = asyncio.sleep,
        queue_size: int = QUEUE_SIZE,
    ) -> None:
        self._settings = settings
        self._filters = filters
        self._client = client
        self._cache = cache
        self._clock = clock
        self._random = random
        self._sink = sink
        self._saver = Saver(store or NoStore(), sleep)
        self._sleep = sleep
        self._queue: asyncio.Queue[Lookup] = asyncio.Queue(queue_size)
        self._under_way: set[str] = set()
        self._not_to_keep: set[str] = set()
        """Addresses under way that were forgotten meanwhile."""
        self._in_flight = 0
        self._loaded = False
        self._for_probe: Lookup | None = None
        self._probe_wanted = asyncio.Event()
        self.ledger = Ledger(settings.cost_per_call)
        self._caller = Caller(settings, client, clock, random, sleep, self.ledger, self._emit)

    def submit(self, lookup: Lookup) -> None:
        """Take a request; O(1), never blocks.

        A full queue (10,000 addresses) fails the request, so that the core asks again.
        """
        address = lookup.address
        if not self._settings.enabled:
            self._skip(address, "disabled", None)
        elif address in self._under_way:
            self.ledger.shared += 1
        elif entry := self._cache.fresh(address):
            self.ledger.cache_hits += 1
            self._resolve(address, entry.identity)
        elif obstacle := self._caller.obstacle(self._clock.now()):
            self._give_up(lookup, obstacle)
        elif self._queue.full():
            self._fail(address, "queue_full", self._random.uniform(*RETRY_S))
        else:
            self._under_way.add(address)
            self._queue.put_nowait(lookup)

    @property
    def is_down(self) -> bool:
        """Whether the breaker keeps calls from a service that fails."""
        return self._caller.breaker.state is not BreakerState.CLOSED

    def forget(self, address: str) -> None:
        """Erase what is kept of ``address``, here and within a second in the store.

        The answer of a lookup that is under way goes to whoever waits for it and is not kept.
        """
        self._cache.drop(address)
        self._saver.changed(address, None)
        if address in self._under_way:
            self._not_to_keep.add(address)

    def addresses_of(self, is_theirs: Callable[[Identity], bool]) -> list[str]:
        """Return the addresses whose cached identity is somebody's. A walk over the cache."""
        return self._cache.addresses_of(is_theirs)

    def knows(self, address: str) -> bool:
        return self._cache.stale(address) is not None

    async def saved(self) -> None:
        """Wait until the store has what changed before, or has failed to take it."""
        await self._saver.flush()

    async def run(self) -> None:
        """Load what was kept, then work until cancelled; saves what is unsaved at the end.

        May be run again after that: requests that were under way are taken up again.
        """
        try:
            if not self._loaded:
                await self._load()
                self._loaded = True
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._saver.run(), name="lookup-saver")
                tasks.create_task(self._probe(), name="lookup-probe")
                for number in range(self._settings.concurrency):
                    tasks.create_task(self._work(), name=f"lookup-{number}")
        finally:
            await self._saver.aclose()
            await self._client.aclose()

    def snapshot(self) -> dict[str, Any]:
        """Counts since the start and the state of every part, for ``/api/status``."""
        now, caller = self._clock.now(), self._caller
        return {
            "enabled": self._settings.enabled,
            **self.ledger.snapshot(),
            "breaker": {
                "state": caller.breaker.state.value,
                "opened": caller.breaker.opened,
                "nextProbeInS": round(caller.breaker.wait_s(now.monotonic_s), 1),
            },
            "pausedForS": round(caller.gate.wait_s(now.monotonic_s), 1),
            "budget": caller.budget.snapshot(now),
            "queued": self._queue.qsize(),
            "inFlight": self._in_flight,
            "cached": self._cache.size,
            "unsaved": self._saver.waiting,
            "unsavedGivenUp": self._saver.given_up,
            "saveFailures": self._saver.failures,
        }

    async def _work(self) -> None:
        while True:
            lookup = await self._queue.get()
            self._in_flight += 1
            try:
                await self._settle(lookup)
            except asyncio.CancelledError:
                self._take_up_again(lookup)
                raise
            except Exception:
                log.exception("a lookup ended in a bug; it is tried again later")
                self._end(lookup)
                self._fail(lookup.address, "bug", self._random.uniform(*RETRY_S))
            finally:
                self._in_flight -= 1

    async def _settle(self, lookup: Lookup) -> None:
        # What was kept may have been loaded after the request came in.
        if entry := self._cache.fresh(lookup.address):
            self.ledger.cache_hits += 1
            self._end(lookup)
            self._resolve(lookup.address, entry.identity)
            return
        if not lookup.ip:
            # Only its pseudonym outlived a restart; what the visitor sends next brings it again.
            self._end(lookup)
            self._fail(lookup.address, "address_not_at_hand", self._random.uniform(*RETRY_S))
            return
        try:
            identity = await self._caller.lookup(lookup.ip)
        except EnrichmentError as error:
            self._end(lookup)
            self._give_up(lookup, error)
        else:
            self._keep(lookup.address, identity)
            self._end(lookup)
            self._resolve(lookup.address, identity)
        finally:
            self._saver.spent(self._caller.budget.spend)

    def _keep(self, address: str, identity: Identity | None) -> None:
        if address in self._not_to_keep:
            return
        if identity is None:
            self.ledger.misses += 1
        else:
            self.ledger.hits += 1
        self._saver.changed(address, self._cache.put(address, identity))

    def _take_up_again(self, lookup: Lookup) -> None:
        if lookup.address not in self._under_way:
            return
        if self._queue.full():
            self._end(lookup)
            self._fail(lookup.address, "queue_full", self._random.uniform(*RETRY_S))
        else:
            self._queue.put_nowait(lookup)

    def _end(self, lookup: Lookup) -> None:
        self._under_way.discard(lookup.address)
        self._not_to_keep.discard(lookup.address)

    def _resolve(self, address: str, identity: Identity | None) -> None:
        self._emit(IdentityResolved(self._clock.now(), address, identity))

    def _give_up(self, lookup: Lookup, error: EnrichmentError) -> None:
        now_s = self._clock.now().monotonic_s
        probe_in_s = self._caller.breaker.wait_s(now_s)
        gate_s = self._caller.gate.wait_s(now_s)
        if isinstance(error, BudgetSpent):
            self._skip(lookup.address, "budget", error.retry_after_s)
        elif probe_in_s > 0:
            self._wait_for_probe(lookup, error, max(probe_in_s, gate_s))
        elif gate_s > 0:
            self._fail(lookup.address, error.kind, gate_s + self._random.uniform(*AFTER_GATE_S))
        else:
            pause_s = RETRY_REJECTED_S if isinstance(error, Rejected) else RETRY_S
            self._fail(lookup.address, error.kind, self._random.uniform(*pause_s))

    def _wait_for_probe(self, lookup: Lookup, error: EnrichmentError, wait_s: float) -> None:
        self._for_probe = lookup
        self._probe_wanted.set()
        if entry := self._cache.stale(lookup.address):
            self.ledger.stale_hits += 1
            self._resolve(lookup.address, entry.identity)
        else:
            self._fail(lookup.address, error.kind, wait_s + self._random.uniform(*AFTER_PROBE_S))

    def _fail(self, address: str, kind: str, retry_after_s: float) -> None:
        self.ledger.failures[kind] += 1
        self._emit(LookupFailed(self._clock.now(), address, retry_after_s))

    def _skip(self, address: str, reason: str, retry_after_s: float | None) -> None:
        self.ledger.skipped[reason] += 1
        self._emit(LookupSkipped(self._clock.now(), address, retry_after_s))

    def _emit(self, answer: Input) -> None:
        try:
            self._sink(answer)
        except Exception:
            log.exception("an answer of a lookup could not be delivered")

    async def _probe(self) -> None:
        """While the breaker is open: when a call may pass, ask for the address that was wanted last.

        Without it the probe would wait until some session asks by chance.
        """
        while True:
            await self._probe_wanted.wait()
            wait_s = self._caller.breaker.wait_s(self._clock.now().monotonic_s)
            if wait_s > 0:
                await self._sleep(wait_s)
                continue
            self._probe_wanted.clear()
            lookup, self._for_probe = self._for_probe, None
            if lookup is not None:
                self.submit(lookup)

    async def _load(self) -> None:
        now = self._clock.now()
        try:
            kept, spend = await self._saver.load(now.unix_s, self._filters.again)
        except Exception as error:
            log.error("lookup cache: cannot be read (%s); addresses are asked anew", type(error).__name__)
            return
        if spend is not None:
            self._caller.budget.restore(*spend, now)
        for number, (address, entry, identity) in enumerate(kept):
            self._restore(address, entry, identity)
            if number % LOAD_AT_ONCE == 0:
                await asyncio.sleep(0)

    def _restore(self, address: str, entry: Entry, identity: Identity | Outdated | None) -> None:
        if isinstance(identity, Outdated):
            self._saver.changed(address, None)
            return
        if identity != entry.identity:
            entry = entry._replace(identity=identity)
            self._saver.changed(address, entry)
        self._cache.restore(address, entry)
