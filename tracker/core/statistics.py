"""Live figures of one site: counted on the way, never by walking the sessions."""

from collections import deque
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from tracker.core.session import Session

TOP_PAGES = 50
MAX_PAGES = 5_000
MINUTES = 10
MINUTE_S = 60
LONGEST_DAY_S = 26 * 3_600.0
"""With summer time ending, and an hour to spare for a clock that is corrected."""


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


class PageFigures(NamedTuple):
    visits: dict[str, int]
    """Visits by page, oldest page first."""
    top: tuple[str, ...]


class MinuteFigures(NamedTuple):
    minute: int
    """Number of the newest minute since 1970."""
    visitors: tuple[int, ...]
    shift: int = 0
    """What :class:`MinuteCounter` adds to the minutes of the clock."""


class PeriodFigures(NamedTuple):
    number: int
    started_at: float
    sessions: int
    ended_sessions: int
    ended_duration_s: float


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

    def remove(self, visits: Mapping[str, int]) -> None:
        """Take visits by page back. Rare (a session turned out to be hidden), so it may sort."""
        for page, taken in visits.items():
            count = self._visits.get(page, 0) - taken
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

    def figures(self) -> PageFigures:
        return PageFigures(self._visits.copy(), tuple(self._top))

    def put_back(self, figures: PageFigures) -> None:
        self._visits = dict(figures.visits)
        self._top = {page: self._visits[page] for page in figures.top if page in self._visits}
        self._least = min(self._top.values(), default=0)

    def _forget_one(self) -> None:
        oldest = [page for page, _ in zip(self._visits, range(64), strict=False) if page not in self._top]
        victim = min(oldest or self._visits, key=self._visits.__getitem__)
        del self._visits[victim]
        self._top.pop(victim, None)


class MinuteCounter:
    """Distinct visitors in each of the last ten minutes.

    Minutes are numbered by the wall clock plus a shift. The shift grows when the
    counts are cleared or the clock is set back by ten minutes or more, so that
    the numbers never fall back and the minutes in which sessions were counted
    before are out of the window for good.
    """

    def __init__(self) -> None:
        self._counts: deque[int] = deque([0] * MINUTES, maxlen=MINUTES)
        self._minute = 0
        self._shift = 0

    def touch(self, session: Session, unix_s: float) -> None:
        minute = self._number(unix_s)
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
        self._turn_to(self._number(unix_s))
        first = self._minute - self._shift - MINUTES + 1
        return [MinuteCount((first + n) * MINUTE_S, count) for n, count in enumerate(self._counts)]

    def clear(self) -> None:
        self._shift += MINUTES
        self._turn_to(self._minute + MINUTES)

    def figures(self) -> MinuteFigures:
        return MinuteFigures(self._minute, tuple(self._counts), self._shift)

    def put_back(self, figures: MinuteFigures) -> None:
        self._minute = figures.minute
        self._shift = figures.shift
        self._counts.extend(figures.visitors)

    def _number(self, unix_s: float) -> int:
        minute = int(unix_s // MINUTE_S) + self._shift
        if minute <= self._minute - MINUTES:
            self._shift += self._minute + MINUTES - minute
            minute = self._minute + MINUTES
        # The same object for all who are counted in it, not one for each of them.
        return self._minute if minute == self._minute else minute

    def _turn_to(self, minute: int) -> None:
        for _ in range(min(MINUTES, max(0, minute - self._minute))):
            self._counts.append(0)
        self._minute = max(self._minute, minute)


class Period:
    """The time from midnight, or a reset, to the next midnight of the site's time zone."""

    def __init__(self, zone: tzinfo, unix_s: float) -> None:
        self._zone = zone
        self.number = 0
        self.started_at = unix_s
        self.day_began_at, self.ends_at = self._day_of(unix_s)
        self.sessions = 0
        self.ended_sessions = 0
        self.ended_duration_s = 0.0

    def is_over(self, unix_s: float) -> bool:
        if self.ends_at - unix_s > LONGEST_DAY_S:
            # The clock was set back by days: without this, today would last until it has caught up.
            self.day_began_at, self.ends_at = self._day_of(unix_s)
        return unix_s >= self.ends_at

    def start_anew(self, unix_s: float) -> None:
        self.number += 1
        self.started_at = unix_s
        self.day_began_at, self.ends_at = self._day_of(unix_s)
        self.sessions = 0
        self.ended_sessions = 0
        self.ended_duration_s = 0.0

    def count(self, session: Session, at: float) -> bool:
        """Count ``session``, active ``at`` its own time; tell whether it is new today."""
        if session.counted_period == self.number or at < self.day_began_at:
            return False
        session.counted_period = self.number
        session.counted_pages = None
        self.sessions += 1
        return True

    def withdraw(self, session: Session) -> None:
        if session.counted_period == self.number:
            session.counted_period = -1
            self.sessions -= 1

    def count_end(self, duration_s: float) -> None:
        self.ended_sessions += 1
        self.ended_duration_s += duration_s

    def withdraw_end(self, duration_s: float) -> None:
        self.ended_sessions -= 1
        self.ended_duration_s -= duration_s

    @property
    def mean_duration_s(self) -> float | None:
        return self.ended_duration_s / self.ended_sessions if self.ended_sessions else None

    def figures(self) -> PeriodFigures:
        return PeriodFigures(
            self.number, self.started_at, self.sessions, self.ended_sessions, self.ended_duration_s
        )

    def put_back(self, figures: PeriodFigures) -> None:
        self.number, self.started_at, self.sessions, self.ended_sessions, self.ended_duration_s = figures
        self.day_began_at, self.ends_at = self._day_of(self.started_at)

    def _day_of(self, unix_s: float) -> tuple[float, float]:
        """Return the midnights before and after ``unix_s``."""
        today = datetime.fromtimestamp(unix_s, self._zone).date()
        return self._midnight(today), self._midnight(today + timedelta(days=1))

    def _midnight(self, day: date) -> float:
        return datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp()
