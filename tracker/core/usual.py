"""The usual number of new visitors a minute, for each hour of the day."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from math import sqrt
from typing import NamedTuple

HOURS = 24
MEMORY_MINUTES = 420
"""An hour of each of seven days: what is older counts less and less."""
KNOWN_AFTER_MINUTES = 30


class HourFigures(NamedTuple):
    """One hour of the day as it is kept across a restart."""

    mean: float = 0.0
    variance: float = 0.0
    minutes: int = 0
    """Learnt from; it does not rise beyond the memory."""


NOTHING_LEARNT = (HourFigures(),) * HOURS


class Usual(NamedTuple):
    """New visitors a minute."""

    mean: float
    deviation: float


class UsualLevel:
    """Exponentially weighted mean and deviation of the minutes of each hour.

    A plain mean at first, then a memory of about seven days. Constant cost for each
    minute; as large as 24 hours of three numbers.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._hours = list(NOTHING_LEARNT)

    def learn(self, minute: int, visitors: float) -> None:
        """Take in a whole minute, by its number since 1970, and its new visitors."""
        hour = self._hour_of(minute)
        mean, variance, minutes = self._hours[hour]
        minutes = min(minutes + 1, MEMORY_MINUTES)
        weight = 1 / minutes
        change = visitors - mean
        mean += weight * change
        variance = (1 - weight) * (variance + weight * change * change)
        # Rounded: all of them are written down with every checkpoint.
        self._hours[hour] = HourFigures(round(mean, 6), round(variance, 6), minutes)

    def of(self, minute: int) -> Usual | None:
        """Return what is usual in that minute's hour, ``None`` before it was seen for half an hour."""
        mean, variance, minutes = self._hours[self._hour_of(minute)]
        return None if minutes < KNOWN_AFTER_MINUTES else Usual(mean, sqrt(variance))

    def figures(self) -> tuple[HourFigures, ...]:
        """All hours, none before anything was learnt."""
        figures = tuple(self._hours)
        return () if figures == NOTHING_LEARNT else figures

    def put_back(self, figures: Sequence[HourFigures]) -> None:
        """Take over what an earlier run learnt; anything but 24 hours is of no use."""
        if len(figures) == HOURS:
            self._hours = list(figures)

    def _hour_of(self, minute: int) -> int:
        return datetime.fromtimestamp(minute * 60, self._zone).hour
