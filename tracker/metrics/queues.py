"""Everything that waits somewhere, and how much of it may."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client.metrics_core import Metric

from tracker.access import audit
from tracker.enrichment import persistence
from tracker.enrichment import service as enrichment
from tracker.ingest import link
from tracker.live import dashboard
from tracker.metrics.families import gauges
from tracker.notify import outgoing
from tracker.store import journal
from tracker.store.history import outbox, readers

if TYPE_CHECKING:
    from tracker.wiring import Service


def families(service: "Service") -> Iterator[Metric]:
    hub = service.hub.snapshot()
    lookups = service.enrichment.snapshot()
    yield gauges(
        "queue_items",
        "What waits, by queue.",
        "queue",
        {
            "journal": service.journal.waiting_events,
            "outbox": service.outbox.waiting,
            "history": max(0, service.journal.fed_seq - service.mover.seen_seq),
            "history_questions": service.readers.in_hand,
            "checkpoint": service.checkpoints.waiting,
            "upstream": service.upstream.queued_frames,
            "lookups": lookups["queued"],
            "lookups_unsaved": lookups["unsaved"],
            "audit": service.access.audit.waiting,
            "dashboards": hub.queued_bundles,
            "dashboard_changes": hub.waiting_sessions,
            "webhooks": service.notifying.outgoing.waiting,
        },
    )
    yield gauges(
        "queue_limit_items",
        "What may wait at most, by queue. The others are bounded by the disk or by the live sessions.",
        "queue",
        {
            "journal": journal.MAX_WAITING_EVENTS,
            "outbox": outbox.MAX_WAITING,
            "history_questions": readers.THREADS + readers.MAX_WAITING,
            "upstream": link.MAX_QUEUED_FRAMES,
            "lookups": enrichment.QUEUE_SIZE,
            "lookups_unsaved": persistence.MAX_WAITING,
            "audit": audit.MAX_WAITING,
            "dashboards": hub.dashboards * dashboard.MAX_BUNDLES,
            "webhooks": outgoing.MAX_WAITING,
        },
    )
    yield gauges(
        "queue_bytes",
        "Size of what waits, by queue.",
        "queue",
        {"journal": service.journal.waiting_bytes, "dashboards": hub.queued_bytes},
    )
    yield gauges(
        "queue_limit_bytes",
        "Size that what waits may have at most, by queue.",
        "queue",
        {"journal": journal.MAX_WAITING_BYTES, "dashboards": hub.dashboards * dashboard.MAX_BYTES},
    )
    yield gauges(
        "rate_limit_buckets",
        "Senders whose rate is watched, by limit.",
        "limit",
        {
            "ingest": service.access.ingest.buckets,
            "export": service.access.exports.buckets,
            "login": service.access.attempts.remembered,
        },
    )
