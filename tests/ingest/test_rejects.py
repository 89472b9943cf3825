from tests.support.clock import START, FakeClock
from tracker.ingest.rejects import EXCERPT_BYTES, Reject, RejectLog


def test_F2a_06_a_reject_keeps_when_where_and_why_with_its_first_2_kib() -> None:
    log = RejectLog(FakeClock())
    log.add("upstream", "default", "malformed_json", b"x" * 5000)
    assert list(log.recent) == [
        Reject(START.unix_s, "upstream", "default", "malformed_json", b"x" * EXCERPT_BYTES)
    ]
    assert log.counts == {("upstream", "malformed_json"): 1}


def test_F2a_06_rejects_are_capped_and_their_count_is_kept() -> None:
    clock = FakeClock()
    log = RejectLog(clock, limit=3)
    for number in range(10):
        log.add("upstream", "default", "missing_guid", str(number))
        clock.advance(1)
    assert [reject.excerpt for reject in log.recent] == [b"7", b"8", b"9"]
    assert log.counts["upstream", "missing_guid"] == 10


def test_the_doors_are_counted_apart() -> None:
    log = RejectLog(FakeClock())
    log.add("upstream", "a", "malformed_json", "x")
    log.add("http", "b", "malformed_json", "x")
    assert log.counts == {("upstream", "malformed_json"): 1, ("http", "malformed_json"): 1}


def test_any_text_can_be_kept_within_the_bound() -> None:
    log = RejectLog(FakeClock())
    log.add("upstream", "default", "binary_frame", "\ud800é" * 2000)
    excerpt = log.recent[0].excerpt
    assert excerpt.startswith("?é".encode())
    assert len(excerpt) <= EXCERPT_BYTES
