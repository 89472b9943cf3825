"""Which of two clocks is believed, and the numbers that follow from others."""

import pytest

from tracker.core.rules import Rules, live_time
from tracker.settings import Settings


@pytest.mark.parametrize(
    ("occurred_at", "expected"),
    [
        (None, 1_000.0),
        (1_000.0, 1_000.0),
        (700.0, 700.0),
        (1_300.0, 1_300.0),
        (699.9, 1_000.0),
        (1_300.1, 1_000.0),
        (float("-inf"), 1_000.0),
        (float("inf"), 1_000.0),
        (float("nan"), 1_000.0),
    ],
)
def test_live_time_is_the_events_own_up_to_five_minutes(occurred_at: float | None, expected: float) -> None:
    assert live_time(occurred_at, 1_000.0) == expected


def test_idle_after_half_and_late_for_twice_the_idle_timeout() -> None:
    rules = Rules(idle_timeout_s=30.0)
    assert (rules.idle_after_s, rules.late_window_s) == (15.0, 60.0)


def test_the_defaults_are_those_of_the_settings() -> None:
    rules, settings = Rules(), Settings()
    assert rules.idle_timeout_s == settings.sessions.idle_timeout_s
    assert rules.reveal_after_s == settings.sessions.reveal_after_s
    assert rules.leave_grace_s == settings.sessions.leave_grace_s
    assert rules.journey_length == settings.sessions.journey_length
    assert rules.spike_visitors_per_minute == settings.alerts.spike_visitors_per_minute
    assert rules.spike_factor == settings.alerts.spike_factor
    assert rules.milestones == settings.alerts.milestones
    assert rules.upstream_down_s == settings.alerts.upstream_down_s
