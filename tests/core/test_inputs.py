"""Every kind of input."""

from typing import get_args

import pytest

from tests.core.playbook import ACME, SITE, Playbook
from tests.support.clock import START
from tracker.core.inputs import (
    FrameKind,
    IdentityResolved,
    Input,
    LookupFailed,
    LookupSkipped,
    NoticeRaised,
    ResetRequested,
    SiteEvent,
    Tick,
    UpstreamChanged,
    UpstreamFrame,
    UpstreamState,
    VisitorErased,
    WatchListChanged,
)
from tracker.core.visitor import Visitor

EXAMPLES: list[Input] = [
    UpstreamFrame(START, SITE, FrameKind.OPENED, "a", ACME, ACME, None),
    SiteEvent(START, SITE, "e", "pageview", "a", START.unix_s),
    IdentityResolved(START, ACME, None),
    LookupFailed(START, ACME, 1.0),
    LookupSkipped(START, ACME, None),
    UpstreamChanged(START, SITE, UpstreamState.CONNECTED),
    ResetRequested(START, SITE),
    VisitorErased(START, Visitor(SITE, session_id="a")),
    NoticeRaised(START, "info", "budget", "text", {}),
    WatchListChanged(START, SITE, ()),
    Tick(START),
]


def test_there_is_an_example_of_every_input() -> None:
    assert {type(example) for example in EXAMPLES} == set(get_args(Input))


@pytest.mark.parametrize("happened", EXAMPLES, ids=lambda happened: type(happened).__name__)
def test_the_core_takes_every_input_on_an_empty_site(happened: Input) -> None:
    book = Playbook()
    book.feed(happened)
    assert len(book.site) <= 1


@pytest.mark.parametrize(
    ("kind", "is_signal"),
    [("keep_alive", True), ("leave", True), ("session_end", False), ("pageview", False), ("Leave", False)],
)
def test_signals_steer_and_are_no_events(kind: str, is_signal: bool) -> None:
    assert SiteEvent(START, SITE, "e", kind, "a", START.unix_s).is_signal is is_signal
