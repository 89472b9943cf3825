"""Questions about the past and their answers, as values. Times are Unix seconds."""

from typing import Any, NamedTuple

DIMENSIONS = ("type", "page", "country", "device", "browser", "os", "referrer", "company")
"""What events can be counted by."""


def milliseconds(unix_s: float) -> int:
    return round(unix_s * 1000)


class Filter(NamedTuple):
    """Events of ``site`` from ``start`` to before ``end``, Unix seconds. ``None`` means any.

    Texts compare exactly, but countries and companies without regard to case.
    """

    site: str
    start: float
    end: float
    type: str | None = None
    page: str | None = None
    country: str | None = None
    device: str | None = None
    browser: str | None = None
    os: str | None = None
    referrer: str | None = None
    company: str | None = None
    """Part of the company's name or domain, or its GUID, of a visit of the session that has ended."""
    user_id: str | None = None
    session_id: str | None = None
    live_of_company: tuple[str, ...] = ()
    """Sessions that belong to the company too, though their visit goes on."""

    @property
    def start_ms(self) -> int:
        return milliseconds(self.start)

    @property
    def end_ms(self) -> int:
        return milliseconds(self.end)


class Totals(NamedTuple):
    total_events: int
    unique_sessions: int
    unique_users: int


class Point(NamedTuple):
    time: float
    """When this part of the time begins."""
    events: int
    visitors: int
    """Distinct sessions."""


class TimeSeries(NamedTuple):
    interval_s: int
    points: list[Point]


class TopItem(NamedTuple):
    value: str
    events: int
    visitors: int


class EventSummary(NamedTuple):
    event: str
    total_count: int
    unique_users: int
    device_breakdown: dict[str, int]
    """Events by device, the most first; those that say none are ``unknown``."""


class StoredEvent(NamedTuple):
    id: str
    site: str
    type: str
    session_id: str
    occurred_at: float
    received_at: float
    page: str | None
    user_id: str | None
    country: str | None
    device: str | None
    browser: str | None
    os: str | None
    referrer: str | None
    ip: str
    metadata: dict[str, Any]
    timestamp_adjusted: bool
    arrival: int
    """Its place in the order of receipt."""


class UserStats(NamedTuple):
    user_id: str
    total_events: int
    first_seen: float | None
    """``None`` when there is no event of this user."""
    last_seen: float | None
    devices: dict[str, int]
    countries: dict[str, int]
    recent_events: list[StoredEvent]
    """The newest first."""


class FunnelStep(NamedTuple):
    step: str
    sessions: int
    rate: float
    """Share of the sessions of the first step, 0 to 1."""


class Cohort(NamedTuple):
    week: float
    """When the week begins in which its users were seen first."""
    users: int
    returned: list[int]
    """How many of them were there in the first week after it, in the second, …"""


class EventPage(NamedTuple):
    events: list[StoredEvent]
    """The newest first."""
    next: str | None
    """Where the next page begins; ``None`` after the last."""


class VisitRow(NamedTuple):
    """One visit that has ended."""

    site: str
    session_id: str
    source: str
    ip: str
    opened_at: float
    ended_at: float
    reason: str
    pages: int
    events: int
    user_id: str | None
    country: str | None
    device: str | None
    browser: str | None
    os: str | None
    referrer: str | None
    company_guid: str | None
    company_name: str | None
    company_domain: str | None
    contact_guid: str | None
    contact_name: str | None
    contact_title: str | None
    emails: list[str]
    phones: list[str]
