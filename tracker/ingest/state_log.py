"""How often a change of state may be logged."""

from collections import deque

from tracker.core.inputs import UpstreamState

LOG_LINES_PER_MINUTE = 10


class LogAllowance:
    """At most ten lines a minute for each state: a connection that flaps must not fill a disk."""

    def __init__(self) -> None:
        self._logged_at_s = {state: deque[float](maxlen=LOG_LINES_PER_MINUTE) for state in UpstreamState}
        self._left_out = 0

    def take(self, state: UpstreamState, now_s: float) -> int | None:
        """Return how many lines were left out before this one, or ``None`` when it is to be left out."""
        logged_at_s = self._logged_at_s[state]
        if len(logged_at_s) == LOG_LINES_PER_MINUTE and now_s - logged_at_s[0] < 60:
            self._left_out += 1
            return None
        logged_at_s.append(now_s)
        left_out, self._left_out = self._left_out, 0
        return left_out
