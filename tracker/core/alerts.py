"""When live figures are worth interrupting someone: each cause once, until it is over."""

from collections.abc import Iterator, Sequence
from math import inf
from typing import Any

from tracker.core.clock import Now
from tracker.core.effects import Alert, AlertKind, AlertLevel
from tracker.core.inputs import UpstreamState
from tracker.core.rules import Rules
from tracker.core.usual import HourFigures, Usual, UsualLevel

MINUTE_S = 60
LEAST_SPIKE = 10
"""Fewer new visitors within a minute are no spike, however quiet the hour usually is."""
OUTSIDE_DEVIATIONS = 3.0
"""What is usual for its ups and downs is no spike either."""
CALM_SHARE = 0.75
"""A whole minute with no more than this share of the limit ends a spike."""


def raised(
    site: str, level: AlertLevel, kind: AlertKind, message: str, at: float, /, **details: Any
) -> Alert:
    """Return the alert, its kind among the details."""
    return Alert(site, level, kind, message, {"kind": kind.value, **details}, at)


class AlertRules:
    """Spikes and milestones of one site. Constant time and size."""

    def __init__(self, site: str, rules: Rules, now: Now) -> None:
        self._site = site
        self._fixed = rules.spike_visitors_per_minute
        self._factor = rules.spike_factor
        self._milestones = frozenset(rules.milestones)
        self._reached: set[int] = set()
        self._usual_level = UsualLevel(rules.timezone)
        self._minute = _minute_of(now)
        self._is_whole = False
        self._arrivals = 0
        self._above_fixed = False
        self._above_usual = False
        self._usual: Usual | None = None
        """Of this minute."""

    def visitor_arrived(self, total_active: int, now: Now) -> Iterator[Alert]:
        """Count a newly shown session; yield what it sets off."""
        self.pass_time(now, is_fed=True)
        self._arrivals += 1
        yield from self._spike(now.unix_s)
        yield from self.visitors_active(total_active, now.unix_s)

    def visitors_active(self, total_active: int, unix_s: float) -> Iterator[Alert]:
        """``total_active`` rose by one, by a new session or one that returned."""
        if total_active in self._milestones and total_active not in self._reached:
            self._reached.add(total_active)
            yield raised(
                self._site,
                AlertLevel.MILESTONE,
                AlertKind.MILESTONE,
                f"{total_active} visitors are active",
                unix_s,
                totalActive=total_active,
            )

    def pass_time(self, now: Now, is_fed: bool) -> None:
        """Call it with every tick. ``is_fed``: visitors would be heard of, so their number means something.

        Only minutes that were seen from their beginning to their end are learnt from: not
        those of a stop, nor of a clock that was set.
        """
        minute = _minute_of(now)
        self._is_whole = self._is_whole and is_fed
        if minute == self._minute:
            return
        follows = minute == self._minute + 1
        if self._arrivals <= CALM_SHARE * self._fixed or not follows:
            self._above_fixed = False
        if self._arrivals <= CALM_SHARE * self._usual_limit or not follows:
            self._above_usual = False
        if follows and self._is_whole:
            # A spike, too, says something of what is usual, but not all that it could.
            self._usual_level.learn(self._minute, min(self._arrivals, self._usual_limit))
        self._minute = minute
        self._is_whole = follows and is_fed
        self._arrivals = 0
        self._usual = self._usual_level.of(minute)

    def start_anew(self) -> None:
        """Milestones count again; a spike that goes on stays the same spike."""
        self._reached.clear()

    def figures(self) -> tuple[HourFigures, ...]:
        return self._usual_level.figures()

    def put_back(self, usual: Sequence[HourFigures]) -> None:
        self._usual_level.put_back(usual)
        self._usual = self._usual_level.of(self._minute)

    @property
    def _usual_limit(self) -> float:
        if self._usual is None or not self._factor:
            return inf
        mean, deviation = self._usual
        return max(LEAST_SPIKE, self._factor * mean, mean + OUTSIDE_DEVIATIONS * deviation)

    def _spike(self, unix_s: float) -> Iterator[Alert]:
        usual_limit = self._usual_limit
        if self._arrivals > usual_limit and not self._above_usual and self._usual is not None:
            self._above_usual = True
            text = (
                f"Traffic spike: {self._arrivals} new visitors within a minute;"
                f" {round(self._usual.mean, 1):g} are usual at this hour"
            )
            yield self._spike_alert(text, usual_limit, unix_s)
        if self._fixed and self._arrivals > self._fixed and not self._above_fixed:
            self._above_fixed = True
            # Whoever was told that it is unusual knows already.
            if not self._above_usual:
                text = f"Traffic spike: more than {self._fixed} new visitors within a minute"
                yield self._spike_alert(text, self._fixed, unix_s)

    def _spike_alert(self, message: str, limit: float, unix_s: float) -> Alert:
        return raised(
            self._site,
            AlertLevel.WARNING,
            AlertKind.SPIKE,
            message,
            unix_s,
            visitorsPerMinute=self._arrivals,
            threshold=round(limit, 1),
            usualPerMinute=None if self._usual is None else round(self._usual.mean, 1),
        )


class UpstreamAlerts:
    """Tells when the feed of one site was away for long, and when it is back after that."""

    def __init__(self, site: str, rules: Rules) -> None:
        self._site = site
        self._down_s = rules.upstream_down_s
        self._lost_s: float | None = None
        self._told = False

    def changed(self, state: UpstreamState, now: Now) -> Iterator[Alert]:
        """The feed is in another state."""
        if state is not UpstreamState.CONNECTED:
            self._lost_s = now.monotonic_s if self._lost_s is None else self._lost_s
            return
        lost_s, self._lost_s = self._lost_s, None
        if self._told and lost_s is not None:
            self._told = False
            away_s = round(now.monotonic_s - lost_s)
            yield raised(
                self._site,
                AlertLevel.INFO,
                AlertKind.UPSTREAM_BACK,
                "The session feed is back",
                now.unix_s,
                downS=away_s,
            )

    def pass_time(self, now: Now) -> Iterator[Alert]:
        """Call it with every tick."""
        if self._lost_s is None or self._told or not self._down_s:
            return
        away_s = now.monotonic_s - self._lost_s
        if away_s >= self._down_s:
            self._told = True
            yield raised(
                self._site,
                AlertLevel.WARNING,
                AlertKind.UPSTREAM_DOWN,
                "The session feed is down",
                now.unix_s,
                downS=round(away_s),
                since=now.unix_s - away_s,
            )


def _minute_of(now: Now) -> int:
    return int(now.unix_s // MINUTE_S)
