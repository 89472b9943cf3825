"""What was refused at the doors: counted for ever, the latest kept for a look.

An excerpt may hold personal data, so it stays in memory: ``limit`` entries of
at most 2 KiB, and no log line ever carries one.
"""

from collections import Counter, deque
from collections.abc import Callable
from typing import NamedTuple

from tracker.core.clock import Clock

EXCERPT_BYTES = 2048


class Reject(NamedTuple):
    at: float
    source: str
    """The door: ``upstream`` or ``http``."""
    site: str
    reason: str
    excerpt: bytes
    """The first 2 KiB of what was sent."""


class RejectLog:
    """Counts by source and reason, and the latest ``limit`` rejects.

    ``counts`` never loses anything: its keys are our own words, so it stays
    small. ``recent`` drops its oldest entry when it is full.
    """

    def __init__(self, clock: Clock, limit: int = 1000, keep: Callable[[Reject], None] | None = None) -> None:
        """``keep`` is told of every reject; what it does with them has to be bounded."""
        self._clock = clock
        self._keep = keep
        self.counts: Counter[tuple[str, str]] = Counter()
        self.recent: deque[Reject] = deque(maxlen=limit)

    def add(self, source: str, site: str, reason: str, data: bytes | str) -> None:
        """Count one reject. ``source`` and ``reason`` are words of ours, never text from outside."""
        self.counts[source, reason] += 1
        reject = Reject(self._clock.now().unix_s, source, site, reason, _excerpt(data))
        self.recent.append(reject)
        if self._keep is not None:
            self._keep(reject)


def _excerpt(data: bytes | str) -> bytes:
    head = data[:EXCERPT_BYTES]
    if isinstance(head, str):
        head = head.encode("utf-8", "replace")
    return bytes(head[:EXCERPT_BYTES])
