"""The live state of one site: its sessions and the figures over them."""

from collections import Counter, deque
from collections.abc import Iterator, Sequence

from tracker.core.alarms import Alarms
from tracker.core.averages import Averages, RunningAverages
from tracker.core.clock import Now
from tracker.core.effects import (
    Effect,
    EndReason,
    EventShown,
    SessionChanged,
    SessionDisowned,
    SessionEnded,
    SessionHidden,
    StatisticsChanged,
    UpstreamStatus,
    VisitorForgotten,
    VisitRevealed,
)
from tracker.core.ended import EndedSession, EndedSessions
from tracker.core.erasure import ErasedIds, Marks
from tracker.core.filters import SessionFilter
from tracker.core.inputs import SiteEvent
from tracker.core.receipt_order import ReceiptOrder
from tracker.core.rules import Rules
from tracker.core.session import Session, Visibility
from tracker.core.statistics import (
    MinuteCount,
    MinuteCounter,
    MinuteFigures,
    PageCounter,
    PageFigures,
    Period,
    PeriodFigures,
    Statistics,
)
from tracker.core.usual import HourFigures

RECENT_EVENTS = 50
MAX_HELD_EVENTS = 20


class LiveSite:
    """Sessions in the order of their last receipt, and running figures over the visible ones.

    Every change costs the same however many sessions there are. Methods that
    change something append the effects to ``out``.
    """

    def __init__(self, name: str, rules: Rules, now: Now) -> None:
        self.name = name
        self.statistics_changed = StatisticsChanged(name)
        """The effect, which is the same each time."""
        self._rules = rules
        self._live: dict[str, Session] = {}
        # A live session stands in exactly one of the two, in the order of last_seen_s.
        self._active = ReceiptOrder()
        self._idle = ReceiptOrder()
        self.ended = EndedSessions(rules.max_ended_sessions, rules.late_window_s)
        self.erased = ErasedIds(rules.max_ended_sessions, rules.late_window_s)
        self.hidden_sessions = 0
        self._running = RunningAverages()
        self._period = Period(rules.timezone, now.unix_s)
        self._pages = PageCounter()
        self._minutes = MinuteCounter()
        self.alarms = Alarms(name, rules, now)
        self.recent_events: deque[SiteEvent] = deque(maxlen=RECENT_EVENTS)
        """Events of visible sessions, newest last."""
        self.upstream: UpstreamStatus | None = None

    # What is read

    def __len__(self) -> int:
        """Live sessions, the waiting and hidden ones included."""
        return len(self._live)

    def find(self, session_id: str) -> Session | None:
        return self._live.get(session_id)

    @property
    def active(self) -> int:
        """Visible live sessions."""
        return self._running.active

    def visible_sessions(self) -> Iterator[Session]:
        """Most recently active first."""
        for group in (self._active, self._idle):
            for session in reversed(group):
                if session.is_visible:
                    yield session

    def sessions_of(self, marks: Marks) -> list[Session]:
        """Sessions of a visitor, live or remembered. Walks over all of them."""
        found = [session for session in self.live_sessions() if marks.is_theirs(session)]
        return found + [one.session for one in self.ended.sessions() if marks.is_theirs(one.session)]

    def live_sessions(self) -> Iterator[Session]:
        yield from self._active
        yield from self._idle

    def statistics(self) -> Statistics:
        return Statistics(self._running.active, self._period.sessions, self._pages.top())

    def averages(self, unix_s: float) -> Averages:
        return Averages(
            self._running.visitors_per_company(),
            self._running.session_duration_s(unix_s),
            self._period.mean_duration_s,
        )

    def visitors_by_minute(self, unix_s: float) -> list[MinuteCount]:
        return self._minutes.counts(unix_s)

    def count_ended_today(self, wanted: SessionFilter) -> int:
        """Ended sessions of today that match, among those remembered. Walks over all of them."""
        return sum(
            ended.session.counted_period == self._period.number and wanted.matches(ended.session)
            for ended in self.ended.sessions()
            if ended.session.is_visible
        )

    def period_is_over(self, unix_s: float) -> bool:
        return self._period.is_over(unix_s)

    def figures(self) -> tuple[PeriodFigures, MinuteFigures, PageFigures, tuple[HourFigures, ...]]:
        """Copies of the figures that cannot be counted again from the sessions."""
        return (
            self._period.figures(),
            self._minutes.figures(),
            self._pages.figures(),
            self.alarms.figures(),
        )

    # What changes

    def put_back(self, session: Session) -> None:
        """Take in a live session of an earlier run. Call it in the order of ``last_seen_s``."""
        self._live[session.id] = session
        self._order_of(session).append(session)
        if session.is_visible:
            self._running.add(session)
        elif session.visibility is Visibility.HIDDEN:
            self.hidden_sessions += 1

    def put_back_figures(
        self,
        period: PeriodFigures,
        minutes: MinuteFigures,
        pages: PageFigures,
        usual: Sequence[HourFigures] = (),
    ) -> None:
        self._period.put_back(period)
        self._minutes.put_back(minutes)
        self._pages.put_back(pages)
        self.alarms.put_back(usual)

    def add(self, session: Session) -> Session | None:
        """Take a session in; return the one that is in excess, which the caller has to end."""
        self._live[session.id] = session
        self._active.append(session)
        return self._excess()

    def _excess(self) -> Session | None:
        if len(self) <= self._rules.max_live_sessions:
            return None
        return self._idle.first or self._active.first

    def _order_of(self, session: Session) -> ReceiptOrder:
        return self._idle if session.is_idle else self._active

    def _take_out(self, session: Session) -> None:
        del self._live[session.id]
        self._order_of(session).remove(session)

    def touch(self, session: Session, now: Now, at: float, out: list[Effect]) -> bool:
        """Something arrived for ``session``; ``at`` is its own time. Tell whether only its times moved."""
        was_idle, counted_period = session.is_idle, session.counted_period
        session.last_seen_s = now.monotonic_s
        session.last_activity_at = max(session.last_activity_at, at)
        if session.is_idle:
            self._idle.remove(session)
            session.is_idle = False
            self._active.append(session)
        else:
            self._active.move_to_end(session)
        if session.is_visible:
            self._minutes.touch(session, now.unix_s)
            if counted_period != self._period.number and self._period.count(session, at):
                out.append(self.statistics_changed)
        return not was_idle and session.counted_period == counted_period

    def open_earlier(self, session: Session, at: float) -> None:
        """``openedAt`` may only move back."""
        if at < session.opened_at:
            counted = session.is_visible
            if counted:
                self._running.remove(session)
            session.opened_at = at
            if counted:
                self._running.add(session)

    def visit(self, session: Session, event: SiteEvent, at: float) -> None:
        session.event_count += 1
        if (
            event.page is not None
            and session.visit_page(event.page, at, self._rules.journey_length)
            and session.is_visible
        ):
            self._count_page(session, event.page, at)

    def show_event(self, session: Session, event: SiteEvent, out: list[Effect]) -> bool:
        """Put ``event`` into the feed, or hold it while the session waits; ``False``: one was dropped."""
        if session.is_visible:
            self.recent_events.append(event)
            out.append(EventShown(event))
        elif session.visibility is Visibility.WAITING:
            held = session.held_events
            if held is None:
                held = session.held_events = []
            held.append(event)
            if len(held) > MAX_HELD_EVENTS:
                del held[0]
                return False
        return True

    def reveal(self, session: Session, now: Now, out: list[Effect]) -> None:
        """Show a session that waited, live or already ended, and what it held."""
        session.visibility = Visibility.VISIBLE
        self._period.count(session, session.last_activity_at)
        self._minutes.touch(session, now.unix_s)
        for step in session.steps:
            self._count_page(session, step.page, step.at)
        if session.ended_at is not None:
            self._count_end(session)
            if (ended := self.ended.get(session.id)) is not None:
                out.append(VisitRevealed(session, ended.reason))
        else:
            self._running.add(session)
            out.append(SessionChanged(session))
            self.alarms.visitor_arrived(self._running.active, now, out)
        for event in session.held_events or ():
            self.show_event(session, event, out)
        session.held_events = None
        out.append(self.statistics_changed)

    def hide(self, session: Session, out: list[Effect]) -> None:
        """Take a session out of every figure and table, for good."""
        was_in_table = session.is_visible and session.ended_at is None
        session.visibility = Visibility.HIDDEN
        session.held_events = None
        if session.ended_at is None:
            self.hidden_sessions += 1
        if was_in_table:
            self._running.remove(session)
            out.append(SessionHidden(session))
        out.append(SessionDisowned(session))
        self._withdraw(session)
        out.append(self.statistics_changed)

    def erase(self, sessions: Sequence[Session], marks: Marks, now: Now, out: list[Effect]) -> None:
        """Let ``sessions`` be gone as if they had never been; their events leave the feed."""
        pages: Counter[str] = Counter()
        for session in sessions:
            if session.counted_period == self._period.number:
                began_at = self._period.day_began_at
                pages.update(step.page for step in session.steps if step.at >= began_at)
        # Once for all of them: it sorts.
        if pages:
            self._pages.remove(pages)
        told = {session.id for session in sessions if session.is_visible}
        told.update(event.session_id for event in self.recent_events if marks.is_their_event(event))
        for session in sessions:
            self._erase(session, now)
        kept = [event for event in self.recent_events if not marks.is_their_event(event)]
        self.recent_events = deque(kept, maxlen=RECENT_EVENTS)
        self.alarms.forget(told)
        out.append(VisitorForgotten(self.name, tuple(sessions), frozenset(told)))
        out.append(self.statistics_changed)

    def _erase(self, session: Session, now: Now) -> None:
        if session.ended_at is None:
            self._take_out(session)
            if session.is_visible:
                self._running.remove(session)
            elif session.visibility is Visibility.HIDDEN:
                self.hidden_sessions -= 1
            session.ended_at = now.unix_s
        session.counted_pages = None
        self._withdraw(session)
        self.ended.pop(session.id)
        # What still waits for this session finds nothing to show and nothing to end.
        session.visibility = Visibility.HIDDEN
        session.held_events = None
        session.leaving_since_s = None
        self.erased.add(session.id, now)

    def identity_changes(self, session: Session) -> bool:
        """Take a counted session out before its identity changes; ``True``: :meth:`count` it again."""
        counted = session.is_visible and session.ended_at is None
        if counted:
            self._running.remove(session)
        return counted

    def count(self, session: Session) -> None:
        self._running.add(session)

    def end(self, session: Session, reason: EndReason, now: Now, ended_at: float, out: list[Effect]) -> None:
        self._take_out(session)
        session.is_idle = False
        session.leaving_since_s = None
        session.ended_at = max(ended_at, session.last_activity_at)
        self.ended.add(EndedSession(session, reason, now.monotonic_s, None, self._period.number))
        if session.is_visible:
            self._running.remove(session)
            self._count_end(session)
            out.append(self.statistics_changed)
        elif session.visibility is Visibility.HIDDEN:
            self.hidden_sessions -= 1
            out.append(self.statistics_changed)
        out.append(SessionEnded(session, reason, session.is_visible))

    def bring_back(self, ended: EndedSession, now: Now, out: list[Effect]) -> tuple[Session, Session | None]:
        """Let an ended session go on as the same visit; return it, and the one in excess as :meth:`add`."""
        session = ended.session
        self.ended.pop(session.id)
        self._withdraw_end(ended)
        session.ended_at = None
        session.last_seen_s = now.monotonic_s
        self._live[session.id] = session
        self._active.append(session)
        if session.is_visible:
            self._running.add(session)
            out.append(self.statistics_changed)
            self.alarms.visitor_returned(self._running.active, now, out)
        elif session.visibility is Visibility.HIDDEN:
            self.hidden_sessions += 1
            out.append(self.statistics_changed)
        return session, self._excess()

    def newly_idle(self, monotonic_s: float) -> Iterator[Session]:
        while (session := self._active.first) is not None:
            if monotonic_s - session.last_seen_s < self._rules.idle_after_s:
                return
            self._active.remove(session)
            session.is_idle = True
            session.pack()
            self._idle.append(session)
            yield session

    def expired(self, monotonic_s: float) -> Iterator[Session]:
        """Sessions that were silent too long; the caller ends each before it asks for the next."""
        while (session := self._idle.first) is not None:
            if monotonic_s - session.last_seen_s <= self._rules.idle_timeout_s:
                return
            yield session

    def start_period(self, now: Now) -> None:
        """Begin the figures of the day anew."""
        self._period.start_anew(now.unix_s)
        self._pages = PageCounter()
        self.alarms.start_anew()

    def reset(self, now: Now) -> None:
        """Begin every live figure anew. Sessions stay: they are still there."""
        self.start_period(now)
        self._minutes.clear()
        self.recent_events.clear()

    def _count_page(self, session: Session, page: str, at: float) -> None:
        if at < self._period.day_began_at:
            return
        self._pages.add(page)
        if session.may_be_identified:
            counted = session.counted_pages
            if counted is None:
                counted = session.counted_pages = {}
            if page in counted or len(counted) < self._rules.journey_length:
                counted[page] = counted.get(page, 0) + 1

    def _withdraw(self, session: Session) -> None:
        """Take back what a session, and earlier visits of its id, added to the figures and the feed."""
        if session.counted_period == self._period.number and session.counted_pages:
            self._pages.remove(session.counted_pages)
        self._period.withdraw(session)
        self._minutes.withdraw(session)
        self._forget_events(session.id)
        ended = self.ended.get(session.id)
        if ended is not None and ended.session is session:
            self._withdraw_end(ended)
            self.ended.replace(ended._replace(duration_s=None))

    def _count_end(self, session: Session) -> None:
        ended = self.ended.get(session.id)
        if ended is not None and ended.session is session and session.ended_at is not None:
            duration_s = session.duration_s(session.ended_at)
            self._period.count_end(duration_s)
            self.ended.replace(ended._replace(duration_s=duration_s, period=self._period.number))

    def _withdraw_end(self, ended: EndedSession) -> None:
        if ended.duration_s is not None and ended.period == self._period.number:
            self._period.withdraw_end(ended.duration_s)

    def _forget_events(self, session_id: str) -> None:
        kept = [event for event in self.recent_events if event.session_id != session_id]
        self.recent_events = deque(kept, maxlen=RECENT_EVENTS)
