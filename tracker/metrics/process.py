"""The service as a whole, and its process."""

import platform
from collections.abc import Iterator
from importlib import metadata
from typing import TYPE_CHECKING

from prometheus_client import ProcessCollector
from prometheus_client.metrics_core import InfoMetricFamily, Metric

from tracker.metrics.families import PREFIX, counters, gauge, gauges, histogram

if TYPE_CHECKING:
    from tracker.wiring import Service

PARTS = ("store", "history", "service")
DEPENDENCIES = ("upstream", "deanonymizer")

_collect_process = ProcessCollector(registry=None).collect


def families(service: "Service") -> Iterator[Metric]:
    faults, degraded = service.faults(), service.degraded()
    yield InfoMetricFamily(
        f"{PREFIX}build",
        "1; the labels tell what runs.",
        value={"version": _version(), "python": platform.python_version()},
    )
    yield gauge("ready", "1 while the service can do its work, as /ready says; else 0.", float(not faults))
    yield gauges(
        "part_down",
        "1 for each of the service's own parts that is down, as /ready says; else 0.",
        "part",
        {part: float(part in faults) for part in dict.fromkeys((*PARTS, *faults))},
    )
    yield gauges(
        "dependency_down",
        "1 for what is away outside while the rest goes on without it, as /ready says; else 0.",
        "dependency",
        {name: float(name in degraded) for name in dict.fromkeys((*DEPENDENCIES, *degraded))},
    )
    yield counters(
        "task_restarts",
        "How often a part died and was started again, by part.",
        "task",
        service.supervisor.restarts,
    )
    yield histogram(
        "event_loop_lag_seconds",
        "How late the event loop was, measured four times a second.",
        service.loop_lag,
    )
    yield gauges(
        "accounts",
        "Sites, keys, users and logins.",
        "kind",
        {
            "sites": len(service.access.book.sites),
            "keys": service.access.book.key_count,
            "users": service.access.users.size,
            "logins": service.access.logins.size,
        },
    )
    yield from _collect_process()


def _version() -> str:
    try:
        return metadata.version("tracker")
    except metadata.PackageNotFoundError:
        return "0"
