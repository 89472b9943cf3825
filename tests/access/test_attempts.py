"""FAULTS.md 4.5: who guesses passwords is slowed down."""

from tests.access.opened import ADDRESS
from tests.support.clock import FakeClock
from tracker.access.attempts import (
    FORGOTTEN_AFTER_S,
    FREE_FAILURES,
    LONGEST_ACCOUNT_PAUSE_S,
    LONGEST_ADDRESS_PAUSE_S,
    REMEMBERED,
    Attempts,
)

OTHER = "203.0.113.9"


def pauses(
    attempts: Attempts, clock: FakeClock, times: int, account: str = "a", address: str = ""
) -> list[int]:
    """Fail ``times`` times, waiting as told, from another address each time unless one is given."""
    found = []
    for n in range(times):
        where = address or f"10.{n // 256}.{n % 256}.1"
        wait_s = attempts.begin(account, where)
        found.append(wait_s)
        if wait_s:
            clock.advance(wait_s)
            assert attempts.begin(account, where) == 0
    return found


def test_S4_05_from_the_fifth_failure_on_each_pause_is_twice_as_long() -> None:
    clock = FakeClock()
    found = pauses(Attempts(clock, 0), clock, 15)
    assert found == [0] * FREE_FAILURES + [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert found[-1] == LONGEST_ACCOUNT_PAUSE_S


def test_S4_05_an_address_that_tries_many_accounts_is_paused_longer() -> None:
    clock = FakeClock()
    attempts = Attempts(clock, 0)
    found = []
    for n in range(25):
        wait_s = attempts.begin(f"account {n}", ADDRESS)
        found.append(wait_s)
        if wait_s:
            clock.advance(wait_s)
            assert attempts.begin(f"account {n}", ADDRESS) == 0
    assert found[:7] == [0] * FREE_FAILURES + [1, 2]
    assert max(found) == LONGEST_ADDRESS_PAUSE_S


def test_an_ipv6_network_is_one_address() -> None:
    attempts = Attempts(FakeClock(), 0)
    waits = [attempts.begin(str(n), f"2001:db8::{n}") for n in range(1, 7)]
    assert waits == [0, 0, 0, 0, 0, 1]


def test_attempts_at_the_same_time_are_no_way_around() -> None:
    attempts = Attempts(FakeClock(), 0)
    assert [attempts.begin("a", ADDRESS) for _ in range(50)].count(0) == FREE_FAILURES
    assert attempts.refused == 45


def test_success_forgets_the_account_but_not_what_the_address_did_elsewhere() -> None:
    attempts = Attempts(FakeClock(), 0)
    for n in range(4):
        assert attempts.begin(f"other {n}", ADDRESS) == 0
    assert attempts.begin("own", ADDRESS) == 0
    attempts.succeeded("own", ADDRESS)
    assert attempts.begin("other", ADDRESS) == 0
    assert attempts.begin("other", ADDRESS) == 1
    for _ in range(FREE_FAILURES):
        assert attempts.begin("own", OTHER) == 0


def test_what_was_never_looked_at_is_no_failure() -> None:
    attempts = Attempts(FakeClock(), 0)
    for _ in range(50):
        assert attempts.begin("a", ADDRESS) == 0
        attempts.gave_up("a", ADDRESS)
    assert attempts.remembered == 0


def test_S4_16_an_address_has_so_many_a_minute() -> None:
    clock = FakeClock()
    attempts = Attempts(clock, 5)
    found = []
    for n in range(6):
        found.append(attempts.begin(str(n), ADDRESS))
        attempts.succeeded(str(n), ADDRESS)
    assert found == [0] * 5 + [12]
    assert attempts.begin("x", OTHER) == 0
    clock.advance(12)
    assert attempts.begin("x", ADDRESS) == 0


def test_it_is_forgotten_after_an_hour() -> None:
    clock = FakeClock()
    attempts = Attempts(clock, 0)
    for _ in range(5):
        attempts.begin("a", ADDRESS)
    clock.advance(FORGOTTEN_AFTER_S + 1)
    assert [attempts.begin("a", ADDRESS) for _ in range(6)] == [0] * 5 + [1]


def test_it_is_bounded() -> None:
    attempts = Attempts(FakeClock(), 0)
    for n in range(REMEMBERED + 500):
        attempts.begin(f"a{n}", f"10.{n // 65536}.{n // 256 % 256}.{n % 256}")
    assert attempts.remembered == 2 * REMEMBERED
