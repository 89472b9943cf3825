"""How long changes wait for the next flush."""

import pytest

from tracker.live.gathering import MAX_LAG_S, USUAL_LAG_S, time_to_catch_up_s, time_to_gather_s


def test_the_dearer_a_flush_the_longer_changes_are_gathered_up_to_fifty_milliseconds() -> None:
    for flush_s, from_flush_to_flush_s in ((0.0, 0.03), (0.006, 0.03), (0.008, 0.04), (0.012, 0.05)):
        assert flush_s + time_to_gather_s(flush_s) == pytest.approx(from_flush_to_flush_s)


def test_flushing_takes_no_more_than_a_quarter_of_the_time_up_to_a_wait_of_fifty_milliseconds() -> None:
    waits_s = [time_to_gather_s(flush_s) for flush_s in (0.015, 0.02, 1.0)]
    assert waits_s == pytest.approx([0.045, 0.05, 0.05])


def test_only_a_loop_that_is_later_than_usual_is_given_time_to_catch_up() -> None:
    assert [time_to_catch_up_s(lag_s) for lag_s in (-0.001, 0.0, USUAL_LAG_S)] == [0.0, 0.0, 0.0]
    assert [time_to_catch_up_s(lag_s) for lag_s in (0.1, 10.0)] == [0.1, MAX_LAG_S]
