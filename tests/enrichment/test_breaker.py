from random import Random

from tracker.enrichment.breaker import (
    CONSECUTIVE_FAILURES,
    PROBE_EVERY_S,
    Breaker,
    BreakerState,
)


def fail(breaker: Breaker, times: int, now_s: float = 0.0) -> None:
    for _ in range(times):
        call = breaker.begin(now_s)
        assert call is not None
        breaker.failed(call, now_s)


def state(breaker: Breaker) -> BreakerState:
    return breaker.state


def opened() -> Breaker:
    breaker = Breaker()
    fail(breaker, CONSECUTIVE_FAILURES)
    return breaker


def test_F2b_08_opens_after_ten_failures_in_a_row_not_before() -> None:
    breaker = Breaker()
    fail(breaker, 9)
    assert state(breaker) is BreakerState.CLOSED
    fail(breaker, 1)
    assert state(breaker) is BreakerState.OPEN
    assert breaker.begin(1.0) is None
    assert breaker.opened == 1


def test_F2b_08_opens_when_half_of_the_last_twenty_failed() -> None:
    breaker = Breaker()
    for _ in range(10):
        breaker.succeeded(0)
        assert state(breaker) is BreakerState.CLOSED
        breaker.failed(0, 0.0)
    assert state(breaker) is BreakerState.OPEN


def test_F2b_08_is_doubtful_half_way_until_a_success() -> None:
    breaker = Breaker()
    doubts = []
    for _ in range(5):
        doubts.append(breaker.is_doubtful)
        fail(breaker, 1)
    doubts.append(breaker.is_doubtful)
    breaker.succeeded(0)
    assert [*doubts, breaker.is_doubtful] == [False] * 5 + [True, False]


def test_a_success_ends_the_row() -> None:
    breaker = Breaker()
    fail(breaker, 9)
    breaker.succeeded(0)
    fail(breaker, 9)
    assert state(breaker) is BreakerState.CLOSED


def test_F2b_08_one_probe_passes_at_a_time_and_its_success_closes() -> None:
    breaker = opened()
    assert breaker.wait_s(3.0) == PROBE_EVERY_S - 3.0
    probe = breaker.begin(PROBE_EVERY_S)
    assert probe is not None
    assert state(breaker) is BreakerState.HALF_OPEN
    assert breaker.begin(PROBE_EVERY_S + 1) is None
    breaker.succeeded(probe)
    assert state(breaker) is BreakerState.CLOSED
    assert breaker.begin(PROBE_EVERY_S + 1) is not None


def test_a_failed_probe_is_followed_by_the_next_one() -> None:
    breaker = opened()
    probe = breaker.begin(PROBE_EVERY_S)
    assert probe is not None
    breaker.failed(probe, PROBE_EVERY_S + 4)
    assert state(breaker) is BreakerState.OPEN
    assert breaker.begin(2 * PROBE_EVERY_S - 1) is None
    assert breaker.begin(2 * PROBE_EVERY_S) is not None


def test_a_probe_that_never_reports_does_not_block_the_next() -> None:
    breaker = opened()
    assert breaker.begin(PROBE_EVERY_S) is not None
    assert breaker.begin(2 * PROBE_EVERY_S) is not None


def test_calls_from_before_it_opened_are_not_heard() -> None:
    breaker = Breaker()
    early = breaker.begin(0.0)
    assert early is not None
    fail(breaker, CONSECUTIVE_FAILURES)
    breaker.succeeded(early)
    assert state(breaker) is BreakerState.OPEN


def test_F2b_02_stays_closed_at_ten_percent_errors() -> None:
    random, breaker = Random(7), Breaker()
    for _ in range(20_000):
        if random.random() < 0.1:
            breaker.failed(0, 0.0)
        else:
            breaker.succeeded(0)
    assert breaker.opened == 0
