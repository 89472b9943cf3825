"""One lookup: calls and retries within the deadline, as far as gate, breaker and budget allow."""

import logging
from collections.abc import Callable
from random import Random
from typing import Protocol

from tracker.core.clock import Clock, Now
from tracker.core.identity import Identity
from tracker.core.inputs import NoticeRaised
from tracker.enrichment.breaker import Breaker, BreakerState
from tracker.enrichment.budget import Budget
from tracker.enrichment.errors import (
    BreakerOpen,
    BudgetSpent,
    EnrichmentError,
    RateLimited,
    Unavailable,
)
from tracker.enrichment.gate import Gate
from tracker.enrichment.ledger import Ledger
from tracker.enrichment.retries import RetryBudget, Sleep, is_worth_another_call, retrying
from tracker.settings import Deanonymizer

log = logging.getLogger(__name__)

DOUBT_S = 10.0
ATTEMPT_SHARE = 0.7
# of the deadline, so that after a call that hangs there is time for another one


class Client(Protocol):
    async def ask(self, ip: str, deadline_s: float | None = None) -> Identity | None: ...

    async def aclose(self) -> None: ...


class Caller:
    """``notify`` hears what an operator should know of the budget."""

    def __init__(
        self,
        settings: Deanonymizer,
        client: Client,
        clock: Clock,
        random: Random,
        sleep: Sleep,
        ledger: Ledger,
        notify: Callable[[NoticeRaised], None],
    ) -> None:
        self._settings = settings
        self._client = client
        self._clock = clock
        self._random = random
        self._sleep = sleep
        self._ledger = ledger
        self._notify = notify
        self._retry_budget = RetryBudget()
        self._attempt_s = settings.deadline_s * (ATTEMPT_SHARE if settings.attempts > 1 else 1)
        self._under_way = 0
        self.gate = Gate()
        self.breaker = Breaker()
        self.budget = Budget(settings.daily_budget, settings.cost_per_call)

    def obstacle(self, now: Now) -> EnrichmentError | None:
        """Return why no call may be made now, or ``None`` when one may."""
        if wait_s := self.budget.wait_s(now):
            return BudgetSpent(wait_s)
        if wait_s := self.breaker.wait_s(now.monotonic_s):
            return BreakerOpen(wait_s)
        if self.breaker.is_doubtful and self._under_way:
            return BreakerOpen(DOUBT_S)
        if wait_s := self.gate.wait_s(now.monotonic_s):
            return RateLimited(wait_s)
        return None

    async def lookup(self, ip: str) -> Identity | None:
        """Return who is behind ``ip``, or ``None`` when nobody is known.

        At most ``attempts`` paid calls within ``deadline_s``. A 429 is not retried.

        Raises:
            EnrichmentError: no answer, or no call may be made; its kind says which.
        """
        ends_at_s = self._clock.now().monotonic_s + self._settings.deadline_s

        def remaining_s() -> float:
            return ends_at_s - self._clock.now().monotonic_s

        def may_retry(error: BaseException) -> bool:
            return is_worth_another_call(error) and self.obstacle(self._clock.now()) is None

        async def attempt() -> Identity | None:
            return await self._call(ip, remaining_s(), is_retry=run.statistics["attempt_number"] > 1)

        run = retrying(
            self._settings.attempts, may_retry, remaining_s, self._retry_budget, self._random, self._sleep
        )
        self._retry_budget.deposit()
        return await run(attempt)

    async def _call(self, ip: str, remaining_s: float, *, is_retry: bool) -> Identity | None:
        now = self._clock.now()
        if obstacle := self.obstacle(now):
            raise obstacle
        call = self.breaker.begin(now.monotonic_s)
        if call is None:
            raise BreakerOpen(self.breaker.wait_s(now.monotonic_s))
        self._count_call(now, is_retry=is_retry)
        self._under_way += 1
        try:
            identity = await self._client.ask(ip, min(remaining_s, self._attempt_s))
        except EnrichmentError as error:
            self._failed(call, error)
            raise
        finally:
            self._under_way -= 1
            self._ledger.call_seconds.add(self._clock.now().monotonic_s - now.monotonic_s)
        self._succeeded(call)
        return identity

    def _count_call(self, now: Now, *, is_retry: bool) -> None:
        self._ledger.calls += 1
        self._ledger.retries += is_retry
        if notice := self.budget.count(now):
            log.warning("%s", notice.message)
            self._notify(notice)

    def _succeeded(self, call: int) -> None:
        before = self.breaker.state
        self.breaker.succeeded(call)
        if before is not self.breaker.state:
            log.info("the deanonymizer answers again; lookups go on")

    def _failed(self, call: int, error: EnrichmentError) -> None:
        now_s = self._clock.now().monotonic_s
        self._ledger.failed_calls[error.kind] += 1
        if isinstance(error, RateLimited | Unavailable) and error.retry_after_s is not None:
            self.gate.close(now_s, error.retry_after_s)
        if isinstance(error, RateLimited):
            self._succeeded(call)  # it is alive, and only wants to be asked later
            return
        before = self.breaker.state
        self.breaker.failed(call, now_s)
        if before is BreakerState.CLOSED and self.breaker.state is BreakerState.OPEN:
            log.warning(
                "the deanonymizer does not answer (%s); lookups pause, with a probe now and then", error
            )
