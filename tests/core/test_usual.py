"""What is usual at an hour: against the plain mean and deviation of the same minutes."""

from datetime import timedelta, timezone
from random import Random
from statistics import fmean, pstdev

import pytest

from tracker.core.usual import KNOWN_AFTER_MINUTES, HourFigures, UsualLevel

UTC = timezone(timedelta())
DAY_MINUTES = 1_440


def learnt(counts: list[int], hour: int = 0) -> UsualLevel:
    """Let the minutes of one hour have these counts, sixty a day."""
    level = UsualLevel(UTC)
    for number, count in enumerate(counts):
        day, minute = divmod(number, 60)
        level.learn(day * DAY_MINUTES + hour * 60 + minute, count)
    return level


def test_at_first_it_is_the_plain_mean_and_deviation() -> None:
    counts = [Random(1).randrange(20) for _ in range(200)]
    usual = learnt(counts).of(0)
    assert usual is not None
    assert usual.mean == pytest.approx(fmean(counts), abs=1e-3)
    assert usual.deviation == pytest.approx(pstdev(counts), abs=1e-3)


def test_after_a_week_it_follows_a_new_level() -> None:
    old, new = [10] * (7 * 60), [40] * (7 * 60)
    usual = learnt(old + new).of(0)
    assert usual is not None
    assert usual.mean == pytest.approx(40 - 30 / 2.718, abs=0.5)


def test_every_hour_has_its_own_and_is_known_after_half_of_it() -> None:
    level = learnt([7] * KNOWN_AFTER_MINUTES, hour=23)
    assert level.of(23 * 60 + 59) is not None
    assert level.of(0) is None
    assert learnt([7] * (KNOWN_AFTER_MINUTES - 1), hour=23).of(23 * 60) is None


def test_the_hour_is_that_of_the_time_zone() -> None:
    level = UsualLevel(timezone(timedelta(hours=5, minutes=30)))
    for minute in range(30, 90):
        level.learn(minute, 3)
    assert [hour for hour, figures in enumerate(level.figures()) if figures.minutes] == [6]


def test_what_is_kept_is_all_of_it_and_other_shapes_are_refused() -> None:
    level, other = learnt([1, 2, 3] * 20), UsualLevel(UTC)
    assert other.figures() == ()
    other.put_back(level.figures())
    assert other.of(0) == level.of(0) is not None
    other.put_back([HourFigures()] * 3)
    assert other.of(0) == level.of(0)
