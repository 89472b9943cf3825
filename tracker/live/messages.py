"""The messages of ``/ws``: one Struct for the ``data`` of each type.

Field names are written in camelCase on the wire, or as they stand here where a
dashboard asked for ``naming=snake``. Times are texts (ISO 8601, UTC,
milliseconds), durations are seconds.
"""

from typing import Any, Literal

from msgspec import Struct

from tracker.core.effects import AlertLevel
from tracker.core.inputs import UpstreamState
from tracker.core.session import Enrichment, Source


class Wire(Struct, frozen=True, rename="camel", gc=False):
    """Base of everything that is sent."""


class Company(Wire, frozen=True, gc=False):
    guid: str
    name: str
    domain: str | None


class Contact(Wire, frozen=True, gc=False):
    name: str
    title: str | None
    email_addresses: tuple[str, ...]
    phone_numbers: tuple[str, ...]


class Row(Wire, frozen=True, gc=False):
    """One live session as a dashboard shows it."""

    session_id: str
    source: Source
    ip: str
    company: Company | None
    contact: Contact | None
    country: str | None
    device: str | None
    current_page: str | None
    journey: list[str]
    """The last 20 pages, newest last."""
    page_count: int
    opened_at: str
    last_activity_at: str
    duration: float
    status: Literal["active", "idle"]
    enrichment: Enrichment


class FeedEvent(Wire, frozen=True, gc=False):
    """One event in the live feed."""

    id: str
    type: str
    session_id: str
    page: str | None
    timestamp: str
    country: str | None
    device: str | None
    user_id: str | None
    metadata: dict[str, Any]


class Statistics(Wire, frozen=True, gc=False):
    total_active: int
    total_today: int
    pages_visited: dict[str, int]


class Averages(Wire, frozen=True, gc=False):
    visitors_per_company: float | None
    session_duration: float | None
    session_duration_today: float | None


class AveragesUpdate(Averages, frozen=True, gc=False, rename="camel"):
    """The figures that move without any event."""

    hidden_sessions: int


class MinuteCount(Wire, frozen=True, gc=False):
    time: str
    visitors: int


class UpstreamStatus(Wire, frozen=True, gc=False):
    status: UpstreamState
    since: str


class Alert(Wire, frozen=True, gc=False):
    level: AlertLevel
    message: str
    details: dict[str, Any]
    at: str


class Snapshot(Wire, frozen=True, gc=False):
    """Everything that a dashboard shows, to begin from."""

    visitors: list[Row]
    """The 5,000 most recently active ones."""
    total: int
    stats: Statistics
    averages: Averages
    recent_events: list[FeedEvent]
    """Newest first."""
    recent_alerts: list[Alert]
    """Newest first: those since the service was started, 20 at the most."""
    visitors_by_minute: list[MinuteCount]
    """The last ten minutes, oldest first."""
    total_dashboards: int
    upstream: UpstreamStatus | None
    hidden_sessions: int
    server_time: str


class VisitorUpdate(Wire, frozen=True, gc=False):
    event: FeedEvent | None
    """``None`` when only the figures changed."""
    stats: Statistics


class SessionEnded(Wire, frozen=True, gc=False):
    session_id: str
    reason: Literal["closed", "expired", "hidden"]


class UserConnected(Wire, frozen=True, gc=False):
    total_dashboards: int
    connected_at: str


class UserDisconnected(Wire, frozen=True, gc=False):
    total_dashboards: int


class Reset(Wire, frozen=True, gc=False):
    at: str


class DetailedStats(Wire, frozen=True, gc=False):
    """The answer to ``request_detailed_stats``; figures are over the sessions that match."""

    filter: dict[str, str]
    stats: Statistics
    sessions: list[Row]
    """The 1,000 most recently active ones."""
    events: list[FeedEvent]
    by_country: dict[str, int]
    by_page: dict[str, int]
    by_device: dict[str, int]


class Error(Wire, frozen=True, gc=False):
    message: str
    field: str | None


class ActionTracked(Wire, frozen=True, gc=False):
    action: str


class Pong(Wire, frozen=True, gc=False):
    server_time: str


MESSAGES: dict[str, type[Wire]] = {
    "snapshot": Snapshot,
    "visitor_update": VisitorUpdate,
    "session_activity": Row,
    "session_ended": SessionEnded,
    "averages": AveragesUpdate,
    "user_connected": UserConnected,
    "user_disconnected": UserDisconnected,
    "alert": Alert,
    "upstream_status": UpstreamStatus,
    "detailed_stats": DetailedStats,
    "reset": Reset,
    "error": Error,
    "action_tracked": ActionTracked,
    "pong": Pong,
}
"""Every type that is sent, and what its ``data`` looks like."""

TYPE_OF: dict[type[Wire], str] = {data: name for name, data in MESSAGES.items()}


_PLAIN = frozenset({str, int, float, bool, type(None)})


def to_snake(value: Any) -> Any:
    """Return ``value`` with every Struct in it as a dict of snake_case names.

    Keys of dicts are data (pages, countries, what a site sent) and stay as they are.
    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Struct):
        return {name: to_snake(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, list | tuple):
        return [item if type(item) in _PLAIN else to_snake(item) for item in value]
    if isinstance(value, dict):
        return {key: item if type(item) in _PLAIN else to_snake(item) for key, item in value.items()}
    return value
