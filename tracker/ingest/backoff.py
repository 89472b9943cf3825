"""When to try again: full jitter, never hammering, never giving up.

The delay doubles with every attempt until frames flow again. While an outage is
young it stays short, so that a brief one is over soon after it heals.
"""

import math
import random

MAX_DOUBLINGS = 16


class Backoff:
    """Times of the next attempt, on one monotonic clock that the caller reads (``now_s``).

    Args:
        rng: source of the jitter.
        base_s: widest first delay; it doubles with each attempt until ``reset``.
        cap_s: widest delay of all: attempts start at most this far apart.
        spacing_s: shortest time between the starts of two attempts, whatever happens between them.
        early_cap_s: widest delay during the first ``early_s`` of an outage.
        early_s: seconds for which an outage counts as young.
    """

    def __init__(
        self,
        rng: random.Random,
        *,
        base_s: float = 0.5,
        cap_s: float = 30.0,
        spacing_s: float = 1.0,
        early_cap_s: float = 4.0,
        early_s: float = 60.0,
    ) -> None:
        self._rng = rng
        self._base_s = base_s
        self._cap_s = cap_s
        self._spacing_s = spacing_s
        self._early_cap_s = early_cap_s
        self._early_s = early_s
        self._doublings = 0
        self._outage_at_s: float | None = None
        self._attempt_at_s = -math.inf
        self._due_at_s = -math.inf

    def due_in_s(self, now_s: float) -> float:
        """Return the seconds until the next attempt may start; 0 when it may start now."""
        return max(0.0, self._due_at_s - now_s, self._attempt_at_s + self._spacing_s - now_s)

    def attempt_started(self, now_s: float) -> None:
        self._attempt_at_s = now_s

    def failed(self, now_s: float, retry_after_s: float = 0.0) -> None:
        """The attempt came to nothing; the server wants no other within ``retry_after_s``.

        The delay counts from the attempt's start: one that took long to fail has waited already.
        """
        self._due_at_s = max(self._attempt_at_s + self._jitter_s(now_s), now_s + retry_after_s)

    def lost(self, now_s: float) -> None:
        """The connection stood and is gone."""
        self._due_at_s = now_s + self._jitter_s(now_s)

    def reset(self) -> None:
        """The outage is over: the next delay is a short one again."""
        self._doublings = 0
        self._outage_at_s = None

    def _jitter_s(self, now_s: float) -> float:
        if self._outage_at_s is None:
            self._outage_at_s = now_s
        young = now_s - self._outage_at_s <= self._early_s
        cap_s = self._early_cap_s if young else self._cap_s
        window_s = min(cap_s, self._base_s * 2**self._doublings)
        self._doublings = min(self._doublings + 1, MAX_DOUBLINGS)
        return self._rng.uniform(0.0, window_s)
