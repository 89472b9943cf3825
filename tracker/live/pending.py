"""What changed on one site since the last flush."""

from collections import deque
from itertools import islice
from typing import Literal

from msgspec.json import Encoder

from tracker.core.clock import Now
from tracker.core.effects import Alert, UpstreamStatus
from tracker.core.inputs import SiteEvent
from tracker.core.session import Session
from tracker.core.site import LiveSite
from tracker.live import messages, rows
from tracker.live.counters import Counters
from tracker.live.messages import Wire

MAX_ROWS = 250
MAX_EVENTS = 200
MAX_ALERTS = 20
MAX_ENDED = 5_000
MAX_ROWS_BYTES = 256 * 1024
MAX_EVENTS_BYTES = 256 * 1024
ROW_BYTES = 450
"""About what a row takes besides its journey."""
EVENT_BYTES = 300
"""About what a ``visitor_update`` takes besides its metadata and the figures."""

_encode = Encoder().encode

Reason = Literal["closed", "expired", "hidden"]


class Pending:
    """Marks, in constant time each; rendered at the flush.

    A session that changed often is shown once, as it is then. Rows beyond 250
    (or 256 KiB) wait for the next flush, longest waiting first; ends of sessions
    never wait. Feed events beyond the newest 200 (or 256 KiB) are dropped and
    counted. When more than 5,000 sessions end at once there is nothing to be
    gained from telling one by one: ``start_over`` asks for snapshots instead.
    """

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._sessions: dict[str, Session] = {}
        self._ended: dict[str, Reason] = {}
        self._events: deque[SiteEvent] = deque()
        self._alerts: deque[Alert] = deque()
        self._upstream: UpstreamStatus | None = None
        self._reset_at: float | None = None
        self._figures_changed = False
        self.start_over = False

    def __bool__(self) -> bool:
        return bool(
            self._sessions
            or self._ended
            or self._events
            or self._alerts
            or self._upstream
            or self._figures_changed
            or self.start_over
            or self._reset_at is not None
        )

    @property
    def sessions(self) -> int:
        return len(self._sessions)

    @property
    def has_events(self) -> bool:
        """Whether the site's recent events hold some that no dashboard was told of."""
        return bool(self._events)

    def session_changed(self, session: Session) -> None:
        self._ended.pop(session.id, None)
        self._sessions[session.id] = session

    def session_ended(self, session: Session, reason: Reason) -> None:
        self._end(session.id, reason)

    def _end(self, session_id: str, reason: Reason) -> None:
        self._sessions.pop(session_id, None)
        self._ended[session_id] = reason
        if len(self._ended) > MAX_ENDED:
            self.start_over = True
            self._ended.clear()
            self._sessions.clear()

    def session_hidden(self, session: Session) -> None:
        self.session_forgotten(session.id)

    def session_forgotten(self, session_id: str) -> None:
        self._end(session_id, "hidden")
        self._events = deque(event for event in self._events if event.session_id != session_id)

    def event_shown(self, event: SiteEvent) -> None:
        if len(self._events) == MAX_EVENTS:
            self._events.popleft()
            self._counters.dropped_feed_events += 1
        self._events.append(event)

    def figures_changed(self) -> None:
        self._figures_changed = True

    def alert(self, alert: Alert) -> None:
        if len(self._alerts) == MAX_ALERTS:
            self._alerts.popleft()
            self._counters.dropped_alerts += 1
        self._alerts.append(alert)

    def upstream_changed(self, status: UpstreamStatus) -> None:
        self._upstream = status

    def reset(self, at: float) -> None:
        """Figures began anew: what happened before is not worth telling."""
        self._reset_at = at
        self._events.clear()

    def take(self, site: LiveSite, now: Now, averages: messages.AveragesUpdate | None) -> list[Wire]:
        """Return the messages of this flush, in their order, and forget what they tell."""
        out: list[Wire] = []
        if self._reset_at is not None:
            out.append(messages.Reset(rows.iso(self._reset_at)))
            self._reset_at = None
        self._take_rows(now, out)
        out.extend(messages.SessionEnded(session_id, reason) for session_id, reason in self._ended.items())
        self._ended.clear()
        self._take_events(site, out)
        if averages is not None:
            out.append(averages)
        out.extend(map(rows.alert, self._alerts))
        self._alerts.clear()
        if self._upstream is not None:
            out.append(rows.upstream_status(self._upstream))
            self._upstream = None
        self.start_over = False
        return out

    def _take_rows(self, now: Now, out: list[Wire]) -> None:
        taken = []
        size_bytes = 0
        for session in islice(self._sessions.values(), MAX_ROWS):
            taken.append(session.id)
            if not session.is_visible or session.ended_at is not None:
                continue
            row = rows.row(session, now.unix_s)
            out.append(row)
            size_bytes += ROW_BYTES + sum(map(len, row.journey))
            if size_bytes > MAX_ROWS_BYTES:
                break
        for session_id in taken:
            del self._sessions[session_id]

    def _take_events(self, site: LiveSite, out: list[Wire]) -> None:
        if not self._events and not self._figures_changed:
            return
        statistics = rows.statistics(site.statistics())
        out.extend(
            messages.VisitorUpdate(rows.feed_event(event), statistics)
            for event in self._newest_events(len(_encode(statistics.pages_visited)))
        )
        if not self._events:
            out.append(messages.VisitorUpdate(None, statistics))
        self._events.clear()
        self._figures_changed = False

    def _newest_events(self, statistics_bytes: int) -> list[SiteEvent]:
        newest: list[SiteEvent] = []
        size_bytes = 0
        for event in reversed(self._events):
            size_bytes += EVENT_BYTES + statistics_bytes + _metadata_bytes(event)
            if newest and size_bytes > MAX_EVENTS_BYTES:
                break
            newest.append(event)
        self._counters.dropped_feed_events += len(self._events) - len(newest)
        return newest[::-1]


def _metadata_bytes(event: SiteEvent) -> int:
    try:
        return len(_encode(event.metadata)) if event.metadata else 0
    except (ValueError, TypeError, OverflowError, RecursionError):
        return 0  # the encoder of the message meets it again and puts a stand-in there
