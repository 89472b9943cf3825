"""The parts of webhooks on a real store, with a clock that moves when the test says so."""

import asyncio
from collections.abc import AsyncIterator, Container
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.notify.receiver import Receiver
from tests.support.clock import FakeClock
from tests.support.service import until
from tracker.core.effects import Alert, AlertKind, AlertLevel
from tracker.core.webhooks import Delivery, HookEvent, Webhook
from tracker.notify.book import HookBook
from tracker.notify.dispatcher import Dispatcher, Limits
from tracker.notify.guard import Guard
from tracker.notify.messages import Messages
from tracker.notify.outgoing import Outgoing
from tracker.notify.sender import Sender
from tracker.store.database import open_database
from tracker.store.errors import JournalUnavailable
from tracker.store.webhooks import WebhookTables

SITE = "default"
WITHIN_S = 15.0


class Rig(NamedTuple):
    clock: FakeClock
    tables: WebhookTables
    book: HookBook
    outgoing: Outgoing
    dispatcher: Dispatcher

    async def hook(self, there: Receiver, site: str = SITE) -> Webhook:
        return await self.book.create(site, there.url, list(HookEvent))

    async def alert(self, *texts: str, site: str = SITE) -> None:
        """Let something happen, and wait until it is on the disk."""
        for text in texts:
            at = self.clock.now().unix_s
            effect = Alert(site, AlertLevel.INFO, AlertKind.SPIKE, text, {"kind": "spike"}, at)
            self.outgoing.shell[Alert](effect)
        assert await self.outgoing.write()

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.dispatcher.wake()

    async def listed(self, hook: Webhook) -> list[Delivery]:
        return await self.tables.latest(hook.id, 100)

    async def states(self, hook: Webhook) -> list[str]:
        return [one.state.value for one in await self.listed(hook)]

    async def all_are(self, hook: Webhook, state: str, count: int) -> None:
        async def holds() -> bool:
            return await self.states(hook) == [state] * count

        await until(holds, WITHIN_S)

    async def idle(self) -> None:
        await until(lambda: not self.dispatcher.in_flight, WITHIN_S)


@asynccontextmanager
async def rig(
    path: Path | None = None,
    limits: Limits | None = None,
    timeout_s: float = 10.0,
    runs: bool = True,
    sites: Container[str] = (SITE, "other"),
) -> AsyncIterator[Rig]:
    """``runs``: whether anything is sent."""
    clock = FakeClock()
    database = open_database(path, clock)
    try:
        tables = WebhookTables(database.writer)
        messages = Messages("http://visitors.example")
        guard = Guard(allow_private=True)
        sender = Sender(guard, clock, timeout_s)
        book = HookBook(tables, guard, sender, messages, clock, sites)
        dispatcher = Dispatcher(
            tables,
            book.enabled,
            sender.send,
            book.gone,
            clock,
            Random(1),
            JournalUnavailable,
            limits or Limits(),
        )
        book.dispatcher = dispatcher
        outgoing = Outgoing(tables, messages, book.wanted, dispatcher.expect, JournalUnavailable)
        await book.load()
        made = Rig(clock, tables, book, outgoing, dispatcher)
        if not runs:
            yield made
            return
        failed = None
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(dispatcher.run(), name="dispatcher")
            try:
                yield made
            except Exception as error:
                failed = error
            running.cancel()
        if failed is not None:
            raise failed
    finally:
        await database.close()
