"""The live state of the run before, taken back at the start."""

import logging
from typing import TYPE_CHECKING

from tracker.core.effects import Effect
from tracker.core.inputs import SiteEvent, Tick
from tracker.core.restore import import_ended, import_figures, import_session
from tracker.store.checkpoints import load_checkpoint

if TYPE_CHECKING:
    from tracker.wiring import Service

log = logging.getLogger(__name__)


async def revive(service: "Service") -> None:
    """Bring back the table and the figures, then what the journal has beyond them.

    Raises:
        JournalUnavailable: the journal cannot be read.
    """
    state = await load_checkpoint(service.database.writer)
    core, origins = service.core, service.origins
    now = service.clock.now()
    for figures in state.figures:
        import_figures(core.site(figures.site), figures)
    effects: list[Effect] = []
    for record in state.ended:
        session = import_session(origins.settle_record(record), now)
        assert record.end is not None
        core.site(record.site).ended.add(import_ended(session, record.end, now))
        effects += core.put_back(session, now)
    for record in state.live:
        effects += core.put_back(import_session(origins.settle_record(record), now), now)
    service.pipeline.carry_out(effects)

    def live_through(event: SiteEvent) -> None:
        # The time up to it passes first: sessions end when they would have.
        service.pipeline.feed(Tick(event.now))
        service.pipeline.feed(origins.settle_again(event))

    replayed = await service.journal.replay(state.applied_seq, live_through)
    service.pipeline.feed(Tick(service.clock.now()))
    log.info("took back %d sessions and %d events", len(state.live), replayed)
