"""When the averages are due."""

from tracker.core.clock import Now
from tracker.core.site import LiveSite
from tracker.live import messages, rows

AVERAGES_INTERVAL_S = 1.0


class AveragesPace:
    """Averages at most once a second, and only when they differ from the last ones sent.

    The mean duration grows while anyone is there, so they are looked at every
    second even when nothing happens.
    """

    def __init__(self) -> None:
        self._looked_s = float("-inf")
        self._sent: messages.AveragesUpdate | None = None

    def due_in_s(self, monotonic_s: float) -> float:
        return max(0.0, self._looked_s + AVERAGES_INTERVAL_S - monotonic_s)

    def due(self, site: LiveSite, now: Now) -> messages.AveragesUpdate | None:
        """Return the averages to send now, if any."""
        if self.due_in_s(now.monotonic_s) > 0:
            return None
        self._looked_s = now.monotonic_s
        current = rows.averages_update(site, now.unix_s)
        if current == self._sent:
            return None
        self._sent = current
        return current

    def is_settled(self, site: LiveSite, unix_s: float) -> bool:
        """Nobody is there and that has been told: nothing moves until something happens."""
        current = rows.averages_update(site, unix_s)
        return current.session_duration is None and current == self._sent
