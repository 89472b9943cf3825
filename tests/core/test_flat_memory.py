"""What is remembered for a time is let go: after that time memory does not grow."""

import gc
import tracemalloc

from tests.core.playbook import Playbook
from tests.support.clock import START
from tracker.core.ended import REMEMBERED_FOR_S
from tracker.core.identity import Company, Identity
from tracker.core.inputs import (
    FrameKind,
    IdentityResolved,
    LookupFailed,
    LookupSkipped,
    SiteEvent,
    Tick,
    UpstreamFrame,
)
from tracker.core.rules import Rules

SITE = "default"
VISIT_EVERY_S = 15.0
STEPS = 20
SETTLED_S = 2 * REMEMBERED_FOR_S


class Visitors:
    """Every few seconds one more, with an id and an address of its own; each goes in another way."""

    def __init__(self) -> None:
        self.book = Playbook(Rules(milestones=()))
        self._visits = 0

    def come_and_go_until(self, end_s: float) -> None:
        while self.book.clock.now().monotonic_s - START.monotonic_s < end_s:
            self._visits += 1
            (self._of_the_feed, self._of_a_page)[self._visits % 2](self._visits)
            for _ in range(10):
                self.book.core.handle(Tick(self.book.clock.advance(VISIT_EVERY_S / 10)))

    def _of_the_feed(self, number: int) -> None:
        core, now, address = self.book.core, self.book.clock.now(), f"address-{number}"
        core.handle(UpstreamFrame(now, SITE, FrameKind.OPENED, f"u{number}", address, address, None))
        identity = Identity(Company(f"guid-{number}", f"Company {number}"))
        if number % 3 == 0:
            core.handle(IdentityResolved(now, address, identity))
        elif number % 3 == 1:
            core.handle(LookupFailed(now, address, 30.0))
        else:
            core.handle(LookupSkipped(now, address, None))
        if number % 4 == 0:
            core.handle(UpstreamFrame(now, SITE, FrameKind.CLOSED, f"u{number}", address, address, None))

    def _of_a_page(self, number: int) -> None:
        now = self.book.clock.now()
        for step in range(STEPS):
            kind = "session_end" if step == STEPS - 1 and number % 3 else "pageview"
            page, event_id = f"/page/{step}", f"e{number}-{step}"
            self.book.core.handle(SiteEvent(now, SITE, event_id, kind, f"p{number}", now.unix_s, page))


def traced_bytes() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def test_F3_08_after_the_time_for_which_visits_are_remembered_memory_does_not_grow() -> None:
    tracemalloc.start()
    try:
        visitors = Visitors()
        visitors.come_and_go_until(600.0)
        filling = traced_bytes()
        visitors.come_and_go_until(SETTLED_S)
        settled = traced_bytes()
        visitors.come_and_go_until(SETTLED_S + REMEMBERED_FOR_S)
        later = traced_bytes()
    finally:
        tracemalloc.stop()
    assert settled > 3 * filling
    assert later < 1.01 * settled
