"""A script of what happens, and what the core says to it.

A test reads as: ``book.opened("a", ip=ACME)`` then ``book.wait(3)``, each giving
the effects as short tuples: ``("row", "a")``, ``("ended", "a", "closed")``.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from tests.support.clock import START, FakeClock
from tracker.core.averages import Averages
from tracker.core.clock import Now
from tracker.core.core import Core
from tracker.core.effects import (
    Alert,
    Effect,
    EventShown,
    FeedGap,
    Lookup,
    ResetDone,
    SessionChanged,
    SessionDisowned,
    SessionEnded,
    SessionHidden,
    SessionIdentified,
    StatisticsChanged,
    UpstreamStatus,
    VisitorForgotten,
    VisitRevealed,
    WatchMatched,
)
from tracker.core.identity import Company, Contact, Identity
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
from tracker.core.journey import Step
from tracker.core.reasons import Drop
from tracker.core.rules import Rules
from tracker.core.session import Enrichment, Session
from tracker.core.site import LiveSite
from tracker.core.statistics import Statistics
from tracker.core.visitor import Visitor
from tracker.core.watches import WatchKind, WatchRule

SITE = "default"
TICK_S = 0.25
ACME = "185.242.1.1"
GLOBEX = "185.242.1.2"
NOBODY = "185.242.1.3"
CLOUD = "185.242.1.4"
NOT_AN_ADDRESS = "185.242.274.177"
ADDRESSES = frozenset({ACME, GLOBEX, NOBODY, CLOUD})

Effects = list[tuple[Any, ...]]


class Row(NamedTuple):
    """What a dashboard shows of a session."""

    ip: str
    opened_at: float
    last_activity_at: float
    journey: tuple[Step, ...]
    page_count: int
    is_idle: bool
    enrichment: Enrichment
    identity: Identity | None


def shown(session: Session) -> Row:
    return Row(
        session.ip,
        session.opened_at,
        session.last_activity_at,
        tuple(session.steps),
        session.page_count,
        session.is_idle,
        session.enrichment,
        session.identity,
    )


class Playbook:
    """One core, a clock, and the table that a dashboard would show after every effect so far."""

    def __init__(self, rules: Rules | None = None, start: Now = START) -> None:
        self.clock = FakeClock(start)
        self.core = Core(rules or Rules(), start)
        self.table: dict[tuple[str, str], Row] = {}
        """What replaying the effects alone gives: rows by site and id."""
        self._event_ids = 0

    # Frames of the session emitter; ``at`` is seconds from now, ``None`` sends no timestamp

    def opened(self, session_id: str, ip: str = ACME, at: float | None = 0.0, site: str = SITE) -> Effects:
        return self.frame(FrameKind.OPENED, session_id, ip, at, site)

    def keep_alive(
        self, session_id: str, ip: str = ACME, at: float | None = 0.0, site: str = SITE
    ) -> Effects:
        return self.frame(FrameKind.KEEP_ALIVE, session_id, ip, at, site)

    def closed(self, session_id: str, ip: str = ACME, at: float | None = 0.0, site: str = SITE) -> Effects:
        return self.frame(FrameKind.CLOSED, session_id, ip, at, site)

    def frame(self, kind: FrameKind, session_id: str, ip: str, at: float | None, site: str = SITE) -> Effects:
        now = self.clock.now()
        occurred_at = None if at is None else now.unix_s + at
        return self.feed(UpstreamFrame(now, site, kind, session_id, ip, address_of(ip), occurred_at))

    # Events of web pages

    def event(
        self, kind: str, session_id: str, *, at: float = 0.0, ip: str = "", site: str = SITE, **fields: Any
    ) -> Effects:
        now = self.clock.now()
        self._event_ids += 1
        return self.feed(
            SiteEvent(
                now,
                site,
                f"e{self._event_ids}",
                kind,
                session_id,
                now.unix_s + at,
                ip=ip,
                address=address_of(ip),
                **fields,
            )
        )

    def page(self, session_id: str, page: str, **fields: Any) -> Effects:
        return self.event("pageview", session_id, page=page, **fields)

    # Answers of the lookups

    def identified(self, address: str, company: str | None = "Acme", contact: str | None = None) -> Effects:
        identity = Identity(
            Company(f"guid-{company}", company) if company else None,
            Contact(f"guid-{contact}", contact) if contact else None,
        )
        return self.feed(IdentityResolved(self.clock.now(), address, identity))

    def is_data_center(self, address: str) -> Effects:
        return self.feed(IdentityResolved(self.clock.now(), address, Identity(data_center_guid="guid-cloud")))

    def unknown(self, address: str) -> Effects:
        return self.feed(IdentityResolved(self.clock.now(), address, None))

    def failed(self, address: str, retry_after_s: float = 30.0) -> Effects:
        return self.feed(LookupFailed(self.clock.now(), address, retry_after_s))

    def skipped(self, address: str, retry_after_s: float | None = None) -> Effects:
        return self.feed(LookupSkipped(self.clock.now(), address, retry_after_s))

    # All else

    def upstream(self, state: UpstreamState, site: str = SITE) -> Effects:
        return self.feed(UpstreamChanged(self.clock.now(), site, state))

    def reset(self, site: str = SITE) -> Effects:
        return self.feed(ResetRequested(self.clock.now(), site))

    def erased(self, *session_ids: str, **visitor: Any) -> Effects:
        """Somebody is to be forgotten; ``session_ids`` is what the store knew of them."""
        return self.feed(VisitorErased(self.clock.now(), Visitor(SITE, **visitor), frozenset(session_ids)))

    def notice(self, level: str, message: str) -> Effects:
        return self.feed(NoticeRaised(self.clock.now(), level, "budget", message, {}))

    def watches(self, *rules: tuple[WatchKind, str], site: str = SITE) -> Effects:
        listed = (WatchRule(f"w{number}", site, kind, text, 1.0) for number, (kind, text) in enumerate(rules))
        return self.feed(WatchListChanged(self.clock.now(), site, tuple(listed)))

    def tick(self) -> Effects:
        return self.feed(Tick(self.clock.now()))

    def wait(self, seconds: float) -> Effects:
        """Let time pass as the service does: a tick four times a second."""
        happened: Effects = []
        end_s = self.clock.now().monotonic_s + seconds
        while (left_s := end_s - self.clock.now().monotonic_s) > 1e-9:
            self.clock.advance(min(TICK_S, left_s))
            happened += self.tick()
        return happened

    def at(self, seconds: float) -> Effects:
        """Let time pass until ``seconds`` after the beginning."""
        return self.wait(START.monotonic_s + seconds - self.clock.now().monotonic_s)

    def stand_still(self, seconds: float) -> None:
        """Stop the process: time passes and nothing runs."""
        self.clock.advance(seconds)

    def feed(self, happened: Input) -> Effects:
        return summary(self.feed_raw(happened))

    def feed_raw(self, happened: Input) -> list[Effect]:
        effects = self.core.handle(happened)
        for effect in effects:
            self._show(effect)
        return effects

    # What is there

    @property
    def site(self) -> LiveSite:
        return self.core.site(SITE)

    @property
    def rows(self) -> list[str]:
        """Ids in the table, most recently active first."""
        return [session.id for session in self.site.visible_sessions()]

    def row(self, session_id: str) -> Session:
        return next(row for row in self.site.visible_sessions() if row.id == session_id)

    def pages(self, session_id: str) -> list[str]:
        return [step.page for step in self.row(session_id).steps]

    @property
    def figures(self) -> Statistics:
        """Active, today, visits by page."""
        return self.site.statistics()

    def averages(self) -> Averages:
        return self.site.averages(self.clock.now().unix_s)

    @property
    def visitors_by_minute(self) -> list[int]:
        return [count.visitors for count in self.site.visitors_by_minute(self.clock.now().unix_s)]

    def dropped(self, reason: Drop) -> int:
        return self.core.drops[reason]

    def _show(self, effect: Effect) -> None:
        match effect:
            case SessionChanged(session) if session.is_visible:
                self.table[session.site, session.id] = shown(session)
            case SessionEnded(session, _, True) | SessionHidden(session):
                del self.table[session.site, session.id]
            case VisitorForgotten(site, sessions, _):
                for session in sessions:
                    self.table.pop((site, session.id), None)
            case EventShown(event):
                found = self.core.site(event.site).find(event.session_id)
                assert found is None or found.is_visible, f"{effect} tells of a session nobody may see"
            case _:
                pass


def address_of(ip: str) -> str | None:
    return ip if ip in ADDRESSES else None


def summary(effects: Iterable[Effect]) -> Effects:
    """Return what each effect says, without what only repeats that figures changed."""
    return [told for effect in effects if (told := _told(effect)) is not None]


def _told(effect: Effect) -> tuple[Any, ...] | None:
    match effect:
        case Lookup(address, _):
            return ("lookup", address)
        case SessionChanged(session):
            return ("row", session.id) if session.is_visible else None
        case SessionEnded(session, reason, was_visible):
            return ("ended", session.id, str(reason)) if was_visible else None
        case SessionHidden(session):
            return ("hidden", session.id)
        case EventShown(event):
            return ("event", event.session_id, event.type)
        case Alert(_, level, _, message, _, _):
            return ("alert", str(level), message)
        case UpstreamStatus(_, state, since):
            return ("upstream", str(state), since - START.unix_s)
        case FeedGap(_, start, end):
            return ("gap", start - START.unix_s, end - START.unix_s)
        case ResetDone():
            return ("reset",)
        case VisitorForgotten(_, _, session_ids):
            return ("forgotten", *sorted(session_ids))
        case WatchMatched(session, rule, _):
            return ("watched", session.id, rule.pattern)
        case VisitRevealed() | SessionDisowned() | SessionIdentified() | StatisticsChanged():
            return None


def company_of(session: Session) -> str | None:
    company = session.identity.company if session.identity else None
    return company.name if company else None


def pick(effects: Effects, *kinds: str) -> Effects:
    """Return the effects of ``kinds`` only."""
    return [effect for effect in effects if effect[0] in kinds]
