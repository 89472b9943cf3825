"""``/metrics``: what the parts count anyway, read when it is asked for. Nothing is counted twice.

Loaded at the first question. No label names a site, a visitor, or holds a text that came from
outside, so there are as many series on the first day as after a year.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from tracker.metrics import doors, live, lookups, process, queues, storing, webhooks

if TYPE_CHECKING:
    from tracker.wiring import Service

GROUPS = (doors, live, lookups, queues, storing, webhooks, process)


class _Parts(Collector):
    def __init__(self, service: "Service") -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        for group in GROUPS:
            yield from group.families(self._service)


def exposition(service: "Service") -> bytes:
    """Return all metrics as Prometheus text, format 0.0.4."""
    return generate_latest(_Parts(service))
