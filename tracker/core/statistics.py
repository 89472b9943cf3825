"""Live figures of one site: counted on the way, never by walking the sessions."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from tracker.core.session import Session

TOP_PAGES = 50
MAX_PAGES = 5_000
MINUTES = 10
MINUTE_S = 60


class Statistics(NamedTuple):
    total_active: int
    total_today: int
    """Distinct sessions since midnight or the last reset."""
    pages_visited: dict[str, int]
    """The most visited pages and their visits, most visited first."""


class MinuteCount(NamedTuple):
    at: float
    """Beginning of the minute."""
    visitors: int


class PageCounter:
    """Visits by page, with the top at hand.

    Holds 5,000 pages; when a new one arrives after that, the one among the
    oldest few with the fewest visits is forgotten, so pages outside the top may
    be undercounted on sites with more.
    """

    def __init__(self) -> None:
        self._visits: dict[str, int] = {}
        self._top: dict[str, int] = {}
        self._least = 0

    def __len__(self) -> int:
        return len(self._visits)

    def add(self, page: str, visits: int = 1) -> None:
        if page not in self._visits and len(self._visits) >= MAX_PAGES:
            self._forget_one()
        before = self._visits.get(page, 0)
        count = self._visits[page] = before + visits
        if page in self._top:
            self._top[page] = count
            if before > self._least:
                return
        elif len(self._top) < TOP_PAGES:
            self._top[page] = count
        elif count > self._least:
            del self._top[min(self._top, key=self._top.__getitem__)]
            self._top[page] = count
        else:
            return
        self._least = min(self._top.values())

    def remove(self, page: str) -> None:
        """Take one visit back. Rare (a session turned out to be hidden), so it may sort."""
        count = self._visits.get(page, 0) - 1
        if count > 0:
            self._visits[page] = count
        else:
            self._visits.pop(page, None)
        ranked = sorted(self._visits.items(), key=lambda item: -item[1])
        self._top = dict(ranked[:TOP_PAGES])
        self._least = min(self._top.values(), default=0)

    def top(self) -> dict[str, int]:
        visits = self._top
        return {page: visits[page] for page in sorted(visits, key=visits.__getitem__, reverse=True)}

    def items(self) -> Iterable[tuple[str, int]]:
        return self._visits.items()

    def _forget_one(self) -> None:
        oldest = [page for page, _ in zip(self._visits, range(64), strict=False) if page not in self._top]
        victim = min(oldest or self._visits, key=self._visits.__getitem__)
        del self._visits[victim]
        self._top.pop(victim, None)


class MinuteCounter:
    """Distinct visitors in each of the last ten minutes."""

    def __init__(self) -> None:
        self._counts: deque[int] = deque([0] * MINUTES, maxlen=MINUTES)
        self._minute = 0

    def touch(self, session: Session, unix_s: float) -> None:
        minute = int(unix_s // MINUTE_S)
        if session.last_minute == minute and session.counted_minutes:
            return
        self._turn_to(minute)
        age = self._minute - minute
        elapsed = minute - session.last_minute
        if elapsed < 0 or age >= MINUTES:
            return
        seen = (session.counted_minutes << elapsed) & ((1 << MINUTES) - 1) if elapsed < MINUTES else 0
        session.counted_minutes = seen | 1
        session.last_minute = minute
        self._counts[-1 - age] += 1

    def withdraw(self, session: Session) -> None:
        for back in range(MINUTES):
            age = self._minute - session.last_minute + back
            if session.counted_minutes >> back & 1 and 0 <= age < MINUTES:
                self._counts[-1 - age] -= 1
        session.counted_minutes = 0

    def counts(self, unix_s: float) -> list[MinuteCount]:
        """The last ten minutes, oldest first; the last one is still running."""
        self._turn_to(int(unix_s // MINUTE_S))
        first = self._minute - MINUTES + 1
        return [MinuteCount((first + n) * MINUTE_S, count) for n, count in enumerate(self._counts)]

    def clear(self) -> None:
        self._counts.extend([0] * MINUTES)

    def _turn_to(self, minute: int) -> None:
        # A wall clock set back keeps counting into the newest minute.
        for _ in range(min(MINUTES, max(0, minute - self._minute))):
            self._counts.append(0)
        self._minute = max(self._minute, minute)


class Period:
    """The time from midnight, or a reset, to the next midnight of the site's time zone."""

    def __init__(self, zone: tzinfo, unix_s: float) -> None:
        self._zone = zone
        self.number = 0
        self.started_at = unix_s
        self.ends_at = self._next_midnight(unix_s)
        self.sessions = 0
        self.ended_sessions = 0
        self.ended_duration_s = 0.0

    def start_anew(self, unix_s: float) -> None:
        self.number += 1
        self.started_at = unix_s
        self.ends_at = self._next_midnight(unix_s)
        self.sessions = 0
        self.ended_sessions = 0
        self.ended_duration_s = 0.0

    def count(self, session: Session) -> bool:
        if session.counted_period == self.number:
            return False
        session.counted_period = self.number
        self.sessions += 1
        return True

    def withdraw(self, session: Session) -> None:
        if session.counted_period == self.number:
            session.counted_period = -1
            self.sessions -= 1

    @property
    def mean_duration_s(self) -> float | None:
        return self.ended_duration_s / self.ended_sessions if self.ended_sessions else None

    def _next_midnight(self, unix_s: float) -> float:
        local = datetime.fromtimestamp(unix_s, self._zone)
        tomorrow = (local + timedelta(days=1)).date()
        return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=self._zone).timestamp()
