"""The system's clocks. The only place that reads them."""

import time

from tracker.core.clock import Now


class SystemClock:
    def now(self) -> Now:
        return Now(time.monotonic(), time.time())
