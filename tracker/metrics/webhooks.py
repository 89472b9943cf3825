"""What became of the messages for webhooks."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client.metrics_core import Metric

from tracker.metrics.families import gauges, outcomes

if TYPE_CHECKING:
    from tracker.wiring import Service


def families(service: "Service") -> Iterator[Metric]:
    notifying = service.notifying
    dispatcher, outgoing = notifying.dispatcher, notifying.outgoing
    kept = notifying.status()
    yield outcomes(
        "webhook_deliveries",
        "Messages for webhooks: delivered, failed tries, given up after the last one, dropped.",
        {
            ("delivered", ""): dispatcher.delivered,
            **{("failed", reason.value): count for reason, count in dispatcher.failed.items()},
            ("given_up", ""): kept["givenUp"],
            **{("dropped", reason): count for reason, count in outgoing.dropped.items()},
        },
    )
    yield gauges(
        "webhook_messages",
        "Messages for webhooks that are kept, by state.",
        "state",
        {"pending": kept["pending"], "dead": kept["dead"], "in_flight": kept["inFlight"]},
    )
