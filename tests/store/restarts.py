"""A core with checkpoints that can be stopped, killed and started again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.support.clock import FakeClock
from tracker.core.clock import Now
from tracker.core.core import Core
from tracker.core.effects import (
    Effect,
    Lookup,
    ResetDone,
    SessionChanged,
    SessionEnded,
    SessionHidden,
    StatisticsChanged,
)
from tracker.core.identity import Company, Identity
from tracker.core.inputs import IdentityResolved, Input, SiteEvent, Tick
from tracker.core.rare import Rare
from tracker.core.restore import import_ended, import_figures, import_session
from tracker.core.rules import Rules
from tracker.core.session import Session, Standing
from tracker.store.checkpoints import Checkpoints, RestoredState, load_checkpoint
from tracker.store.database import Database, open_database
from tracker.store.journal import Journal

RULES = Rules()


class Life:
    """One run of the service, as far as the live state goes."""

    def __init__(
        self,
        clock: FakeClock,
        database: Database,
        journal: Journal,
        checkpoints: Checkpoints,
        core: Core,
    ) -> None:
        self.database = database
        self.clock = clock
        self.journal = journal
        self.checkpoints = checkpoints
        self.core = core
        self.effects: list[Effect] = []
        self.identities: dict[str, Identity | None] = {}
        self.state = RestoredState(None, 0, [], [], [], 0)

    def handle(self, happened: Input) -> None:
        self.carry_out(self.core.handle(happened), happened.now)

    def carry_out(self, effects: list[Effect], now: Now) -> None:
        """Mark what changed, and answer lookups at once where the answer is known."""
        self.effects += effects
        for effect in effects:
            match effect:
                case SessionChanged(session, only_times):
                    self.checkpoints.mark(session, only_times)
                case SessionEnded() | SessionHidden():
                    self.checkpoints.mark(effect.session)
                case StatisticsChanged(site):
                    self.checkpoints.mark_site(site)
                case ResetDone():
                    self.checkpoints.mark_site(effect.site)
        for effect in effects:
            if isinstance(effect, Lookup) and effect.address in self.identities:
                self.handle(IdentityResolved(now, effect.address, self.identities[effect.address]))

    def take_back(self, now: Now) -> None:
        for figures in self.state.figures:
            import_figures(self.core.site(figures.site), figures)
        for record in self.state.ended + self.state.live:
            session = import_session(record, now)
            if record.end is not None:
                self.core.site(record.site).ended.add(import_ended(session, record.end, now))
            self.carry_out(self.core.put_back(session, now), now)

    def with_tick(self, event: SiteEvent) -> None:
        self.handle(Tick(event.now))
        self.handle(event)

    def pass_time(self, seconds: float) -> None:
        """Let time pass in ticks that are no stall."""
        while seconds > 0:
            step_s = min(seconds, 1.0)
            self.handle(Tick(self.clock.advance(step_s)))
            seconds -= step_s

    def picture(self, site: str = "default") -> dict[str, Any]:
        """Everything that people see of a site, and what decides about the future of its sessions."""
        live = self.core.site(site)
        now = self.clock.now()
        period, minutes, pages, _ = live.figures()
        return {
            "statistics": live.statistics(),
            "averages": live.averages(now.unix_s),
            "minutes": live.visitors_by_minute(now.unix_s),
            "period": period._replace(started_at=0.0),
            "pages": (pages, list(pages.visits)),
            "hidden": live.hidden_sessions,
            "table": [session.id for session in live.visible_sessions()],
            "live": {one.id: everything_of(one, now) for one in live.live_sessions()},
            "ended": {
                one.session.id: (one.reason, now.monotonic_s - one.ended_s, one.duration_s, one.period)
                for one in live.ended.sessions()
            },
            "ended sessions": [everything_of(one.session, now) for one in live.ended.sessions()],
            "newest minute": minutes,
        }


def everything_of(session: Session, now: Now) -> dict[str, Any]:
    """Every field there is, so that a new one cannot be forgotten; monotonic times as ages."""
    names = {*Session.__slots__, *Standing._fields, *Rare._fields}
    # Events that wait miss the feed after a restart, nothing else.
    # Nor does it matter how the journey is kept, nor who else was there.
    names -= {"_standing", "held_events", "journey", "earlier", "later"}
    fields = {name: getattr(session, name) for name in names}
    fields["steps"] = session.steps
    for name in ("last_seen_s", "leaving_since_s"):
        if fields[name] is not None:
            fields[name] = now.monotonic_s - fields[name]
    return fields


@asynccontextmanager
async def life(
    path: Path | None,
    clock: FakeClock,
    identities: dict[str, Identity | None] | None = None,
    interval_s: float = 1.0,
) -> AsyncIterator[Life]:
    """Start upon what is in ``path`` and end without a last word, as if killed."""
    database = open_database(path, clock)
    try:
        now = clock.now()
        core = Core(RULES, now)
        journal = Journal(database.writer, clock, lambda event: run.with_tick(event))
        checkpoints = Checkpoints(database.writer, clock, core.site, lambda: journal.fed_seq, interval_s)
        run = Life(clock, database, journal, checkpoints, core)
        run.identities.update(identities or {})
        run.state = await load_checkpoint(database.writer)
        run.take_back(now)
        await journal.replay(run.state.applied_seq, run.with_tick)
        run.handle(Tick(now))
        yield run
    finally:
        await database.close()


ACME = Identity(Company("c-1", "Acme", "acme.example"))
DATA_CENTER = Identity(data_center_guid="dc")
