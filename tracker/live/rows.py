"""Core values as the messages show them."""

from functools import lru_cache
from time import gmtime, strftime

from tracker.core.averages import Averages
from tracker.core.effects import Alert, UpstreamStatus
from tracker.core.identity import Identity
from tracker.core.inputs import SiteEvent
from tracker.core.session import Session
from tracker.core.site import LiveSite
from tracker.core.statistics import MinuteCount, Statistics
from tracker.live import messages

JOURNEY_PAGES = 20
_MILLISECOND = tuple(f".{millisecond:03d}Z" for millisecond in range(1000))


def row(session: Session, unix_s: float) -> messages.Row:
    """Return ``session`` as a row of the visitor table, its duration measured at ``unix_s``."""
    company, contact = _identity(session.identity)
    journey = [step.page for step in session.steps[-JOURNEY_PAGES:]]
    return messages.Row(
        session.id,
        session.source,
        session.ip,
        company,
        contact,
        session.country,
        session.device,
        journey[-1] if journey else None,
        journey,
        session.page_count,
        iso(session.opened_at),
        iso(session.last_activity_at),
        int(session.duration_s(unix_s) * 1000 + 0.5) / 1000,  # round() takes a third of all of this
        "idle" if session.is_idle else "active",
        session.enrichment,
    )


def feed_event(event: SiteEvent) -> messages.FeedEvent:
    return messages.FeedEvent(
        event.id,
        event.type,
        event.session_id,
        event.page,
        iso(event.occurred_at),
        event.country,
        event.device,
        event.user_id,
        event.metadata,
    )


def statistics(figures: Statistics) -> messages.Statistics:
    return messages.Statistics(figures.total_active, figures.total_today, figures.pages_visited)


def averages(figures: Averages) -> messages.Averages:
    return messages.Averages(
        _rounded(figures.visitors_per_company),
        _rounded(figures.session_duration_s),
        _rounded(figures.session_duration_today_s),
    )


def averages_update(site: LiveSite, unix_s: float) -> messages.AveragesUpdate:
    figures = averages(site.averages(unix_s))
    return messages.AveragesUpdate(
        figures.visitors_per_company,
        figures.session_duration,
        figures.session_duration_today,
        site.hidden_sessions,
    )


def minute_count(count: MinuteCount) -> messages.MinuteCount:
    return messages.MinuteCount(iso(count.at), count.visitors)


def upstream_status(status: UpstreamStatus) -> messages.UpstreamStatus:
    return messages.UpstreamStatus(status.state, iso(status.since))


def alert(raised: Alert) -> messages.Alert:
    return messages.Alert(raised.level, raised.message, raised.details, iso(raised.at))


def iso(unix_s: float) -> str:
    """Return a time since 1970 as ``2025-03-03T04:04:03.489Z``."""
    milliseconds = int(unix_s * 1000 + 0.5)
    return _second(milliseconds // 1000) + _MILLISECOND[milliseconds % 1000]


@lru_cache(maxsize=8192)
def _second(unix_s: int) -> str:
    # Times in rows lie within a visit: the same few thousand seconds again and again.
    return strftime("%Y-%m-%dT%H:%M:%S", gmtime(unix_s))


def _identity(identity: Identity | None) -> tuple[messages.Company | None, messages.Contact | None]:
    if identity is None:
        return None, None
    company, contact = identity.company, identity.contact
    return (
        None if company is None else messages.Company(company.guid, company.name, company.domain),
        None
        if contact is None
        else messages.Contact(contact.name, contact.title, contact.email_addresses, contact.phone_numbers),
    )


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 3)
