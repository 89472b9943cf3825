import os

from tests.support.clock import FakeClock
from tracker.ingest.event_ids import DRAWN_BYTES, RANDOM_CHARACTERS, EventIds


def test_ids_differ_and_follow_the_time() -> None:
    clock = FakeClock()
    new_id = EventIds(clock)
    ids = []
    for _ in range(1_000):
        ids.append(new_id())
        clock.advance(0.01)
    assert len(set(ids)) == 1_000
    assert ids == sorted(ids)
    assert {len(one) for one in ids} == {32}


def test_no_random_byte_is_used_twice_and_draws_are_few() -> None:
    draws: list[bytes] = []

    def draw(count: int) -> bytes:
        draws.append(os.urandom(count))
        return draws[-1]

    new_id = EventIds(FakeClock(), draw)
    ids = [new_id() for _ in range(6 * DRAWN_BYTES // RANDOM_CHARACTERS)]
    assert len(draws) == 3
    assert "".join(one[12:] for one in ids) == b"".join(draws).hex()
