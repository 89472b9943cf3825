"""When live figures are worth interrupting someone."""

from collections.abc import Iterator

from tracker.core.effects import Alert, AlertLevel
from tracker.core.rules import Rules


class AlertRules:
    """Spikes and milestones of one site."""

    def __init__(self, site: str, rules: Rules) -> None:
        self._site = site
        self._spike = rules.spike_visitors_per_minute
        self._milestones = frozenset(rules.milestones)
        self._reached: set[int] = set()
        self._minute = 0
        self._arrivals = 0
        self._in_spike = False

    def visitor_arrived(self, total_active: int, unix_s: float) -> Iterator[Alert]:
        """Count a newly shown session; yield what it sets off."""
        self._count_arrival(int(unix_s // 60))
        if self._spike and self._arrivals > self._spike and not self._in_spike:
            self._in_spike = True
            yield Alert(
                self._site,
                AlertLevel.WARNING,
                f"Traffic spike: more than {self._spike} new visitors within a minute",
                {"visitorsPerMinute": self._arrivals, "threshold": self._spike},
                unix_s,
            )
        yield from self.visitors_active(total_active, unix_s)

    def visitors_active(self, total_active: int, unix_s: float) -> Iterator[Alert]:
        """``total_active`` rose by one, by a new session or one that returned."""
        if total_active in self._milestones and total_active not in self._reached:
            self._reached.add(total_active)
            yield Alert(
                self._site,
                AlertLevel.MILESTONE,
                f"{total_active} visitors are active",
                {"totalActive": total_active},
                unix_s,
            )

    def start_anew(self) -> None:
        """Milestones count again; a spike that goes on stays the same spike."""
        self._reached.clear()

    def _count_arrival(self, minute: int) -> None:
        if minute != self._minute:
            calm = self._arrivals <= self._spike or minute != self._minute + 1
            self._in_spike = self._in_spike and not calm
            self._minute = minute
            self._arrivals = 0
        self._arrivals += 1
