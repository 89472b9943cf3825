"""Averages over the active sessions, kept as running sums."""

from typing import NamedTuple

from tracker.core.session import Session


class Averages(NamedTuple):
    visitors_per_company: float | None
    """Active sessions with a known company for each such company; ``None`` without any."""
    session_duration_s: float | None
    session_duration_today_s: float | None
    """Mean over the sessions that ended today."""


class RunningAverages:
    """Adds and removes sessions in constant time.

    Openings are summed in whole milliseconds: adding and taking away floats for
    weeks would drift.
    """

    def __init__(self) -> None:
        self.active = 0
        self._opened_ms = 0
        self._by_company: dict[str, int] = {}
        self._identified = 0

    @property
    def companies(self) -> int:
        return len(self._by_company)

    def add(self, session: Session) -> None:
        self.active += 1
        self._opened_ms += _milliseconds(session.opened_at)
        self._count_company(session, 1)

    def remove(self, session: Session) -> None:
        self.active -= 1
        self._opened_ms -= _milliseconds(session.opened_at)
        self._count_company(session, -1)

    def visitors_per_company(self) -> float | None:
        return self._identified / len(self._by_company) if self._by_company else None

    def session_duration_s(self, unix_s: float) -> float | None:
        if not self.active:
            return None
        return max(0.0, unix_s - self._opened_ms / 1000 / self.active)

    def _count_company(self, session: Session, change: int) -> None:
        if session.identity is None or session.identity.company is None:
            return
        company = session.identity.company
        # The service may leave the GUID out: then the name tells companies apart.
        key = company.guid or company.name
        count = self._by_company.get(key, 0) + change
        if count:
            self._by_company[key] = count
        else:
            del self._by_company[key]
        self._identified += change


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
