"""Whether the disk is quick enough to be waited for in the event loop."""

from tracker.core.clock import Clock

QUICK_S = 0.002
"""A hand-over to another thread and back takes 0.2 to 1 ms under load; twice that is still no loss."""
WEIGHT = 1 / 64
AWAY = 5_000


class Pace:
    """Remembers how long commits took, some sixty of them.

    Who was held up stays away five thousand times as long as a commit usually takes then: ten seconds
    where they take two milliseconds, and more than a minute after a single one of a second.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._usual_s = 0.0
        self._slow_until_s = 0.0

    def is_quick(self) -> bool:
        return self._clock.now().monotonic_s >= self._slow_until_s

    def note(self, taken_s: float) -> None:
        self._usual_s += (taken_s - self._usual_s) * WEIGHT
        if self._usual_s > QUICK_S:
            self._slow_until_s = self._clock.now().monotonic_s + AWAY * self._usual_s
            self._usual_s = 0.0
