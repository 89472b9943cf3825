from random import Random

import pytest

from tests.enrichment.rig import ACME, FakeClient
from tests.support.clock import FakeClock
from tracker.core.inputs import NoticeRaised
from tracker.enrichment.caller import Caller
from tracker.enrichment.errors import (
    BadResponse,
    BreakerOpen,
    BudgetSpent,
    EnrichmentError,
    RateLimited,
    Unavailable,
)
from tracker.enrichment.ledger import Ledger
from tracker.settings import Deanonymizer

DOWN = Unavailable("server_error", 500)


class Bench:
    def __init__(self, *outcomes: EnrichmentError | None, daily_budget: int = 0) -> None:
        self.clock = FakeClock()
        self.ledger = Ledger()
        self.notices: list[NoticeRaised] = []
        self.outcomes = list(outcomes)
        self.client = FakeClient(lambda _: (self.outcomes.pop(0) if self.outcomes else None) or ACME)
        self.caller = Caller(
            Deanonymizer(daily_budget=daily_budget),
            self.client,
            self.clock,
            Random(5),
            self.sleep,
            self.ledger,
            self.notices.append,
        )

    async def sleep(self, seconds: float) -> None:
        self.clock.advance(seconds)


async def test_a_transient_failure_is_made_up_for() -> None:
    bench = Bench(DOWN, DOWN)
    assert await bench.caller.lookup("1.1.1.1") == ACME
    assert (bench.ledger.calls, bench.ledger.retries) == (3, 2)
    assert bench.ledger.failed_calls == {"server_error": 2}


async def test_F2b_02_at_most_three_attempts() -> None:
    bench = Bench(*[DOWN] * 9)
    with pytest.raises(Unavailable):
        await bench.caller.lookup("1.1.1.1")
    assert bench.ledger.calls == 3


async def test_F2b_03_a_429_is_not_retried_and_stops_every_lookup() -> None:
    bench = Bench(RateLimited(40.0))
    for _ in range(2):
        with pytest.raises(RateLimited):
            await bench.caller.lookup("1.1.1.1")
    bench.clock.advance(39.0)
    with pytest.raises(RateLimited) as error:
        await bench.caller.lookup("2.2.2.2")
    assert error.value.retry_after_s == pytest.approx(1.0)
    assert bench.ledger.calls == 1
    bench.clock.advance(1.0)
    assert await bench.caller.lookup("2.2.2.2") == ACME


async def test_a_503_with_retry_after_stops_every_lookup_too() -> None:
    bench = Bench(Unavailable("server_error", 503, retry_after_s=20.0))
    with pytest.raises(Unavailable):
        await bench.caller.lookup("1.1.1.1")
    assert isinstance(bench.caller.obstacle(bench.clock.now()), RateLimited)
    assert bench.ledger.calls == 1


async def test_F2b_03_429_is_no_failure_of_the_service() -> None:
    bench = Bench(*[RateLimited(1.0)] * 15)
    for _ in range(15):
        with pytest.raises(RateLimited):
            await bench.caller.lookup("1.1.1.1")
        bench.clock.advance(2.0)
    assert bench.caller.breaker.opened == 0


async def test_F2b_05_bad_answers_count_for_the_breaker_and_are_not_retried() -> None:
    bench = Bench(*[BadResponse("not_json")] * 10)
    for _ in range(10):
        with pytest.raises(BadResponse):
            await bench.caller.lookup("1.1.1.1")
    with pytest.raises(BreakerOpen):
        await bench.caller.lookup("1.1.1.1")
    assert bench.ledger.calls == 10


async def test_no_retry_once_the_breaker_is_open() -> None:
    bench = Bench(*[DOWN] * 99)
    for _ in range(6):
        with pytest.raises(EnrichmentError):
            await bench.caller.lookup("1.1.1.1")
    assert bench.ledger.calls == 10


async def test_F2b_09_a_spent_budget_stops_calls_even_between_attempts() -> None:
    bench = Bench(DOWN, DOWN, daily_budget=2)
    with pytest.raises(Unavailable):
        await bench.caller.lookup("1.1.1.1")
    with pytest.raises(BudgetSpent):
        await bench.caller.lookup("1.1.1.1")
    assert bench.ledger.calls == 2
    assert [notice.level for notice in bench.notices] == ["warning"]


async def test_the_log_tells_of_a_change_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    bench = Bench(*[DOWN] * 12)
    for _ in range(8):
        with pytest.raises(EnrichmentError):
            await bench.caller.lookup("1.1.1.1")
    bench.outcomes.clear()
    bench.clock.advance(40)
    await bench.caller.lookup("1.1.1.1")
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "1.1.1.1" not in caplog.text
