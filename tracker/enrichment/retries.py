"""When a call is made again, after which pause, and how many such calls there may be."""

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from tracker.enrichment.errors import Unavailable

FIRST_PAUSE_S = (0.1, 0.4)
PAUSE_GROWTH = 2.0
SHORTEST_ATTEMPT_S = 0.1

DEPOSIT = 0.15
RESERVE = 15.0

Sleep = Callable[[float], Awaitable[None]]


class RetryBudget:
    """Lets extra calls be 15 % of first calls in the long run, and 15 at once.

    At an error rate of 10 % every retry that is wanted (11 %) fits in; while a
    service is down the reserve is all it gets on top.
    """

    def __init__(self) -> None:
        self.tokens = RESERVE

    def deposit(self) -> None:
        """Note a first call."""
        self.tokens = min(RESERVE, self.tokens + DEPOSIT)

    def withdraw(self) -> bool:
        """Take what one extra call costs; ``False`` when there is not enough."""
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


def is_worth_another_call(error: BaseException) -> bool:
    """Transient errors are; a service that said when to come back is not asked before."""
    return isinstance(error, Unavailable) and error.retry_after_s is None


def pause_s(failed_attempts: int, error: BaseException | None, random: Random) -> float:
    """0.1 to 0.4 s, doubled with each attempt; none after the first lost connection.

    A connection that was kept alive is often lost by nobody's fault.
    """
    if failed_attempts == 1 and isinstance(error, Unavailable) and error.reason == "disconnected":
        return 0.0
    shortest_s, longest_s = FIRST_PAUSE_S
    return random.uniform(shortest_s, longest_s * PAUSE_GROWTH ** (failed_attempts - 1))


def retrying(
    attempts: int,
    may_retry: Callable[[BaseException], bool],
    remaining_s: Callable[[], float],
    budget: RetryBudget,
    random: Random,
    sleep: Sleep,
) -> AsyncRetrying:
    """Return what runs a call up to ``attempts`` times and raises its last error as it is.

    ``remaining_s``: seconds left of the deadline; a retry that would not fit is not begun.
    """

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return pause_s(state.attempt_number, error, random)

    def stop(state: RetryCallState) -> bool:
        if state.attempt_number >= attempts or remaining_s() < state.upcoming_sleep + SHORTEST_ATTEMPT_S:
            return True
        return not budget.withdraw()

    async def doze(seconds: Any) -> None:
        if seconds > 0:
            await sleep(seconds)

    return AsyncRetrying(stop=stop, wait=wait, retry=retry_if_exception(may_retry), sleep=doze, reraise=True)
