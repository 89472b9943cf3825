from datetime import UTC, datetime

from tests.support.clock import START, FakeClock
from tracker.core.clock import Now
from tracker.enrichment.budget import Budget

NOON = Now(0.0, datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())


def spend(budget: Budget, calls: int, now: Now = NOON) -> list[str]:
    notices = [budget.count(now) for _ in range(calls)]
    return [notice.message for notice in notices if notice]


def test_zero_is_no_cap() -> None:
    budget = Budget(0, 0.0)
    assert spend(budget, 5_000) == []
    assert budget.wait_s(NOON) == 0.0


def test_F2b_09_spent_until_the_next_utc_day() -> None:
    budget = Budget(10, 0.5)
    spend(budget, 9)
    assert budget.wait_s(NOON) == 0.0
    spend(budget, 1)
    assert budget.wait_s(NOON) == 12 * 3600
    midnight = NOON._replace(unix_s=NOON.unix_s + 12 * 3600)
    assert budget.wait_s(midnight) == 0.0
    assert budget.snapshot(midnight)["calls"] == 0


def test_F2b_09_says_so_once_a_day_at_eighty_percent_and_when_spent() -> None:
    budget = Budget(10, 0.0)
    first = spend(budget, 12)
    assert len(first) == 2
    assert "80 %" in first[0]
    assert "spent" in first[1]
    tomorrow = NOON._replace(unix_s=NOON.unix_s + 86_400)
    assert len(spend(budget, 12, tomorrow)) == 2


def test_a_cap_of_one_says_it_is_spent_and_nothing_else() -> None:
    assert len(spend(Budget(1, 0.0), 1)) == 1


def test_notices_are_warnings_with_the_figures() -> None:
    notice = Budget(1, 0.0).count(NOON)
    assert notice is not None
    assert (notice.level, notice.kind, notice.details) == ("warning", "budget", {"calls": 1, "limit": 1})


def test_F2b_09_what_an_earlier_run_spent_today_counts() -> None:
    budget = Budget(10, 0.0)
    budget.restore("2026-11-22", 10, NOON)
    assert budget.wait_s(NOON) > 0


def test_F2b_09_what_an_earlier_run_told_of_today_is_not_told_again() -> None:
    for spent, still_to_tell in ((7, 2), (8, 1), (10, 0)):
        budget = Budget(10, 0.0)
        budget.restore("2026-11-22", spent, NOON)
        assert len(spend(budget, 5)) == still_to_tell, spent


def test_what_was_spent_on_another_day_does_not_count() -> None:
    budget = Budget(10, 0.0)
    budget.restore("2026-11-21", 10, NOON)
    assert budget.wait_s(NOON) == 0.0


def test_F2d_03_a_clock_set_back_does_not_open_the_budget_anew() -> None:
    clock, budget = FakeClock(START), Budget(1, 0.0)
    spend(budget, 1, clock.now())
    clock.step_wall(-90_000)
    assert budget.wait_s(clock.now()) > 0


def test_snapshot_has_the_cost() -> None:
    budget = Budget(4, 0.25)
    spend(budget, 3)
    assert budget.snapshot(NOON) == {
        "day": "2026-11-22",
        "calls": 3,
        "limit": 4,
        "cost": 0.75,
        "spent": False,
    }
