"""What the hub counts. Read by ``/api/status`` and ``/metrics``."""

from msgspec import Struct


class Counters(Struct):
    """Running totals of one hub."""

    flushes: int = 0
    messages_sent: int = 0
    bytes_sent: int = 0
    overflows: int = 0
    """Queues dropped because their dashboard read too slowly."""
    closed_slow: int = 0
    dropped_feed_events: int = 0
    dropped_alerts: int = 0
    unencodable: int = 0
    snapshots_rendered: int = 0
    snapshots_shared: int = 0
    resume_hits: int = 0
    resume_misses: int = 0
    request_errors: int = 0
    turned_away: int = 0
    """Dashboards that were refused because there were too many already."""


class HubStatus(Struct, frozen=True, rename="camel"):
    """One reading of a hub."""

    dashboards: int
    max_dashboards: int
    """As many as the limit of open files allows; one more is refused (503)."""
    dashboards_by_site: dict[str, int]
    queued_bundles: int
    """Over all dashboards; each holds at most 256 and 1 MiB."""
    queued_bytes: int
    waiting_sessions: int
    """Changed sessions that no flush has shown yet."""
    ring_bytes: int
    flushes: int
    messages_sent: int
    bytes_sent: int
    overflows: int
    closed_slow: int
    dropped_feed_events: int
    dropped_alerts: int
    unencodable: int
    snapshots_rendered: int
    snapshots_shared: int
    resume_hits: int
    resume_misses: int
    request_errors: int
    turned_away: int
    actions: dict[str, int]
