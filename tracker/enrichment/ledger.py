"""What lookups did and what they cost, since the start."""

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tracker.histogram import CALL_BOUNDS_S, Histogram


@dataclass
class Ledger:
    """Counts only; the state of the parts is added by the service's ``snapshot``."""

    cost_per_call: float = 0.0
    calls: int = 0
    """Attempts made, answered or not; each may cost money."""
    retries: int = 0
    hits: int = 0
    misses: int = 0
    shared: int = 0
    """Requests that joined a lookup already under way."""
    cache_hits: int = 0
    stale_hits: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    """Lookups given up for now, by the error that ended them."""
    failed_calls: Counter[str] = field(default_factory=Counter)
    """Attempts without an answer, by error; a retry may have made up for them."""

    call_seconds: Histogram = field(default_factory=partial(Histogram, CALL_BOUNDS_S))
    """How long attempts took, those without an answer too."""

    def snapshot(self) -> dict[str, Any]:
        return {
            "calls": self.calls,
            "retries": self.retries,
            "hits": self.hits,
            "misses": self.misses,
            "shared": self.shared,
            "cacheHits": self.cache_hits,
            "staleHits": self.stale_hits,
            "skipped": dict(self.skipped),
            "failures": dict(self.failures),
            "failedCalls": dict(self.failed_calls),
            "cost": round(self.calls * self.cost_per_call, 6),
            "saved": round((self.cache_hits + self.shared) * self.cost_per_call, 6),
        }
