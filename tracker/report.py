"""``/api/status``: every part as it is now."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracker.wiring import Service


def report(service: "Service") -> Mapping[str, Any]:
    """Return sizes, counts and states of all parts. A walk over none of them."""
    now = service.clock.now()
    commits = service.database.writer.commit_times
    return {
        "uptimeS": round(now.monotonic_s - service.started.monotonic_s, 1),
        "faults": service.faults(),
        "degraded": service.degraded(),
        "restarts": dict(service.supervisor.restarts),
        "loopLagS": round(service.loop_lag_s, 4),
        "core": {
            **service.core.sizes,
            "inputs": service.pipeline.inputs,
            "drops": {reason.value: count for reason, count in service.core.drops.items()},
        },
        "ingest": {
            "accepted": service.door.accepted,
            "duplicates": service.door.duplicates,
            "addressesAtHand": service.origins.at_hand,
            "rejected": _by_source(service.rejects.counts),
        },
        "upstream": {"enabled": service.settings.upstream.enabled, **service.upstream.snapshot()},
        "lookups": service.enrichment.snapshot(),
        "dashboards": service.hub.snapshot(),
        "access": service.access.status(),
        "webhooks": service.notifying.status(),
        "store": {
            "url": service.settings.store.url,
            "waitingEvents": service.journal.waiting_events,
            "waitingBytes": service.journal.waiting_bytes,
            "storedEvents": service.journal.rows,
            "refusedEvents": service.journal.refused,
            "commits": service.database.writer.commits,
            "commitsInLoop": service.database.writer.commits_in_loop,
            "commitP50Ms": round(commits.p50_ms, 2),
            "commitP99Ms": round(commits.p99_ms, 2),
            "trouble": service.database.writer.trouble,
            "checkpointAt": service.checkpoints.written_at,
            "checkpointWaiting": service.checkpoints.waiting,
        },
        "history": {
            "sizeBytes": service.history.size_bytes,
            "movedRows": service.mover.rows,
            "lagS": round(service.mover.lag_s, 2),
            "unreadableRows": service.mover.unreadable,
            "trouble": service.mover.trouble,
            "noticesWaiting": service.outbox.waiting,
            "noticesDropped": service.outbox.dropped,
            "questionsInHand": service.readers.in_hand,
            "questionsAnswered": service.readers.answered,
            "questionsTooSlow": service.readers.too_slow,
            "questionsRefused": service.readers.refused,
        },
    }


def _by_source(counts: Mapping[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    sorted_counts: dict[str, dict[str, int]] = {}
    for (source, reason), count in counts.items():
        sorted_counts.setdefault(source, {})[reason] = count
    return sorted_counts
