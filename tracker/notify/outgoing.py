"""From what happened to messages on the disk: nothing counts as queued before it is there."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from tracker.core.effects import Alert, AlertKind, SessionIdentified, WatchMatched
from tracker.core.webhooks import HookEvent, NewDelivery
from tracker.notify.messages import Message, Messages

log = logging.getLogger(__name__)

MAX_WAITING = 10_000
MAX_BATCH = 100
INTERVAL_S = 0.1


class DeliveryStore(Protocol):
    async def put(self, deliveries: Sequence[NewDelivery]) -> int: ...


class Outgoing:
    """Takes effects of the core and keeps what webhooks want to hear of.

    A site without webhooks costs one look into a dict. At most 10,000 messages wait for the
    disk; then the oldest go first, counted in ``dropped`` as ``not_written``. What the store gives up
    because a site has too much on its way is counted as ``queue_full``.
    """

    def __init__(
        self,
        store: DeliveryStore,
        messages: Messages,
        wanted: Mapping[str, Mapping[HookEvent, Iterable[str]]],
        on_stored: Callable[[Iterable[str]], None],
        store_is_away: type[Exception],
        max_waiting: int = MAX_WAITING,
    ) -> None:
        """``wanted``: webhooks by site and event; it may change. ``on_stored`` gets those with news."""
        self._store = store
        self._messages = messages
        self._wanted = wanted
        self._on_stored = on_stored
        self._store_is_away = store_is_away
        self._waiting: deque[NewDelivery] = deque(maxlen=max_waiting)
        self._work = asyncio.Event()
        self._writing = asyncio.Lock()
        self.dropped: Counter[str] = Counter()
        self.failures = 0
        """Times in a row that they could not be written."""
        self.shell: dict[type[Any], Callable[[Any], None]] = {
            SessionIdentified: self._identified,
            WatchMatched: self._matched,
            Alert: self._alert,
        }

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    # From the core

    def _identified(self, effect: SessionIdentified) -> None:
        session = effect.session
        if session.site in self._wanted and session.identity is not None and session.identity.company:
            self._tell(session.site, HookEvent.VISIT_IDENTIFIED, lambda: self._messages.identified(effect))

    def _matched(self, effect: WatchMatched) -> None:
        if effect.session.site in self._wanted:
            self._tell(effect.session.site, HookEvent.WATCH_MATCHED, lambda: self._messages.matched(effect))

    def _alert(self, effect: Alert) -> None:
        # Matches of the watch list have an event of their own.
        if effect.site in self._wanted and effect.kind is not AlertKind.WATCH:
            self._tell(effect.site, HookEvent.ALERT, lambda: self._messages.alert(effect))

    def _tell(self, site: str, event: HookEvent, message: Callable[[], Message]) -> None:
        hooks = tuple(self._wanted[site].get(event, ()))
        if not hooks:
            return
        told = message()
        for hook in hooks:
            if len(self._waiting) == self._waiting.maxlen:
                self.dropped["not_written"] += 1
            self._waiting.append(
                NewDelivery(hook, told.id, site, told.type, told.at, told.session_id, told.body)
            )
        self._work.set()

    # To the disk

    async def run(self) -> None:
        """Write what waits, soon after it came; for ever."""
        while True:
            await self._work.wait()
            await self.write()
            # More of them share a commit.
            await asyncio.sleep(INTERVAL_S if not self.failures else 10 * INTERVAL_S)

    async def write(self) -> bool:
        """Write what waits; ``False``: it failed and waits on."""
        async with self._writing:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(MAX_BATCH, len(self._waiting)))]
                try:
                    dropped = await self._store.put(batch)
                except self._store_is_away as error:
                    self._take_back(batch)
                    if not self.failures:
                        log.error("messages for webhooks cannot be written (%s); tried again", error)
                    self.failures += 1
                    return False
                except BaseException:
                    self._take_back(batch)
                    raise
                self.failures = 0
                if dropped:
                    self.dropped["queue_full"] += dropped
                self._on_stored({one.webhook for one in batch})
            self._work.clear()
        return True

    def _take_back(self, batch: list[NewDelivery]) -> None:
        room = (self._waiting.maxlen or 0) - len(self._waiting)
        self.dropped["not_written"] += max(0, len(batch) - room)
        self._waiting.extendleft(reversed(batch[max(0, len(batch) - room) :]))
