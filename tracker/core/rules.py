"""The numbers that the session rules depend on."""

from datetime import timedelta, timezone, tzinfo
from typing import NamedTuple

UTC = timezone(timedelta())


class Rules(NamedTuple):
    idle_timeout_s: float = 60.0
    reveal_after_s: float = 2.0
    leave_grace_s: float = 5.0
    journey_length: int = 100
    spike_visitors_per_minute: int = 25
    """0 turns this limit off."""
    spike_factor: float = 3.0
    """So many times the usual level of the hour is a spike; 0 turns this limit off."""
    milestones: tuple[int, ...] = (100, 500, 1000, 5000, 10000)
    upstream_down_s: float = 30.0
    """The feed has to be away so long before anyone is alarmed; 0 turns it off."""
    timezone: tzinfo = UTC
    max_live_sessions: int = 200_000
    """Live sessions of one site; one more ends the one that was silent the longest."""
    max_ended_sessions: int = 50_000
    """Ended sessions of one site that are remembered; one more forgets the oldest."""

    @property
    def idle_after_s(self) -> float:
        """Silence after which a session counts as idle: half of what ends it."""
        return self.idle_timeout_s / 2

    @property
    def late_window_s(self) -> float:
        """How long after a close frames of the same session are late instead of new."""
        return self.idle_timeout_s * 2


LIVE_TOLERANCE_S = 300.0


def live_time(occurred_at: float | None, received_at: float) -> float:
    """Return the time that live figures use: the event's own, unless a clock is wrong.

    Clocks that are more than five minutes apart cannot both be right, and the
    service's own is the one that is known.
    """
    if occurred_at is not None and abs(occurred_at - received_at) <= LIVE_TOLERANCE_S:
        return occurred_at
    return received_at
