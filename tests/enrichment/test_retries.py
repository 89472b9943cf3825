from random import Random

import pytest

from tracker.enrichment.errors import BadResponse, BreakerOpen, RateLimited, Rejected, Unavailable
from tracker.enrichment.retries import RESERVE, RetryBudget, is_worth_another_call, pause_s, retrying


@pytest.mark.parametrize(
    ("error", "worth"),
    [
        (Unavailable("timeout"), True),
        (Unavailable("server_error", 500), True),
        (Unavailable("server_error", 503, retry_after_s=9.0), False),
        (RateLimited(1.0), False),
        (BadResponse("not_json"), False),
        (Rejected(400), False),
        (BreakerOpen(1.0), False),
        (RuntimeError(), False),
    ],
)
def test_which_errors_are_worth_another_call(error: Exception, worth: bool) -> None:
    assert is_worth_another_call(error) is worth


def test_F2b_02_the_first_pause_is_short_and_random() -> None:
    random = Random(3)
    pauses = [pause_s(1, Unavailable("server_error", 500), random) for _ in range(500)]
    assert 0.1 <= min(pauses) < 0.12
    assert 0.38 < max(pauses) <= 0.4


def test_F2b_07_a_lost_connection_is_tried_again_at_once_and_once() -> None:
    lost = Unavailable("disconnected")
    assert pause_s(1, lost, Random(3)) == 0.0
    assert pause_s(2, lost, Random(3)) >= 0.1


def test_F2b_02_extra_calls_are_bounded() -> None:
    budget, extra = RetryBudget(), 0
    for _ in range(1000):
        budget.deposit()
        extra += budget.withdraw()
    assert extra <= RESERVE + 0.15 * 1000
    assert extra >= 0.14 * 1000


async def run(attempts: int, remaining_s: float, errors: list[Exception]) -> int:
    """The number of calls made while each raises the next error."""
    calls = 0
    slept: list[float] = []

    async def call() -> None:
        nonlocal calls
        calls += 1
        if errors:
            raise errors.pop(0)

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    loop = retrying(attempts, is_worth_another_call, lambda: remaining_s, RetryBudget(), Random(1), sleep)
    try:
        await loop(call)
    except Unavailable:
        return calls
    return calls


async def test_stops_after_the_last_attempt() -> None:
    assert await run(3, 5.0, [Unavailable("timeout")] * 9) == 3


async def test_stops_with_success() -> None:
    assert await run(3, 5.0, [Unavailable("timeout")]) == 2


async def test_a_retry_that_does_not_fit_into_the_deadline_is_not_begun() -> None:
    assert await run(3, 0.15, [Unavailable("timeout")] * 9) == 1
