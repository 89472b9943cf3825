"""Every figure of the history, worked out by plain Python from a list of events."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tracker.core.history import Filter
from tracker.core.inputs import SiteEvent

FIELDS = ("type", "page", "device", "browser", "os", "referrer", "user_id", "session_id")


class Ledger:
    """The events in the order in which they came. ``companies``: names by session id."""

    def __init__(self, events: Iterable[SiteEvent], companies: dict[str, str]) -> None:
        self.companies = companies
        self._last: tuple[Filter | None, list[SiteEvent]] = (None, [])
        numbered = [(event, arrival) for arrival, event in enumerate(events, start=1)]
        self.events = [
            event for event, _ in sorted(numbered, key=lambda one: (ms(one[0].occurred_at), one[1]))
        ]
        self._times = [ms(event.occurred_at) for event in self.events]

    def matching(self, wanted: Filter) -> list[SiteEvent]:
        if wanted != self._last[0]:
            first = bisect_left(self._times, ms(wanted.start))
            last = bisect_left(self._times, ms(wanted.end))
            names = [name for name in FIELDS if getattr(wanted, name) is not None]
            found = [
                event
                for event in self.events[first:last]
                if event.site == wanted.site
                and all(getattr(event, name) == getattr(wanted, name) for name in names)
                and self._is_of(event, wanted)
            ]
            self._last = (wanted, found)
        return self._last[1]

    def _is_of(self, event: SiteEvent, wanted: Filter) -> bool:
        if wanted.country is not None and (event.country or "").lower() != wanted.country.lower():
            return False
        if wanted.company is None:
            return True
        return wanted.company.lower() in self.companies.get(event.session_id, "\0").lower()

    def totals(self, wanted: Filter) -> tuple[int, int, int]:
        found = self.matching(wanted)
        return len(found), len({event.session_id for event in found}), len(users(found))

    def series(self, wanted: Filter, begin: Callable[[float], float]) -> dict[float, tuple[int, int]]:
        """``begin`` tells when the part of the time begins in which a moment lies."""
        parts: dict[float, list[str]] = defaultdict(list)
        for event in self.matching(wanted):
            parts[begin(ms(event.occurred_at) / 1000)].append(event.session_id)
        return {part: (len(sessions), len(set(sessions))) for part, sessions in parts.items()}

    def top(self, wanted: Filter, dimension: str, limit: int) -> list[tuple[str, int, int]]:
        sessions: dict[str, list[str]] = defaultdict(list)
        for event in self.matching(wanted):
            value = (
                self.companies.get(event.session_id) if dimension == "company" else getattr(event, dimension)
            )
            if value is not None:
                sessions[value].append(event.session_id)
        items = [(value, len(ids), len(set(ids))) for value, ids in sessions.items()]
        return sorted(items, key=lambda item: (-item[1], item[0].encode()))[:limit]

    def devices(self, wanted: Filter) -> dict[str, int]:
        return dict(Counter(event.device or "unknown" for event in self.matching(wanted)))

    def funnel(self, wanted: Filter, steps: Sequence[str]) -> list[int]:
        reached: Counter[str] = Counter()
        for event in self.matching(wanted):
            place = reached[event.session_id]
            if place < len(steps) and steps[place] in (
                event.page if steps[place].startswith("/") else event.type,
            ):
                reached[event.session_id] += 1
        return [sum(1 for n in reached.values() if n > place) for place in range(len(steps))]

    def retention(self, wanted: Filter, zone: ZoneInfo) -> list[tuple[float, int, list[int]]]:
        seen: dict[str, set[datetime]] = defaultdict(set)
        for event in self.matching(wanted):
            if event.user_id is not None:
                seen[event.user_id].add(monday(ms(event.occurred_at) / 1000, zone))
        last = monday((ms(wanted.end) - 1) / 1000, zone)
        cohorts = []
        for first in sorted({min(weeks) for weeks in seen.values()}):
            theirs = [weeks for weeks in seen.values() if min(weeks) == first]
            later = [first + timedelta(weeks=n) for n in range(1, (last - first).days // 7 + 1)]
            cohorts.append(
                (
                    first.replace(tzinfo=zone).timestamp(),
                    len(theirs),
                    [sum(week in weeks for weeks in theirs) for week in later],
                )
            )
        return cohorts


def ms(unix_s: float) -> int:
    return round(unix_s * 1000)


def users(events: Iterable[SiteEvent]) -> set[str]:
    return {event.user_id for event in events if event.user_id is not None}


def wall(unix_s: float, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(unix_s, zone).replace(tzinfo=None, fold=0)


def monday(unix_s: float, zone: ZoneInfo) -> datetime:
    day = wall(unix_s, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday())


def begin_of_part(width_s: int, zone: ZoneInfo) -> Callable[[float], float]:
    """Return the beginning of parts of ``width_s`` as a clock on the wall has them."""

    def begin(unix_s: float) -> float:
        if width_s <= 3_600:
            # No zone in the tests is shifted by a part of five minutes.
            shift_s = 900 if width_s == 3_600 and zone.key == "Asia/Kathmandu" else 0
            return unix_s - (unix_s - shift_s) % width_s
        if width_s == 604_800:
            return monday(unix_s, zone).replace(tzinfo=zone).timestamp()
        moment = wall(unix_s, zone)
        hours = width_s // 3_600
        start = moment.replace(hour=moment.hour // hours * hours if hours < 24 else 0, minute=0, second=0)
        return start.replace(microsecond=0, tzinfo=zone).timestamp()

    return begin
