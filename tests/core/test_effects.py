"""Every kind of effect has a script that brings it about."""

from typing import get_args

from tests.core.playbook import ACME, CLOUD, SITE, Playbook
from tests.support.clock import START
from tracker.core.effects import Effect, EndReason, SessionEnded, VisitRevealed
from tracker.core.identity import Company, Identity
from tracker.core.inputs import (
    FrameKind,
    IdentityResolved,
    Input,
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
from tracker.core.watches import WatchKind, WatchRule

LATER = START._replace(monotonic_s=START.monotonic_s + 2.0)


def play(*script: Input) -> list[Effect]:
    book = Playbook()
    return [effect for happened in script for effect in book.feed_raw(happened)]


def test_a_visit_that_ended_while_it_waited_is_told_once_it_counts() -> None:
    effects = play(
        UpstreamFrame(START, SITE, FrameKind.OPENED, "short", ACME, ACME, None),
        UpstreamFrame(START, SITE, FrameKind.CLOSED, "short", ACME, ACME, None),
        IdentityResolved(LATER, ACME, None),
    )
    (revealed,) = [effect for effect in effects if isinstance(effect, VisitRevealed)]
    assert (revealed.session.id, revealed.reason) == ("short", EndReason.CLOSED)


def test_every_effect_comes_about() -> None:
    effects = play(
        UpstreamFrame(START, SITE, FrameKind.OPENED, "bot", CLOUD, CLOUD, None),
        Tick(LATER),
        IdentityResolved(LATER, CLOUD, Identity(data_center_guid="guid")),
        SiteEvent(LATER, SITE, "e1", "pageview", "a", LATER.unix_s, "/"),
        SiteEvent(LATER, SITE, "e2", "session_end", "a", LATER.unix_s),
        UpstreamFrame(START, SITE, FrameKind.OPENED, "short", ACME, ACME, None),
        UpstreamFrame(START, SITE, FrameKind.CLOSED, "short", ACME, ACME, None),
        WatchListChanged(LATER, SITE, (WatchRule("w1", SITE, WatchKind.COMPANY, "acme", 1.0),)),
        IdentityResolved(LATER, ACME, Identity(Company("g", "Acme"))),
        UpstreamChanged(LATER, SITE, UpstreamState.RECONNECTING),
        UpstreamChanged(LATER, SITE, UpstreamState.CONNECTED),
        NoticeRaised(LATER, "info", "budget", "text", {}),
        VisitorErased(LATER, Visitor(SITE, session_id="a")),
        ResetRequested(LATER, SITE),
    )
    assert {type(effect) for effect in effects} == set(get_args(Effect))


def test_the_end_of_a_session_nobody_saw_says_so() -> None:
    effects = play(
        UpstreamFrame(START, SITE, FrameKind.OPENED, "a", ACME, ACME, None),
        UpstreamFrame(START, SITE, FrameKind.CLOSED, "a", ACME, ACME, None),
    )
    [ended] = [effect for effect in effects if isinstance(effect, SessionEnded)]
    assert (ended.reason, ended.was_visible) == (EndReason.CLOSED, False)
