"""The cost of one event does not depend on how many sessions there are."""

import gc
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType

import pytest

from tests.core.playbook import Playbook
from tracker.core.identity import Company, Identity
from tracker.core.inputs import (
    FrameKind,
    IdentityResolved,
    Input,
    LookupFailed,
    SiteEvent,
    Tick,
    UpstreamFrame,
)
from tracker.core.rules import Rules

FEW = 10
MANY = 20_000
SITE = "default"


def calls_of(action: Callable[[], object]) -> int:
    """Count the calls, Python's and C's, that ``action`` makes."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    gc.disable()  # what is collected in between is none of its calls
    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(None)
        gc.enable()
    return calls


def crowd(sessions: int) -> Playbook:
    """Half came as frames, half as events with a page; a tenth has gone; nobody is idle or due."""
    book = Playbook(Rules(milestones=()))
    now = book.clock.now()
    for n in range(sessions):
        address = f"address-{n}"
        if n % 2:
            book.core.handle(UpstreamFrame(now, SITE, FrameKind.OPENED, f"u{n}", address, address, None))
        else:
            book.core.handle(
                SiteEvent(
                    now, SITE, f"e{n}", "pageview", f"p{n}", now.unix_s, "/", ip=address, address=address
                )
            )
        identity = Identity(Company(f"guid-{n % 7}", "Acme"))
        book.core.handle(IdentityResolved(now, address, identity))
        if n % 10 == 9:
            book.core.handle(UpstreamFrame(now, SITE, FrameKind.CLOSED, f"u{n}", address, address, None))
    book.clock.advance(3)
    book.core.handle(Tick(book.clock.now()))
    return book


def frame(kind: FrameKind, session_id: str, address: str | None = None) -> Callable[[Playbook], Input]:
    ip = address or ""
    return lambda book: UpstreamFrame(book.clock.now(), SITE, kind, session_id, ip, address, None)


def event(kind: str, session_id: str, page: str | None = None) -> Callable[[Playbook], Input]:
    return lambda book: SiteEvent(
        book.clock.now(), SITE, "e", kind, session_id, book.clock.now().unix_s, page
    )


STEPS: dict[str, list[Callable[[Playbook], Input]]] = {
    "keep-alive": [frame(FrameKind.KEEP_ALIVE, "u1")],
    "open": [frame(FrameKind.OPENED, "new", "1.1.1.1")],
    "open without an address": [frame(FrameKind.OPENED, "new")],
    "close": [frame(FrameKind.CLOSED, "u1")],
    "late frame": [frame(FrameKind.KEEP_ALIVE, "u9")],
    "orphan close": [frame(FrameKind.CLOSED, "nobody")],
    "pageview": [event("pageview", "p2", "/next")],
    "first event": [event("pageview", "new", "/next")],
    "leave": [event("leave", "p2")],
    "session_end and return": [event("session_end", "p2"), event("pageview", "p2", "/")],
    "move to another address": [frame(FrameKind.KEEP_ALIVE, "u1", "2.2.2.2")],
    "identity": [
        frame(FrameKind.OPENED, "new", "3.3.3.3"),
        lambda book: IdentityResolved(book.clock.now(), "3.3.3.3", None),
    ],
    "failed lookup": [
        frame(FrameKind.OPENED, "new", "4.4.4.4"),
        lambda book: LookupFailed(book.clock.now(), "4.4.4.4", 30.0),
    ],
    "tick": [lambda book: Tick(book.clock.now())],
}


def cost_of(step: str, book: Playbook) -> int:
    inputs = (make(book) for make in STEPS[step])
    return sum(calls_of(partial(book.core.handle, happened)) for happened in inputs)


@pytest.fixture(scope="module")
def crowds() -> tuple[Playbook, Playbook]:
    return crowd(FEW), crowd(MANY)


@pytest.mark.parametrize("step", STEPS)
def test_an_event_costs_the_same_among_ten_and_among_twenty_thousand(
    crowds: tuple[Playbook, Playbook], step: str
) -> None:
    few, many = (cost_of(step, book) for book in crowds)
    assert few > 3
    assert many <= 1.1 * few


def figures(book: Playbook) -> object:
    return book.figures, book.averages(), book.visitors_by_minute


def test_figures_cost_the_same_among_ten_and_among_twenty_thousand(
    crowds: tuple[Playbook, Playbook],
) -> None:
    few, many = (calls_of(partial(figures, book)) for book in crowds)
    assert many <= 1.1 * few


def test_a_full_table_evicts_at_the_same_cost() -> None:
    def cost(size: int) -> int:
        book = Playbook(Rules(max_live_sessions=size, milestones=()))
        for n in range(size):
            book.core.handle(frame(FrameKind.OPENED, f"u{n}")(book))
        happened = frame(FrameKind.OPENED, "new")(book)
        return calls_of(lambda: book.core.handle(happened))

    assert cost(5_000) <= 1.1 * cost(FEW)


def test_the_count_sees_a_walk_over_the_sessions(crowds: tuple[Playbook, Playbook]) -> None:
    few, many = (calls_of(partial(list, map(str, book.site.visible_sessions()))) for book in crowds)
    assert many > 100 * few
