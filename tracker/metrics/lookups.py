"""Who is behind an address: what was asked, what came of it, what it cost."""

from collections.abc import Iterator
from math import inf
from typing import TYPE_CHECKING

from prometheus_client.metrics_core import Metric

from tracker.metrics.families import counter, counters, gauge, histogram, outcomes

if TYPE_CHECKING:
    from tracker.wiring import Service


def families(service: "Service") -> Iterator[Metric]:
    yield from _results(service)
    yield from _calls(service)
    yield from _budget(service)


def _results(service: "Service") -> Iterator[Metric]:
    ledger = service.enrichment.ledger
    yield outcomes(
        "lookups",
        "Lookups by outcome: identified and unknown were paid for; cached, stale and shared were not.",
        {
            ("identified", ""): ledger.hits,
            ("unknown", ""): ledger.misses,
            ("cached", ""): ledger.cache_hits,
            ("stale", ""): ledger.stale_hits,
            ("shared", ""): ledger.shared,
            **{("failed", kind): count for kind, count in ledger.failures.items()},
            **{("skipped", reason): count for reason, count in ledger.skipped.items()},
        },
    )


def _calls(service: "Service") -> Iterator[Metric]:
    ledger = service.enrichment.ledger
    state = service.enrichment.snapshot()
    yield counter("lookup_calls", "Calls to the deanonymizer, retries included.", ledger.calls)
    yield counter("lookup_retries", "Calls that repeated a failed one.", ledger.retries)
    yield counters("lookup_failed_calls", "Calls without an answer, by error.", "error", ledger.failed_calls)
    yield histogram(
        "lookup_call_duration_seconds", "How long calls took, failed ones too.", ledger.call_seconds
    )
    yield gauge("lookup_calls_in_progress", "Lookups that are being made.", state["inFlight"])
    yield gauge(
        "lookup_breaker_open",
        "1 while calls are stopped because the deanonymizer fails, else 0.",
        float(service.enrichment.is_down),
    )
    yield gauge("lookup_cache_entries", "Addresses whose answer is kept.", state["cached"])
    yield gauge(
        "lookup_cache_limit_entries",
        "Addresses whose answer may be kept at most.",
        service.settings.deanonymizer.cache_size,
    )


def _budget(service: "Service") -> Iterator[Metric]:
    ledger = service.enrichment.ledger
    budget = service.enrichment.snapshot()["budget"]
    limit = inf if budget["limit"] is None else budget["limit"]
    yield counter(
        "lookup_cost",
        "Price of all calls, in the currency of deanonymizer.cost_per_call.",
        ledger.calls * ledger.cost_per_call,
    )
    yield counter(
        "lookup_saved_cost",
        "Price of the calls that the cache and sharing made unnecessary, in the same currency.",
        (ledger.cache_hits + ledger.shared) * ledger.cost_per_call,
    )
    yield gauge("lookup_budget_calls", "Calls that today may have; +Inf without a budget.", limit)
    yield gauge(
        "lookup_budget_remaining_calls",
        "Calls that today still may have; +Inf without a budget.",
        max(0.0, limit - budget["calls"]),
    )
