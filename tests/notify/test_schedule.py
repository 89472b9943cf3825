from random import Random

import pytest

from tracker.notify.schedule import LONGEST_LULL_S, MAX_TRIES, PAUSES_S, lull_s, pause_s


def test_retries_fill_a_day_and_grow() -> None:
    assert list(PAUSES_S) == sorted(PAUSES_S)
    assert 23 * 3600 < sum(PAUSES_S) < 24 * 3600
    assert MAX_TRIES == 9


@pytest.mark.parametrize("tries", range(1, MAX_TRIES))
def test_a_pause_is_jittered_around_its_length(tries: int) -> None:
    random = Random(1)
    pauses = [pause_s(tries, None, random) for _ in range(200)]
    assert all(pause is not None and 0.8 <= pause / PAUSES_S[tries - 1] <= 1.2 for pause in pauses)
    assert len(set(pauses)) > 100


def test_what_the_receiver_asks_for_is_waited_and_the_last_try_is_the_last() -> None:
    assert pause_s(1, 3_600.0, Random(1)) == 3_600.0
    assert (pause_s(4, 1.0, Random(1)) or 0) > 1_000
    assert pause_s(MAX_TRIES, 5.0, Random(1)) is None


def test_a_receiver_that_goes_on_failing_is_left_alone_longer_up_to_a_minute() -> None:
    lulls = [lull_s(failures, None, Random(1)) for failures in range(1, 12)]
    assert lulls == sorted(lulls)
    assert lulls[0] < 2
    assert max(lulls) <= LONGEST_LULL_S * 1.2
    assert lull_s(10**9, None, Random(1)) <= LONGEST_LULL_S * 1.2
    assert lull_s(1, 100.0, Random(1)) == 100.0
