"""How many calls a day may cost money, and how many did. Pure: time comes in.

A day is a UTC day. Every attempt counts, answered or not: what the service
charges for is not known here, and a cap has to hold.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from tracker.core.clock import Now
from tracker.core.inputs import NoticeRaised

WARN_AT = 0.8


class Budget:
    """``daily_calls``: calls a day at the most; 0 is no cap. ``cost_per_call``: price of one."""

    def __init__(self, daily_calls: int, cost_per_call: float) -> None:
        self._daily_calls = daily_calls
        self._cost_per_call = cost_per_call
        self._day = ""
        self._calls = 0
        self._warned = False
        self._told_spent = False

    @property
    def spend(self) -> tuple[str, int]:
        """The day (``2026-11-22``) and its calls, as it is kept across a restart."""
        return self._day, self._calls

    def restore(self, day: str, calls: int, now: Now) -> None:
        """Take over what an earlier run spent; another day's figure is of no use."""
        self._roll(now)
        if day == self._day:
            self._calls += calls
            # The earlier run told of it.
            self._told_spent = self._is_spent
            self._warned = self._is_nearly_spent

    def wait_s(self, now: Now) -> float:
        """Seconds until the budget allows a call: 0 now, else until the next UTC day."""
        self._roll(now)
        if not self._is_spent:
            return 0.0
        today = _utc(now).replace(hour=0, minute=0, second=0, microsecond=0)
        return max(1.0, (today + timedelta(days=1)).timestamp() - now.unix_s)

    def count(self, now: Now) -> NoticeRaised | None:
        """Count one call; return what an operator should know of it: at 80 % and when it is spent."""
        self._roll(now)
        self._calls += 1
        if self._is_spent and not self._told_spent:
            self._told_spent = self._warned = True
            return self._notice(now, "The lookup budget of today is spent: no lookups until midnight UTC")
        if self._is_nearly_spent and not self._warned:
            self._warned = True
            return self._notice(now, "80 % of today's lookup budget is used")
        return None

    def snapshot(self, now: Now) -> dict[str, Any]:
        self._roll(now)
        return {
            "day": self._day,
            "calls": self._calls,
            "limit": self._daily_calls or None,
            "cost": round(self._calls * self._cost_per_call, 6),
            "spent": self._is_spent,
        }

    @property
    def _is_spent(self) -> bool:
        return 0 < self._daily_calls <= self._calls

    @property
    def _is_nearly_spent(self) -> bool:
        return 0 < WARN_AT * self._daily_calls <= self._calls

    def _roll(self, now: Now) -> None:
        day = _utc(now).date().isoformat()
        if day > self._day:
            self._calls = 0
            self._warned = self._told_spent = False
        # A clock that is set back keeps the count, so a step back never opens the budget anew.
        self._day = day

    def _notice(self, now: Now, message: str) -> NoticeRaised:
        share = {"calls": self._calls, "limit": self._daily_calls}
        return NoticeRaised(now, "warning", "budget", message, share)


def _utc(now: Now) -> datetime:
    return datetime.fromtimestamp(now.unix_s, UTC)
