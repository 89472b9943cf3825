"""Webhooks and watch lists of the running service: all their parts, joined."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Container, Mapping
from contextlib import suppress
from random import Random
from typing import Any

from starlette.routing import BaseRoute

from tracker.core.clock import Clock
from tracker.core.inputs import Input
from tracker.core.webhooks import DeliveryCounts
from tracker.http.watches import WatchEndpoints
from tracker.http.webhooks import WebhookEndpoints
from tracker.notify.book import HookBook
from tracker.notify.dispatcher import Dispatcher
from tracker.notify.guard import Guard
from tracker.notify.messages import Messages
from tracker.notify.outgoing import Outgoing
from tracker.notify.sender import Sender
from tracker.notify.watching import Watching
from tracker.pipeline import Shell
from tracker.settings import Settings
from tracker.store.errors import JournalUnavailable
from tracker.store.watches import WatchTable
from tracker.store.webhooks import WebhookTables
from tracker.store.writer import Writer

log = logging.getLogger(__name__)

COUNT_EVERY_S = 2.0
PRUNE_EVERY_COUNTS = 300


class Notifying:
    def __init__(
        self,
        settings: Settings,
        writer: Writer,
        feed: Callable[[Input], None],
        sites: Container[str],
        clock: Clock,
        random: Random,
    ) -> None:
        """``sites``: those that there are; it may change."""
        self._clock = clock
        self._tables = tables = WebhookTables(writer)
        server = settings.server
        host = f"[{server.host}]" if ":" in server.host else server.host
        messages = Messages(settings.webhooks.dashboard_url or f"http://{host}:{server.port}")
        guard = Guard(settings.webhooks.allow_private)
        sender = Sender(guard, clock)
        self.book = HookBook(tables, guard, sender, messages, clock, sites)
        self.dispatcher = Dispatcher(
            tables, self.book.enabled, sender.send, self.book.gone, clock, random, JournalUnavailable
        )
        self.book.dispatcher = self.dispatcher
        self.outgoing = Outgoing(
            tables, messages, self.book.wanted, self.dispatcher.expect, JournalUnavailable
        )
        self.watching = Watching(WatchTable(writer), feed, clock, sites)
        self._counts = DeliveryCounts()
        self._too_old = 0

    @property
    def shell(self) -> Shell:
        return self.outgoing.shell

    @property
    def parts(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        return {
            "webhooks": self.dispatcher.run,
            "webhook-queue": self.outgoing.run,
            "webhook-retention": self._keep,
        }

    def routes(self) -> list[BaseRoute]:
        return [*WebhookEndpoints(self.book).routes(), *WatchEndpoints(self.watching).routes()]

    async def load(self) -> None:
        """Take back what was kept; before any visit is taken back. Raises ``JournalUnavailable``."""
        await self.book.load()
        await self.watching.load()

    async def forget_site(self, site: str) -> None:
        """Know nothing more of a site that was removed."""
        await self.book.forget_site(site)
        await self.watching.forget_site(site)

    async def write_with(self, write: Callable[[], Awaitable[bool]]) -> None:
        """Write what waits here and by ``write`` until nothing waits in either, or the disk takes no more."""
        while await write() and self.outgoing.waiting and await self.outgoing.write():
            pass

    def status(self) -> Mapping[str, Any]:
        outgoing, dispatcher = self.outgoing, self.dispatcher
        return {
            **self.book.status(),
            "watches": self.watching.size,
            "waiting": outgoing.waiting,
            "pending": self._counts.pending,
            "dead": self._counts.dead,
            "inFlight": dispatcher.in_flight,
            "delivered": dispatcher.delivered,
            "failed": sum(dispatcher.failed.values()),
            "failures": {reason.value: count for reason, count in dispatcher.failed.items()},
            "givenUp": dispatcher.died + self._too_old,
            "dropped": dict(outgoing.dropped),
        }

    async def _keep(self) -> None:
        """Count what is kept, and forget what is too old, for ever."""
        while True:
            for _ in range(PRUNE_EVERY_COUNTS):
                with suppress(JournalUnavailable):
                    await self._count()
                await asyncio.sleep(COUNT_EVERY_S)
            with suppress(JournalUnavailable):
                if self.book.size:
                    self._too_old += await self._tables.prune(self._clock.now().unix_s)

    async def _count(self) -> None:
        if not self.book.size:
            self._counts = DeliveryCounts()
            return
        counts = (await self._tables.counts()).values()
        self._counts = DeliveryCounts(sum(one.pending for one in counts), sum(one.dead for one in counts))
