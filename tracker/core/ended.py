"""What is remembered of sessions that ended."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

from tracker.core.effects import EndReason
from tracker.core.session import Session

REMEMBERED_FOR_S = 3_600.0
"""Longer where the idle timeout asks for it: late frames are known by it."""
MAX_JOURNEY_BYTES = 128 * 1024 * 1024
"""Journeys have as many steps as the settings allow, and pages may have 2,000 characters."""


class EndedSession(NamedTuple):
    session: Session
    reason: EndReason
    ended_s: float
    """Monotonic time of the end."""
    duration_s: float | None
    """What the session added to the mean of its day; ``None`` when it was not counted."""
    period: int
    """The period that it was added to."""


class EndedSessions:
    """Ended sessions of the last hour, bounded in number and size; the oldest is forgotten first.

    A forgotten session that speaks again is a new visit.
    """

    def __init__(
        self, limit: int, late_window_s: float = 0.0, max_journey_bytes: int = MAX_JOURNEY_BYTES
    ) -> None:
        self._limit = limit
        self._max_journey_bytes = max_journey_bytes
        self._remembered_for_s = max(REMEMBERED_FOR_S, late_window_s)
        self._ended: OrderedDict[str, EndedSession] = OrderedDict()
        self.journey_bytes = 0
        """Of all journeys; the text of a page counts for each session that saw it."""

    def __len__(self) -> int:
        return len(self._ended)

    def sessions(self) -> Iterable[EndedSession]:
        return self._ended.values()

    def get(self, session_id: str) -> EndedSession | None:
        return self._ended.get(session_id)

    def pop(self, session_id: str) -> EndedSession | None:
        ended = self._ended.pop(session_id, None)
        if ended is not None:
            self.journey_bytes -= ended.session.packed_bytes
        return ended

    def add(self, ended: EndedSession) -> None:
        self.pop(ended.session.id)
        ended.session.pack()
        self._ended[ended.session.id] = ended
        self.journey_bytes += ended.session.packed_bytes
        while len(self._ended) > self._limit or (
            # The newest one stays, however long it is: who counts it finds it.
            self.journey_bytes > self._max_journey_bytes and len(self._ended) > 1
        ):
            self.pop(next(iter(self._ended)))

    def replace(self, ended: EndedSession) -> None:
        """Put ``ended`` in the place of what was remembered of the same session."""
        self._ended[ended.session.id] = ended

    def forget_old(self, monotonic_s: float) -> None:
        while self._ended:
            session_id, oldest = next(iter(self._ended.items()))
            if monotonic_s - oldest.ended_s < self._remembered_for_s:
                return
            self.pop(session_id)
