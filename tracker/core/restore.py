"""The live state as plain values, for a restart: written down from time to time, taken back at the start.

The monotonic clock means nothing to the next process, so every time is a Unix time here.
"""

from collections.abc import Sequence
from typing import NamedTuple

from tracker.core.clock import Now
from tracker.core.effects import EndReason
from tracker.core.ended import EndedSession
from tracker.core.identity import Identity
from tracker.core.journey import PackedJourney, Step, text_bytes
from tracker.core.session import Enrichment, Session, Source, Visibility, shared_traits
from tracker.core.site import LiveSite
from tracker.core.statistics import MinuteFigures, PageFigures, PeriodFigures
from tracker.core.usual import HourFigures


class EndRecord(NamedTuple):
    """How a session ended, as far as its return depends on it."""

    reason: EndReason
    noticed_at: float
    ended_at: float
    duration_s: float | None
    period: int


class SessionRecord(NamedTuple):
    site: str
    id: str
    source: Source
    ip: str
    address: str | None
    opened_at: float
    last_activity_at: float
    last_receipt_at: float
    previous_ips: tuple[str, ...] = ()
    leaving_since_at: float | None = None
    user_id: str | None = None
    country: str | None = None
    device: str | None = None
    browser: str | None = None
    os: str | None = None
    referrer: str | None = None
    journey: tuple[Step, ...] | PackedJourney = ()
    page_count: int = 0
    event_count: int = 0
    identity: Identity | None = None
    enrichment: Enrichment = Enrichment.PENDING
    visibility: Visibility = Visibility.WAITING
    is_idle: bool = False
    counted_period: int = -1
    counted_pages: dict[str, int] | None = None
    last_minute: int = 0
    counted_minutes: int = 0
    end: EndRecord | None = None
    """``None`` while the session lives."""
    is_announced: bool = False

    @property
    def steps(self) -> Sequence[Step]:
        return self.journey.steps if isinstance(self.journey, PackedJourney) else self.journey

    @property
    def journey_bytes(self) -> int:
        """What its journey will take in memory once it is packed."""
        if isinstance(self.journey, PackedJourney):
            return self.journey.size_bytes
        return sum(text_bytes(step.page) for step in self.journey)


class TimesRecord(NamedTuple):
    """What a sign of life moves in a session, and nothing else."""

    last_activity_at: float
    last_receipt_at: float
    last_minute: int
    counted_minutes: int


class FiguresRecord(NamedTuple):
    """The figures of the day of one site, and the visitors of the last minutes."""

    site: str
    period: PeriodFigures
    minutes: MinuteFigures
    pages: PageFigures
    usual: tuple[HourFigures, ...] = ()
    """New visitors a minute, by hour of the day."""


def export_session(session: Session, now: Now, ended: EndedSession | None = None) -> SessionRecord:
    """Return what the next process needs of ``session``; ``ended`` is what is remembered of its end.

    Events that wait for the session to be shown are left out: they miss the feed, no figure.
    """
    return SessionRecord(
        site=session.site,
        id=session.id,
        source=session.source,
        ip=session.ip,
        address=session.address,
        opened_at=session.opened_at,
        last_activity_at=session.last_activity_at,
        last_receipt_at=_wall(session.last_seen_s, now),
        previous_ips=session.previous_ips,
        leaving_since_at=None if session.leaving_since_s is None else _wall(session.leaving_since_s, now),
        user_id=session.user_id,
        country=session.country,
        device=session.device,
        browser=session.browser,
        os=session.os,
        referrer=session.referrer,
        journey=tuple(session.steps),
        page_count=session.page_count,
        event_count=session.event_count,
        identity=session.identity,
        enrichment=session.enrichment,
        visibility=session.visibility,
        is_idle=session.is_idle,
        counted_period=session.counted_period,
        counted_pages=None if session.counted_pages is None else session.counted_pages.copy(),
        last_minute=session.last_minute,
        counted_minutes=session.counted_minutes,
        end=None if ended is None else _end_record(ended, now),
        is_announced=session.is_announced,
    )


def export_times(session: Session, now: Now) -> TimesRecord:
    return TimesRecord(
        session.last_activity_at,
        _wall(session.last_seen_s, now),
        session.last_minute,
        session.counted_minutes,
    )


def import_session(record: SessionRecord, now: Now) -> Session:
    """Return the session of ``record``; silence while nobody was there counts as silence."""
    session = Session(record.site, record.id, record.source, record.ip, record.address, record.opened_at)
    session.last_activity_at = record.last_activity_at
    session.last_seen_s = _monotonic(record.last_receipt_at, now)
    session.previous_ips = record.previous_ips
    if record.leaving_since_at is not None:
        session.leaving_since_s = _monotonic(record.leaving_since_at, now)
    session.user_id = record.user_id
    session.traits = shared_traits(
        record.site, record.source, record.country, record.device, record.browser, record.os
    )
    session.referrer = record.referrer
    _put_back_journey(session, record.journey)
    session.page_count = record.page_count
    session.event_count = record.event_count
    session.identity = record.identity
    session.enrichment = record.enrichment
    session.visibility = record.visibility
    session.is_announced = record.is_announced
    session.is_idle = record.is_idle
    if session.is_idle:
        session.pack()
    session.counted_period = record.counted_period
    session.counted_pages = record.counted_pages
    session.last_minute = record.last_minute
    session.counted_minutes = record.counted_minutes
    if record.end is not None:
        session.ended_at = record.end.ended_at
    return session


def import_ended(session: Session, end: EndRecord, now: Now) -> EndedSession:
    return EndedSession(session, end.reason, _monotonic(end.noticed_at, now), end.duration_s, end.period)


def find_record(site: LiveSite, session_id: str, now: Now) -> SessionRecord | None:
    """Return the session as it is now, live or ended; ``None`` when it is forgotten."""
    session = site.find(session_id)
    if session is not None:
        return export_session(session, now)
    ended = site.ended.get(session_id)
    return None if ended is None else export_session(ended.session, now, ended)


def export_figures(site: LiveSite) -> FiguresRecord:
    return FiguresRecord(site.name, *site.figures())


def import_figures(site: LiveSite, record: FiguresRecord) -> None:
    """Put the figures back. A day that is over is noticed with the next tick."""
    site.put_back_figures(record.period, record.minutes, record.pages, record.usual)


def _end_record(ended: EndedSession, now: Now) -> EndRecord:
    return EndRecord(
        ended.reason,
        _wall(ended.ended_s, now),
        ended.session.ended_at or 0.0,
        ended.duration_s,
        ended.period,
    )


def _put_back_journey(session: Session, journey: tuple[Step, ...] | PackedJourney) -> None:
    if isinstance(journey, PackedJourney):
        session.journey = journey
    elif len(journey) == 1:
        ((session.journey, session.page_at),) = journey
    else:
        session.journey = list(journey) or None


def _wall(monotonic_s: float, now: Now) -> float:
    return now.unix_s - (now.monotonic_s - monotonic_s)


def _monotonic(unix_s: float, now: Now) -> float:
    # A wall clock that was set back must not make receipts of the future.
    return now.monotonic_s - max(0.0, now.unix_s - unix_s)
