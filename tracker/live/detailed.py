"""Figures over the live sessions that match a filter: counted by walking them, on request only."""

import asyncio
from collections import Counter

from tracker.core.clock import Now
from tracker.core.filters import SessionFilter
from tracker.core.inputs import SiteEvent
from tracker.core.session import Session
from tracker.core.site import LiveSite
from tracker.core.statistics import TOP_PAGES
from tracker.live import messages, rows
from tracker.live.pending import ROW_BYTES

MAX_SESSIONS = 1_000
MAX_BYTES = 512 * 1024
MAX_KEYS = 200
"""Countries, pages and devices that are told; those beyond are the rarest."""
SLICE = 1_000
UNKNOWN = "unknown"


class _Figures:
    """What is counted on the walk."""

    def __init__(self) -> None:
        self.total = 0
        self.visits: Counter[str] = Counter()
        self.by_country: Counter[str] = Counter()
        self.by_page: Counter[str] = Counter()
        self.by_device: Counter[str] = Counter()

    def add(self, session: Session) -> None:
        self.total += 1
        self.by_country[session.country or UNKNOWN] += 1
        self.by_page[session.current_page or UNKNOWN] += 1
        self.by_device[session.device or UNKNOWN] += 1
        for step in session.steps:
            self.visits[step.page] += 1


async def detailed_stats(site: LiveSite, wanted: SessionFilter, now: Now) -> messages.DetailedStats:
    """Return the figures over the visible live sessions that match ``wanted``.

    Walks the sessions 1,000 at a time and lets others run in between; a session
    that ends meanwhile may be counted. Without a filter ``stats`` are the site's own.
    """
    figures = _Figures()
    table = _Table(now)
    sessions = list(site.visible_sessions())
    for start in range(0, len(sessions), SLICE):
        if start:
            await asyncio.sleep(0)
        for session in sessions[start : start + SLICE]:
            if session.is_visible and session.ended_at is None and wanted.matches(session):
                figures.add(session)
                table.add(session)
    events = [
        rows.feed_event(event)
        for event in reversed(site.recent_events)
        if _matches_event(wanted, event, site.find(event.session_id))
    ]
    return messages.DetailedStats(
        filter={name: text for name, text in wanted._asdict().items() if text is not None},
        stats=_statistics(site, wanted, figures),
        sessions=table.rows,
        events=events,
        by_country=_top(figures.by_country, MAX_KEYS),
        by_page=_top(figures.by_page, MAX_KEYS),
        by_device=_top(figures.by_device, MAX_KEYS),
    )


class _Table:
    """The first 1,000 rows, or 512 KiB of them: an answer has to fit the queue of its dashboard."""

    def __init__(self, now: Now) -> None:
        self.rows: list[messages.Row] = []
        self._now = now
        self._size_bytes = 0

    def add(self, session: Session) -> None:
        if len(self.rows) < MAX_SESSIONS and self._size_bytes < MAX_BYTES:
            row = rows.row(session, self._now.unix_s)
            self.rows.append(row)
            self._size_bytes += ROW_BYTES + sum(map(len, row.journey))


def _statistics(site: LiveSite, wanted: SessionFilter, figures: _Figures) -> messages.Statistics:
    if wanted.is_empty:
        return rows.statistics(site.statistics())
    today = figures.total + site.count_ended_today(wanted)
    return messages.Statistics(figures.total, today, _top(figures.visits, TOP_PAGES))


def _matches_event(wanted: SessionFilter, event: SiteEvent, session: Session | None) -> bool:
    """By its own page, and by its visitor while that one is here."""
    if wanted.page is not None and event.page != wanted.page:
        return False
    if session is not None:
        return wanted._replace(page=None).matches(session)
    if wanted.company is not None:
        return False
    return wanted.country is None or (event.country or "").casefold() == wanted.country.casefold()


def _top(counter: Counter[str], most: int) -> dict[str, int]:
    return dict(counter.most_common(most))
