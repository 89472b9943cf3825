"""Sends what is due: to many receivers at once, to each one its own way and pace."""

import asyncio
import logging
from asyncio import TaskGroup
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from math import inf
from random import Random
from typing import NamedTuple, Protocol, TypeVar

from tracker.core.clock import Clock
from tracker.core.webhooks import DeliveryState, DueDelivery, Settlement, Webhook
from tracker.notify.schedule import lull_s, pause_s
from tracker.notify.sender import Outcome, Reason

log = logging.getLogger(__name__)

LONGEST_WAIT_S = 5.0
"""A wall clock may be set meanwhile."""
STORE_PAUSE_S = 1.0

T = TypeVar("T")


class Limits(NamedTuple):
    """Calls at the same time."""

    in_all: int = 64
    a_site: int = 16
    a_webhook: int = 2
    failing: int = 1
    """To a webhook whose last call failed."""


class DueStore(Protocol):
    async def next_due(self) -> dict[str, float]: ...

    async def due(self, wanted: Mapping[str, int]) -> dict[str, list[DueDelivery]]: ...

    async def settle(self, one: Settlement) -> None: ...


class Lane:
    """What is known of the messages for one webhook."""

    def __init__(self, webhook: str) -> None:
        self.webhook = webhook
        self.due_at = inf
        """When the next one that is not under way is due, or earlier."""
        self.closed_until_at = -inf
        self.failures = 0
        """Calls in a row after which the receiver seemed down or had too much."""
        self.in_flight: set[int] = set()

    @property
    def next_at(self) -> float:
        return max(self.due_at, self.closed_until_at)


class Dispatcher:
    """A receiver that is slow or away holds up nobody else: its calls are few, its retries wait on the disk.

    A message that was delivered is not sent again once that is on the disk; a crash in
    between sends it again with the same id.
    """

    def __init__(
        self,
        store: DueStore,
        find: Callable[[str], Webhook | None],
        send: Callable[[Webhook, str, bytes], Awaitable[Outcome]],
        on_gone: Callable[[Webhook], Awaitable[None]],
        clock: Clock,
        random: Random,
        store_is_away: type[Exception],
        limits: Limits = Limits(),  # noqa: B008  # a NamedTuple
    ) -> None:
        """``find`` gives a webhook that is there and enabled. ``on_gone`` disables one."""
        self._store = store
        self._find = find
        self._send = send
        self._on_gone = on_gone
        self._clock = clock
        self._random = random
        self._store_is_away = store_is_away
        self._limits = limits
        self._lanes: dict[str, Lane] = {}
        self._work = asyncio.Event()
        self.delivered = 0
        self.failed: Counter[Reason] = Counter()
        """Tries, by what went wrong."""
        self.died = 0
        """Messages that were given up after their last try."""

    @property
    def in_flight(self) -> int:
        return sum(len(lane.in_flight) for lane in self._lanes.values())

    def wake(self) -> None:
        """Look again what is due."""
        self._work.set()

    def expect(self, webhooks: Iterable[str]) -> None:
        """There may be something new for these, due at once."""
        for webhook in webhooks:
            self._lane(webhook).due_at = -inf
        self._work.set()

    def forgive(self, webhook: str) -> None:
        """Forget what is held against a receiver: somebody knows that it is back."""
        lane = self._lane(webhook)
        lane.closed_until_at, lane.failures = -inf, 0
        self.expect([webhook])

    def forget(self, webhook: str) -> None:
        """It is removed. Calls under way come to their end."""
        self._lanes.pop(webhook, None)

    async def run(self) -> None:
        """Send for ever."""
        self._lanes.clear()
        for webhook, due_at in (await self._patiently(self._store.next_due)).items():
            self._lane(webhook).due_at = due_at
        async with TaskGroup() as tasks:
            while True:
                self._work.clear()
                await self._begin(tasks)
                await self._wait()

    # What is due

    def _lane(self, webhook: str) -> Lane:
        return self._lanes.setdefault(webhook, Lane(webhook))

    async def _begin(self, tasks: TaskGroup) -> None:
        rooms = self._rooms()
        if not rooms:
            return
        wanted = {}
        for webhook, room in rooms.items():
            lane = self._lane(webhook)
            # One more tells when to look again; what comes while the store is read lowers it anew.
            lane.due_at = inf
            wanted[webhook] = room + len(lane.in_flight) + 1
        found = await self._patiently(lambda: self._store.due(wanted))
        now_at = self._clock.now().unix_s
        for webhook, listed in found.items():
            hook, lane = self._find(webhook), self._lane(webhook)
            if hook is None:
                continue
            waiting = [one for one in listed if one.number not in lane.in_flight]
            due = [one for one in waiting if one.due_at <= now_at][: rooms[webhook]]
            for one in due:
                lane.in_flight.add(one.number)
                tasks.create_task(self._deliver(lane, hook, one), name=f"webhook {webhook}")
            later = [one.due_at for one in waiting if one not in due]
            lane.due_at = min([lane.due_at, *later])

    def _rooms(self) -> dict[str, int]:
        """Return how many calls may be begun for whom, those first that have waited the longest."""
        limits, now_at = self._limits, self._clock.now().unix_s
        left = limits.in_all - self.in_flight
        by_site: Counter[str] = Counter()
        candidates = []
        for lane in list(self._lanes.values()):
            hook = self._find(lane.webhook)
            if hook is None:
                if not lane.in_flight:
                    del self._lanes[lane.webhook]
                continue
            by_site[hook.site] += len(lane.in_flight)
            if lane.next_at <= now_at:
                candidates.append((lane, hook.site))
        candidates.sort(key=lambda one: one[0].next_at)
        rooms = {}
        for lane, site in candidates:
            most = limits.failing if lane.failures else limits.a_webhook
            room = min(most - len(lane.in_flight), limits.a_site - by_site[site], left)
            if room > 0:
                rooms[lane.webhook] = room
                by_site[site] += room
                left -= room
        return rooms

    async def _wait(self) -> None:
        """Until something new comes, a call has ended, or the next one is due."""
        now_at = self._clock.now().unix_s
        waits = [lane.next_at - now_at for lane in self._lanes.values() if lane.next_at > now_at]
        try:
            async with asyncio.timeout(min([LONGEST_WAIT_S, *waits])):
                await self._work.wait()
        except TimeoutError:
            return

    # One message

    async def _deliver(self, lane: Lane, hook: Webhook, one: DueDelivery) -> None:
        try:
            outcome = await self._send(hook, one.id, one.body.encode())
            settlement = self._settlement(one, outcome)
            self._note(lane, outcome, settlement)
            # Until it is on the disk it counts as under way, and is not sent again.
            await self._patiently(lambda: self._store.settle(settlement))
            if outcome.reason is Reason.GONE:
                await self._patiently(lambda: self._on_gone(hook))
        finally:
            lane.in_flight.discard(one.number)
            self._work.set()

    def _settlement(self, one: DueDelivery, outcome: Outcome) -> Settlement:
        now_at, tries = self._clock.now().unix_s, one.tries + 1
        pause = pause_s(tries, outcome.retry_after_s, self._random)
        state, due_at = DeliveryState.PENDING, now_at + (pause or 0.0)
        if outcome.reason is None:
            state = DeliveryState.DELIVERED
        elif pause is None or outcome.reason is Reason.GONE:
            state = DeliveryState.DEAD
        reason = outcome.reason.value if outcome.reason else ""
        return Settlement(one.number, state, tries, due_at, now_at, outcome.status, reason)

    def _note(self, lane: Lane, outcome: Outcome, settlement: Settlement) -> None:
        if outcome.reason is None:
            self.delivered += 1
        else:
            self.failed[outcome.reason] += 1
        if settlement.state is DeliveryState.DEAD:
            self.died += 1
        if settlement.state is DeliveryState.PENDING:
            lane.due_at = min(lane.due_at, settlement.due_at)
        if outcome.is_overload:
            lane.failures += 1
            lull = lull_s(lane.failures, outcome.retry_after_s, self._random)
            lane.closed_until_at = max(lane.closed_until_at, settlement.at + lull)
        else:
            lane.failures = 0

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask the store until it answers."""
        failures = 0
        while True:
            try:
                return await ask()
            except self._store_is_away as error:
                if not failures:
                    log.error("the store of the webhooks does not answer (%s); tried again", error)
                failures += 1
                await asyncio.sleep(STORE_PAUSE_S)
