"""What comes in: events, frames of the session emitter, and who is turned away."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client.metrics_core import Metric

from tracker.access.audit import Action
from tracker.core.inputs import UpstreamState
from tracker.core.reasons import Drop
from tracker.metrics.families import counter, counters, gauge, gauges, outcomes

if TYPE_CHECKING:
    from tracker.wiring import Service

DISABLED = "disabled"


def families(service: "Service") -> Iterator[Metric]:
    yield from _events(service)
    yield from _upstream(service)
    yield from _turned_away(service)


def _events(service: "Service") -> Iterator[Metric]:
    door = service.door
    yield outcomes(
        "events",
        "Events that were POSTed, by what became of them. A body that could not be read counts as one.",
        {
            ("stored", ""): door.accepted,
            ("duplicate", ""): door.duplicates,
            ("signal", ""): door.signals,
            **_rejects(service, "http"),
            **{("shed", reason): count for reason, count in service.stored_first.shed.items()},
        },
    )
    yield gauge(
        "known_heads",
        "Heads of requests that are not parsed when the same bytes come again.",
        service.app.heads.size,
    )


def _upstream(service: "Service") -> Iterator[Metric]:
    upstream = service.upstream
    yield outcomes(
        "upstream_frames",
        "Frames of the session emitter, by what became of them.",
        {
            ("accepted", ""): upstream.frames_received - upstream.frames_rejected,
            **_rejects(service, "upstream"),
        },
    )
    state = str(upstream.state) if service.settings.upstream.enabled else DISABLED
    yield gauges(
        "upstream_state",
        "1 for the state in which the connection to the session emitter is, 0 for the others.",
        "state",
        {name: float(name == state) for name in (*UpstreamState, DISABLED)},
    )
    yield gauge(
        "upstream_state_since_timestamp_seconds",
        "Unix time since which the connection is in its state.",
        upstream.since,
    )
    yield counter(
        "upstream_connect_attempts", "Attempts to connect to the session emitter.", upstream.connect_attempts
    )
    yield counters(
        "upstream_connect_failures",
        "Attempts to connect that failed, by kind; 64 kinds at most.",
        "kind",
        upstream.connect_failures,
    )
    yield counters(
        "upstream_disconnects",
        "Connections that ended, by close code; 64 codes at most.",
        "code",
        upstream.disconnects,
    )
    yield counter(
        "upstream_stalls", "Connections that were made anew because no frame came.", upstream.stalled
    )


def _turned_away(service: "Service") -> Iterator[Metric]:
    access = service.access
    yield counters(
        "drops",
        "What arrived in good form and had no effect, by reason.",
        "reason",
        {reason.value: service.core.drops[reason] for reason in Drop},
    )
    yield counters(
        "rate_limited_requests",
        "Requests that were answered with 429, by the limit that they met.",
        "limit",
        {
            "ingest": access.ingest.refused,
            "export": access.exports.refused,
            "login": access.attempts.refused,
        },
    )
    yield counters(
        "access_actions",
        "What was done with access, by action: logins, denials, keys, users, sites, webhooks, watch lists.",
        "action",
        {action.value: access.audit.counts[action] for action in Action},
    )


def _rejects(service: "Service", source: str) -> dict[tuple[str, str], float]:
    counts = service.rejects.counts.items()
    return {("rejected", reason): count for (door, reason), count in counts if door == source}
