"""Forgetting one visitor, everywhere: files, caches, live state, dashboards.

docs/privacy.md tells operators what goes and what stays.
"""

import asyncio
import logging
from typing import TYPE_CHECKING

from tracker.core.erasure import Marks
from tracker.core.identity import Identity
from tracker.core.inputs import VisitorErased
from tracker.core.visitor import Erased, Visitor
from tracker.store.erasure import JournalErased, Known
from tracker.store.history.eraser import StoreErased

if TYPE_CHECKING:
    from tracker.wiring import Service

log = logging.getLogger(__name__)

ROUNDS = 2
"""The second one takes what was on its way through memory during the first."""


class Erasing:
    """Carries out one erasure at a time."""

    def __init__(self, service: "Service") -> None:
        self._service = service
        self._turn = asyncio.Lock()

    async def erase(self, visitor: Visitor) -> Erased:
        """Forget ``visitor``; return when nothing of them can be read in the files any more.

        Everything that was accepted before goes. What arrives while it runs may go too.

        Raises:
            JournalUnavailable, HistoryUnavailable, HistoryDamaged: something may be left. Ask again.
        """
        async with self._turn:
            service = self._service
            run = _Run(service, visitor)
            for _ in range(ROUNDS):
                await run.once()
                await service.outbox.write()
                await service.notifying.outgoing.write()
                await service.checkpoints.write()
                await service.enrichment.saved()
            await service.eraser.make_compact()
            # Numbers only: who was forgotten must not be found in the log.
            log.info("erased a visitor: %s", run.total)
            return run.total


class _Run:
    """One erasure. What it finds in one place it looks for in the others."""

    def __init__(self, service: "Service", visitor: Visitor) -> None:
        self._service = service
        self._visitor = visitor
        self._session_ids: frozenset[str] = frozenset()
        self._addresses: frozenset[str] = frozenset()
        self._live = 0
        self._stored = StoreErased(0, 0, 0, frozenset())

    @property
    def total(self) -> Erased:
        stored = self._stored
        return Erased(stored.events, stored.sessions, stored.rejects, len(self._addresses), self._live)

    async def once(self) -> None:
        service = self._service
        await service.journal.settled()
        await service.outbox.write()
        await service.notifying.outgoing.write()
        sessions = service.core.sessions_of(Marks(self._visitor, self._session_ids))
        known = Known(
            self._session_ids | {session.id for session in sessions},
            frozenset(filter(None, [service.key_of(ip) for ip in self._visitor.ips]))
            | {session.address for session in sessions if session.address},
        )
        loop = asyncio.get_running_loop()
        stored = await service.eraser.erase(
            self._visitor, known, lambda found: loop.call_soon_threadsafe(self._forget, found, known)
        )
        before = self._stored
        self._stored = StoreErased(
            before.events + stored.events,
            before.sessions + stored.sessions,
            before.rejects + stored.rejects,
            before.addresses | stored.addresses,
        )

    def _forget(self, found: JournalErased, known: Known) -> None:
        """Take them out of memory after every event that the journal has erased; newer ones may go too."""
        service = self._service
        self._session_ids |= found.session_ids
        marks = Marks(self._visitor, self._session_ids)
        sessions = service.core.sessions_of(marks)
        self._live += sum(session.ended_at is None for session in sessions)
        service.pipeline.feed(VisitorErased(service.clock.now(), self._visitor, self._session_ids))
        service.rejects.forget(lambda excerpt: marks.are_named_in(excerpt.decode(errors="replace")))
        enrichment = service.enrichment
        addresses = known.addresses | {session.address for session in sessions if session.address}
        addresses |= frozenset(enrichment.addresses_of(self._is_their_identity))
        cached = {address for address in addresses if enrichment.knows(address)}
        for address in addresses | found.addresses:
            enrichment.forget(address)
            service.origins.forget(address)
        self._addresses |= cached | found.addresses

    def _is_their_identity(self, identity: Identity) -> bool:
        email = (self._visitor.email or "").lower()
        contact = identity.contact
        return contact is not None and any(text.lower() == email for text in contact.email_addresses)
