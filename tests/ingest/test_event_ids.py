import os

from tracker.ingest.event_ids import DRAWN_BYTES, RANDOM_CHARACTERS, EventIds


def test_ids_differ_and_follow_the_time() -> None:
    new_id = EventIds()
    ids = [new_id(1_700_000_000 + number / 100) for number in range(1_000)]
    assert len(set(ids)) == 1_000
    assert ids == sorted(ids)
    assert {len(one) for one in ids} == {32}


def test_no_random_byte_is_used_twice_and_draws_are_few() -> None:
    draws: list[bytes] = []

    def draw(count: int) -> bytes:
        draws.append(os.urandom(count))
        return draws[-1]

    new_id = EventIds(draw)
    ids = [new_id(1_700_000_000) for _ in range(6 * DRAWN_BYTES // RANDOM_CHARACTERS)]
    assert len(draws) == 3
    assert "".join(one[12:] for one in ids) == b"".join(draws).hex()
