"""Clocks that move when the test says so."""

from tracker.clock import SystemClock
from tracker.core.clock import Now

START = Now(monotonic_s=1_000.0, unix_s=1_790_000_000.0)


class FakeClock:
    def __init__(self, start: Now = START) -> None:
        self._now = start

    def now(self) -> Now:
        return self._now

    def advance(self, seconds: float) -> Now:
        self._now = Now(self._now.monotonic_s + seconds, self._now.unix_s + seconds)
        return self._now

    def step_wall(self, seconds: float) -> None:
        """Set the wall clock as an operator or NTP would; the monotonic one is untouched."""
        self._now = self._now._replace(unix_s=self._now.unix_s + seconds)


class ShiftedClock:
    """The system's clock, moved on when the test says so: long timeouts without the wait for them."""

    def __init__(self) -> None:
        self._system, self._shift_s = SystemClock(), 0.0

    def now(self) -> Now:
        now = self._system.now()
        return Now(now.monotonic_s + self._shift_s, now.unix_s + self._shift_s)

    def advance(self, seconds: float) -> None:
        self._shift_s += seconds
