"""Dividing a time into equal parts as a clock on the wall shows them, summer time included."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tracker.store.history.errors import QueryRefused

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
WEEK_MS = 7 * DAY_MS
LADDER_S = (1, 10, 60, 300, 900, 3_600, 21_600, 86_400, 604_800, 4 * 604_800)
WANTED_POINTS = 200
MAX_POINTS = 10_000
FIRST_MONDAY_MS = 4 * DAY_MS
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # a time on the wall has no zone


class Buckets(NamedTuple):
    """Parts of ``width_ms`` from ``first_ms`` to before ``end_ms``.

    Parts up to an hour have one length always. Longer ones begin at the same times
    on the wall every day, so one of them is shorter or longer when the clocks change.
    ``shifts`` are (from when, how much the wall is ahead), in milliseconds.
    """

    width_ms: int
    zone: ZoneInfo
    shifts: tuple[tuple[int, int], ...]
    start_ms: int
    end_ms: int

    @property
    def anchor_ms(self) -> int:
        return FIRST_MONDAY_MS if self.width_ms % WEEK_MS == 0 else 0

    def number_of(self, time_ms: int) -> int:
        shift_ms = [shift for since, shift in self.shifts if since <= time_ms or since == self.shifts[0][0]][
            -1
        ]
        return (time_ms + shift_ms - self.anchor_ms) // self.width_ms

    @property
    def expression(self) -> str:
        """SQL for the number of the part into which ``time`` falls. Made of our own integers only."""
        shift = str(self.shifts[-1][1])
        for (_, before), (since, _) in reversed(list(zip(self.shifts[:-1], self.shifts[1:], strict=True))):
            shift = f"CASE WHEN time < {since} THEN {before} ELSE {shift} END"
        return f"((time + ({shift}) - {self.anchor_ms}) // {self.width_ms})"

    @property
    def numbers(self) -> range:
        if self.end_ms <= self.start_ms:
            return range(0)
        return range(self.number_of(self.start_ms), self.number_of(self.end_ms - 1) + 1)

    @property
    def whole(self) -> range:
        """Numbers of the parts of which all is within the time; none when the clocks change in it."""
        numbers = self.numbers
        if not numbers or len(self.shifts) > 1:
            return range(0)
        return range(
            numbers.start + (self.begin_ms(numbers.start) < self.start_ms),
            numbers.stop - (self.begin_ms(numbers.stop) > self.end_ms),
        )

    def times_of(self, some: range) -> tuple[int, int]:
        """Return from when to before when, in milliseconds, these parts are within the time."""
        numbers = self.numbers
        return (
            self.start_ms if some.start == numbers.start else self.begin_ms(some.start),
            self.end_ms if some.stop == numbers.stop else self.begin_ms(some.stop),
        )

    def begin_ms(self, number: int) -> int:
        return round(self.begin_of(number) * 1000)

    def begin_of(self, number: int) -> float:
        """Return when a part begins, Unix seconds."""
        wall_ms = number * self.width_ms + self.anchor_ms
        if self.width_ms <= HOUR_MS:
            return (wall_ms - self.shifts[0][1]) / 1000
        wall = _EPOCH + timedelta(milliseconds=wall_ms)
        return wall.replace(tzinfo=self.zone).timestamp()


def zone_of(name: str) -> ZoneInfo:
    """Raises ``QueryRefused`` for what is no time zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise QueryRefused("timezone", "is no time zone, such as Europe/Zurich") from error


def choose_width_s(start: float, end: float) -> int:
    """Return the shortest interval of the ladder that gives at most 200 points."""
    for width_s in LADDER_S:
        if (end - start) / width_s <= WANTED_POINTS - 1:
            return width_s
    return LADDER_S[-1]


def divide(start_ms: int, end_ms: int, width_s: int, zone: ZoneInfo) -> Buckets:
    """Raises ``QueryRefused`` when it would give more than 10,000 parts, or parts of a strange length."""
    if width_s not in LADDER_S:
        raise QueryRefused("interval", f"is none of {', '.join(map(str, LADDER_S))} seconds")
    if (end_ms - start_ms) / (width_s * 1000) > MAX_POINTS:
        raise QueryRefused("interval", f"gives more than {MAX_POINTS:,} points")
    shifts = tuple(_shifts(start_ms, max(start_ms, end_ms), zone))
    return Buckets(width_s * 1000, zone, shifts if width_s > 3_600 else shifts[:1], start_ms, end_ms)


def _shifts(start_ms: int, end_ms: int, zone: ZoneInfo) -> Iterator[tuple[int, int]]:
    known_ms, shift_ms = start_ms, _shift_at(start_ms, zone)
    yield start_ms, shift_ms
    while known_ms < end_ms:
        next_ms = min(known_ms + DAY_MS, end_ms)
        if _shift_at(next_ms, zone) != shift_ms:
            low, high = known_ms, next_ms
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _shift_at(middle, zone) == shift_ms else (low, middle)
            next_ms, shift_ms = high, _shift_at(high, zone)
            yield high, shift_ms
        known_ms = next_ms


def _shift_at(time_ms: int, zone: ZoneInfo) -> int:
    moment = datetime.fromtimestamp(time_ms / 1000, UTC).astimezone(zone)
    offset = moment.utcoffset()
    return round(offset.total_seconds() * 1000) if offset else 0
