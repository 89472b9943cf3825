"""The one place that knows all parts and puts them together."""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from zoneinfo import ZoneInfo

from tracker import endpoints, shells
from tracker.access.control import AccessControl
from tracker.access.principal import Mode
from tracker.accounts import open_accounts, setup_token
from tracker.core.clock import Clock
from tracker.core.core import Core
from tracker.core.effects import AlertKind
from tracker.core.ended import REMEMBERED_FOR_S
from tracker.core.history import StoredEvent
from tracker.core.inputs import Input, ResetRequested, Tick, UpstreamFrame, UpstreamState
from tracker.core.rules import Rules
from tracker.core.visitor import Erased, Visitor
from tracker.enrichment.cache import IdentityCache
from tracker.enrichment.client import DeanonymizerClient
from tracker.enrichment.filters import AnswerFilter
from tracker.enrichment.service import Enrichment
from tracker.erasing import Erasing
from tracker.histogram import LAG_BOUNDS_S, Histogram
from tracker.http.access import Gate
from tracker.http.app import build_app
from tracker.http.clients import ClientAddresses
from tracker.http.hosts import ServedHosts
from tracker.ingest.door import EventDoor
from tracker.ingest.geography import Countries, UnusableFile
from tracker.ingest.origins import Origins
from tracker.ingest.rejects import Reject, RejectLog
from tracker.ingest.upstream import UpstreamConnection
from tracker.live.hub import Hub
from tracker.notifying import Notifying
from tracker.open_files import room_for_dashboards
from tracker.pipeline import Pipeline
from tracker.refusals import REFUSALS, TranslatedJournal
from tracker.revival import revive
from tracker.settings import Settings, SettingsError
from tracker.store.checkpoints import Checkpoints
from tracker.store.database import Database, journal_path, open_database
from tracker.store.errors import JournalUnavailable, StoreError
from tracker.store.history.database import HistoryDatabase, history_path, open_history
from tracker.store.history.eraser import Eraser
from tracker.store.history.errors import (
    HistoryDamaged,
    HistoryUnavailable,
)
from tracker.store.history.history import History
from tracker.store.history.mover import Mover
from tracker.store.history.outbox import (
    Outbox,
    RejectedInput,
)
from tracker.store.history.readers import Readers
from tracker.store.history.resting import Resting
from tracker.store.identities import Identities
from tracker.store.journal import Journal
from tracker.store.secret import install_secret
from tracker.supervisor import Supervisor
from tracker.visitor_ids import AnonymousIds

log = logging.getLogger(__name__)

TICK_S = 0.25
STALL_S = 1.0
"""How long the event loop may stand still before the log says so."""
PRUNE_EVERY_S = 10.0
RETAIN_EVERY_S = 6 * 3_600.0
MAX_DAYS_IN_MEMORY = 1
MAX_IDS_IN_MEMORY = 500_000
"""Ids for recognizing repeats, about 150 bytes each, when they are not on disk."""
STALE_IDENTITIES_S = 86_400.0


def rules_of(settings: Settings) -> Rules:
    return Rules(
        idle_timeout_s=settings.sessions.idle_timeout_s,
        reveal_after_s=settings.sessions.reveal_after_s,
        leave_grace_s=settings.sessions.leave_grace_s,
        journey_length=settings.sessions.journey_length,
        spike_visitors_per_minute=settings.alerts.spike_visitors_per_minute,
        spike_factor=settings.alerts.spike_factor,
        milestones=settings.alerts.milestones,
        upstream_down_s=settings.alerts.upstream_down_s,
        timezone=ZoneInfo(settings.server.timezone),
    )


@asynccontextmanager
async def running(settings: Settings, clock: Clock, rng: random.Random) -> AsyncIterator["Service"]:
    """Open the store, take the live state back, run all parts; flush and close at the end.

    Raises:
        StoreError: the files cannot be used; the message says what to do.
        SettingsError: a file that the settings name cannot be used.
    """
    async with AsyncExitStack() as opened:
        countries = countries_of(settings)
        if countries is not None:
            opened.callback(countries.close)
        database = open_database(journal_path(settings.store), clock)
        opened.push_async_callback(database.close)
        past = open_history(history_path(settings.store), clock)
        opened.callback(past.close)
        secret = await install_secret(database.writer)
        origins = Origins(settings.privacy.ip, secret, None if countries is None else countries.of)
        access = await open_accounts(settings, database, clock)
        opened.push_async_callback(access.close)
        token = await setup_token(access, settings)
        service = Service(settings, database, past, clock, rng, secret, origins, access)
        service.setup_token = token
        opened.push_async_callback(service.close)
        await service.notifying.load()
        await revive(service)
        async with asyncio.TaskGroup() as tasks:
            supervision = tasks.create_task(service.supervise(), name="supervisor")
            try:
                yield service
            finally:
                supervision.cancel()


def countries_of(settings: Settings) -> Countries | None:
    if not settings.geography.mmdb_file:
        return None
    try:
        return Countries(settings.geography.mmdb_file)
    except UnusableFile as error:
        raise SettingsError([f"geography.mmdb_file: {error}"]) from error


class Service:
    """All parts of one running service, joined by the pipeline."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        past: HistoryDatabase,
        clock: Clock,
        rng: random.Random,
        secret: bytes,
        origins: Origins,
        access: AccessControl,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.database = database
        self.origins = origins
        self.access = access
        self.setup_token: str | None = None
        """For the link that makes the administrator, while there is none."""
        self.started = clock.now()
        self._stopping = False
        self.loop_lag_s = 0.0
        self.loop_lag = Histogram(LAG_BOUNDS_S)
        self.alerts: Counter[AlertKind] = Counter()
        """Raised since the start."""
        self._rules = rules_of(settings)
        self.core = Core(self._rules, clock.now())
        self.pipeline = Pipeline(self.core)
        self.rejects = RejectLog(clock, keep=self._remember_reject, mask=origins.mask)
        self.supervisor = Supervisor(clock)

        self.journal = Journal(
            database.writer,
            clock,
            self.pipeline.feed,
            max_ids=MAX_IDS_IN_MEMORY if settings.store.in_memory else None,
        )
        self.outbox = Outbox(database.writer)
        self.checkpoints = Checkpoints(
            database.writer,
            clock,
            self.core.site,
            applied_seq=lambda: self.journal.fed_seq,
            keep_ended_s=max(REMEMBERED_FOR_S, self._rules.late_window_s),
            first=self._write_messages,
        )
        sites = access.book.sites
        self.notifying = Notifying(settings, database.writer, self.pipeline.feed, sites, clock, rng)
        access.forget_site = self.notifying.forget_site
        self.mover = Mover(database.writer, past, clock)
        self.readers = Readers(past)
        self.history = History(past, self.readers, self.mover, clock)
        self.resting = Resting(past, self.mover)
        self.eraser = Eraser(database.writer, self.mover, past, clock, self.key_of)
        self.erasing = Erasing(self)

        filters = AnswerFilter(settings.filters)
        longest_ttl_s = max(settings.deanonymizer.cache_ttl_s, settings.deanonymizer.miss_ttl_s)
        self.enrichment = Enrichment(
            settings.deanonymizer,
            filters,
            DeanonymizerClient(settings.deanonymizer, filters, clock),
            IdentityCache(settings.deanonymizer, clock),
            clock,
            rng,
            self.pipeline.feed,
            store=Identities(
                database.writer, settings.deanonymizer.cache_size, longest_ttl_s + STALE_IDENTITIES_S
            ),
        )
        sink = self.pipeline.feed if origins.changes_nothing else self._take_in
        self.upstream = UpstreamConnection(settings.upstream, sink, self.rejects, clock, rng)
        self.hub = Hub(self.core, clock, max_dashboards=room_for_dashboards())
        self.stored_first = TranslatedJournal(self.journal)
        self.door = EventDoor(self.stored_first, self.pipeline.feed, self.rejects, origins.settle)
        self.pipeline.connect(
            shells.asking(self.enrichment.submit, self.origins.for_lookup),
            shells.telling_history(self.outbox),
            shells.counting_alerts(self.alerts),
            self.hub.shell,
            self.notifying.shell,
        )
        if not settings.store.in_memory:
            self.pipeline.connect(shells.surviving_restarts(self.checkpoints))
        allowed = settings.server.allowed_origins
        hosts = ServedHosts(allowed) if access.mode is Mode.OPEN else None
        self.gate = Gate(access, ClientAddresses(settings.server.trusted_proxies), allowed, hosts)
        self.routes = endpoints.routes(self, AnonymousIds(secret, clock))
        self.app = build_app(self.routes, self.gate, REFUSALS)

    # The parts

    async def supervise(self) -> None:
        parts = {
            "clock": self._tick,
            "hub": self.hub.run,
            "enrichment": self.enrichment.run,
            "checkpoints": self.checkpoints.run,
            "journal-pruning": self._prune,
            "outbox": self.outbox.run,
            "history": self.mover.run,
            "retention": self._retain,
            "history-resting": self.resting.run,
            "accounts": self.access.run,
            **self.notifying.parts,
        }
        if self.settings.upstream.enabled:
            parts["upstream"] = self.upstream.run
        await self.supervisor.run(parts)

    async def close(self) -> None:
        """Write what is not on the disk yet. What the history does not take waits in the journal."""
        await self.checkpoints.write()
        with suppress(StoreError):
            await self.mover.catch_up()
        self.readers.close()
        await self.mover.close()

    async def _write_messages(self) -> None:
        """Write what a checkpoint must not be younger than."""
        await self.notifying.write_with(self.outbox.write)

    def stop(self) -> None:
        """From now on the service says that it is not ready."""
        self._stopping = True

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due_s = loop.time() + TICK_S
            await asyncio.sleep(TICK_S)
            self.loop_lag_s = max(0.0, loop.time() - due_s)
            self.loop_lag.add(self.loop_lag_s)
            if self.loop_lag_s > STALL_S:
                log.warning("the event loop stood still for %.1f s", self.loop_lag_s)
            self.pipeline.feed(Tick(self.clock.now()))

    def _prunable_seq(self) -> int:
        """The last event that nobody needs from the journal any more."""
        if self.settings.store.in_memory and self.mover.trouble is not None:
            # The history is full. On disk its events would wait; in memory they would fill that too.
            return self.checkpoints.written_seq
        return min(self.checkpoints.written_seq, self.mover.applied_seq)

    async def _prune(self) -> None:
        while True:
            await asyncio.sleep(PRUNE_EVERY_S)
            with suppress(JournalUnavailable):
                await self.journal.prune(self._prunable_seq())

    async def _retain(self) -> None:
        store = self.settings.store
        days = min(store.retention_days, MAX_DAYS_IN_MEMORY) if store.in_memory else store.retention_days
        while True:
            with suppress(HistoryUnavailable, HistoryDamaged):
                await self.history.retain(days)
            await asyncio.sleep(RETAIN_EVERY_S)

    async def reset(self, site: str) -> None:
        """Let the live figures of ``site`` begin anew."""
        self.pipeline.feed(ResetRequested(self.clock.now(), site))
        # A restart counts again what the journal has beyond the last checkpoint: that must not be
        # what was reset.
        await self.checkpoints.write()

    async def session_events(self, site: str, session_id: str) -> list[StoredEvent]:
        """Return the last events of a session; none while the past is away."""
        with suppress(StoreError):
            return await self.history.session_events(site, session_id)
        return []

    async def erase(self, visitor: Visitor) -> Erased:
        """See tracker/erasing.py."""
        return await self.erasing.erase(visitor._replace(spellings=self.origins.spellings(visitor.ip or "")))

    def key_of(self, ip: str) -> str | None:
        """Return the key under which the answer for an address is cached."""
        return self.origins.key_of(ip)

    def _take_in(self, happened: Input) -> None:
        settled = self.origins.settle(happened) if isinstance(happened, UpstreamFrame) else happened
        self.pipeline.feed(settled)

    def _remember_reject(self, reject: Reject) -> None:
        excerpt = reject.excerpt.decode(errors="replace")
        self.outbox.put(RejectedInput(reject.site, reject.at, reject.source, reject.reason, excerpt))

    # How it is

    def faults(self) -> Mapping[str, str]:
        faults = dict.fromkeys(self.supervisor.failing, "dies again and again; see the log")
        if self.database.writer.trouble is not None:
            faults["store"] = f"cannot write: {self.database.writer.trouble}"
        if self.mover.trouble is not None:
            faults["history"] = self.mover.trouble
        if self._stopping:
            faults["service"] = "is stopping"
        return faults

    def degraded(self) -> Mapping[str, str]:
        reasons = {}
        upstream = self.core.site(self.settings.upstream.site).upstream
        if self.settings.upstream.enabled and (
            upstream is None or upstream.state is not UpstreamState.CONNECTED
        ):
            reasons["upstream"] = "is not connected"
        if self.enrichment.is_down:
            reasons["deanonymizer"] = "does not answer"
        return reasons
