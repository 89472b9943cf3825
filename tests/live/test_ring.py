from tracker.live.encoding import Bundle
from tracker.live.ring import MAX_BYTES, MAX_MESSAGES, Ring


def filled(last_seq: int, size: int = 1) -> Ring:
    ring = Ring()
    for seq in range(2, last_seq + 1, 2):
        ring.add(Bundle([b"x" * size, b"%d" % seq], seq))
    return ring


def test_what_came_after_a_number_is_one_bundle() -> None:
    ring = filled(10)
    missed = ring.since(7, 10)
    assert missed is not None
    assert list(missed.messages) == [b"8", b"x", b"10"]
    assert (missed.first_seq, missed.last_seq) == (8, 10)


def test_nothing_missed_is_an_empty_bundle_even_without_memory() -> None:
    missed = Ring().since(5, 5)
    assert missed is not None
    assert (list(missed.messages), missed.last_seq) == ([], 5)


def test_numbers_it_does_not_reach_back_to_or_never_gave_are_refused() -> None:
    ring = Ring()
    ring.add(Bundle([b"5", b"6"], 6))
    assert ring.since(4, 6) is not None
    assert ring.since(3, 6) is None
    assert ring.since(7, 6) is None
    ring.clear()
    assert ring.since(5, 6) is None
    assert (ring.messages, ring.size_bytes) == (0, 0)


def test_it_holds_a_thousand_messages() -> None:
    ring = filled(4000)
    assert ring.messages == MAX_MESSAGES
    assert ring.since(3000, 4000) is not None
    assert ring.since(2999, 4000) is None


def test_it_holds_a_mebibyte() -> None:
    ring = filled(100, size=100_000)
    assert 900_000 < ring.size_bytes <= MAX_BYTES
    ring.add(Bundle([b"x" * (MAX_BYTES + 1)], 101))
    assert (ring.messages, ring.size_bytes) == (0, 0)
