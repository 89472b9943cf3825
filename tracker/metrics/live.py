"""What is live: sessions, alerts, dashboards."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client.metrics_core import Metric

from tracker.core.effects import AlertKind
from tracker.core.ended import MAX_JOURNEY_BYTES
from tracker.metrics.families import counter, counters, gauge, gauges

if TYPE_CHECKING:
    from tracker.wiring import Service


def families(service: "Service") -> Iterator[Metric]:
    yield from _sessions(service)
    yield from _dashboards(service)
    yield from _conversation(service)


def _sessions(service: "Service") -> Iterator[Metric]:
    sizes = dict(service.core.sizes)
    live, visible, hidden = (sizes.pop(f"{state}Sessions") for state in ("live", "visible", "hidden"))
    yield gauges(
        "sessions",
        "Live sessions by state: shown, hidden (of a data centre), or waiting to be one of these.",
        "state",
        {"visible": visible, "hidden": hidden, "waiting": live - visible - hidden},
    )
    yield gauges(
        "live_state_entries",
        "What the live state holds beside the live sessions, by kind.",
        "kind",
        {
            "ended_sessions": sizes["endedSessions"],
            "erased_sessions": sizes["erasedSessions"],
            "addresses_waiting": sizes["addressesWaiting"],
            "retries_waiting": sizes["retriesWaiting"],
            "reveals_waiting": sizes["revealsWaiting"],
            "leaves_waiting": sizes["leavesWaiting"],
        },
    )
    yield gauge(
        "ended_journeys_bytes",
        "What the journeys of ended sessions take; the text of a page counts for each of them.",
        sizes["endedJourneyBytes"],
    )
    yield gauge("ended_journeys_limit_bytes", "What they may take at most for each site.", MAX_JOURNEY_BYTES)
    yield counter("inputs", "Inputs that the live state was fed with.", service.pipeline.inputs)
    yield counters(
        "alerts",
        "Alerts that were raised, by kind.",
        "kind",
        {kind.value: service.alerts[kind] for kind in AlertKind},
    )


def _dashboards(service: "Service") -> Iterator[Metric]:
    hub = service.hub
    told = hub.counters
    yield gauge("dashboards", "Connected dashboards.", hub.dashboards)
    yield gauge("dashboards_limit", "Dashboards that may be connected at most.", hub.max_dashboards)
    yield counter("dashboards_turned_away", "Dashboards that found the service full.", told.turned_away)
    yield counter(
        "dashboard_resyncs",
        "Queues that were dropped because their dashboard read too slowly; it gets a new snapshot.",
        told.overflows,
    )
    yield counter(
        "dashboard_cut_offs", "Dashboards that were closed because they read too slowly.", told.closed_slow
    )
    yield counter("dashboard_messages", "Messages sent to dashboards.", told.messages_sent)
    yield counter("dashboard_sent_bytes", "Bytes of the messages sent to dashboards.", told.bytes_sent)


def _conversation(service: "Service") -> Iterator[Metric]:
    told = service.hub.counters
    yield counters(
        "dashboard_snapshots",
        "Snapshots that dashboards began with: rendered, or shared with one that was rendered before.",
        "source",
        {"rendered": told.snapshots_rendered, "shared": told.snapshots_shared},
    )
    yield counters(
        "dashboard_resumes",
        "Dashboards that asked for what they missed, by whether it was still known.",
        "result",
        {"hit": told.resume_hits, "miss": told.resume_misses},
    )
    yield counters(
        "dashboard_dropped_messages",
        "What was not told to dashboards: too much at once, or not to be written as JSON.",
        "kind",
        {
            "feed_event": told.dropped_feed_events,
            "alert": told.dropped_alerts,
            "unencodable": told.unencodable,
        },
    )
    yield counter(
        "dashboard_request_errors",
        "Messages of dashboards that could not be understood.",
        told.request_errors,
    )
