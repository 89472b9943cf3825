"""FAULTS.md 2f, burst, and 4.16: how much may come in."""

import random
from collections.abc import Hashable, Sequence

import pytest

from tests.support.clock import FakeClock
from tracker.access.limits import Grant, RateLimiter, network_of


def taken(limiter: RateLimiter, names: Sequence[Hashable], cost: int = 1) -> Grant:
    grant = limiter.take(names, cost)
    assert grant is not None, "it is turned on"
    return grant


def test_F2f_11_the_admitted_count_is_right_to_one_percent() -> None:
    clock, rng = FakeClock(), random.Random(1)
    limiter = RateLimiter(100, 200, clock)
    admitted = 0
    for _ in range(20_000):
        cost = rng.choice([1, 1, 1, 5, 20])
        grant = taken(limiter, ["k"], cost)
        admitted += cost * grant.allowed
        clock.advance(rng.uniform(0, 0.02))
    elapsed_s = clock.now().monotonic_s - 1_000
    assert admitted == pytest.approx(200 + 100 * elapsed_s, rel=0.01)


def test_F2f_11_a_refusal_tells_when_it_would_pass() -> None:
    clock = FakeClock()
    limiter = RateLimiter(10, 20, clock)
    first = taken(limiter, ["k"], 20)
    assert (first.allowed, first.limit, first.remaining, first.reset_s, first.retry_after_s) == (
        True,
        20,
        0,
        2,
        0,
    )
    assert "Retry-After" not in first.headers()
    for cost in (1, 15, 20):
        refused = taken(limiter, ["k"], cost)
        assert not refused.allowed
        assert refused.retry_after_s >= 1
        assert refused.headers()["Retry-After"] == str(refused.retry_after_s)
    clock.advance(1.5)
    again = taken(limiter, ["k"], 15)
    assert again.allowed
    assert again.headers() == {"RateLimit-Limit": "20", "RateLimit-Remaining": "0", "RateLimit-Reset": "2"}
    assert limiter.refused == 3


def test_who_waits_as_told_is_let_in() -> None:
    clock = FakeClock()
    limiter = RateLimiter(0.7, 3, clock)
    for cost in (3, 2, 3, 1, 3):
        grant = taken(limiter, ["k"], cost)
        if not grant.allowed:
            clock.advance(grant.retry_after_s)
            grant = taken(limiter, ["k"], cost)
        assert grant.allowed


def test_who_comes_rarely_saves_up_no_more_than_a_bucket() -> None:
    clock = FakeClock()
    limiter = RateLimiter(10, 20, clock)
    taken(limiter, ["k"])
    clock.advance(1_000)
    assert sum(taken(limiter, ["k"]).allowed for _ in range(100)) == 20


def test_several_buckets_are_taken_from_all_or_none() -> None:
    limiter = RateLimiter(10, 10, FakeClock())
    assert taken(limiter, ["a"], 8).allowed
    assert not taken(limiter, ["a", "b"], 5).allowed
    assert not taken(limiter, ["b", "a"], 5).allowed
    assert taken(limiter, ["b"]).remaining == 9


def test_more_than_a_whole_bucket_passes_when_it_is_full_and_is_paid_for() -> None:
    clock = FakeClock()
    limiter = RateLimiter(10, 20, clock)
    grant = taken(limiter, ["k"], 100)
    assert grant.allowed
    refused = taken(limiter, ["k"], 1)
    assert refused.retry_after_s == 9
    clock.advance(7.9)
    assert not taken(limiter, ["k"], 1).allowed
    clock.advance(0.2)
    assert taken(limiter, ["k"], 1).allowed


@pytest.mark.parametrize(("rate", "burst"), [(0.0, 10), (10.0, 0), (0.0, 0)])
def test_zero_turns_it_off(rate: float, burst: int) -> None:
    limiter = RateLimiter(rate, burst, FakeClock())
    assert limiter.take(["k"], 1_000_000) is None
    assert limiter.buckets == 0


def test_S4_16_the_buckets_are_bounded_and_those_in_use_stay() -> None:
    clock = FakeClock()
    limiter = RateLimiter(1, 2, clock, max_buckets=100)
    for n in range(1_000):
        limiter.take([n])
        if n < 2:
            assert taken(limiter, ["busy"]).allowed
        elif n % 50 == 0:
            clock.advance(1)
            assert taken(limiter, ["busy"]).allowed
    assert limiter.buckets == 100
    assert not taken(limiter, ["busy"]).allowed


def test_F2d_03_a_wall_clock_that_jumps_changes_nothing() -> None:
    clock = FakeClock()
    limiter = RateLimiter(1, 1, clock)
    limiter.take(["k"])
    clock.step_wall(86_400)
    assert not taken(limiter, ["k"]).allowed


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unknown", ""),
        ("another text", ""),
    ],
)
def test_S4_16_an_ipv6_network_is_one_sender_and_no_text_makes_buckets(address: str, network: str) -> None:
    assert network_of(address) == network
