"""The two clocks."""

import time

from tests.support.clock import START, FakeClock
from tracker.clock import SystemClock
from tracker.core.clock import Clock


def test_the_systems_clocks_are_read_together() -> None:
    clock: Clock = SystemClock()
    before = (time.monotonic(), time.time())
    now = clock.now()
    after = (time.monotonic(), time.time())
    assert before[0] <= now.monotonic_s <= after[0]
    assert before[1] <= now.unix_s <= after[1]


def test_the_clock_of_tests_moves_only_when_it_is_told_to() -> None:
    clock: FakeClock = FakeClock()
    assert clock.now() == clock.now() == START
    assert clock.advance(2.5) == (START.monotonic_s + 2.5, START.unix_s + 2.5)
    clock.step_wall(-3_600)
    assert clock.now() == (START.monotonic_s + 2.5, START.unix_s + 2.5 - 3_600)
