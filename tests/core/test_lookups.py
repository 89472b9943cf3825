"""Who waits for which address."""

import pytest

from tracker.core.effects import Lookup
from tracker.core.lookups import WaitingLookups
from tracker.core.session import Session, Source


def session(session_id: str, address: str = "a") -> Session:
    return Session("default", session_id, Source.UPSTREAM, f"ip-{address}", address, 0.0)


@pytest.fixture
def lookups() -> WaitingLookups:
    return WaitingLookups()


def test_one_entry_for_an_address_however_many_wait(lookups: WaitingLookups) -> None:
    waiting = [session(name) for name in "abc"]
    assert lookups.add(waiting[0]) == Lookup("a", "ip-a")
    lookups.add(waiting[1])
    lookups.add(waiting[2])
    assert len(lookups) == 1
    assert lookups.settle("a") == waiting
    assert len(lookups) == 0
    assert lookups.settle("a") == []


def test_the_entry_goes_with_the_last_who_waits(lookups: WaitingLookups) -> None:
    first, second = session("1"), session("2")
    lookups.add(first)
    lookups.add(second)
    lookups.remove(first)
    lookups.remove(first)
    assert lookups.of("a") == [second]
    lookups.remove(second)
    assert len(lookups) == 0


def test_a_retry_is_due_once_and_newcomers_wait_for_it(lookups: WaitingLookups) -> None:
    lookups.add(session("1"))
    lookups.try_again("a", 10.0)
    lookups.try_again("a", 5.0)
    assert lookups.add(session("2")) is None
    assert lookups.due(9.9) == []
    assert lookups.due(10.0) == [Lookup("a", "ip-a")]
    assert lookups.due(100.0) == []


def test_nobody_is_asked_for_whom_nobody_waits(lookups: WaitingLookups) -> None:
    only = session("1")
    lookups.add(only)
    lookups.try_again("a", 10.0)
    lookups.remove(only)
    lookups.try_again("b", 10.0)
    assert lookups.due(10.0) == []


def test_who_waits_anew_is_not_asked_for_twice(lookups: WaitingLookups) -> None:
    only = session("1")
    lookups.add(only)
    lookups.try_again("a", 10.0)
    lookups.remove(only)
    assert lookups.add(session("2")) == Lookup("a", "ip-a")
    lookups.try_again("a", 20.0)
    assert lookups.due(10.0) == [], "the former retry is forgotten"
    assert lookups.due(20.0) == [Lookup("a", "ip-a")]


def test_an_answer_takes_the_retry_away(lookups: WaitingLookups) -> None:
    lookups.add(session("1"))
    lookups.try_again("a", 10.0)
    lookups.settle("a")
    lookups.add(session("2"))
    assert lookups.due(10.0) == []


def test_an_answer_is_on_its_way_unless_a_retry_is_scheduled(lookups: WaitingLookups) -> None:
    only = session("1")
    assert not lookups.is_in_flight(only)
    lookups.add(only)
    assert lookups.is_in_flight(only)
    lookups.try_again("a", 10.0)
    assert not lookups.is_in_flight(only)
    lookups.due(10.0)
    assert lookups.is_in_flight(only)


def test_retries_of_those_who_left_do_not_pile_up(lookups: WaitingLookups) -> None:
    stays = session("stays", "kept")
    lookups.add(stays)
    lookups.try_again("kept", 80_000.0)
    for n in range(10_000):
        leaves = session("leaves", f"address-{n}")
        lookups.add(leaves)
        lookups.try_again(f"address-{n}", 80_000.0 + n)
        lookups.remove(leaves)
        assert lookups.retries < 100
    assert lookups.due(200_000.0) == [Lookup("kept", "ip-kept")]
