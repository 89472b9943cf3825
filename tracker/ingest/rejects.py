"""What was refused at the doors: counted for ever, the latest kept for a look.

An excerpt may hold personal data, so it stays in memory: ``limit`` entries of
at most 2 KiB, and no log line ever carries one.
"""

from collections import Counter, deque
from collections.abc import Callable
from typing import NamedTuple

from tracker.core.clock import Clock

EXCERPT_BYTES = 2048
MARGIN_BYTES = 64


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

    def __init__(
        self,
        clock: Clock,
        limit: int = 1000,
        keep: Callable[[Reject], None] | None = None,
        mask: Callable[[bytes], bytes] = bytes,
    ) -> None:
        """``keep`` is told of every reject; what it does with them has to be bounded.

        ``mask`` makes excerpts harmless; it gets a little more than is kept of them.
        """
        self._mask = mask
        self._clock = clock
        self._keep = keep
        self.counts: Counter[tuple[str, str]] = Counter()
        self.recent: deque[Reject] = deque(maxlen=limit)

    def forget(self, is_theirs: Callable[[bytes], bool]) -> None:
        """Drop the excerpts that ``is_theirs``; what was counted stays."""
        kept = [reject for reject in self.recent if not is_theirs(reject.excerpt)]
        self.recent.clear()
        self.recent.extend(kept)

    def add(self, source: str, site: str, reason: str, data: bytes | str) -> None:
        """Count one reject. ``source`` and ``reason`` are words of ours, never text from outside."""
        self.counts[source, reason] += 1
        reject = Reject(
            self._clock.now().unix_s, source, site, reason, self._mask(_head(data))[:EXCERPT_BYTES]
        )
        self.recent.append(reject)
        if self._keep is not None:
            self._keep(reject)


def _head(data: bytes | str) -> bytes:
    # What is masked may begin before the end of the excerpt and reach beyond it.
    head = data[: EXCERPT_BYTES + MARGIN_BYTES]
    if isinstance(head, str):
        head = head.encode("utf-8", "replace")
    return bytes(head[: EXCERPT_BYTES + MARGIN_BYTES])
