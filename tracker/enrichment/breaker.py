"""Stops calls to a service that is down, and finds out when it is back. Pure: time comes in."""

from collections import deque
from enum import StrEnum

CONSECUTIVE_FAILURES = 10
# 5 in a row would trip by chance about once in 100,000 calls at an error rate of 10 %.
WINDOW_CALLS = 20
WINDOW_FAILURES = 10
DOUBTFUL_FAILURES = 5
PROBE_EVERY_S = 34.0
# An hour of outage then costs at most 105 probes, 4 failures, and the 16 calls that were
# under way when the fifth came: 125. A healed service is noticed within 35 s.


class BreakerState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """Opens after 10 failures in a row or 10 among the last 20 calls.

    While it is open one call may pass every 34 s; its success closes the breaker.
    Every call asks ``begin`` and hands the number it got to ``succeeded`` or
    ``failed``. Calls that began before the breaker last opened or closed are not
    heard any more: they tell nothing about now. A call that never reports costs
    nothing but the wait for the next probe. All times are monotonic seconds.
    """

    def __init__(self) -> None:
        self._epoch = 0
        self._open = False
        self._probing = False
        self._next_probe_at_s = 0.0
        self._consecutive_failures = 0
        self._window: deque[bool] = deque(maxlen=WINDOW_CALLS)
        self.opened = 0
        """How often it opened since the start."""

    @property
    def state(self) -> BreakerState:
        if not self._open:
            return BreakerState.CLOSED
        return BreakerState.HALF_OPEN if self._probing else BreakerState.OPEN

    @property
    def is_doubtful(self) -> bool:
        """Whether it is half way to open: calls should go one at a time until one succeeds."""
        return self._consecutive_failures >= DOUBTFUL_FAILURES

    def wait_s(self, now_s: float) -> float:
        """Seconds until a call may pass; 0 when one may now."""
        return max(0.0, self._next_probe_at_s - now_s) if self._open else 0.0

    def begin(self, now_s: float) -> int | None:
        """Return the number of a call that may be made now, or ``None`` when none may."""
        if self.wait_s(now_s) > 0:
            return None
        if self._open:
            self._probing = True
            self._next_probe_at_s = now_s + PROBE_EVERY_S
        return self._epoch

    def succeeded(self, epoch: int) -> None:
        if epoch != self._epoch:
            return
        self._consecutive_failures = 0
        self._window.append(False)
        if self._open:
            self._turn(is_open=False)

    def failed(self, epoch: int, now_s: float) -> None:
        if epoch != self._epoch:
            return
        if self._open:
            self._probing = False
            return
        self._consecutive_failures += 1
        self._window.append(True)
        if self._consecutive_failures >= CONSECUTIVE_FAILURES or self._window_is_bad():
            self._turn(is_open=True)
            self._next_probe_at_s = now_s + PROBE_EVERY_S
            self.opened += 1

    def _window_is_bad(self) -> bool:
        return len(self._window) == WINDOW_CALLS and sum(self._window) >= WINDOW_FAILURES

    def _turn(self, *, is_open: bool) -> None:
        self._open = is_open
        self._probing = False
        self._epoch += 1
        self._consecutive_failures = 0
        self._window.clear()
