import random

import pytest

from tests.ingest.upstream_rig import Widest, gaps
from tracker.ingest.backoff import Backoff


def outage(backoff: Backoff, seconds: float, attempt_takes_s: float = 0.0) -> list[float]:
    """Return the starts of all attempts of an outage in which each attempt fails."""
    now_s, starts = 0.0, []
    while now_s < seconds:
        now_s += backoff.due_in_s(now_s)
        starts.append(now_s)
        backoff.attempt_started(now_s)
        now_s += attempt_takes_s
        backoff.failed(now_s)
    return starts


def test_the_first_attempt_waits_for_nothing() -> None:
    assert Backoff(random.Random(1)).due_in_s(123.0) == 0.0


def test_F2a_01_the_window_doubles_from_half_a_second_to_thirty() -> None:
    backoff = Backoff(Widest(), spacing_s=0.0, early_s=-1.0)
    assert gaps(outage(backoff, 200.0))[:8] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_F2a_01_full_jitter_uses_the_whole_window() -> None:
    draws = []
    for seed in range(400):
        backoff = Backoff(random.Random(seed))
        backoff.lost(0.0)
        draws.append(backoff.due_in_s(0.0))
    assert min(draws) < 0.05
    assert 0.45 < max(draws) <= 0.5


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("attempt_takes_s", [0.0, 10.0])
def test_F2a_01_never_faster_than_once_a_second_never_more_than_thirty_apart(
    seed: int, attempt_takes_s: float
) -> None:
    starts = outage(Backoff(random.Random(seed)), 3_600.0, attempt_takes_s)
    assert min(gaps(starts)) >= 1.0 - 1e-9
    assert max(gaps(starts)) <= 30.0 + 1e-9


@pytest.mark.parametrize("seed", range(20))
def test_F2a_01_F3_05_an_outage_of_a_minute_is_noticed_to_be_over_within_five_seconds(seed: int) -> None:
    starts = outage(Backoff(random.Random(seed)), 120.0)
    within = [gap for start, gap in zip(starts, gaps(starts), strict=False) if start <= 60.0]
    assert max(within) <= 4.0 + 1e-9


def test_F2a_01_an_outage_of_a_day_neither_stops_nor_overflows() -> None:
    assert len(outage(Backoff(random.Random(3)), 86_400.0)) > 86_400 / 30


def test_F2a_02_F3_05_first_try_after_a_loss_within_two_seconds() -> None:
    backoff = Backoff(Widest())
    outage(backoff, 600.0)
    backoff.reset()
    backoff.attempt_started(1_000.0)
    backoff.lost(1_000.2)
    assert backoff.due_in_s(1_000.2) == pytest.approx(0.8)
    backoff.reset()
    backoff.lost(2_000.0)
    assert backoff.due_in_s(2_000.0) == pytest.approx(0.5)


def test_without_reset_a_loss_goes_on_with_the_long_delay() -> None:
    backoff = Backoff(Widest())
    outage(backoff, 600.0)
    backoff.lost(1_000.0)
    assert backoff.due_in_s(1_000.0) == pytest.approx(30.0)


def test_a_request_to_stay_away_counts_from_the_answer() -> None:
    backoff = Backoff(random.Random(1))
    backoff.attempt_started(10.0)
    backoff.failed(12.0, retry_after_s=100.0)
    assert backoff.due_in_s(12.0) == 100.0
