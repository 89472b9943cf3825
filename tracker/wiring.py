"""The one place that knows all parts and puts them together."""

import asyncio
import gc
import logging
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any
from zoneinfo import ZoneInfo

from starlette.types import ASGIApp

from tracker.core.clock import Clock
from tracker.core.core import Core
from tracker.core.effects import (
    Effect,
    FeedGap,
    Lookup,
    ResetDone,
    SessionChanged,
    SessionDisowned,
    SessionEnded,
    SessionHidden,
    StatisticsChanged,
    VisitRevealed,
)
from tracker.core.ended import REMEMBERED_FOR_S
from tracker.core.history import StoredEvent
from tracker.core.inputs import ResetRequested, SiteEvent, Tick, UpstreamState
from tracker.core.restore import import_ended, import_figures, import_session
from tracker.core.rules import Rules
from tracker.enrichment.cache import IdentityCache
from tracker.enrichment.client import DeanonymizerClient
from tracker.enrichment.filters import AnswerFilter
from tracker.enrichment.service import Enrichment
from tracker.http.app import build_app
from tracker.http.clients import ClientAddresses
from tracker.http.events import EventEndpoint
from tracker.http.pages import routes as page_routes
from tracker.http.past import PastEndpoints
from tracker.http.status import StatusEndpoints
from tracker.http.visitors import VisitorEndpoints
from tracker.http.websocket import LiveSocket
from tracker.ingest.door import EventDoor, NotStored
from tracker.ingest.rejects import Reject, RejectLog
from tracker.ingest.upstream import UpstreamConnection
from tracker.live.hub import Hub
from tracker.pipeline import Pipeline
from tracker.refusals import REFUSALS
from tracker.settings import Settings
from tracker.store.checkpoints import Checkpoints, load_checkpoint
from tracker.store.database import Database, journal_path, open_database
from tracker.store.entries import Stored
from tracker.store.errors import JournalFull, JournalUnavailable, StoreError
from tracker.store.history.database import HistoryDatabase, history_path, open_history
from tracker.store.history.errors import (
    HistoryDamaged,
    HistoryUnavailable,
)
from tracker.store.history.history import History
from tracker.store.history.mover import Mover
from tracker.store.history.outbox import (
    EndedVisit,
    FeedGapSeen,
    HiddenSession,
    Outbox,
    RejectedInput,
)
from tracker.store.history.readers import Readers
from tracker.store.identities import Identities
from tracker.store.journal import Journal
from tracker.store.secret import install_secret
from tracker.supervisor import Supervisor
from tracker.visitor_ids import AnonymousIds, EventIds

log = logging.getLogger(__name__)

TICK_S = 0.25
PRUNE_EVERY_S = 10.0
RETAIN_EVERY_S = 6 * 3_600.0
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
        milestones=settings.alerts.milestones,
        timezone=ZoneInfo(settings.server.timezone),
    )


@asynccontextmanager
async def running(settings: Settings, clock: Clock, rng: random.Random) -> AsyncIterator["Service"]:
    """Open the store, take the live state back, run all parts; flush and close at the end.

    Raises:
        StoreError: the files cannot be used; the message says what to do.
    """
    async with AsyncExitStack() as opened:
        database = open_database(journal_path(settings.store), clock)
        opened.push_async_callback(database.close)
        past = open_history(history_path(settings.store), clock)
        opened.callback(past.close)
        service = Service(settings, database, past, clock, rng, await install_secret(database.writer))
        opened.push_async_callback(service.close)
        await service.restore()
        async with asyncio.TaskGroup() as tasks:
            supervision = tasks.create_task(service.supervise(), name="supervisor")
            try:
                yield service
            finally:
                supervision.cancel()


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
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._database = database
        self._started = clock.now()
        self._stopping = False
        self._loop_lag_s = 0.0
        self._rules = rules_of(settings)
        self.core = Core(self._rules, clock.now())
        self.pipeline = Pipeline(self.core)
        self.rejects = RejectLog(clock, keep=self._remember_reject)
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
            first=self.outbox.write,
        )
        self.mover = Mover(database.writer, past, clock)
        self.readers = Readers(past)
        self.history = History(past, self.readers, self.mover, clock)

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
        self.upstream = UpstreamConnection(settings.upstream, self.pipeline.feed, self.rejects, clock, rng)
        self.hub = Hub(self.core, clock)
        self.door = EventDoor(_TranslatedJournal(self.journal), self.pipeline.feed, self.rejects)
        self.pipeline.connect([self._look_up, self._remember, self.hub.publish])
        if not settings.store.in_memory:
            self.pipeline.connect([self._keep])
        self.app = self._build_app(AnonymousIds(secret, clock))

    def _build_app(self, anonymous_ids: Callable[[str, str], str]) -> ASGIApp:
        allowed_origins = self._settings.server.allowed_origins
        events = EventEndpoint(
            self.door,
            self.rejects,
            self._clock,
            ClientAddresses(self._settings.server.trusted_proxies),
            EventIds(self._clock),
            anonymous_ids,
            lambda site: self.core.site(site).statistics(),
        )
        visitors = VisitorEndpoints(
            self.core.site, self._clock, self._reset, self._session_events, allowed_origins
        )
        socket = LiveSocket(self.hub, self._clock, allowed_origins)
        past = PastEndpoints(self.history, self._clock, self._settings.server.timezone)
        status = StatusEndpoints(self.status, self.faults, self.degraded)
        return build_app(
            [
                *events.routes(),
                *past.routes(),
                *visitors.routes(),
                *socket.routes(),
                *status.routes(),
                *page_routes(),
            ],
            REFUSALS,
        )

    # From one run to the next

    async def restore(self) -> None:
        """Bring back the table and the figures of the run before, then what the journal has beyond them."""
        state = await load_checkpoint(self._database.writer)
        now = self._clock.now()
        for figures in state.figures:
            import_figures(self.core.site(figures.site), figures)
        effects: list[Effect] = []
        for record in state.ended:
            session = import_session(record, now)
            assert record.end is not None
            self.core.site(record.site).ended.add(import_ended(session, record.end, now))
            effects += self.core.put_back(session, now)
        for record in state.live:
            effects += self.core.put_back(import_session(record, now), now)
        self.pipeline.carry_out(effects)
        replayed = await self.journal.replay(state.applied_seq, self._live_through)
        self.pipeline.feed(Tick(self._clock.now()))
        log.info("took back %d sessions and %d events", len(state.live), replayed)

    def _live_through(self, event: SiteEvent) -> None:
        """Let the time up to ``event`` pass, then let it happen: sessions end when they would have."""
        self.pipeline.feed(Tick(event.now))
        self.pipeline.feed(event)

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
        }
        if self._settings.upstream.enabled:
            parts["upstream"] = self.upstream.run
        await self.supervisor.run(parts)

    async def close(self) -> None:
        """Write what is not on the disk yet. What the history does not take waits in the journal."""
        await self.checkpoints.write()
        with suppress(StoreError):
            await self.mover.catch_up()
        self.readers.close()
        await self.mover.close()

    def stop(self) -> None:
        """From now on the service says that it is not ready."""
        self._stopping = True

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due_s = loop.time() + TICK_S
            await asyncio.sleep(TICK_S)
            self._loop_lag_s = max(0.0, loop.time() - due_s)
            self.pipeline.feed(Tick(self._clock.now()))

    async def _prune(self) -> None:
        while True:
            await asyncio.sleep(PRUNE_EVERY_S)
            with suppress(JournalUnavailable):
                await self.journal.prune(min(self.checkpoints.written_seq, self.mover.applied_seq))

    async def _retain(self) -> None:
        while True:
            with suppress(HistoryUnavailable, HistoryDamaged):
                await self.history.retain(self._settings.store.retention_days)
            await asyncio.sleep(RETAIN_EVERY_S)

    async def _reset(self, site: str) -> None:
        self.pipeline.feed(ResetRequested(self._clock.now(), site))
        # A restart counts again what the journal has beyond the last checkpoint: that must not be
        # what was reset.
        await self.checkpoints.write()

    async def _session_events(self, site: str, session_id: str) -> list[StoredEvent]:
        # Who is here now is told without the past, should that be away.
        with suppress(StoreError):
            return await self.history.session_events(site, session_id)
        return []

    # Shells of the pipeline

    def _look_up(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            if type(effect) is Lookup:
                self.enrichment.submit(effect)

    def _keep(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case SessionChanged() | SessionEnded() | SessionHidden():
                    self.checkpoints.mark(effect.session)
                case StatisticsChanged() | ResetDone():
                    self.checkpoints.mark_site(effect.site)

    def _remember(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case SessionEnded(session, reason, _) if session.is_visible:
                    self.outbox.put(EndedVisit.of(session, reason.value))
                case VisitRevealed(session, reason):
                    self.outbox.put(EndedVisit.of(session, reason.value))
                case SessionDisowned(session):
                    self.outbox.put(HiddenSession(session.site, session.id))
                case FeedGap():
                    self.outbox.put(FeedGapSeen(*effect))

    def _remember_reject(self, reject: Reject) -> None:
        excerpt = reject.excerpt.decode(errors="replace")
        self.outbox.put(RejectedInput(reject.site, reject.at, reject.source, reject.reason, excerpt))

    # How it is

    def faults(self) -> Mapping[str, str]:
        faults = dict.fromkeys(self.supervisor.failing, "dies again and again; see the log")
        if self._database.writer.trouble is not None:
            faults["store"] = f"cannot write: {self._database.writer.trouble}"
        if self.mover.trouble is not None:
            faults["history"] = self.mover.trouble
        if self._stopping:
            faults["service"] = "is stopping"
        return faults

    def degraded(self) -> Mapping[str, str]:
        reasons = {}
        upstream = self.core.site(self._settings.upstream.site).upstream
        if self._settings.upstream.enabled and (
            upstream is None or upstream.state is not UpstreamState.CONNECTED
        ):
            reasons["upstream"] = "is not connected"
        if self.enrichment.is_down:
            reasons["deanonymizer"] = "does not answer"
        return reasons

    def status(self) -> Mapping[str, Any]:
        now = self._clock.now()
        commits = self._database.writer.commit_times
        return {
            "uptimeS": round(now.monotonic_s - self._started.monotonic_s, 1),
            "faults": self.faults(),
            "degraded": self.degraded(),
            "restarts": dict(self.supervisor.restarts),
            "loopLagS": round(self._loop_lag_s, 4),
            "core": {
                **self.core.sizes,
                "inputs": self.pipeline.inputs,
                "drops": {reason.value: count for reason, count in self.core.drops.items()},
            },
            "ingest": {
                "accepted": self.door.accepted,
                "duplicates": self.door.duplicates,
                "rejected": _by_source(self.rejects.counts),
            },
            "upstream": {"enabled": self._settings.upstream.enabled, **self.upstream.snapshot()},
            "lookups": self.enrichment.snapshot(),
            "dashboards": self.hub.snapshot(),
            "store": {
                "url": self._settings.store.url,
                "waitingEvents": self.journal.waiting_events,
                "waitingBytes": self.journal.waiting_bytes,
                "storedEvents": self.journal.rows,
                "refusedEvents": self.journal.refused,
                "commits": self._database.writer.commits,
                "commitP50Ms": round(commits.p50_ms, 2),
                "commitP99Ms": round(commits.p99_ms, 2),
                "trouble": self._database.writer.trouble,
                "checkpointAt": self.checkpoints.written_at,
                "checkpointWaiting": self.checkpoints.waiting,
            },
            "history": {
                "sizeBytes": self.history.size_bytes,
                "movedRows": self.mover.rows,
                "lagS": round(self.mover.lag_s, 2),
                "unreadableRows": self.mover.unreadable,
                "trouble": self.mover.trouble,
                "noticesWaiting": self.outbox.waiting,
                "noticesDropped": self.outbox.dropped,
                "questionsInHand": self.readers.in_hand,
                "questionsAnswered": self.readers.answered,
                "questionsTooSlow": self.readers.too_slow,
                "questionsRefused": self.readers.refused,
            },
        }


class _TranslatedJournal:
    """The journal as the door knows it."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def append(self, site: str, events: Sequence[SiteEvent]) -> Sequence[Stored]:
        try:
            return await self._journal.append(site, events)
        except (JournalFull, JournalUnavailable) as error:
            raise NotStored(error.retry_after_s) from error


def _by_source(counts: Mapping[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    sorted_counts: dict[str, dict[str, int]] = {}
    for (source, reason), count in counts.items():
        sorted_counts.setdefault(source, {})[reason] = count
    return sorted_counts


def tune_garbage_collection() -> None:
    """Collect the old generation rarely: it holds the live sessions, and walking 100,000 takes long."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
