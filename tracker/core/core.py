"""The session rules: inputs in, effects out. No I/O, no clock, no framework.

The rules themselves are explained to users in docs/sessions.md.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Any

from tracker.core.clock import Now
from tracker.core.effects import (
    Effect,
    EndReason,
    FeedGap,
    ResetDone,
    SessionChanged,
    UpstreamStatus,
)
from tracker.core.ended import EndedSession
from tracker.core.erasure import Marks
from tracker.core.identity import Identity
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
from tracker.core.lookups import WaitingLookups
from tracker.core.reasons import Drop
from tracker.core.rules import Rules, live_time
from tracker.core.session import Enrichment, Session, Source, Visibility
from tracker.core.site import LiveSite
from tracker.core.watches import WatchList

MAX_PREVIOUS_IPS = 10
STALL_S = 2.0
"""A tick this much later than the one before means that the process stood still."""


class Core:
    """Everything that is live, for all sites. One writer: call it from one thread only."""

    def __init__(self, rules: Rules, now: Now) -> None:
        self._rules = rules
        self._sites: dict[str, LiveSite] = {}
        self._lookups = WaitingLookups()
        # Both delays are constants, so first in is first due.
        self._reveals: deque[tuple[float, Session]] = deque()
        self._leaves: deque[tuple[float, Session]] = deque()
        self._last_tick_s = now.monotonic_s
        self._expire_from_s = now.monotonic_s
        self._now = now
        self.drops: Counter[Drop] = Counter()
        self._handlers: dict[type, Callable[[Any, list[Effect]], None]] = {
            UpstreamFrame: self._upstream_frame,
            SiteEvent: self._site_event,
            IdentityResolved: self._identity_resolved,
            LookupFailed: self._lookup_failed,
            LookupSkipped: self._lookup_skipped,
            UpstreamChanged: self._upstream_changed,
            ResetRequested: self._reset_requested,
            VisitorErased: self._visitor_erased,
            NoticeRaised: self._notice_raised,
            WatchListChanged: self._watch_list_changed,
            Tick: self._tick,
        }

    def handle(self, happened: Input) -> list[Effect]:
        """Apply one input and return what has to be done about it, in order."""
        out: list[Effect] = []
        self._now = happened.now
        self._handlers[type(happened)](happened, out)
        return out

    def site(self, name: str) -> LiveSite:
        site = self._sites.get(name)
        if site is None:
            site = self._sites[name] = LiveSite(name, self._rules, self._now)
        return site

    @property
    def sites(self) -> Iterable[LiveSite]:
        return self._sites.values()

    @property
    def sizes(self) -> dict[str, int]:
        """How full every map and queue is."""
        return {
            "liveSessions": sum(len(site) for site in self._sites.values()),
            "visibleSessions": sum(site.active for site in self._sites.values()),
            "hiddenSessions": sum(site.hidden_sessions for site in self._sites.values()),
            "endedSessions": sum(len(site.ended) for site in self._sites.values()),
            "endedJourneyBytes": sum(site.ended.journey_bytes for site in self._sites.values()),
            "erasedSessions": sum(len(site.erased) for site in self._sites.values()),
            "addressesWaiting": len(self._lookups),
            "retriesWaiting": self._lookups.retries,
            "revealsWaiting": len(self._reveals),
            "leavesWaiting": len(self._leaves),
        }

    def put_back(self, session: Session, now: Now) -> list[Effect]:
        """Take in a session of an earlier run; call it in the order of ``last_seen_s``.

        An ended one has to be among the ended sessions of its site already.
        """
        out: list[Effect] = []
        site = self.site(session.site)
        if session.ended_at is None:
            site.put_back(session)
        if session.leaving_since_s is not None:
            self._leaves.append((session.leaving_since_s + self._rules.leave_grace_s, session))
        is_waiting = session.visibility is Visibility.WAITING
        if is_waiting or (session.ended_at is None and session.may_be_identified):
            self._look_up(site, session, now, out)
        return out

    # Frames of the session emitter

    def _upstream_frame(self, frame: UpstreamFrame, out: list[Effect]) -> None:
        site = self.site(frame.site)
        at = live_time(frame.occurred_at, frame.now.unix_s)
        session = site.find(frame.session_id)
        if frame.kind is FrameKind.CLOSED:
            if session is None:
                self.drops[Drop.ORPHAN_CLOSE] += 1
            else:
                site.end(session, EndReason.CLOSED, frame.now, at, out)
                self._stop_waiting(session)
            return
        only_times = False
        if session is None:
            session = self._return_to_upstream(site, frame, at, out)
            if session is None:
                return
        else:
            only_times = site.touch(session, frame.now, at, out) and frame.kind is FrameKind.KEEP_ALIVE
        if frame.kind is FrameKind.OPENED:
            site.open_earlier(session, at)
        if _speaks_from_elsewhere(session, frame):
            self._move_to_address(site, session, frame, out)
            only_times = False
        if session.country is None and frame.country is not None:
            session.country = frame.country
            only_times = False
        out.append(SessionChanged(session, only_times))

    def _return_to_upstream(
        self, site: LiveSite, frame: UpstreamFrame, at: float, out: list[Effect]
    ) -> Session | None:
        """Open the session of ``frame``, bring it back, or drop the frame as late."""
        ended = site.ended.get(frame.session_id)
        erased_at = site.erased.erased_at(frame.session_id, frame.now.monotonic_s)
        if erased_at is not None and (
            frame.kind is not FrameKind.OPENED or frame.occurred_at is None or at <= erased_at
        ):
            self.drops[Drop.LATE_FRAME] += 1
            return None
        if ended is not None and ended.reason is EndReason.EXPIRED:
            return self._bring_back(site, ended, frame.now, at, out)
        if ended is not None and frame.now.monotonic_s - ended.ended_s < self._rules.late_window_s:
            closed_at = ended.session.ended_at or 0.0
            if frame.kind is not FrameKind.OPENED or frame.occurred_at is None or at <= closed_at:
                self.drops[Drop.LATE_FRAME] += 1
                return None
        if ended is not None and ended.session.visibility is Visibility.WAITING:
            # Nobody has seen it open or close yet: one session that goes on.
            return self._bring_back(site, ended, frame.now, at, out)
        session = Session(frame.site, frame.session_id, Source.UPSTREAM, frame.ip, frame.address, at)
        session.country = frame.country
        self._open(site, session, frame.now, at, out)
        return session

    def _move_to_address(
        self, site: LiveSite, session: Session, frame: UpstreamFrame, out: list[Effect]
    ) -> None:
        """The same session id speaks from another address: who was behind the old one is not here."""
        self._lookups.remove(session)
        if session.ip:
            session.previous_ips = (*session.previous_ips, session.ip)[-MAX_PREVIOUS_IPS:]
        session.ip = frame.ip
        session.address = frame.address
        session.country = frame.country
        if session.visibility is Visibility.HIDDEN:
            site.hidden_sessions -= 1
            session.visibility = Visibility.WAITING
            out.append(site.statistics_changed)
        self._set_identity(site, session, None, Enrichment.PENDING)
        self._look_up(site, session, frame.now, out)

    # Events that came in over HTTP

    def _site_event(self, event: SiteEvent, out: list[Effect]) -> None:
        site = self.site(event.site)
        at = live_time(event.occurred_at, event.now.unix_s)
        session = site.find(event.session_id)
        is_signal = event.is_signal
        only_times = False
        if session is None:
            session = self._return_to_site(site, event, at, out)
            if session is None:
                return
        else:
            only_times = site.touch(session, event.now, at, out) and is_signal
        if event.type == "leave":
            session.leaving_since_s = event.now.monotonic_s
            self._leaves.append((event.now.monotonic_s + self._rules.leave_grace_s, session))
            out.append(SessionChanged(session))
            return
        if session.leaving_since_s is not None:
            session.leaving_since_s = None
            only_times = False
        if not is_signal:
            session.learn(event)
            site.visit(session, event, at)
            if not site.show_event(session, event, out):
                self.drops[Drop.HELD_EVENT] += 1
            out.append(site.statistics_changed)
        if event.type == "session_end":
            site.end(session, EndReason.CLOSED, event.now, at, out)
            self._stop_waiting(session)
        else:
            out.append(SessionChanged(session, only_times))

    def _return_to_site(
        self, site: LiveSite, event: SiteEvent, at: float, out: list[Effect]
    ) -> Session | None:
        """Open the session of ``event``, or let the same visit go on."""
        ended = site.ended.get(event.session_id)
        if event.type in ("leave", "session_end"):
            self.drops[Drop.ORPHAN_SIGNAL] += 1
            return None
        if event.type == "keep_alive" and (ended is None or ended.reason is not EndReason.EXPIRED):
            self.drops[Drop.ORPHAN_SIGNAL] += 1
            return None
        if ended is not None and (
            ended.reason is EndReason.EXPIRED
            or ended.session.visibility is Visibility.WAITING
            or event.now.monotonic_s - ended.ended_s <= self._rules.idle_timeout_s
        ):
            return self._bring_back(site, ended, event.now, at, out)
        session = Session(event.site, event.session_id, Source.EVENTS, event.ip, event.address, at)
        self._open(site, session, event.now, at, out)
        return session

    # Opening, returning, waiting

    def _open(self, site: LiveSite, session: Session, now: Now, at: float, out: list[Effect]) -> None:
        before = site.ended.pop(session.id)
        if before is not None:
            # The same id again is a new visit, but no new session of the day.
            session.take_over_counts(before.session)
            self._lookups.remove(before.session)
        session.last_seen_s = now.monotonic_s
        excess = site.add(session)
        site.touch(session, now, at, out)
        self._evict(site, excess, now, out)
        self._look_up(site, session, now, out)

    def _bring_back(
        self, site: LiveSite, ended: EndedSession, now: Now, at: float, out: list[Effect]
    ) -> Session:
        session, excess = site.bring_back(ended, now, out)
        site.touch(session, now, at, out)
        self._evict(site, excess, now, out)
        if session.may_be_identified:
            self._look_up(site, session, now, out)
        return session

    def _evict(self, site: LiveSite, excess: Session | None, now: Now, out: list[Effect]) -> None:
        if excess is not None:
            self.drops[Drop.EVICTED] += 1
            site.end(excess, EndReason.EXPIRED, now, now.unix_s, out)
            self._stop_waiting(excess)

    def _look_up(self, site: LiveSite, session: Session, now: Now, out: list[Effect]) -> None:
        if session.address is None:
            session.enrichment = Enrichment.SKIPPED
            self._reveal(site, session, now, out)
            return
        if session.visibility is Visibility.WAITING:
            self._reveals.append((now.monotonic_s + self._rules.reveal_after_s, session))
        lookup = self._lookups.add(session)
        if lookup is not None:
            out.append(lookup)

    def _stop_waiting(self, session: Session) -> None:
        """An ended session needs its answer while it has to be revealed, or while one is on its way.

        The answer may still take it out of the figures again.
        """
        if session.visibility is Visibility.WAITING:
            return
        if session.enrichment.is_settled or not self._lookups.is_in_flight(session):
            self._lookups.remove(session)

    def _reveal(self, site: LiveSite, session: Session, now: Now, out: list[Effect]) -> None:
        if session.visibility is Visibility.WAITING:
            site.reveal(session, now, out)
            if session.ended_at is not None:
                self._stop_waiting(session)

    # Answers of the lookups

    def _identity_resolved(self, resolved: IdentityResolved, out: list[Effect]) -> None:
        identity = resolved.identity
        enrichment = Enrichment.UNKNOWN if identity is None else Enrichment.IDENTIFIED
        for session in self._lookups.settle(resolved.address):
            site = self.site(session.site)
            if identity is not None and identity.data_center_guid is not None:
                session.enrichment = enrichment
                site.hide(session, out)
                continue
            self._set_identity(site, session, identity, enrichment)
            self._settled(site, session, resolved.now, out)
            site.alarms.identified(session, resolved.now, out)

    def _lookup_failed(self, failed: LookupFailed, out: list[Effect]) -> None:
        for session in self._lookups.of(failed.address):
            session.enrichment = Enrichment.FAILED
            self._settled(self.site(session.site), session, failed.now, out)
        self._lookups.try_again(failed.address, failed.now.monotonic_s + failed.retry_after_s)

    def _lookup_skipped(self, skipped: LookupSkipped, out: list[Effect]) -> None:
        never_again = skipped.retry_after_s is None
        waiting = self._lookups.settle if never_again else self._lookups.of
        for session in waiting(skipped.address):
            session.enrichment = Enrichment.SKIPPED
            self._settled(self.site(session.site), session, skipped.now, out)
        if skipped.retry_after_s is not None:
            self._lookups.try_again(skipped.address, skipped.now.monotonic_s + skipped.retry_after_s)

    def _set_identity(
        self, site: LiveSite, session: Session, identity: Identity | None, enrichment: Enrichment
    ) -> None:
        counted = site.identity_changes(session)
        session.identity = identity
        session.enrichment = enrichment
        if not session.may_be_identified:
            session.counted_pages = None
        if counted:
            site.count(session)

    def _settled(self, site: LiveSite, session: Session, now: Now, out: list[Effect]) -> None:
        if session.visibility is Visibility.WAITING:
            self._reveal(site, session, now, out)
        elif session.ended_at is None:
            out.append(SessionChanged(session))
        else:
            self._stop_waiting(session)

    # The upstream, the operator, time

    def _upstream_changed(self, changed: UpstreamChanged, out: list[Effect]) -> None:
        site = self.site(changed.site)
        before = site.upstream
        if before is not None and before.state is changed.state:
            return
        since = changed.now.unix_s
        if before is not None and UpstreamState.CONNECTED not in (changed.state, before.state):
            since = before.since
        site.upstream = UpstreamStatus(site.name, changed.state, since)
        out.append(site.upstream)
        if changed.state is UpstreamState.CONNECTED and before is not None:
            out.append(FeedGap(site.name, min(before.since, since), since))
        site.alarms.upstream_changed(changed.state, changed.now, out)

    def _reset_requested(self, request: ResetRequested, out: list[Effect]) -> None:
        site = self.site(request.site)
        site.reset(request.now)
        out.append(ResetDone(site.name, request.now.unix_s))
        out.append(site.statistics_changed)

    def sessions_of(self, marks: Marks) -> list[Session]:
        """Sessions of a visitor that live or are remembered. A walk over all of them."""
        return [session for site in self._sites.values() for session in site.sessions_of(marks)]

    def _visitor_erased(self, erased: VisitorErased, out: list[Effect]) -> None:
        marks = Marks(erased.visitor, erased.session_ids)
        for site in self._sites.values():
            if erased.visitor.site not in (None, site.name):
                continue
            sessions = site.sessions_of(marks)
            for session in sessions:
                self._lookups.remove(session)
            site.erase(sessions, marks, erased.now, out)

    def _notice_raised(self, notice: NoticeRaised, out: list[Effect]) -> None:
        for site in self._sites.values():
            site.alarms.notice(notice, out)

    def _watch_list_changed(self, changed: WatchListChanged, out: list[Effect]) -> None:
        self.site(changed.site).alarms.watches = WatchList(changed.rules)

    def _tick(self, tick: Tick, out: list[Effect]) -> None:
        now = tick.now
        self._note_stall(now.monotonic_s)
        while self._reveals and self._reveals[0][0] <= now.monotonic_s:
            _, session = self._reveals.popleft()
            self._reveal(self.site(session.site), session, now, out)
        while self._leaves and self._leaves[0][0] <= now.monotonic_s:
            due_s, session = self._leaves.popleft()
            self._leave(due_s, session, now, out)
        for site in self._sites.values():
            self._pass_time(site, now, out)
        out.extend(self._lookups.due(now.monotonic_s))

    def _note_stall(self, monotonic_s: float) -> None:
        # What was sent during a stall still waits in the sockets: let it in before anyone expires.
        if monotonic_s - self._last_tick_s > STALL_S:
            self._expire_from_s = monotonic_s + STALL_S
        self._last_tick_s = monotonic_s

    def _leave(self, due_s: float, session: Session, now: Now, out: list[Effect]) -> None:
        since_s = session.leaving_since_s
        if since_s is None or session.ended_at is not None or since_s + self._rules.leave_grace_s > due_s:
            return
        site = self.site(session.site)
        site.end(session, EndReason.CLOSED, now, session.last_activity_at, out)
        self._stop_waiting(session)

    def _pass_time(self, site: LiveSite, now: Now, out: list[Effect]) -> None:
        for session in site.newly_idle(now.monotonic_s):
            out.append(SessionChanged(session))
        if now.monotonic_s >= self._expire_from_s:
            for session in site.expired(now.monotonic_s):
                site.end(session, EndReason.EXPIRED, now, session.last_activity_at, out)
                self._stop_waiting(session)
        is_fed = site.upstream is None or site.upstream.state is UpstreamState.CONNECTED
        site.alarms.pass_time(now, is_fed, out)
        site.ended.forget_old(now.monotonic_s)
        site.erased.forget_old(now.monotonic_s)
        if site.period_is_over(now.unix_s):
            site.start_period(now)
            out.append(site.statistics_changed)


def _speaks_from_elsewhere(session: Session, frame: UpstreamFrame) -> bool:
    """Whether ``frame`` came from another address; another spelling of the same one is none."""
    # Of a truncated address the text may stay the same while the address is another.
    if not frame.ip or (frame.ip, frame.address) == (session.ip, session.address):
        return False
    return frame.address is None or frame.address != session.address
