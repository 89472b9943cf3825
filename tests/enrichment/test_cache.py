from tests.enrichment.rig import ACME
from tests.support.clock import FakeClock
from tracker.enrichment.cache import STALE_FOR_S, Entry, IdentityCache
from tracker.settings import Deanonymizer


def new(clock: FakeClock, size: int = 100) -> IdentityCache:
    return IdentityCache(Deanonymizer(cache_ttl_s=1000, miss_ttl_s=100, cache_size=size), clock)


def test_hits_and_misses_have_their_own_time_to_live() -> None:
    clock = FakeClock()
    cache = new(clock)
    cache.put("1.1.1.1", ACME)
    cache.put("2.2.2.2", None)
    clock.advance(99)
    assert cache.fresh("2.2.2.2") == Entry(None, clock.now().unix_s - 99)
    clock.advance(1)
    assert cache.fresh("2.2.2.2") is None
    assert cache.fresh("1.1.1.1") is not None
    clock.advance(900)
    assert cache.fresh("1.1.1.1") is None


def test_F2b_08_an_expired_entry_can_be_had_as_stale_for_a_day() -> None:
    clock = FakeClock()
    cache = new(clock)
    cache.put("1.1.1.1", ACME)
    clock.advance(1000 + STALE_FOR_S - 1)
    entry = cache.stale("1.1.1.1")
    assert entry is not None
    assert entry.identity == ACME
    clock.advance(1)
    assert cache.stale("1.1.1.1") is None


def test_size_is_bounded_and_the_least_used_goes() -> None:
    cache = new(FakeClock(), size=2)
    cache.put("1.1.1.1", ACME)
    cache.put("2.2.2.2", ACME)
    assert cache.fresh("1.1.1.1") is not None
    cache.put("3.3.3.3", ACME)
    assert cache.size == 2
    assert cache.fresh("2.2.2.2") is None
    assert cache.fresh("1.1.1.1") is not None


def test_F2d_03_a_wall_clock_that_jumps_neither_ages_nor_renews() -> None:
    clock = FakeClock()
    cache = new(clock)
    cache.put("1.1.1.1", ACME)
    clock.step_wall(365 * 86_400)
    assert cache.fresh("1.1.1.1") is not None
    clock.step_wall(-2 * 365 * 86_400)
    clock.advance(1000)
    assert cache.fresh("1.1.1.1") is None


def test_entries_of_an_earlier_run_keep_their_age() -> None:
    clock = FakeClock()
    cache = new(clock)
    cache.restore("1.1.1.1", Entry(ACME, clock.now().unix_s - 999))
    assert cache.fresh("1.1.1.1") is not None
    clock.advance(1)
    assert cache.fresh("1.1.1.1") is None


def test_entries_too_old_even_as_stale_are_not_taken_over() -> None:
    clock = FakeClock()
    cache = new(clock)
    cache.restore("1.1.1.1", Entry(ACME, clock.now().unix_s - 1000 - STALE_FOR_S))
    assert cache.stale("1.1.1.1") is None
    assert cache.size == 0


def test_an_entry_from_the_future_counts_as_from_now() -> None:
    clock = FakeClock()
    cache = new(clock)
    cache.restore("1.1.1.1", Entry(ACME, clock.now().unix_s + 1e9))
    clock.advance(1000)
    assert cache.fresh("1.1.1.1") is None


def test_dropped_entries_are_gone_and_unknown_ones_no_error() -> None:
    cache = new(FakeClock())
    cache.put("1.1.1.1", ACME)
    cache.drop("1.1.1.1")
    cache.drop("2.2.2.2")
    assert cache.stale("1.1.1.1") is None
