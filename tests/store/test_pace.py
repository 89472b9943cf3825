from tests.support.clock import FakeClock
from tracker.store.pace import AWAY, QUICK_S, WEIGHT, Pace


def test_a_disk_is_quick_until_it_was_not_for_some_time() -> None:
    pace = Pace(FakeClock())
    for _ in range(100):
        pace.note(QUICK_S * 0.9)
    assert pace.is_quick()
    noted = 0
    while pace.is_quick():
        pace.note(QUICK_S * 2)
        noted += 1
    assert 10 < noted < 100


def test_one_long_wait_is_enough_and_the_longer_the_longer_others_wait_afterwards() -> None:
    clock = FakeClock()
    pace = Pace(clock)
    pace.note(1.0)
    clock.advance(AWAY * WEIGHT - 0.1)
    assert not pace.is_quick()
    clock.advance(0.2)
    assert pace.is_quick()
    pace.note(QUICK_S)
    assert pace.is_quick(), "what was before is forgotten"
